//! The side panel: shows one of chat, people and connection details, or nothing.

import { Chat } from './chat.js';
import { Details } from './details.js';
import { el, icon, setText } from './dom.js';
import { People } from './people.js';

const TITLES = { chat: 'Chat', people: 'People', details: 'Connection details' };

export class Panel {
  /** Tells a screen reader of lines that come while the chat is closed. Stands outside of what is hidden then. */
  announcer = el('p', { class: 'visually-hidden', role: 'status' });
  #title = el('h2');
  #parts;
  #open = null;

  constructor(intents) {
    this.#parts = { chat: new Chat(intents), people: new People(intents), details: new Details(intents) };
    const close = el('button', { type: 'button', class: 'button-bare button-icon', title: 'Close (Esc)', aria: { label: 'Close' } }, icon('close'));
    close.onclick = () => intents.panel(this.#open);
    this.element = el(
      'aside',
      { class: 'panel', hidden: true, aria: { label: 'Side panel' } },
      el('header', { class: 'panel-head' }, this.#title, close),
      ...Object.values(this.#parts).map(({ element }) => element),
    );
  }

  show(model) {
    const changed = model.panel !== this.#open;
    this.#open = model.panel;
    this.element.hidden = model.panel === null;
    for (const [name, part] of Object.entries(this.#parts)) {
      part.element.hidden = name !== model.panel;
      if (name === model.panel || name === 'chat') part.show(model);
    }
    const last = model.lines.at(-1);
    setText(this.announcer, model.unread > 0 ? `${model.unread} unread, the last from ${last.name}` : '');
    if (model.panel === null) return;
    setText(this.#title, TITLES[model.panel]);
    if (changed && model.panel === 'chat') {
      this.#parts.chat.scrollToEnd();
      this.#parts.chat.focus();
    }
  }
}
