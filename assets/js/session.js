//! One participant in a room: roster, roles, and a peer for everyone else; what is said is in `talk.js`. Knows the link's
//! words, not its wires.

import { OFFER_WAIT, REJOIN_GRACE } from './limits.js';
import { shownName } from './names.js';
import { Peer } from './peer.js';
import { CAPABILITIES, GROUND_CONTROL, ProtocolError, read, ROOM } from './protocol.js';
import { Sight } from './sight.js';
import { Talk } from './talk.js';

/** Errors that name no fault of the person's: they come of races that settle by themselves. */
const QUIET_ERRORS = new Set(['unknown-receiver', 'unknown-type']);

/**
 * `link` has `send(message)`, `isUp`, `handlePong(data)` and `lost(reason)`; `outgoing` is what every peer gets sent
 * (see `Peer`); `emit` hears events as `model.js` folds them; `obey({action, who})` does what a moderator did to us, and
 * lets go where another device has taken the seat (`elsewhere`). The owner passes the link's words on: `handleUp`,
 * `handleDown`, `handleFrame`.
 */
export class Session {
  #link;
  #outgoing;
  #emit;
  #obey;
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
  #wasSentAway = false;
  #talk;
  #sight;

  constructor({ link, username, outgoing, emit, obey = () => {} }) {
    this.#link = link;
    this.#username = username;
    this.#outgoing = outgoing;
    this.#emit = emit;
    this.#obey = obey;
    this.#sight = new Sight((id, shown) => this.#send(id, 'view', shown));
    this.#talk = new Talk({
      emit,
      send: (receiver, type, data) => this.#send(receiver, type, data),
      ownName: () => this.#roster.get(this.#me)?.username || this.#username,
      nameOf: (id) => this.#nameOf(id),
      isHere: (id) => this.#roster.has(id),
    });
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

  /** How high the pictures of the others are shown here: `[[id, pixels]…]`. */
  showAt(pictures) {
    this.#sight.note(pictures);
    this.#tellSight();
  }

  #tellSight() {
    if (this.#link.isUp) this.#sight.tell((id) => this.#roster.get(id)?.capabilities.includes('view'));
  }

  /** Does something as a moderator: see section 6 of the protocol. */
  moderate(action, client, address = false) {
    this.#send(GROUND_CONTROL, 'moderate', { action, client, address });
  }

  /** Whether the server's last word was good-bye: then a room that is gone was deleted. */
  get wasSentAway() {
    return this.#wasSentAway;
  }

  /** What to say to each peer on the way out; the link says it to the server itself. */
  farewells() {
    return [...this.#peers.keys()].map((id) => ({ receiver: id, type: 'bye' }));
  }

  leave(status = { name: 'left' }) {
    for (const id of [...this.#peers.keys()]) this.#drop(id);
    this.#waits.forEach(clearTimeout);
    clearTimeout(this.#graceTimer);
    this.#talk.stop();
    this.#waits.clear();
    this.#roster.clear();
    this.#emit({ type: 'status', status });
  }

  /** What is said in the room. */
  get talk() {
    return this.#talk;
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
    this.#sight.forgetTold(); // the last words may have been lost with the link
    this.#graceUntil = this.#hasJoinedBefore ? Date.now() + REJOIN_GRACE : 0;
    this.#emit({ type: 'status', status: { name: 'connecting' } });
    this.#send(GROUND_CONTROL, 'greeting', 'hello');
    this.#send(GROUND_CONTROL, 'get-ice-servers');
    this.#sendProfile();
    this.#send(GROUND_CONTROL, 'get-room-info');
    this.#sendMediaState(ROOM);
    this.#wasSentAway = false;
    this.#talk.handleUp(me);
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
    else if (type === 'bye') this.#handleGoodbye();
    else if (type === 'error') this.#handleError(data);
    else if (type === 'moderated') this.#obey({ action: data.action, who: this.#nameOf(data.by) });
    else if (type === 'room-settings') this.#handleSettings(data);
    else if (type === 'knocking') this.#handleKnocking(data);
    else if (type === 'chat') this.#talk.handleChat(data);
    else if (type === 'text-edited') this.#emit({ type: 'edited', line: data });
    else if (type === 'text-deleted') this.#emit({ type: 'deleted', id: data.id });
  }

  #handleGoodbye() {
    this.#wasSentAway = true;
    this.#link.lost('The server said goodbye.');
  }

  #handleError(notice) {
    if (notice.id === 'elsewhere') return this.#obey({ action: 'elsewhere' });
    if (notice.id === 'unknown-receiver') this.#talk.giveUpUnreachable();
    if (!QUIET_ERRORS.has(notice.id)) this.#emit({ type: 'notice', notice });
    return undefined;
  }

  #handleSettings(settings) {
    this.#talk.handleSettings(settings);
    this.#emit({ type: 'roomSettings', settings });
  }

  #handleKnocking({ clients }) {
    this.#emit({ type: 'knocking', clients: clients.map(({ id, username }) => ({ id, name: shownName(username) })) });
  }

  /** What somebody is called; the server itself speaks for whoever runs it. */
  #nameOf(id) {
    if (id === GROUND_CONTROL) return 'The administrator';
    const client = this.#roster.get(id);
    return client ? shownName(client.username) : 'Somebody';
  }

  #handleClient(sender, { receiver, type, data, id }) {
    if (type === 'text') this.#talk.handleText(sender, receiver, data, id);
    if (sender === this.#me) return; // an echo
    if (type === 'offer') this.#handleOffer(sender, data);
    else if (type === 'answer') this.#peers.get(sender)?.handleAnswer(data);
    else if (type === 'ice-candidate' || type === 'icecandidate') this.#peers.get(sender)?.handleCandidate(data);
    else if (type === 'media-state') this.#handleMediaState(sender, data);
    else if (type === 'view') this.#handleView(sender, data);
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
    this.#talk.handleRoster(keep.length > 0);
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
    this.#sight.forget(id);
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
      role: client.role ?? 'guest',
      obeys: client.capabilities.includes('moderation'),
    }));
    this.#emit({ type: 'roster', participants });
    this.#tellSight();
  }

  #handleView(id, shown) {
    this.#sight.heard(id, shown);
    this.#peers.get(id)?.showAt(shown);
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
    peer.showAt(this.#sight.of(id));
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

function reportOffer(problem) {
  console.warn('no offer could be made', problem.name);
}
