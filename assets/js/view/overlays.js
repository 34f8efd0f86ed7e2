//! What lies over the stage: the question for a name, the button for sound, and what stops the call.

import { isInCall } from '../model.js';
import { el, icon, setText } from './dom.js';
import { NameForm } from './name.js';

/** Asks once for a name, without holding anything up. `intents` has `username(name)` and `nameLater()`. */
export class NameCard {
  constructor(intents) {
    const form = new NameForm({ label: 'What should the others call you?', action: 'Save', onName: intents.username });
    form.element.querySelector('button').className = 'button-main';
    const later = el('button', { type: 'button', class: 'button-bare button-icon', aria: { label: 'Not now' }, title: 'Not now' }, icon('close'));
    later.onclick = () => intents.nameLater();
    form.element.querySelector('.row').append(later);
    this.element = el('section', { class: 'card name-card', hidden: true, aria: { label: 'Your name' } }, form.element);
  }

  show(model) {
    this.element.hidden = !model.asksForName || ['refused', 'left', 'ended'].includes(model.status.name);
  }
}

/** Shown where the browser lets no sound through before the person touches the page. */
export class SoundButton {
  constructor(intents) {
    this.element = el('button', { type: 'button', class: 'button-main sound-button', hidden: true }, icon('sound'), 'Turn sound on');
    this.element.onclick = () => intents.allowSound();
  }

  show(model) {
    this.element.hidden = !model.isSoundBlocked;
  }
}

/** Covers the stage when the person is not in the room, and says what can be done. `intents.retry()` tries again. */
export class Halt {
  #title = el('h2');
  #text = el('p');
  #retry = el('button', { type: 'button', class: 'button-main' });

  constructor(intents, lobby) {
    this.#retry.onclick = () => intents.retry();
    const row = el('div', { class: 'row' }, this.#retry, el('a', { class: 'button', href: lobby }, 'All rooms'));
    this.element = el('div', { class: 'halt', hidden: true, role: 'alert' }, el('div', { class: 'card' }, this.#title, this.#text, row));
  }

  show(model) {
    const words = isRefusedInCall(model) ? null : wordsFor(model.status);
    this.element.hidden = words === null;
    if (words === null) return;
    setText(this.#title, words.title);
    setText(this.#text, words.text);
    this.#retry.hidden = words.action === null;
    setText(this.#retry, words.action ?? '');
  }
}

/** Shown while the server is away or will not have the person back; the call goes on meanwhile. */
export class Reconnecting {
  #text = el('p', { role: 'status' });

  constructor(intents) {
    const now = el('button', { type: 'button', class: 'button-bare' }, icon('refresh'), 'Try now');
    now.onclick = () => intents.retry();
    this.element = el('div', { class: 'reconnecting', hidden: true }, this.#text, now);
  }

  show(model) {
    const text = isRefusedInCall(model) ? `${wordsFor(model.status).title}.` : awayText(model.status);
    this.element.hidden = text === null;
    if (text !== null) setText(this.#text, `${text} Who is connected stays connected.`);
  }
}

/** The first attempt mostly brings the server back: only from the second on it is worth a word. */
function awayText(status) {
  return status.name === 'reconnecting' && status.attempt >= 2 ? status.reason : null;
}

function isRefusedInCall(model) {
  return model.status.name === 'refused' && isInCall(model);
}

function wordsFor(status) {
  if (status.name === 'elsewhere' && status.where === 'device') {
    return {
      title: 'You are here on another device now',
      text: 'One account has one seat in a room, and your other device has taken it.',
      action: 'Use it here',
    };
  }
  if (status.name === 'elsewhere') {
    return {
      title: 'This room is open in another tab',
      text: 'One browser has one seat in a room, and the other tab has taken it.',
      action: 'Use it here',
    };
  }
  if (status.name === 'left') return { title: 'You left the room', text: 'You can come back at any time.', action: 'Join again' };
  if (status.name === 'ended') return ENDS[status.reason](status);
  if (status.name !== 'refused') return null;
  return { ...REFUSALS[status.notice.id] ?? { title: 'You are not in the room', text: status.notice.message }, action: 'Try again' };
}

const ENDS = {
  kick: ({ who }) => ({
    title: 'You were removed from the room',
    text: `${who} removed you. You may come back.`,
    action: 'Join again',
  }),
  ban: ({ who }) => ({
    title: 'You are banned from this room',
    text: who ? `${who} banned you. You cannot come back until the ban is lifted.` : 'You cannot come back until the ban is lifted.',
    action: null,
  }),
  delete: ({ isMine }) => ({
    title: isMine ? 'You deleted the room' : 'The room was deleted',
    text: isMine ? 'Everyone was sent out.' : 'It no longer exists, and everyone was sent out.',
    action: null,
  }),
};

const REFUSALS = {
  locked: { title: 'The room is locked', text: 'Nobody new comes in at the moment. Somebody inside has to unlock it.' },
  denied: { title: 'You were not let in', text: 'Somebody inside decided so. You may knock again in a moment.' },
  'invalid-invite': { title: 'This invite does not work', text: 'It is unknown, expired, used up or revoked. Please ask for another one.' },
  'room-full': { title: 'The room is full', text: 'As many people as it admits are in it. Somebody has to leave first.' },
  'unknown-room': { title: 'This room no longer exists', text: 'An empty room is closed after a while; or its owner has deleted it.' },
};
