//! One participant in a room: roster, chat, and a peer for everyone else. Knows the link's words, not its wires.

import { OFFER_WAIT, REJOIN_GRACE } from './limits.js';
import { cleanUsername, shownName } from './names.js';
import { Peer } from './peer.js';
import { CAPABILITIES, GROUND_CONTROL, ProtocolError, read, ROOM } from './protocol.js';

/** Errors that name no fault of the person's: they come of races that settle by themselves. */
const QUIET_ERRORS = new Set(['unknown-receiver', 'unknown-type']);
/** Lines of ours that came back are remembered this long, so that a repeated one is shown once. */
const LINES_REMEMBERED = 200;

/**
 * `link` has `send(message)`, `isUp`, `handlePong(data)` and `lost(reason)`; `outgoing` is what every peer gets sent
 * (see `Peer`); `emit` hears events as `model.js` folds them. The owner passes the link's words on: `handleUp`,
 * `handleDown`, `handleFrame`.
 */
export class Session {
  #link;
  #outgoing;
  #emit;
  #me = null;
  #username;
  #media = { microphone: false, camera: false, screen: false, hand: false };
  #iceServers = [];
  #roster = new Map(); // id → client info, in join order, me included
  #mediaOf = new Map();
  #peers = new Map();
  #waits = new Map(); // id → timer: an offer is expected from there
  #isFirstInfo = true;
  #hasJoinedBefore = false;
  #graceUntil = 0;
  #graceTimer = 0;
  #unechoed = new Map(); // key → line said and not heard back yet
  #isHolding = false; // lines wait until those who were here before are back to hear them
  #heard = [];
  #lastTime = 0;

  constructor({ link, username, outgoing, emit }) {
    this.#link = link;
    this.#username = username;
    this.#outgoing = outgoing;
    this.#emit = emit;
  }

  // --------------------------------------------------------------------------------------------------- commands

  setUsername(username) {
    this.#username = username;
    this.#sendProfile();
  }

