//! The link to the server: one data channel, kept alive with pings, and made anew with back-off when it is lost.

import { joinRoom, leaveRoom, postOffer, Refused } from './api.js';
import { PING_EVERY, RETRY_FIRST, RETRY_MAX, SERVER_SILENCE } from './limits.js';
import { Pace } from './pace.js';
import { GROUND_CONTROL, write } from './protocol.js';

/** The channel must be open this long after the offer. */
const OPEN_TIMEOUT = 10_000;
/** A link that stood this long starts the back-off from its beginning. */
const STEADY_AFTER = 10_000;

/** Refusals that another attempt may change. */
const PASSING = new Set(['too-many', 'shutting-down', 'internal', 'knocking']);

/**
 * `on` hears: `up({me})`, `down({attempt, retryAt, reason})`, `refused({id, message})` (final until `retry`),
 * `passwordWanted()`, `frame(text)`.
 */
export class Link {
  #room;
  #page;
  #me;
  #on;
  #shown;
  #pc = null;
  #channel = null;
  #pace = new Pace((frame) => this.#sendNow(frame));
  #life = 0; // counts connections: what an earlier one still says is ignored
  #attempt = 0;
  #retryTimer = 0;
  #pingTimer = 0;
  #heardAt = 0;
  #upSince = 0;
  #pings = new Map();
  #pingNumber = 0;
  /** Milliseconds to the server and back, of the last answered ping. */
  roundTrip = null;

  /** `shown()` gives what is shown at the door where a new seat is needed: `{invite?, join_token?, name?}`. */
  constructor({ room, me, page = location.pathname.replace(/\/$/, ''), shown = () => ({}), on }) {
    this.#room = room;
    this.#me = me;
    this.#page = page;
    this.#shown = shown;
    this.#on = on;
  }

  /** Connects; the page's own seat is taken first, a new one is asked for when that is gone. */
  start() {
    this.#connect(false);
  }

  get isUp() {
    return this.#channel?.readyState === 'open';
  }

  send(message) {
    if (this.isUp) this.#pace.push(write(message));
  }

  /** Tries again at once: the network is back, the person asked for it, or the page was brought back. */
  retry() {
    if (this.isUp) return;
    clearTimeout(this.#retryTimer);
    this.#connect(true);
  }

  /** Says the `farewells` ahead of anything queued and lets go of the seat. `retry` makes a new link. */
  leave(farewells) {
    this.#pace.clear();
    for (const message of farewells) this.#sendNow(write(message));
    this.#sendNow(write({ receiver: GROUND_CONTROL, type: 'bye' }));
    leaveRoom(this.#room);
    this.#dispose();
  }

  /** Lets go of the connection without a word: another page has taken this seat. */
  stop() {
    this.#dispose();
  }

  async #connect(rejoin) {
    this.#dispose();
    const life = this.#life;
    try {
      if (rejoin) await this.#takeSeat();
      if (life !== this.#life) return;
      await this.#open(life);
    } catch (problem) {
      if (life === this.#life) this.#handleProblem(problem, rejoin);
    }
  }

  async #takeSeat() {
    const { invite, ...rest } = this.#shown();
    const seat = await joinRoom(this.#room, { ...rest, invite }).catch((problem) => {
      if (problem.id !== 'invalid-invite') throw problem;
      return joinRoom(this.#room, rest); // it opened once, and no more: there may be another way in
    });
    if (seat.knocking) throw new Refused(202, { id: 'knocking', message: 'Somebody inside has to let you in' });
    this.#me = seat.client_id;
  }

  async #open(life) {
    const pc = new RTCPeerConnection();
    this.#pc = pc;
    const channel = pc.createDataChannel('data');
    this.#watch(pc, channel, life);
    await pc.setLocalDescription();
    // Complete at once: the server finds us by our checks and contacts no candidate of ours.
    const answer = await postOffer(this.#page, pc.localDescription.sdp);
    if (life !== this.#life) return;
    await pc.setRemoteDescription({ type: 'answer', sdp: answer.sdp });
    await opened(channel);
  }

  #watch(pc, channel, life) {
    const current = () => life === this.#life;
    channel.onopen = () => current() && this.#handleOpen(channel, life);
    channel.onmessage = ({ data }) => current() && this.#handleFrame(data);
    channel.onclose = () => current() && this.#lost('The connection to the server was closed.');
    pc.onconnectionstatechange = () => {
      if (current() && pc.connectionState === 'failed') this.#lost('The connection to the server failed.');
    };
  }

  #handleOpen(channel, life) {
    this.#channel = channel;
    this.#upSince = this.#heardAt = performance.now();
    this.#pingTimer = setInterval(() => life === this.#life && this.#ping(), PING_EVERY);
    this.#on.up({ me: this.#me });
    this.#ping();
  }

  #handleFrame(frame) {
    this.#heardAt = performance.now();
    if (typeof frame === 'string') this.#on.frame(frame);
  }

