//! What is said: once, to whom it was meant, in the room's order, and not lost with the link.

import { Talk } from '/assets/js/talk.js';
import { assert, assertEqual } from './assert.js';

const NAMES = { me: 'Me', ann: 'Ann', bo: 'Bo' };

/** A talk of `me` whose every word to the server is noted in `sent`, and every event in `events`. */
function scene() {
  const sent = [];
  const events = [];
  const here = new Set(['me', 'ann', 'bo']);
  const talk = new Talk({
    emit: (event) => events.push(event),
    send: (receiver, type, data) => sent.push({ receiver, type, data }),
    ownName: () => 'Me',
    nameOf: (id) => NAMES[id] ?? 'Somebody',
    isHere: (id) => here.has(id),
  });
  const texts = () => sent.filter(({ type }) => type === 'text').map(({ receiver, data }) => [receiver, data.text]);
  const questions = () => sent.filter(({ type }) => type === 'get-chat').map(({ data }) => data);
  const lines = () => events.filter(({ type }) => type === 'chat').map(({ line }) => line);
  const echo = (id) => {
    const { receiver, data } = sent.findLast(({ type }) => type === 'text');
    talk.handleText('me', receiver, data, id);
  };
  return { talk, sent, events, here, texts, questions, lines, echo };
}

function joined() {
  const it = scene();
  it.talk.handleUp('me');
  it.talk.handleRoster(false);
  it.talk.handleChat({ messages: [], more: false });
  it.talk.handleSettings({ history: 'forever' });
  return it;
}

const kept = (id, client = 'ann', text = `line ${id}`) => ({ id: String(id), client, name: NAMES[client], time: 5, text, edited: false });

export const tests = {
  'what the room keeps is asked for on joining, and earlier lines on demand': () => {
    const { talk, events, questions } = scene();
    talk.handleUp('me');
    talk.handleRoster(false);
    talk.handleChat({ messages: [kept(7), kept(8, 'me')], more: true });
    const answer = events.find(({ type }) => type === 'kept');
    assertEqual([answer.more, answer.isNews, answer.messages.map(({ mine }) => mine)], [true, false, [false, true]]);
    talk.loadEarlier();
    talk.loadEarlier(); // one question at a time
    assertEqual(questions().map(({ before }) => before), [undefined, '7']);
    talk.handleChat({ messages: [kept(3)], more: false });
    assertEqual(events.findLast(({ type }) => type === 'kept').before, '7');
    talk.stop();
  },

  'a line waits until the list and the kept lines are there': () => {
    const { talk, texts } = scene();
    talk.handleUp('me');
    talk.say('hi');
    talk.handleRoster(false);
    assertEqual(texts(), []);
    talk.handleChat({ messages: [], more: false });
    assertEqual(texts(), [['room', 'hi']]);
  },

  'a line that was kept although its echo was lost is not said again': () => {
    const { talk, texts, echo } = joined();
    talk.say('one');
    echo('1');
    talk.say('two'); // kept, and its echo lost with the link
    talk.say('three'); // lost
    talk.handleUp('me');
    talk.handleRoster(false);
    talk.handleChat({ messages: [kept(1, 'me', 'one'), kept(2, 'me', 'two')], more: false });
    assertEqual(texts().slice(3), [['room', 'three']]);
  },

  'a line that is said again has the key that it had, and no other line has it': () => {
    const { talk, sent, lines, echo } = joined();
    talk.say('one');
    talk.say('one');
    talk.handleUp('me');
    talk.handleRoster(false);
    talk.handleChat({ messages: [], more: false });
    const keys = sent.filter(({ type }) => type === 'text').map(({ data }) => data.key);
    assertEqual(keys.slice(2), keys.slice(0, 2));
    assert(/^[0-9a-f]{16}$/.test(keys[0]) && keys[0] !== keys[1], 'each line has a key of its own');
    echo('2');
    echo('2'); // the server says once more that it stands
    assertEqual(lines().map(({ id, text }) => [id, text]), [['2', 'one']]);
  },

  'a line of another with the key of ours is not ours': () => {
    const { talk, sent, texts } = joined();
    talk.say('mine');
    talk.handleText('ann', 'room', sent.at(-1).data, '1');
    talk.handleUp('me');
    talk.handleRoster(false);
    talk.handleChat({ messages: [], more: false });
    assertEqual(texts().slice(1), [['room', 'mine']]);
  },

  'a line without a number waits until it is known whether the room keeps it': () => {
    for (const [history, shown] of [['none', 1], ['forever', 0]]) {
      const { talk, lines } = scene();
      talk.handleUp('me');
      talk.handleText('ann', 'room', { from: 'Ann', time: 5, text: 'early' });
      assertEqual(lines().length, 0);
      talk.handleSettings({ history });
      talk.handleSettings({ history });
      assertEqual(lines().length, shown);
      talk.stop();
    }
  },

  'the gap of an absence is closed, question by question': () => {
    const { talk, events, questions, echo } = joined();
    talk.say('one');
    echo('1');
    talk.handleUp('me');
    talk.handleChat({ messages: [kept(8), kept(9)], more: true });
    talk.handleChat({ messages: [kept(1, 'me', 'one'), kept(7)], more: false });
    assertEqual(questions().map(({ before }) => before), [undefined, undefined, '8']);
    const answers = events.filter(({ type }) => type === 'kept').slice(1);
    assertEqual(answers.map(({ isNews, more }) => [isNews, more ?? null]), [[true, null], [true, null]]);
    talk.stop();
  },

  'a private line goes to one, has no id and says to whom': () => {
    const { talk, texts, lines, echo } = joined();
    talk.say('psst', 'bo');
    echo();
    assertEqual(texts(), [['bo', 'psst']]);
    assertEqual(lines().map(({ private: isPrivate, to, mine, id }) => [isPrivate, to, mine, id ?? null]), [[true, 'Bo', true, null]]);
    talk.handleText('ann', 'me', { from: 'Ann', time: 9, text: 'yes?' });
    assertEqual(lines().at(-1), { ...lines().at(-1), private: true, mine: false, name: 'Ann', to: undefined });
  },

  'a private line for somebody who is gone is given back and never goes to the room': () => {
    const { talk, texts, events, here } = joined();
    talk.say('psst', 'bo');
    here.delete('bo');
    talk.giveUpUnreachable();
    talk.handleUp('me');
    talk.handleRoster(false);
    talk.handleChat({ messages: [], more: false });
    assertEqual(texts(), [['bo', 'psst']]);
    const told = events.filter(({ type }) => type === 'toast');
    assert(told.length === 1 && told[0].text.includes('psst'), 'the words are told once');
  },

  'an answer that nobody waits for any more changes nothing': () => {
    const { talk, events } = joined();
    const before = events.length;
    talk.handleChat({ messages: [kept(7)], more: true });
    assertEqual(events.length, before);
  },

  'lines are changed and taken back by their id': () => {
    const { talk, sent } = joined();
    talk.edit('7', 'better');
    talk.delete('8');
    const asked = sent.slice(-2).map(({ receiver, type, data }) => [receiver, type, data]);
    assertEqual(asked, [['ground control', 'edit-text', { id: '7', text: 'better' }], ['ground control', 'delete-text', { id: '8' }]]);
  },
};
