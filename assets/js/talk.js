//! What is said in the room: own lines until they come back, others' as they come, and those that the room keeps.

import { CHAT_LINES, CHAT_LINES_MAX } from './limits.js';
import { isBefore } from './lines.js';
import { cleanUsername, shownName } from './names.js';
import { GROUND_CONTROL, ROOM } from './protocol.js';

/** Lines of ours that came back are remembered this long, so that a repeated one is shown once. */
const LINES_REMEMBERED = 200;
/** Lines held back until it is known whether the room keeps them. */
const EARLY_LINES = 64;
/** An answer to a question for kept lines that takes longer is not waited for. Milliseconds. */
const CHAT_WAIT = 5_000;
/** Questions asked at most to close the gap that an absence left. */
const CATCH_UP_ROUNDS = 10;

/**
 * `send(receiver, type, data)` says something if the link is up; `emit` hears events as `model.js` folds them;
 * `ownName()`, `nameOf(id)` and `isHere(id)` ask the roster.
 */
export class Talk {
  #send;
  #emit;
  #ownName;
  #nameOf;
  #isHere;
  #me = null;
  #unechoed = new Map(); // key → {receiver, line} said and not heard back yet
  #isHolding = true; // lines wait until those who were here before are back, and it is known what got through
  #isListPending = true;
  #heard = [];
  #early = []; // lines without a number: the server did not know yet that we understand numbers
  #isNumbered = false;
  #lastTime = 0;
  #question = null; // {before, isCatchUp, round}: kept lines were asked for
  #timer = 0;
  #hasLoaded = false;
  #oldestId; // of the lines heard or loaded
  #newestId;
  #gapFrom; // what was the newest when the link came up
  #heardIds = new Set(); // since the link came up

  constructor({ send, emit, ownName, nameOf, isHere }) {
    this.#send = send;
    this.#emit = emit;
    this.#ownName = ownName;
    this.#nameOf = nameOf;
    this.#isHere = isHere;
  }

  // --------------------------------------------------------------------------------------------------- commands