  #ping() {
    if (performance.now() - this.#heardAt > SERVER_SILENCE) return this.#lost('The server has gone silent.');
    this.#pings.set(++this.#pingNumber, performance.now());
    if (this.#pings.size > 8) this.#pings.delete(this.#pings.keys().next().value);
    this.#sendNow(write({ receiver: GROUND_CONTROL, type: 'ping', data: this.#pingNumber }));
  }

  /** The `data` of a pong from the server. */
  handlePong(data) {
    const sentAt = this.#pings.get(data);
    if (sentAt === undefined) return;
    this.#pings.delete(data);
    this.roundTrip = performance.now() - sentAt;
  }

  /** The server said `bye`, or the connection broke: make another. */
  lost(reason) {
    this.#lost(reason);
  }

  #lost(reason) {
    const steady = this.#upSince > 0 && performance.now() - this.#upSince > STEADY_AFTER;
    if (steady) this.#attempt = 0;
    this.#dispose();
    this.#retryLater(reason);
  }

  #handleProblem(problem, rejoin) {
    if (!(problem instanceof Refused) || PASSING.has(problem.id)) return this.#lost(problem.message);
    if (!rejoin && (problem.status === 404 || problem.status === 401)) return this.#connect(true); // the seat ran out
    this.#dispose();
    if (problem.id === 'password-required' || problem.id === 'wrong-password') return this.#on.passwordWanted();
    this.#on.refused({ id: problem.id, message: problem.message });
  }

  #retryLater(reason) {
    const full = Math.min(RETRY_MAX, RETRY_FIRST * 2 ** this.#attempt);
    const delay = full / 2 + (Math.random() * full) / 2;
    this.#attempt += 1;
    this.#retryTimer = setTimeout(() => this.#connect(true), delay);
    this.#on.down({ attempt: this.#attempt, retryAt: Date.now() + delay, reason });
  }

  #sendNow(frame) {
    if (!this.isUp) return;
    try {
      this.#channel.send(frame);
    } catch {
      this.#lost('The connection to the server is overloaded.');
    }
  }

  #dispose() {
    this.#life += 1;
    clearTimeout(this.#retryTimer);
    clearInterval(this.#pingTimer);
    this.#pace.clear();
    this.#pings.clear();
    this.#upSince = 0;
    this.#channel = null;
    // What was just sent (a bye) still has to get out.
    if (this.#pc) setTimeout((pc) => pc.close(), 200, this.#pc);
    this.#pc = null;
  }
}

function opened(channel) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('The server did not open the connection.')), OPEN_TIMEOUT);
    const settle = () => {
      clearTimeout(timer);
      resolve();
    };
    if (channel.readyState === 'open') settle();
    channel.addEventListener('open', settle);
    channel.addEventListener('close', settle); // told by `onclose`
  });
}
