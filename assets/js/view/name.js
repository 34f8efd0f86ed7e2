//! The field for one's own name.

import { cleanUsername } from '../names.js';
import { USERNAME_CHARS } from '../limits.js';
import { el } from './dom.js';

let fields = 0;

export class NameForm {
  #input;
  #shown = '';

  constructor({ label, action, onName }) {
    const id = `own-name-${++fields}`;
    this.#input = el('input', {
      id,
      name: 'username',
      type: 'text',
      autocomplete: 'nickname',
      maxLength: USERNAME_CHARS * 2, // an unusual character counts twice here; the rest is cut by `cleanUsername`
      spellcheck: false,
    });
    const row = el('div', { class: 'row' }, this.#input, el('button', { type: 'submit' }, action));
    this.element = el('form', { class: 'field' }, el('label', { htmlFor: id }, label), row);
    this.element.onsubmit = (event) => {
      event.preventDefault();
      const name = cleanUsername(this.#input.value);
      if (name !== '') onName(name);
      else this.#input.focus();
    };
  }

  get input() {
    return this.#input;
  }

  /** Shows `name` unless the person is just typing another. */
  show(name) {
    if (this.#shown === name) return;
    this.#shown = name;
    if (document.activeElement !== this.#input) this.#input.value = name;
  }
}
