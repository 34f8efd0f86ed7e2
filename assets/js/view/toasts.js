//! Short notices that come and go by themselves.

import { el, icon, reconcile } from './dom.js';

/** How long each kind stays. Milliseconds. */
const STAY = { info: 4_000, warning: 12_000, error: 9_000 };

/** `intents.dismiss(id)` hears the end of each, by time or by hand. */
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

  #make({ id, kind, text }) {
    const close = el('button', { type: 'button', class: 'button-bare button-icon', aria: { label: 'Dismiss' } }, icon('close'));
    close.onclick = () => this.#intents.dismiss(id);
    setTimeout(() => this.#intents.dismiss(id), STAY[kind]);
    return { element: el('div', { class: 'toast', data: { kind } }, el('p', { dir: 'auto' }, text), close) };
  }
}