  /**
   * Says a line to the room or to one in it. It is shown when it comes back; if the link breaks before, it is said again
   * with the same key, by which the server knows it.
   */
  say(text, receiver = ROOM) {
    const time = Math.max(Date.now(), this.#lastTime + 1);
    this.#lastTime = time;
    const line = { from: this.#ownName(), time, text, key: freshKey() };
    this.#unechoed.set(keyOf(this.#me, line), { receiver, line });
    if (!this.#isHolding) this.#send(receiver, 'text', line);
  }

  /** Asks for kept lines from before those that are known. */
  loadEarlier() {
    if (this.#question) return;
    this.#emit({ type: 'loadingLines', loading: true });
    this.#ask({ before: this.#oldestId, limit: CHAT_LINES });
  }

  edit(id, text) {
    this.#send(GROUND_CONTROL, 'edit-text', { id, text });
  }

  delete(id) {
    this.#send(GROUND_CONTROL, 'delete-text', { id });
  }

  stop() {
    clearTimeout(this.#timer);
    this.#question = null;
  }

  // ---------------------------------------------------------------------------------------------- the room's words

  /** The link is up: what was said meanwhile is asked for before anything is said again. */
  handleUp(me) {
    this.#me = me;
    this.#isHolding = this.#isListPending = true;
    this.#isNumbered = false;
    this.#heardIds.clear();
    this.#gapFrom = this.#newestId;
    this.#ask({ limit: CHAT_LINES, isCatchUp: true, round: 1 });
  }

  /** The list of who is here has come; `isWaiting`: some of those who were here are not back yet. */
  handleRoster(isWaiting) {
    this.#isListPending = isWaiting;
    this.#release();
  }

  handleText(sender, receiver, line, id) {
    const key = keyOf(sender, line);
    if (sender === this.#me) this.#unechoed.delete(key);
    if (id !== undefined) this.#noteHeard(id);
    else if (receiver === ROOM && !this.#isNumbered && this.#early.length < EARLY_LINES) {
      this.#early.push({ sender, line });
      return;
    }
    if (this.#heard.includes(key)) return; // said again after a broken link, and heard both times
    if (line.time > 0 || line.key !== undefined) this.#heard = [...this.#heard.slice(1 - LINES_REMEMBERED), key];
    const isMine = sender === this.#me;
    const isPrivate = receiver !== ROOM;
    const given = cleanUsername(line.from);
    this.#emit({
      type: 'chat',
      line: {
        id,
        from: sender,
        name: this.#isHere(sender) || given === '' ? this.#nameOf(sender) : shownName(given),
        time: line.time > 0 ? line.time : Date.now(),
        text: line.text,
        mine: isMine,
        private: isPrivate,
        to: isPrivate && isMine ? this.#nameOf(receiver) : undefined,
        edited: false,
      },
    });
  }

  /** The server knows what we understand. Lines that came before are shown now, unless the room keeps them: then they are read. */
  handleSettings({ history }) {
    this.#isNumbered = true;
    const early = this.#early.splice(0);
    if (history === 'none') early.forEach(({ sender, line }) => this.handleText(sender, ROOM, line));
  }

  handleChat({ messages, more }) {
    if (!this.#question) return; // answered too late
    const { before, isCatchUp, round } = this.#question;
    const first = messages[0]?.id;
    const isReturn = isCatchUp && this.#hasLoaded;
    if (isReturn) messages.filter((message) => this.#isOwnNew(message)).forEach((message) => this.#forgetSaid(message));
    const kept = messages.map((message) => this.#lineOf(message));
    this.#emit({ type: 'kept', messages: kept, before, more: isReturn ? undefined : more, isNews: isReturn });
    messages.forEach(({ id }) => this.#noteKnown(id));
    const isGap = isReturn && more && this.#gapFrom !== undefined && first !== undefined && isBefore(this.#gapFrom, first);
    if (isGap && round < CATCH_UP_ROUNDS) {
      this.#ask({ before: first, limit: CHAT_LINES_MAX, isCatchUp, round: round + 1 });
      return;
    }
    this.#hasLoaded = true;
    this.#endQuestion();
  }

  /** A private line for somebody who is gone will never come back. */
  giveUpUnreachable() {
    for (const [key, { receiver, line }] of this.#unechoed) {
      if (receiver === ROOM || this.#isHere(receiver)) continue;
      this.#unechoed.delete(key);
      const text = `Not delivered, because the one it was for is not here any more: “${shortened(line.text)}”`;
      this.#emit({ type: 'toast', kind: 'warning', text });
    }
  }

  // ---------------------------------------------------------------------------------------------------------- ours

  /** Says (again) what has not been heard back. */
  #release() {
    if (!this.#isHolding || this.#isListPending || this.#question?.isCatchUp) return;
    this.#isHolding = false;
    this.giveUpUnreachable();
    this.#unechoed.forEach(({ receiver, line }) => this.#send(receiver, 'text', line));
  }

  #ask({ before, limit, isCatchUp = false, round = 0 }) {
    this.#question = { before, isCatchUp, round };
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#endQuestion(), CHAT_WAIT);
    this.#send(GROUND_CONTROL, 'get-chat', { before, limit });
  }

  #endQuestion() {
    this.stop();
    this.#emit({ type: 'loadingLines', loading: false });
    this.#release();
  }

  #noteHeard(id) {
    this.#heardIds.add(id);
    this.#noteKnown(id);
  }

  #noteKnown(id) {
    if (this.#newestId === undefined || isBefore(this.#newestId, id)) this.#newestId = id;
    if (this.#oldestId === undefined || isBefore(id, this.#oldestId)) this.#oldestId = id;
  }

  /** Our own, and neither known before the link broke nor heard since. */
  #isOwnNew({ id, client }) {
    const isLater = this.#gapFrom === undefined || isBefore(this.#gapFrom, id);
    return client === this.#me && isLater && !this.#heardIds.has(id);
  }

  /** The line got through before the link broke; only its echo did not. */
  #forgetSaid({ text }) {
    const said = [...this.#unechoed].find(([, { receiver, line }]) => receiver === ROOM && line.text === text);
    if (said) this.#unechoed.delete(said[0]);
  }

  #lineOf({ id, client, name, time, text, edited }) {
    const mine = client === this.#me;
    return { id, from: client, name: shownName(name), time, text, mine, private: false, to: undefined, edited };
  }
}

function keyOf(sender, { time, text, key }) {
  return JSON.stringify(key === undefined ? [sender, time, text] : [sender, key]);
}

/** `crypto.randomUUID` is for pages over HTTPS only. */
function freshKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(8));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function shortened(text) {
  const characters = [...text];
  return characters.length > 60 ? `${characters.slice(0, 60).join('')}…` : text;
}
