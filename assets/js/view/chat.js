//! The chat: its lines, earlier ones on demand, and the composer.

import { whyUnsendable } from '../names.js';
import { el, icon, reconcile, setAria, setAttribute, setData, setText } from './dom.js';
import { Line } from './line.js';

/** Nearer to the end than this many pixels, the list follows new lines. */
const NEAR_END = 48;

/** `intents` has `say(text, client)`, `writeTo(recipient)`, `loadEarlier()` and what a `Line` needs. */
export class Chat {
  #earlier = el('button', { type: 'button', class: 'button-small earlier', hidden: true }, 'Load earlier');
  #list = el('div', { class: 'line-list' });
  #lines = el('div', { class: 'lines', role: 'log', tabIndex: 0, aria: { label: 'Messages', live: 'polite' } });
  #views = new Map();
  #composer;
  #intents;
  #shown = { lines: null, settings: null };

  constructor(intents) {
    this.#intents = intents;
    this.#earlier.onclick = () => intents.loadEarlier();
    this.#lines.append(this.#earlier, this.#list);
    this.#composer = new Composer(intents);
    this.element = el('div', { class: 'panel-body chat' }, this.#lines, this.#composer.element);
  }

  show(model) {
    this.#composer.show(model);
    this.#earlier.disabled = model.isLoadingLines;
    const { lines, settings } = model;
    if (lines === this.#shown.lines && settings === this.#shown.settings) {
      this.#earlier.hidden = !model.hasEarlierLines;
      return;
    }
    const fresh = newsIn(this.#shown.lines ?? [], lines);
    this.#shown = { lines, settings };
    const { scrollTop, scrollHeight } = this.#lines;
    const isFollowing = this.#isNearEnd();
    const first = this.#list.firstElementChild;
    this.#earlier.hidden = !model.hasEarlierLines;
    setAria(this.#lines, { live: fresh.isHistory ? 'off' : 'polite' });
    let previous = null;
    reconcile(this.#list, this.#views, lines, ({ number }) => number, (line, known) => {
      const view = known ?? new Line(this.#intents);
      view.show(line, previous, model);
      previous = line;
      return view;
    });
    if (isFollowing || fresh.isOwn) this.scrollToEnd();
    else if (first !== this.#list.firstElementChild) this.#lines.scrollTop = scrollTop + this.#lines.scrollHeight - scrollHeight;
  }

  focus() {
    this.#composer.focus();
  }

  scrollToEnd() {
    this.#lines.scrollTop = this.#lines.scrollHeight;
  }

  #isNearEnd() {
    return this.#lines.scrollHeight - this.#lines.scrollTop - this.#lines.clientHeight < NEAR_END;
  }
}

/** Whether one's own line is new at the end, and whether what is new is not to be read out: it was said long ago. */
function newsIn(before, after) {
  const last = after.at(-1);
  const isNewAtEnd = last !== undefined && last !== before.at(-1);
  return { isOwn: isNewAtEnd && last.mine && after.length - before.length <= 1, isHistory: after.length - before.length > 1 };
}

/** Where one writes, and to whom. */
class Composer {
  #to = el('select', { name: 'to' });
  #toRow = el('label', { class: 'to', hidden: true }, el('span', {}, 'To'), this.#to);
  #input = el('textarea', { rows: 1, aria: { label: 'Message' } });
  #note = el('p', { class: 'composer-note', role: 'status' });
  #send = el('button', { class: 'button-main button-icon', type: 'submit', aria: { label: 'Send' }, title: 'Send (Enter)' }, icon('send'));
  #intents;
  #recipient = null;
  #isGone = false; // whom one writes to is not here any more
  #isAway = false;
  #shown = '';

  constructor(intents) {
    this.#intents = intents;
    const form = el('form', { class: 'composer' }, this.#input, this.#send);
    form.onsubmit = (event) => {
      event.preventDefault();
      this.#say();
    };
    this.#input.onkeydown = (event) => {
      if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.#say();
    };
    this.#input.oninput = () => this.#check();
    this.#to.onchange = () => {
      const option = this.#to.selectedOptions[0];
      intents.writeTo(option.value === '' ? null : { id: option.value, name: option.textContent });
      this.focus();
    };
    this.element = el('div', { class: 'composing' }, this.#note, this.#toRow, form);
  }

  show(model) {
    this.#isAway = model.status.name === 'reconnecting';
    this.#recipient = model.recipient;
    const others = model.participants.filter(({ me }) => !me);
    this.#isGone = model.recipient !== null && !others.some(({ id }) => id === model.recipient.id);
    this.#showRecipients(others);
    this.#check();
  }

  focus() {
    this.#input.focus();
  }

  #showRecipients(others) {
    const people = others.map(({ id, username }) => [id, username]);
    if (this.#isGone) people.push([this.#recipient.id, this.#recipient.name]);
    const key = JSON.stringify(people);
    if (key !== this.#shown) {
      this.#shown = key;
      this.#to.replaceChildren(...[['', 'Everyone'], ...people].map(([id, name]) => el('option', { value: id }, name)));
    }
    const chosen = this.#recipient?.id ?? '';
    if (this.#to.value !== chosen) this.#to.value = chosen;
    this.#toRow.hidden = people.length === 0;
    const to = this.#recipient ? `Only to ${this.#recipient.name}` : 'Message to everyone';
    setAttribute(this.#input, 'placeholder', to);
    setData(this.element, 'private', this.#recipient !== null);
  }

  #say() {
    const text = this.#input.value.trim();
    if (text === '' || !this.#check()) return;
    this.#intents.say(text, this.#recipient?.id);
    this.#input.value = '';
  }

  #check() {
    const problem = this.#whyNot();
    setText(this.#note, problem ?? (this.#isAway ? 'The server is away. What you write is sent when it is back.' : ''));
    setAria(this.#input, { invalid: problem ? 'true' : null });
    return problem === null;
  }

  #whyNot() {
    if (this.#isGone) return `${this.#recipient.name} is not here any more. Please choose to whom you write.`;
    return whyUnsendable(this.#input.value.trim());
  }
}
