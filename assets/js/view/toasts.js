//! Short notices that come and go by themselves.

import { el, icon, reconcile, setText } from './dom.js';

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
    reconcile(this.element, this.#views, model.toasts, ({ id }) => id, (toast, known) => {
      const view = known ?? this.#make(toast);
      view.show(toast);
      return view;
    });
  }

  #make({ id, kind, knocks }) {
    const close = el('button', { type: 'button', class: 'button-bare button-icon', aria: { label: 'Dismiss' } }, icon('close'));
    close.onclick = () => this.#intents.dismiss(id);
    setTimeout(() => this.#intents.dismiss(id), STAY[kind]);
    const words = el('p', { dir: 'auto' });
    const answer = knocks ? new Answer(this.#intents) : null;
    return {
      element: el('div', { class: 'toast', data: { kind } }, words, answer?.element ?? null, close),
      show: (toast) => {
        setText(words, toast.text);
        answer?.show(toast);
      },
    };
  }
}

/** One who knocks is let in from here; of several, one sees who they are. */
class Answer {
  element = el('button', { type: 'button', class: 'button-main button-small' });
  #knocks = [];

  constructor(intents) {
    this.element.onclick = () => (this.#knocks.length === 1 ? intents.moderate('admit', this.#knocks[0]) : intents.showPeople());
  }

  show({ knocks }) {
    this.#knocks = knocks;
    setText(this.element, knocks.length === 1 ? 'Admit' : 'Show');
  }
}
