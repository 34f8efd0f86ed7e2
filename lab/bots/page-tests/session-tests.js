//! Sessions in one page over a room of their own: real peer connections, no server.

import { Session } from '/assets/js/session.js';
import { read, write } from '/assets/js/protocol.js';
import { assert, assertEqual, until } from './assert.js';

/** A room that keeps no lines. */
const SETTINGS = { locked: false, lobby: false, public: true, has_password: false, guest_limit: 0, history: 'none', role: 'guest' };

/** The room as the server keeps it, as far as sessions can tell: relays, lists, announces. */
class Room {
  #links = new Map();
  #delay;
  /** Every frame that a client sent: `{from, receiver, type, data}`. */
  heard = [];

  /** Frames are this many milliseconds on the way. */
  constructor(delay = 0) {
    this.#delay = delay;
  }

  /** `more` is what the list says of the client besides id and name: `offers` for one of an earlier version. */
  join(id, receive, more = { capabilities: ['events', 'trickle', 'renegotiation', 'media-state'] }) {
    this.#links.set(id, { receive, client: { id, username: id, ...more } });
  }

  part(id) {
    const link = this.#links.get(id);
    this.#links.delete(id);
    if (link) this.#announce('left', link.client, id);
  }

  send(from, message) {
    const link = this.#links.get(from);
    if (!link) return;
    const { receiver, type, data } = read(write(message));
    this.heard.push({ from, receiver, type, data });
    if (receiver === 'ground control') this.#serve(from, link, type);
    else if (receiver === 'room') for (const id of this.#links.keys()) this.#deliver(id, { sender: from, receiver, type, data });
    else this.#deliver(receiver, { sender: from, receiver, type, data });
  }

  count(type, from) {
    return this.heard.filter((frame) => frame.type === type && frame.from === from).length;
  }

  #serve(from, link, type) {
    if (type === 'get-chat') this.#tell(from, 'chat', { messages: [], more: false });
    if (type === 'get-ice-servers') this.#tell(from, 'ice-servers', []);
    if (type === 'get-room-info') this.#tell(from, 'room-info', this.#info());
    if (type !== 'profile') return;
    if (!link.announced) this.#announce('joined', link.client, from);
    link.announced = true;
    this.#tell(from, 'room-settings', SETTINGS);
    for (const id of this.#links.keys()) this.#tell(id, 'room-info', this.#info());
  }

  #info() {
    return { room_id: 'test', clients: [...this.#links.values()].map(({ client }) => client) };
  }

  #announce(type, client, about) {
    for (const [id, link] of this.#links) if (id !== about && link.client.capabilities) this.#tell(id, type, client);
  }

  #tell(id, type, data) {
    this.#deliver(id, { sender: 'ground control', receiver: id, type, data });
  }

  /** Later, as over a network, and in order (a browser keeps timers of one delay in order). */
  #deliver(id, message) {
    const frame = write(message);
    const { receive } = this.#links.get(id) ?? {};
    if (receive) setTimeout(receive, this.#delay, frame);
  }
}

/** A session with its link into `room`. */
class Guest {
  isUp = false;
  events = [];
  deeds = [];

  constructor(room, id) {
    this.room = room;
    this.id = id;
    const link = { send: (message) => this.isUp && room.send(id, message), handlePong() {}, lost() {} };
    Object.defineProperty(link, 'isUp', { get: () => this.isUp });
    const outgoing = { stream: new MediaStream(), audio: null, video: null, screen: null };
    this.outgoing = outgoing;
    this.session = new Session({ link, username: id, outgoing, emit: (event) => this.events.push(event), obey: (deed) => this.deeds.push(deed) });
  }

  enter(more) {
    this.isUp = true;
    this.room.join(this.id, (frame) => this.isUp && this.session.handleFrame(frame), more);
    this.session.handleUp({ me: this.id });
    return this;
  }

  /** Loses the server; with `unnoticed` the server still lists it. */
  lose({ unnoticed = true } = {}) {
    this.isUp = false;
    if (!unnoticed) this.room.part(this.id);
    this.session.handleDown({ attempt: 1, retryAt: 0, reason: 'test' });
  }

  leave() {
    for (const message of this.session.farewells()) this.room.send(this.id, message);
    this.room.part(this.id);
    this.isUp = false;
    this.session.leave();
  }

  stateOf(other) {
    return this.session.peerOf(other.id)?.state;
  }

  get lines() {
    return this.events.filter(({ type }) => type === 'chat').map(({ line }) => line.text);
  }

