//! One line of the chat: who, when, the words; and the field to change it in.

import { hueOf, whyUnsendable } from '../names.js';
import { mayDelete, mayEdit } from '../rules.js';
import { el, setText } from './dom.js';
import { withLinks } from './links.js';
import { menuButton } from './menu.js';

/** Lines of one person within this time stand under one name. */
const TOGETHER = 3 * 60_000;

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const calendar = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit' });

/** `intents` has `editLine(id, text)`, `deleteLine(id)`, `menu(anchor, label, items)` and `ask(question)`. */
export class Line {
  #intents;
  #line = null;
  #isFirst = null;
  #mayEdit = false;
  #mayDelete = false;
  #words = el('p', { dir: 'auto' });
  #head = null;
  #more = menuButton('More about this message');
  #form = null;

  constructor(intents) {
    this.#intents = intents;
    this.#more.onclick = () => this.#openMenu();
    this.element = el('article', {}, this.#words, this.#more);
  }

  show(line, previous, model) {
    const isFirst = !isTogether(previous, line);
    this.#mayEdit = mayEdit(line);
    this.#mayDelete = mayDelete(model, line);
    this.#more.hidden = this.#form !== null || (!this.#mayEdit && !this.#mayDelete);
    if (line === this.#line && isFirst === this.#isFirst) return;
    const isAside = line.private ? ' line-private' : '';
    this.element.className = `line${isFirst ? ' line-first' : ''}${line.mine ? ' line-mine' : ''}${isAside}`;
    if (line.text !== this.#line?.text || line.edited !== this.#line?.edited) this.#showWords(line);
    if (isFirst !== this.#isFirst) this.#showHead(line, isFirst);
    this.#line = line;
    this.#isFirst = isFirst;
  }

  #showWords({ text, edited }) {
    this.#words.replaceChildren(...withLinks(text));
    if (edited) this.#words.append(el('span', { class: 'aside' }, ' (edited)'));
  }

  #showHead(line, isFirst) {
    this.#head?.remove();
    this.#head = isFirst ? headOf(line) : null;
    if (this.#head) this.element.prepend(this.#head);
  }

  #openMenu() {
    const items = [];
    if (this.#mayEdit) items.push({ icon: 'edit', label: 'Edit', run: () => this.#startEdit() });
    if (this.#mayDelete) items.push({ icon: 'delete', label: 'Delete…', isBad: true, run: () => this.#delete() });
    this.#intents.menu(this.#more, 'More about this message', items);
  }

  async #delete() {
    const { id, mine, name } = this.#line;
    const title = mine ? 'Delete your message?' : `Delete the message of ${name}?`;
    const answer = await this.#intents.ask({ title, text: 'It disappears for everyone.', action: 'Delete' });
    if (answer) this.#intents.deleteLine(id);
  }

  #startEdit() {
    if (this.#form) return;
    const input = el('textarea', { rows: 1, value: this.#line.text, aria: { label: 'Edit message' } });
    const note = el('p', { class: 'composer-note', role: 'status' });
    const cancel = el('button', { type: 'button', class: 'button-small' }, 'Cancel');
    const save = el('button', { type: 'submit', class: 'button-main button-small' }, 'Save');
    this.#form = el('form', { class: 'line-form' }, input, note, el('div', { class: 'row row-end' }, cancel, save));
    cancel.onclick = () => this.#endEdit();
    this.#form.onsubmit = (event) => {
      event.preventDefault();
      this.#save(input.value.trim(), note);
    };
    input.onkeydown = (event) => {
      if (event.key === 'Escape') this.#endEdit();
      else if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) this.#save(input.value.trim(), note);
      else return;
      event.preventDefault();
      event.stopPropagation();
    };
    this.#words.hidden = this.#more.hidden = true;
    this.#words.after(this.#form);
    input.focus();
    input.setSelectionRange(input.value.length, input.value.length);
  }

  #save(text, note) {
    const problem = text === '' ? 'A message cannot be empty.' : whyUnsendable(text);
    setText(note, problem ?? '');
    if (problem) return;
    if (text !== this.#line.text) this.#intents.editLine(this.#line.id, text);
    this.#endEdit();
  }

  #endEdit() {
    this.#form?.remove();
    this.#form = null;
    this.#words.hidden = this.#more.hidden = false;
    this.#more.focus();
  }
}

function isTogether(previous, line) {
  const isSameAside = previous?.private === line.private && previous?.to === line.to;
  return previous?.from === line.from && isSameAside && line.time - previous.time < TOGETHER;
}

function headOf(line) {
  const at = new Date(line.time);
  const isKnown = !Number.isNaN(at.getTime());
  return el(
    'header',
    {},
    el('span', { class: `name name-${hueOf(line.from)}`, dir: 'auto' }, line.mine ? `${line.name} (you)` : line.name),
    isKnown ? el('time', { dateTime: at.toISOString() }, moment(at)) : null,
    line.private ? el('span', { class: 'aside' }, line.mine ? `only to ${line.to}` : 'only to you') : null,
  );
}

function moment(at) {
  return at.toDateString() === new Date().toDateString() ? clock.format(at) : calendar.format(at);
}
