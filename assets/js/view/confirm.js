//! The question before what cannot be taken back.

import { Dialog } from './dialog.js';
import { el, setText } from './dom.js';

export class Confirm {
  #dialog = new Dialog({ title: '', onClose: () => this.#answer(null) });
  #text = el('p', { dir: 'auto' });
  #option = el('input', { type: 'checkbox', id: 'confirm-option' });
  #optionLabel = el('label', { htmlFor: 'confirm-option' });
  #optionRow = el('div', { class: 'field-check' }, this.#option, this.#optionLabel);
  #yes = el('button', { type: 'button', class: 'button-bad' });
  #no = el('button', { type: 'button', autofocus: true }, 'Cancel');
  #resolve = null;

  constructor() {
    this.#yes.onclick = () => this.#answer({ option: this.#option.checked });
    this.#no.onclick = () => this.#answer(null);
    this.#dialog.element.classList.add('confirm');
    this.#dialog.body.append(this.#text, this.#optionRow, el('div', { class: 'row row-end' }, this.#no, this.#yes));
    this.element = this.#dialog.element;
  }

  /** Resolves to `{option}` where the person agrees (`option`: whether the box was checked), else to `null`. */
  ask({ title, text, action, option = null }) {
    this.#answer(null);
    this.#dialog.title = title;
    setText(this.#text, text);
    setText(this.#yes, action);
    this.#option.checked = false;
    this.#optionRow.hidden = option === null;
    setText(this.#optionLabel, option ?? '');
    this.#dialog.show(true);
    return new Promise((resolve) => (this.#resolve = resolve));
  }

  /** Nothing is asked any more once one is out of the room. */
  show({ status }) {
    if (status.name === 'ended') this.#answer(null);
  }

  #answer(answer) {
    const resolve = this.#resolve;
    this.#resolve = null;
    this.#dialog.show(false);
    resolve?.(answer);
  }
}
