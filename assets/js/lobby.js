//! The lobby: keeps the list of rooms fresh and tells a refusal in place. Without it the forms work all the same.

import { createRoom, joinRoom, listRooms, Refused } from './api.js';
import { sentence as asSentence, shownName } from './names.js';
import { keptName, showName } from './ownname.js';
import { historyOf } from './rules.js';
import { el, reconcile, setText } from './view/dom.js';

const REFRESH_EVERY = 4_000;

const section = document.querySelector('#rooms');
const { prefix } = section.dataset;

// ------------------------------------------------------------------------------------------------------- the list

/** One public room: the same markup as in the server's template. */
class RoomCard {
  #participants = el('span', { class: 'room-participants' });
  #activity = el('span', { class: 'room-activity' });
  #entrance = el('span', { class: 'room-entrance' });
  #who = el('p', { class: 'room-who', hidden: true });
  #notice = el('p', { class: 'notice room-notice', role: 'alert', hidden: true });

  constructor(room) {
    const address = `${prefix}/${encodeURIComponent(room.id)}`;
    const title = el('p', { class: 'room-title' }, el('bdi', {}, room.id));
    const facts = el('p', { class: 'room-facts' }, this.#participants, this.#activity, this.#entrance);
    this.element = el('li', { class: 'room-card', data: { roomId: room.id } }, title, facts, this.#who);
    this.element.append(room.has_password ? this.#form(room, address) : link(room, address), this.#notice);
  }

  show(room) {
    setText(this.#participants, `${room.participants} / ${room.guest_limit === 0 ? 'Unlimited' : room.guest_limit}`);
    const minutes = Math.floor(room.idle_seconds / 60);
    setText(this.#activity, minutes === 0 ? 'active now' : `active ${minutes} min ago`);
    setText(this.#entrance, room.locked ? 'locked' : room.lobby ? 'on request' : '');
    const who = room.who ?? [];
    const more = room.participants - who.length;
    this.#who.hidden = who.length === 0;
    setText(this.#who, who.map(shownName).join(', ') + (more > 0 ? ` and ${more} more` : ''));
  }

  #form(room, address) {
    const input = el('input', {
      name: 'password',
      type: 'password',
      required: true,
      maxLength: 512,
      placeholder: 'Password',
      autocomplete: 'current-password',
      aria: { label: `Password of ${room.id}` },
    });
    const button = el('button', { class: 'button', type: 'submit', aria: { label: `Join ${room.id}` } }, 'Join');
    const form = el('form', { class: 'join-form' }, el('label', {}, input), button);
    form.onsubmit = (event) => {
      event.preventDefault();
      enter(form, room.id, input.value, address, (text) => this.#refuse(text, input));
    };
    return form;
  }

  #refuse(text, input) {
    this.#notice.hidden = text === '';
    setText(this.#notice, text);
    if (text !== '') input.select();
  }
}

function link(room, address) {
  return el('a', { class: 'button', href: address, aria: { label: `Join ${room.id}` } }, 'Join');
}

const list = el('ul', { class: 'rooms' });
const empty = el('p', { class: 'empty' }, 'There is no public room at the moment. Create the first one.');
const cards = new Map();

function show(rooms) {
  section.querySelectorAll('.rooms, .empty').forEach((part) => part !== list && part !== empty && part.remove());
  if (!list.isConnected) section.append(list, empty);
  list.hidden = rooms.length === 0;
  empty.hidden = rooms.length > 0;
  const keyOf = (room) => `${room.has_password} ${room.id}`;
  reconcile(list, cards, rooms, keyOf, (room, known) => {
    const card = known ?? new RoomCard(room);
    card.show(room);
    return card;
  });
}

/** Leaves the list alone while somebody types into it and while nobody looks. */
async function refresh() {
  const isTyping = section.contains(document.activeElement) && document.activeElement.value;
  if (document.hidden || isTyping) return;
  try {
    show(await listRooms());
  } catch {
    // the server is away: the list stays as it is, and the next round asks again
  }
}

// ------------------------------------------------------------------------------------------------------ the forms

const form = document.querySelector('.create-form');
const notice = document.querySelector('#create-notice');
const nameField = document.querySelector('#create-name');

// What only the API can take.
form.querySelectorAll('[data-by-script]').forEach((part) => (part.hidden = false));

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  const fields = new FormData(form);
  const wish = {
    id: nameField.value.trim(),
    password: fields.get('password') || undefined,
    public: fields.get('public') !== null,
    guest_limit: Number(fields.get('guest_limit')),
    lobby: fields.get('lobby') !== null,
    history: fields.get('history') ? historyOf(fields.get('history')) : undefined,
  };
  setText(notice, '');
  await busy(form, async () => {
    try {
      const room = await createRoom(wish);
      if (wish.password) await joinRoom(room.id, { password: wish.password }); // takes the seat: nobody is asked twice
      location.assign(`${prefix}/${encodeURIComponent(room.id)}`);
    } catch (problem) {
      setText(notice, sentence(problem));
      nameField.focus();
    }
  });
});

/** Tries a password before leaving the page, so that a wrong one is told here. */
async function enter(joinForm, room, password, address, refuse) {
  refuse('');
  await busy(joinForm, async () => {
    try {
      await joinRoom(room, { password });
      location.assign(address);
    } catch (problem) {
      refuse(sentence(problem));
    }
  });
}

async function busy(part, work) {
  const buttons = part.querySelectorAll('button');
  buttons.forEach((button) => (button.disabled = true));
  try {
    await work();
  } finally {
    buttons.forEach((button) => (button.disabled = false));
  }
}

function sentence(problem) {
  if (!(problem instanceof Refused)) return 'The server does not answer. Please try again in a moment.';
  return asSentence(problem.message);
}

if (keptName() !== '') showName(keptName()); // before one knocks somewhere
setInterval(refresh, REFRESH_EVERY);
addEventListener('pageshow', refresh);
document.addEventListener('visibilitychange', refresh);
