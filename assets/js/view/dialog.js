//! A dialog over the page: a title, a body, a way out. The browser keeps the focus in it and gives it back.

import { el, icon } from './dom.js';

let dialogs = 0;

export class Dialog {
  /** What stands under the title. */
  body = el('div', { class: 'settings-body' });
  #title;
  #isWanted = false;

  /** `onClose()` hears that the person closed it, by its button, by Esc or beside it. */
  constructor({ title, onClose }) {
    const id = `dialog-title-${++dialogs}`;
    this.#title = el('h2', { id }, title);
    const close = el('button', { type: 'button', class: 'button-bare button-icon', aria: { label: 'Close' } }, icon('close'));
    close.onclick = () => this.element.close();
    this.body.append(el('header', { class: 'settings-head' }, this.#title, close));
    this.element = el('dialog', { class: 'settings', aria: { labelledby: id } }, this.body);
    this.element.onclose = () => {
      if (!this.#isWanted || this.element.open) return; // closed by the page itself, or open again
      this.#isWanted = false;
      onClose();
    };
    this.element.onclick = ({ target }) => {
      if (target === this.element) this.element.close(); // beside the dialog. Not `&&`: `false` would undo the click
    };
  }

  set title(text) {
    if (this.#title.textContent !== text) this.#title.textContent = text;
  }

  /** @returns whether it was opened just now. */
  show(isOpen) {
    this.#isWanted = isOpen;
    if (isOpen === this.element.open) return false;
    if (isOpen) this.element.showModal();
    else this.element.close();
    return isOpen;
  }
}

/** Says why the last change was refused. */
export class Problem {
  element = el('p', { class: 'notice', role: 'alert' });

  show({ keeperProblem }) {
    if (this.element.textContent !== keeperProblem) this.element.textContent = keeperProblem;
  }
}

let fields = 0;

/** A labelled field. */
export function field(label, input, hint = null) {
  input.id = `field-${++fields}`;
  return el('div', { class: 'field' }, el('label', { htmlFor: input.id }, label), input, hintFor(input, hint));
}

/** A labelled check box. */
export function check(label, input, hint = null) {
  input.id = `field-${++fields}`;
  const text = el('span', { class: 'check-text' }, el('label', { htmlFor: input.id }, label), hintFor(input, hint));
  return el('div', { class: 'field-check' }, input, text);
}

export function choice(options, value = '') {
  const select = el('select', {}, ...options.map(([key, label]) => el('option', { value: key }, label)));
  select.value = value;
  return select;
}

function hintFor(input, hint) {
  if (hint === null) return null;
  const element = el('span', { class: 'hint', id: `${input.id}-hint` }, hint);
  input.setAttribute('aria-describedby', element.id);
  return element;
}
