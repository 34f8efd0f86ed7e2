//! The header: which room, how the connection to the server is, the address to pass on, the settings.

import { statusText } from '../model.js';
import { el, icon, setData, setText } from './dom.js';

export class Header {
  #status = el('p', { class: 'status', role: 'status' });

  /** `intents` has `copyAddress()` and `settings(open)`. */
  constructor(model, intents, lobby) {
    const copy = el('button', { type: 'button', class: 'button-bare', title: 'Copy the address of this room' }, icon('link'));
    copy.append(el('span', { class: 'button-label' }, 'Invite'));
    copy.setAttribute('aria-label', 'Invite: copy the address of this room');
    copy.onclick = intents.copyAddress;
    const settings = el('button', { type: 'button', class: 'button-bare button-icon', title: 'Settings' }, icon('settings'));
    settings.setAttribute('aria-label', 'Settings');
    settings.onclick = () => intents.settings(true);
    this.element = el(
      'header',
      { class: 'bar' },
      el('a', { class: 'brand', href: lobby, aria: { label: 'RTC-Chat: all rooms' } }, el('span', {}, 'RTC-Chat')),
      el('h1', { class: 'room-name', dir: 'auto' }, model.room),
      this.#status,
      el('div', { class: 'bar-end' }, copy, settings),
    );
  }

  show(model) {
    setText(this.#status, statusText(model));
    setData(this.#status, 'state', model.status.name);
  }
}
