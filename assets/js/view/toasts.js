//! Short notices that come and go by themselves.

import { el, icon, reconcile } from './dom.js';

/** How long each kind stays. Milliseconds. */
const STAY = { info: 4_000, warning: 12_000, error: 9_000, knock: 20_000 };

/** `intents.dismiss(id)` hears the end of each, by time or by hand; `moderate` and `showPeople` answer a knock. */
export class Toasts {
  #views = new Map();
  #intents;

  constructor(intents) {
    this.#intents = intents;
    this.element = el('div', { class: 'toasts', role: 'status', aria: { live: 'polite', atomic: 'false' } });
  }

  show(model) {
    reconcile(this.element, this.#views, model.toasts, ({ id }) => id, (toast, known) => known ?? this.#make(toast));
  }

  #make({ id, kind, text, knocks }) {
    const close = el('button', { type: 'button', class: 'button-bare button-icon', aria: { label: 'Dismiss' } }, icon('close'));
    close.onclick = () => this.#intents.dismiss(id);
    setTimeout(() => this.#intents.dismiss(id), STAY[kind]);
    const answer = knocks ? this.#answer(knocks) : null;
    return { element: el('div', { class: 'toast', data: { kind } }, el('p', { dir: 'auto' }, text), answer, close) };
  }

  /** One who knocks is let in from here; of several, one sees who they are. */
  #answer(knocks) {
    const isOne = knocks.length === 1;
    const button = el('button', { type: 'button', class: 'button-main button-small' }, isOne ? 'Admit' : 'Show');
    button.onclick = () => (isOne ? this.#intents.moderate('admit', knocks[0]) : this.#intents.showPeople());
    return button;
  }
}