  get names() {
    return this.events.findLast(({ type }) => type === 'roster')?.participants.map(({ id }) => id) ?? [];
  }
}

const OURS = { capabilities: ['events', 'trickle', 'renegotiation', 'media-state', 'view'] };

/** A moving picture of this width. */
function paint(colour, width) {
  const canvas = Object.assign(document.createElement('canvas'), { width, height: (width * 9) / 16 });
  const context = canvas.getContext('2d');
  const drawing = setInterval(() => {
    context.fillStyle = colour;
    context.fillRect(0, 0, canvas.width, canvas.height);
    context.fillStyle = '#fff';
    context.fillRect(Math.random() * 200, Math.random() * 100, 40, 40);
  }, 30);
  return { track: canvas.captureStream(30).getVideoTracks()[0], stop: () => clearInterval(drawing) };
}

const watchers = new Map();

/** How wide the picture of a stream is, as a video element shows it; 0: nothing yet. */
function widthOf(stream) {
  const video = watchers.get(stream) ?? Object.assign(document.createElement('video'), { muted: true, srcObject: stream });
  watchers.set(stream, video);
  if (video.paused) video.play().catch(() => {});
  return video.videoWidth;
}

async function untilConnected(...guests) {
  const pairs = guests.flatMap((one) => guests.filter((other) => other !== one).map((other) => [one, other]));
  await until(() => pairs.every(([one, other]) => one.stateOf(other) === 'connected'), 'connected', 15_000);
}

function end(...guests) {
  guests.forEach((guest) => guest.isUp && guest.leave());
}

export const tests = {
  'a picture is sent no larger than it is shown': async () => {
    const canvas = Object.assign(document.createElement('canvas'), { width: 640, height: 360 });
    const context = canvas.getContext('2d');
    const drawing = setInterval(() => context.fillRect(Math.random() * 600, Math.random() * 300, 40, 40), 30);
    const room = new Room();
    const [a, b] = [new Guest(room, 'a'), new Guest(room, 'b')];
    [a.outgoing.video] = canvas.captureStream(30).getVideoTracks();
    [a, b].forEach((guest) => guest.enter(OURS));
    await untilConnected(a, b);
    const height = async () => {
      const stats = [...(await a.session.peerOf('b').getStats()).values()];
      return stats.find(({ type, kind, frameHeight }) => type === 'outbound-rtp' && kind === 'video' && frameHeight)?.frameHeight;
    };
    const untilHeight = async (fits) => {
      let last = null;
      await until(() => (height().then((found) => (last = found)), last && fits(last)), 'another height', 15_000);
    };
    await untilHeight((pixels) => pixels > 90);
    b.session.showAt([{ id: 'a', isScreen: false, pixels: 90 }]);
    await untilHeight((pixels) => pixels === 90);
    b.session.showAt([{ id: 'a', isScreen: false, pixels: 700 }]);
    // How much larger is the browser's choice: it begins carefully.
    await untilHeight((pixels) => pixels > 90);
    clearInterval(drawing);
    end(a, b);
  },

  'camera and screen arrive side by side, and a switched-off screen leaves the camera': async () => {
    const room = new Room();
    const [a, b] = [new Guest(room, 'a'), new Guest(room, 'b')];
    const [camera, screen] = [paint('#f00', 320), paint('#00f', 640)];
    a.outgoing.video = camera.track;
    b.outgoing.screen = screen.track; // shared before anybody is there
    [a, b].forEach((guest) => guest.enter(OURS));
    await untilConnected(a, b);
    assert(a.session.peerOf('b').takesBoth && b.session.peerOf('a').takesBoth, 'both pictures are taken');
    await until(() => widthOf(a.session.peerOf('b').screenStream) === 640, 'the screen of b', 15_000);
    await until(() => widthOf(b.session.peerOf('a').stream) === 320, 'the camera of a', 15_000);
    b.outgoing.video = camera.track;
    a.outgoing.screen = screen.track;
    [a, b].forEach((guest) => guest.session.setMedia({ microphone: false, camera: true, screen: true, hand: false }));
    await until(() => widthOf(a.session.peerOf('b').stream) === 320, 'the camera of b', 15_000);
    await until(() => widthOf(b.session.peerOf('a').screenStream) === 640, 'the screen of a', 15_000);
    [camera, screen].forEach(({ stop }) => stop());
    end(a, b);
  },

  'who is on another device now lets go, and does not fight over the seat': () => {
    const a = new Guest(new Room(), 'a').enter();
    const data = 'elsewhere: you are in this room on another device now';
    a.session.handleFrame(JSON.stringify({ sender: 'ground control', receiver: 'a', type: 'error', data }));
    assertEqual(a.deeds, [{ action: 'elsewhere' }]);
    assertEqual(a.events.filter(({ type }) => type === 'notice'), []);
    end(a);
  },

  'the joiner offers, the others wait, and one connection comes of it': async () => {
    const room = new Room();
    const a = new Guest(room, 'a').enter();
    const b = new Guest(room, 'b').enter();
    await untilConnected(a, b);
    assertEqual([room.count('offer', 'a'), room.count('offer', 'b')], [0, 1]);
    end(a, b);
  },

  'offers that cross end in one connection, whoever has the smaller id': async () => {
    for (const [first, second] of [['a', 'b'], ['b', 'a']]) {
      const room = new Room(80);
      const one = new Guest(room, first);
      const other = new Guest(room, second);
      room.join('a', () => {});
      room.join('b', () => {});
      one.enter();
      other.enter(); // both find the other in their first list, and both offer
      await untilConnected(one, other);
      assertEqual([room.count('offer', 'a'), room.count('offer', 'b')], [1, 1]);
      assertEqual(room.count('answer', 'a') + room.count('answer', 'b'), 1, 'one of the two is answered');
      end(one, other);
    }
  },

  'four who enter at once all find each other': async () => {
    const room = new Room();
    const guests = ['a', 'b', 'c', 'd'].map((id) => new Guest(room, id));
    guests.forEach((guest) => guest.enter());
    await untilConnected(...guests);
    end(...guests);
  },

  'a newcomer from which no offer comes is offered to': async () => {
    const room = new Room();
    const a = new Guest(room, 'a').enter();
    const frames = [];
    room.join('z', (frame) => frames.push(read(frame)));
    room.send('z', { receiver: 'ground control', type: 'profile', data: { username: 'z' } });
    await until(() => frames.some(({ type }) => type === 'offer'), 'an offer', 8_000);
    end(a);
  },

  'peers outlive the server, and a rejoin makes no second connection': async () => {
    const room = new Room();
    const a = new Guest(room, 'a').enter();
    const b = new Guest(room, 'b').enter();
    await untilConnected(a, b);
    b.lose();
    assertEqual(b.stateOf(a), 'connected');
    b.enter();
    await until(() => b.names.length === 2, 'the list');
    assertEqual([room.count('offer', 'a'), room.count('offer', 'b')], [0, 1]);
    await untilConnected(a, b);
    end(a, b);
  },

  'who comes back first keeps the others while they live': async () => {
    const room = new Room();
    const a = new Guest(room, 'a').enter();
    const b = new Guest(room, 'b').enter();
    await untilConnected(a, b);
    a.lose();
    b.lose();
    room.part('a');
    room.part('b'); // the server began anew, and a is back before b
    a.enter();
    await until(() => a.events.filter(({ status }) => status?.name === 'joined').length === 2, 'joined again');
    assertEqual([a.stateOf(b), a.names.includes('b')], ['connected', true]);
    end(a, b);
  },

  'who begins anew under the same id replaces what was': async () => {
    const room = new Room();
    const a = new Guest(room, 'a').enter();
    const b = new Guest(room, 'b').enter();
    await untilConnected(a, b);
    b.isUp = false; // gone without a word, its connection still half alive
    const reborn = new Guest(room, 'b').enter();
    await until(() => reborn.stateOf(a) === 'connected' && a.stateOf(reborn) === 'connected', 'connected anew', 15_000);
    assertEqual(a.names, ['a', 'b']);
    b.session.leave();
    end(a, reborn);
  },

  'a line is shown once, and again said after a broken link still once': async () => {
    const room = new Room();
    const a = new Guest(room, 'a').enter();
    const b = new Guest(room, 'b').enter();
    await until(() => a.names.length === 2 && b.names.length === 2, 'lists');
    a.session.talk.say('one');
    await until(() => a.lines.length === 1 && b.lines.length === 1, 'one');
    a.session.talk.say('two');
    a.lose(); // "two" is out, and its echo has not come
    await until(() => b.lines.length === 2, 'two');
    a.session.talk.say('three'); // said while the server is away
    a.enter();
    await until(() => a.lines.length === 3 && b.lines.length === 3, 'three');
    assertEqual([a.lines, b.lines], [['one', 'two', 'three'], ['one', 'two', 'three']]);
    end(a, b);
  },

  'a line said while everybody is away waits for those who come back later': async () => {
    const room = new Room();
    const a = new Guest(room, 'a').enter();
    const b = new Guest(room, 'b').enter();
    await untilConnected(a, b);
    a.lose();
    b.lose();
    room.part('a');
    room.part('b');
    a.session.talk.say('are you there?');
    a.enter();
    await until(() => a.events.filter(({ status }) => status?.name === 'joined').length === 2, 'joined again');
    b.enter();
    await until(() => a.lines.length === 1 && b.lines.length === 1, 'the line');
    end(a, b);
  },

  'what a moderator does is obeyed under the moderator\'s name, and told of no one else': async () => {
    const room = new Room();
    const a = new Guest(room, 'a').enter();
    await until(() => a.names.length === 1, 'the list');
    const tell = (type, data) => a.session.handleFrame(write({ sender: 'ground control', receiver: 'a', type, data }));
    tell('moderated', { action: 'mute', by: 'a', client: 'a' });
    tell('moderated', { action: 'kick', by: 'ground control', client: 'a' });
    assertEqual(a.deeds, [{ action: 'mute', who: 'a' }, { action: 'kick', who: 'The administrator' }]);
    a.session.handleFrame(write({ sender: 'z', receiver: 'a', type: 'moderated', data: { action: 'ban', by: 'z' } }));
    assertEqual(a.deeds.length, 2, 'a client cannot say so');
    end(a);
  },

  'roles, settings and knocks reach the model': async () => {
    const room = new Room();
    room.join('z', () => {}, { capabilities: ['moderation'], role: 'owner' });
    const a = new Guest(room, 'a').enter();
    await until(() => a.names.length === 2, 'the list');
    const { participants } = a.events.findLast(({ type }) => type === 'roster');
    assertEqual(participants.map(({ role, obeys }) => [role, obeys]), [['owner', true], ['guest', false]]);
    const tell = (type, data) => a.session.handleFrame(write({ sender: 'ground control', receiver: 'a', type, data }));
    tell('knocking', { clients: [{ id: 'd4', username: 'Di\u202e' }] });
    assertEqual(a.events.findLast(({ type }) => type === 'knocking').clients, [{ id: 'd4', name: 'Di' }]);
    a.session.moderate('admit', 'd4');
    a.session.moderate('ban', 'z', true);
    assertEqual(room.heard.slice(-2).map(({ data }) => data), [{ action: 'admit', client: 'd4', address: false }, { action: 'ban', client: 'z', address: true }]);
    end(a);
  },

  'after the server\'s good-bye a room that is gone was deleted': async () => {
    const room = new Room();
    const a = new Guest(room, 'a').enter();
    assertEqual(a.session.wasSentAway, false);
    a.session.handleFrame(write({ sender: 'ground control', receiver: 'a', type: 'bye' }));
    assertEqual(a.session.wasSentAway, true);
    a.enter();
    assertEqual(a.session.wasSentAway, false);
    end(a);
  },

  'who says bye is gone at once': async () => {
    const room = new Room();
    const a = new Guest(room, 'a').enter();
    const b = new Guest(room, 'b').enter();
    await untilConnected(a, b);
    b.leave();
    await until(() => a.names.length === 1 && a.session.peerOf('b') === undefined, 'gone', 1_000);
    end(a);
  },

  'a first version gets a complete offer as a string, a second one an object, and each its candidates or none': async () => {
    const room = new Room();
    room.join('first', () => {}, { offers: 'string' });
    room.join('second', () => {}, { offers: 'object' });
    const a = new Guest(room, 'a').enter();
    const offerTo = (id) => room.heard.find(({ type, receiver }) => type === 'offer' && receiver === id)?.data;
    await until(() => offerTo('first') && offerTo('second'), 'offers');
    assertEqual([offerTo('first').form, offerTo('second').form], ['string', 'object']);
    assert(offerTo('first').sdp.includes('a=candidate:'), 'the string is complete');
    await until(() => room.heard.some(({ type, receiver }) => type === 'icecandidate' && receiver === 'second'), 'candidates');
    assert(!room.heard.some(({ type, receiver }) => /candidate/.test(type) && receiver === 'first'), 'none to the first');
    end(a);
  },

  'an answer has the form of its offer': async () => {
    const room = new Room();
    const frames = [];
    room.join('z', (frame) => frames.push(read(frame)), { offers: 'string' });
    const a = new Guest(room, 'a').enter();
    const pc = new RTCPeerConnection();
    pc.addTransceiver('audio');
    pc.addTransceiver('video');
    await pc.setLocalDescription();
    room.send('z', { receiver: 'a', type: 'offer', data: { form: 'string', sdp: pc.localDescription.sdp } });
    await until(() => frames.some(({ type }) => type === 'answer'), 'an answer');
    const { data } = frames.find(({ type }) => type === 'answer');
    assertEqual(data.form, 'string');
    await pc.setRemoteDescription({ type: 'answer', sdp: data.sdp });
    assertEqual(pc.getTransceivers().map(({ currentDirection }) => currentDirection), ['sendrecv', 'sendrecv']);
    pc.close();
    end(a);
  },
};
