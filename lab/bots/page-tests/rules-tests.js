//! Who is offered what: never more than the server would allow.

import { apply, initialModel } from '/assets/js/model.js';
import { deedsFor, historyOf, historyValue, historyWords, mayDelete, mayEdit, wordsForDeed } from '/assets/js/rules.js';
import { assert, assertEqual } from './assert.js';

const settings = (role) => ({ locked: false, lobby: false, public: true, has_password: false, guest_limit: 0, history: 'none', role });
const as = (role) => apply(initialModel({ room: 'demo', me: 'me', username: 'Me' }), { type: 'roomSettings', settings: settings(role) });
const other = (role, more = {}) => ({ id: 'ann', username: 'Ann', me: false, media: null, obeys: true, role, ...more });

export const tests = {
  'a guest does nothing to anybody': () => {
    for (const role of ['guest', 'moderator', 'owner']) assertEqual(deedsFor(as('guest'), other(role)), []);
    assertEqual(deedsFor(initialModel({ room: 'demo', me: 'me', username: 'Me' }), other('guest')), [], 'before the server said so');
  },

  'moderators leave each other and the owner in the room': () => {
    assertEqual(deedsFor(as('moderator'), other('guest')), ['kick', 'ban']);
    assertEqual([deedsFor(as('moderator'), other('moderator')), deedsFor(as('moderator'), other('owner'))], [[], []]);
  },

  'the owner gives and takes roles': () => {
    assertEqual(deedsFor(as('owner'), other('guest')), ['promote', 'hand-over', 'kick', 'ban']);
    assertEqual(deedsFor(as('owner'), other('moderator')), ['demote', 'hand-over', 'kick', 'ban']);
    assertEqual(deedsFor(as('owner'), other('owner', { me: true })), []);
  },

  'one is muted who speaks and obeys, and a hand lowered that is up': () => {
    const media = { microphone: true, camera: false, screen: false, hand: true };
    assertEqual(deedsFor(as('moderator'), other('owner', { media })), ['mute', 'lower-hand']);
    assertEqual(deedsFor(as('moderator'), other('owner', { media, obeys: false })), []);
    assertEqual(deedsFor(as('moderator'), other('owner', { media: { ...media, microphone: false, hand: false } })), []);
  },

  'own lines that have an id are changed, and moderators delete any': () => {
    const line = (mine, more = { id: '7' }) => ({ mine, ...more });
    assertEqual([mayEdit(line(true)), mayEdit(line(false)), mayEdit(line(true, {}))], [true, false, false]);
    assertEqual([mayDelete(as('guest'), line(true)), mayDelete(as('guest'), line(false))], [true, false]);
    assertEqual([mayDelete(as('moderator'), line(false)), mayDelete(as('owner'), line(false, {}))], [true, false]);
  },

  'what is done to one says who did it': () => {
    for (const action of ['mute', 'mute-all', 'lower-hand']) assert(wordsForDeed(action, 'Ann').startsWith('Ann '), action);
    assertEqual(wordsForDeed('telepathy', 'Ann'), null);
  },

  'a history is a choice and back': () => {
    for (const history of ['none', 'forever', { hours: 24 }, { hours: 3 }]) assertEqual(historyOf(historyValue(history)), history);
    assert(historyWords('3').includes('3'), 'unusual hours are said');
  },
};