  /** What is sent at the moment: `{microphone, camera, screen, hand}`; the tracks are in `outgoing`. */
  setMedia(media) {
    const changed = Object.keys(media).some((name) => media[name] !== this.#media[name]);
    this.#media = { ...media };
    this.#peers.forEach((peer) => peer.updateTracks());
    if (!changed) return;
    this.#sendMediaState(ROOM);
    this.#publishRoster();
  }

  /** Says a line to the room. It is shown when it comes back; if the link breaks before, it is said again. */
  say(text) {
    const time = Math.max(Date.now(), this.#lastTime + 1);
    this.#lastTime = time;
    const line = { from: this.#roster.get(this.#me)?.username || this.#username, time, text };
    this.#unechoed.set(keyOf(this.#me, line), line);
    if (!this.#isHolding) this.#send(ROOM, 'text', line);
  }

  /** What to say to each peer on the way out; the link says it to the server itself. */
  farewells() {
    return [...this.#peers.keys()].map((id) => ({ receiver: id, type: 'bye' }));
  }

  leave() {
    for (const id of [...this.#peers.keys()]) this.#drop(id);
    this.#waits.forEach(clearTimeout);
    clearTimeout(this.#graceTimer);
    this.#waits.clear();
    this.#roster.clear();
    this.#emit({ type: 'status', status: { name: 'left' } });
  }

  peerOf(id) {
    return this.#peers.get(id);
  }

  get peers() {
    return [...this.#peers.values()];
  }

  // ------------------------------------------------------------------------------------------------ link's words

  handleUp({ me }) {
    this.#me = me;
    this.#isFirstInfo = true;
    this.#graceUntil = this.#hasJoinedBefore ? Date.now() + REJOIN_GRACE : 0;
    this.#emit({ type: 'status', status: { name: 'connecting' } });
    this.#send(GROUND_CONTROL, 'greeting', 'hello');
    this.#send(GROUND_CONTROL, 'get-ice-servers');
    this.#sendProfile();
    this.#send(GROUND_CONTROL, 'get-room-info');
    this.#sendMediaState(ROOM);
    this.#isHolding = true;
  }

  /** The server is away. The peers stay: media needs no server. */
  handleDown({ attempt, retryAt, reason }) {
    this.#waits.forEach(clearTimeout);
    this.#waits.clear();
    this.#emit({ type: 'status', status: { name: 'reconnecting', attempt, retryAt, reason } });
  }

  handleFrame(frame) {
    let message;
    try {
      message = read(frame);
    } catch (problem) {
      if (!(problem instanceof ProtocolError)) throw problem;
      return; // what cannot be read is not for us
    }
    const { sender, type, data } = message;
    if (sender === GROUND_CONTROL || sender === undefined) this.#handleServer(type, data);
    else this.#handleClient(sender, message);
  }

  #handleServer(type, data) {
    if (type === 'room-info') this.#handleRoomInfo(data);
    else if (type === 'joined') this.#handleJoined(data);
    else if (type === 'left') this.#handleLeft(data);
    else if (type === 'pong') this.#link.handlePong(data);
    else if (type === 'ping') this.#send(GROUND_CONTROL, 'pong', data);
    else if (type === 'ice-servers') this.#iceServers = data;
    else if (type === 'bye') this.#link.lost('The server said goodbye.');
    else if (type === 'error' && !QUIET_ERRORS.has(data.id)) this.#emit({ type: 'notice', notice: data });
  }

  #handleClient(sender, { receiver, type, data }) {
    if (type === 'text') this.#handleText(sender, receiver, data);
    if (sender === this.#me) return; // an echo
    if (type === 'offer') this.#handleOffer(sender, data);
    else if (type === 'answer') this.#peers.get(sender)?.handleAnswer(data);
    else if (type === 'ice-candidate' || type === 'icecandidate') this.#peers.get(sender)?.handleCandidate(data);
    else if (type === 'media-state') this.#handleMediaState(sender, data);
    else if (type === 'bye') this.#handleBye(sender);
    else if (type === 'ping') this.#send(sender, 'pong', data);
  }

  // ------------------------------------------------------------------------------------------------------- roster

  #handleRoomInfo({ clients }) {
    const isFirst = this.#isFirstInfo;
    this.#isFirstInfo = false;
    const keep = this.#kept(clients);
    this.#roster = new Map([...clients, ...keep].map((client) => [client.id, client]));
    for (const id of [...this.#peers.keys()]) if (!this.#roster.has(id)) this.#drop(id);
    if (isFirst) {
      this.#hasJoinedBefore = true;
      this.#emit({ type: 'status', status: { name: 'joined', me: this.#me } });
    }
    for (const id of this.#roster.keys()) {
      if (id === this.#me) continue;
      if (isFirst) this.#meet(id);
      else if (!this.#peers.has(id)) this.#awaitOffer(id);
      this.#peers.get(id)?.handleDescribed();
    }
    this.#publishRoster();
    if (keep.length === 0) this.#release();
  }

  /** Says (again) what has not been heard back. */
  #release() {
    if (!this.#isHolding) return;
    this.#isHolding = false;
    this.#unechoed.forEach((line) => this.#send(ROOM, 'text', line));
  }

  /** After a re-join: who is not listed (yet) and still connected to us. */
  #kept(clients) {
    if (Date.now() >= this.#graceUntil) return [];
    const listed = new Set(clients.map((client) => client.id));
    const keep = [...this.#roster.values()].filter(
      ({ id }) => id !== this.#me && !listed.has(id) && this.#peers.get(id)?.isAlive,
    );
    clearTimeout(this.#graceTimer);
    if (keep.length > 0) {
      this.#graceTimer = setTimeout(() => this.#send(GROUND_CONTROL, 'get-room-info'), this.#graceUntil - Date.now());
    }
    return keep;
  }

  /** The joiner offers to everybody; who comes back only to those whom it lost. */
  #meet(id) {
    const peer = this.#peers.get(id);
    if (!peer) this.#add(id).offer().catch(reportOffer);
    else peer.recoverNow();
  }

  #handleJoined(client) {
    const isNew = !this.#roster.has(client.id) && client.id !== this.#me;
    this.#roster.set(client.id, client);
    if (client.id === this.#me) return;
    if (isNew) this.#emit({ type: 'joined', client: client.id, name: shownName(client.username) });
    this.#publishRoster();
    this.#peers.get(client.id)?.handleDescribed();
    this.#sendMediaState(client.id);
    this.#awaitOffer(client.id);
  }

  #handleLeft({ id }) {
    this.#remove(id);
  }

  #handleBye(id) {
    this.#remove(id);
  }

  #remove(id) {
    const client = this.#roster.get(id);
    this.#drop(id);
    if (!client || id === this.#me) return;
    this.#roster.delete(id);
    this.#mediaOf.delete(id);
    this.#emit({ type: 'left', client: id, name: shownName(client.username) });
    this.#publishRoster();
  }

  #handleMediaState(id, media) {
    this.#mediaOf.set(id, media);
    this.#publishRoster();
  }

  #publishRoster() {
    const participants = [...this.#roster.values()].map((client) => ({
      id: client.id,
      username: shownName(client.username),
      me: client.id === this.#me,
      unstable: client.unstable,
      media: client.id === this.#me ? this.#media : (this.#mediaOf.get(client.id) ?? null),
      ours: client.capabilities.length > 0,
    }));
    this.#emit({ type: 'roster', participants });
  }

  // -------------------------------------------------------------------------------------------------------- peers

  #handleOffer(id, description) {
    this.#stopWaiting(id);
    if (!this.#peers.has(id)) {
      this.#add(id);
      this.#sendMediaState(id);
    }
    this.#peers.get(id).handleOffer(description);
  }

  #awaitOffer(id) {
    if (this.#waits.has(id) || this.#peers.get(id)?.isAlive) return;
    const timer = setTimeout(() => {
      this.#waits.delete(id);
      if (!this.#peers.has(id)) this.#meet(id);
    }, OFFER_WAIT);
    this.#waits.set(id, timer);
  }

  #stopWaiting(id) {
    clearTimeout(this.#waits.get(id));
    this.#waits.delete(id);
  }

  #add(id) {
    const peer = new Peer({
      id,
      me: this.#me,
      describe: () => this.#roster.get(id),
      iceServers: this.#iceServers,
      outgoing: this.#outgoing,
      on: {
        send: (type, data) => this.#send(id, type, data),
        canSignal: () => this.#link.isUp,
        state: (state) => this.#emit({ type: 'peer', client: id, state }),
        tracks: () => this.#emit({ type: 'tracks', client: id }),
      },
    });
    this.#peers.set(id, peer);
    this.#emit({ type: 'peer', client: id, state: 'connecting' });
    return peer;
  }

  #drop(id) {
    this.#stopWaiting(id);
    const peer = this.#peers.get(id);
    this.#peers.delete(id);
    peer?.close();
  }

  // --------------------------------------------------------------------------------------------------------- chat

  #handleText(sender, receiver, line) {
    const key = keyOf(sender, line);
    this.#unechoed.delete(key);
    if (this.#heard.includes(key)) return; // said again after a broken link, and heard both times
    if (line.time > 0) this.#heard = [...this.#heard.slice(1 - LINES_REMEMBERED), key];
    const name = this.#roster.get(sender)?.username || cleanUsername(line.from);
    this.#emit({
      type: 'chat',
      line: {
        from: sender,
        name: shownName(name),
        time: line.time > 0 ? line.time : Date.now(),
        text: line.text,
        mine: sender === this.#me,
        private: receiver !== ROOM,
      },
    });
  }

  // ------------------------------------------------------------------------------------------------------ sending

  #sendProfile() {
    this.#send(GROUND_CONTROL, 'profile', { username: this.#username, capabilities: CAPABILITIES });
  }

  #sendMediaState(receiver) {
    if (receiver !== ROOM && !this.#roster.get(receiver)?.capabilities.includes('media-state')) return;
    this.#send(receiver, 'media-state', this.#media);
  }

  #send(receiver, type, data) {
    this.#link.send({ receiver, type, data });
  }
}

function keyOf(sender, { time, text }) {
  return JSON.stringify([sender, time, text]);
}

function reportOffer(problem) {
  console.warn('no offer could be made', problem.name);
}
