//! The model: a fold over events, without a DOM.

import { apply, focusOf, initialModel, statusText, tilesOf } from '/assets/js/model.js';
import { assert, assertEqual } from './assert.js';

const OFF = { microphone: false, camera: false, screen: false, hand: false };

const person = (id, more = {}) => ({ id, username: id, me: id === 'me', unstable: false, media: null, ours: true, ...more });
const line = (text, more = {}) => ({ from: 'ann', name: 'Ann', time: 1, text, mine: false, private: false, ...more });

function after(...events) {
  return events.reduce(apply, initialModel({ room: 'demo', me: 'me', username: 'Me' }));
}

const roster = (...participants) => ({ type: 'roster', participants });
const chat = (text, more) => ({ type: 'chat', line: line(text, more) });

export const tests = {
  'an unknown event changes nothing': () => {
    const model = after();
    assert(apply(model, { type: 'telepathy' }) === model, 'another model');
  },

  'the given model is left as it is': () => {
    const model = Object.freeze(after());
    apply(model, chat('hi'));
    assertEqual(model.lines, []);
  },

  'lines of others count as unread until the chat is open, own lines never do': () => {
    const events = [chat('one'), chat('two'), chat('mine', { mine: true })];
    assertEqual(after(...events).unread, 2);
    const open = after(...events, { type: 'panel', panel: 'chat' });
    assertEqual([open.unread, open.panel], [0, 'chat']);
    assertEqual(apply(open, chat('three')).unread, 0);
  },

  'the same panel again closes it': () => {
    assertEqual(after({ type: 'panel', panel: 'chat' }, { type: 'panel', panel: 'chat' }).panel, null);
    assertEqual(after({ type: 'panel', panel: 'chat' }, { type: 'panel', panel: 'people' }).panel, 'people');
  },

  'a thousand lines are kept, the newest, and numbered on': () => {
    let model = after();
    for (let i = 1; i <= 1_005; i++) model = apply(model, chat(`line ${i}`));
    assertEqual([model.lines.length, model.lines[0].text, model.lines.at(-1).number], [1_000, 'line 6', 1_005]);
  },

  'a shared screen has a tile of its own, beside its owner': () => {
    const sharing = { ...OFF, camera: true, screen: true };
    const mine = { type: 'sending', sending: sharing };
    const model = after(roster(person('me'), person('ann', { media: sharing }), person('bo')), mine);
    assertEqual(tilesOf(model).map(({ key }) => key), ['person ann', 'screen ann', 'person bo', 'person me', 'screen me']);
  },

  'the screen of somebody else is shown large, one’s own only by choice': () => {
    const sharing = { ...OFF, screen: true };
    const mine = { type: 'sending', sending: sharing };
    assertEqual(focusOf(after(roster(person('me'), person('ann')))), null);
    const alone = after(roster(person('me'), person('ann')), mine);
    assertEqual(focusOf(alone), null);
    assertEqual(focusOf(apply(alone, { type: 'pin', client: 'me', isScreen: true })), 'screen me');
    assertEqual(focusOf(after(roster(person('me'), person('ann', { media: sharing })), mine)), 'screen ann');
  },

  'a pinned tile is shown large until unpinned or gone': () => {
    const sharing = person('ann', { media: { ...OFF, screen: true } });
    const pinned = after(roster(person('me'), sharing, person('bo')), { type: 'pin', client: 'bo' });
    assertEqual(focusOf(pinned), 'person bo');
    assertEqual(focusOf(apply(pinned, { type: 'pin', client: 'bo' })), 'screen ann');
    assertEqual(focusOf(apply(pinned, roster(person('me'), sharing))), 'screen ann');
    assertEqual(focusOf(apply(pinned, { type: 'pin', client: 'ann' })), 'person ann');
  },

  'who is gone leaves no peer and no speaking mark': () => {
    const here = after(
      roster(person('me'), person('ann')),
      { type: 'peer', client: 'ann', state: 'connected' },
      { type: 'speaking', who: 'ann', speaking: true },
    );
    assertEqual([here.peers, here.speaking], [{ ann: 'connected' }, { ann: true }]);
    const gone = [roster(person('me')), { type: 'peer', client: 'ann', state: 'closed' }].reduce(apply, here);
    assertEqual([gone.peers, gone.speaking], [{}, {}]);
  },

  'the same toast twice is shown once, and at most four at a time': () => {
    const toast = (text) => ({ type: 'toast', kind: 'info', text });
    assertEqual(after(toast('a'), toast('b'), toast('a')).toasts.map(({ text }) => text), ['b', 'a']);
    assertEqual(after(...['a', 'b', 'c', 'd', 'e'].map(toast)).toasts.length, 4);
  },

  'kept lines are read already, those said during an absence are not': () => {
    const kept = (isNews, ...ids) => ({ type: 'kept', messages: ids.map((id) => line(`line ${id}`, { id })), before: undefined, more: true, isNews });
    assertEqual(after(kept(false, '1', '2')).unread, 0);
    const back = after(kept(false, '1', '2'), kept(true, '2', '3', '4'));
    assertEqual([back.unread, back.lines.length], [2, 4]);
    assertEqual(apply(back, chat('line 4', { id: '4' })).unread, 2, 'heard once more');
  },

  'earlier lines are offered while there are any and the page can keep them': () => {
    const kept = (more, ids) => ({ type: 'kept', messages: ids.map((id) => line('x', { id: String(id) })), before: undefined, more, isNews: false });
    assertEqual(after(kept(true, [5])).hasEarlierLines, true);
    assertEqual(after(kept(true, [5]), kept(undefined, [5, 6])).hasEarlierLines, true, 'as it was');
    assertEqual(after(kept(true, [5]), kept(false, [1])).hasEarlierLines, false);
    assertEqual(after(kept(true, Array.from({ length: 1_000 }, (_, i) => i + 1))).hasEarlierLines, false);
  },

  'several who knock at once are told in one notice': () => {
    const clients = ['d4', 'e5', 'f6'].map((id) => ({ id, name: id }));
    const model = after({ type: 'knocking', clients });
    assertEqual(model.toasts.map(({ text }) => text), ['3 people are waiting to be let in.']);
    const rest = apply(model, { type: 'knocking', clients: clients.slice(2) });
    assertEqual(rest.toasts.map(({ text, knocks }) => [text, knocks]), [['f6 is waiting to be let in.', ['f6']]]);
  },

  'whoever is no moderator any more sees nobody knock': () => {
    const settings = { locked: false, lobby: true, public: true, has_password: false, guest_limit: 0, history: 'none', role: 'guest' };
    assertEqual(after({ type: 'knocking', clients: [{ id: 'd4', name: 'Di' }] }, { type: 'roomSettings', settings }).knocking, []);
  },

  'who is out of the room has no dialog and no panel open': () => {
    const model = after({ type: 'panel', panel: 'people' }, { type: 'dialog', dialog: 'bans' }, { type: 'status', status: { name: 'ended', reason: 'kick' } });
    assertEqual([model.dialog, model.panel, model.isSettingsOpen], [null, null, false]);
  },

  'an error of the server is told in a sentence': () => {
    const model = after({ type: 'notice', notice: { id: 'too-many', message: 'slow down' } });
    assertEqual(model.toasts.map(({ kind, text }) => [kind, text]), [['error', 'Slow down.']]);
  },

  'every status has words': () => {
    for (const name of ['joining', 'connecting', 'joined', 'reconnecting', 'refused', 'elsewhere', 'left', 'ended']) {
      assert(statusText({ status: { name } }).length > 0, name);
    }
  },

  'a name is asked for once, and only without a stored one': () => {
    assertEqual(after().asksForName, false);
    const nameless = initialModel({ room: 'demo', me: 'me', username: '' });
    assertEqual(nameless.asksForName, true);
    assertEqual(apply(nameless, { type: 'nameLater' }).asksForName, false);
    assertEqual(apply(nameless, { type: 'username', username: 'Ann' }).asksForName, false);
  },
};
