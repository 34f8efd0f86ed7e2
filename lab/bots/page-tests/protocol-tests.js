//! The page's reading and writing of every message, against the fixtures that the crate's tests read too.

import { KINDS, ProtocolError, read, write } from '/assets/js/protocol.js';
import { assert, assertEqual, assertThrows } from './assert.js';

const fixtures = await (await fetch('messages.json')).json();
const KIB = 1024;

function frame(type, bytes) {
  const empty = JSON.stringify({ receiver: 'room', type, data: '' }).length;
  return JSON.stringify({ receiver: 'room', type, data: 'x'.repeat(bytes - empty) });
}

const nested = (depth) => `{"receiver":"room","type":"x","data":${'['.repeat(depth)}${']'.repeat(depth)}}`;

export const tests = {
  ...Object.fromEntries(
    fixtures.map(({ law, frame, written }) => [
      `on the wire: ${law}`,
      () => assertEqual(JSON.parse(write(read(JSON.stringify(frame)))), written ?? frame),
    ]),
  ),

  'every type has a fixture': () => {
    const covered = new Set(fixtures.map(({ frame }) => frame.type));
    for (const kind of KINDS) assert(covered.has(kind), `no fixture of type ${kind}`);
  },

  'a known type of another shape is an error': () => {
    const calls = ['room-info', 'text', 'offer', 'answer', 'icecandidate', 'ice-candidate', 'ice-servers', 'joined', 'media-state'];
    const order = ['moderate', 'moderated', 'room-settings', 'knocking', 'chat', 'edit-text', 'text-edited', 'delete-text', 'text-deleted'];
    const shaped = [...calls, ...order];
    for (const type of shaped) {
      assertThrows(() => read(JSON.stringify({ receiver: 'room', type, data: 7 })), ProtocolError, type);
    }
  },

  'what is no object or lacks an address is refused': () => {
    const bad = ['', '[]', '7', '"x"', '{', 'nonsense', '{"type":"ping"}', '{"receiver":"room","type":7}'];
    for (const text of bad) assertThrows(() => read(text), ProtocolError, text);
  },

  'a frame has at most 8 KiB and an SDP 64 KiB': () => {
    read(frame('wave', 8 * KIB));
    assertThrows(() => read(frame('wave', 8 * KIB + 1)), ProtocolError, '8 KiB + 1');
    read(frame('offer', 64 * KIB));
    assertThrows(() => read(frame('offer', 64 * KIB + 1)), ProtocolError, '64 KiB + 1');
  },

  'an id of a chat line is a decimal string': () => {
    const withId = (id) => read(JSON.stringify({ receiver: 'room', type: 'text', data: { text: 'x' }, id })).id;
    assertEqual([withId('18446744073709551615'), withId('x'), withId(7), withId('1'.repeat(21))], ['18446744073709551615', undefined, undefined, undefined]);
    for (const id of [7, '', '-1', '1.5', 'x']) {
      assertThrows(() => read(JSON.stringify({ receiver: 'room', type: 'text-deleted', data: { id, client: 'a' } })), ProtocolError, id);
    }
  },

  'a history of another kind is an error, and an unknown role is a guest': () => {
    const settings = { locked: false, lobby: false, public: true, has_password: false, guest_limit: 0, history: 'none', role: 'owner' };
    const parse = (more) => read(JSON.stringify({ receiver: 'a', type: 'room-settings', data: { ...settings, ...more } })).data;
    assertEqual(parse({ role: 'emperor' }).role, 'guest');
    assertEqual(parse({ history: { hours: 3 } }).history, { hours: 3 });
    for (const history of ['always', 7, {}]) assertThrows(() => parse({ history }), ProtocolError, 'history');
  },

  'bytes are counted, not characters': () => {
    const text = '€'.repeat(2_700); // 8 100 bytes
    read(JSON.stringify({ receiver: 'room', type: 'x', data: text }));
    assertThrows(() => read(JSON.stringify({ receiver: 'room', type: 'x', data: text + '€'.repeat(50) })), ProtocolError, 'bytes');
  },

  'JSON nests at most 16 deep, brackets in strings left out': () => {
    read(nested(15));
    assertThrows(() => read(nested(16)), ProtocolError, '16');
    assertThrows(() => read('['.repeat(60_000)), ProtocolError, '60 000');
    read(JSON.stringify({ receiver: 'room', type: 'x', data: `"${'['.repeat(100)}` }));
  },
};
