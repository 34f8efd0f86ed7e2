//! What is asked of the API in the room's name, and what the page learns of the answers.

import { Refused } from '/assets/js/api.js';
import { Keeper } from '/assets/js/keeper.js';
import { assertEqual } from './assert.js';

/** A keeper over an API whose answers are given; every call and every event is noted. */
function scene(answers) {
  const calls = [];
  const events = [];
  const api = new Proxy({}, {
    get: (_, name) => async (room, ...given) => {
      calls.push([name, room, ...given]);
      const answer = answers[name]?.shift?.() ?? answers[name];
      if (answer instanceof Error) throw answer;
      return answer ?? null;
    },
  });
  const keeper = new Keeper({ room: 'demo', emit: (event) => events.push(event), deleted: () => events.push({ type: 'gone' }), api });
  return { keeper, calls, events, of: (type) => events.filter((event) => event.type === type) };
}

const refused = (id, message) => new Refused(403, { id, message });

export const tests = {
  'a change is sent as it is, and taken or refused in words': async () => {
    const { keeper, calls, of } = scene({ editRoom: [{}, refused('forbidden', 'your role does not allow it')] });
    assertEqual([await keeper.edit({ lobby: true }), await keeper.edit({ public: false })], [true, false]);
    assertEqual(calls, [['editRoom', 'demo', { lobby: true }], ['editRoom', 'demo', { public: false }]]);
    assertEqual(of('keeper').at(-1), { type: 'keeper', isBusy: false, problem: 'Your role does not allow it.' });
  },

  'a new invite is shown with its address, and listed': async () => {
    const made = { id: 'i1', url: 'https://example.org/rtc/demo?invite=x' };
    const { keeper, of } = scene({ createInvite: made, listInvites: {} });
    await keeper.invite({ uses: 1 });
    assertEqual([of('newInvite')[0].invite, of('invites').length], [made, 1]);
  },

  'an invite or a ban that is gone already is no failure': async () => {
    const { keeper, of } = scene({
      revokeInvite: refused('invalid-invite', 'unknown'),
      liftBan: refused('unknown-receiver', 'nobody'),
      listInvites: {},
      listBans: {},
    });
    assertEqual([await keeper.revoke('i1'), await keeper.unban('b2')], [true, true]);
    assertEqual([of('invites').length, of('bans').length], [1, 1]);
  },

  'the room is gone once the server says so, and not before': async () => {
    const { keeper, of } = scene({ deleteRoom: [refused('forbidden', 'no'), null] });
    await keeper.delete();
    assertEqual(of('gone').length, 0);
    await keeper.delete();
    assertEqual(of('gone').length, 1);
  },
};
