//! The header: which room, how the connection to the server is, the address to pass on, the settings.

import { statusText } from '../model.js';
import { isModerator } from '../rules.js';
import { el, icon, setAria, setAttribute, setData, setText } from './dom.js';

export class Header {
  #status = el('p', { class: 'status', role: 'status' });
  #lock = el('span', { class: 'locked', title: 'The room is locked', hidden: true }, icon('lock'));
  #invite = el('button', { type: 'button', class: 'button-bare' }, icon('link'), el('span', { class: 'button-label' }, 'Invite'));
  #room = el('button', { type: 'button', class: 'button-bare button-icon', title: 'Room settings', hidden: true }, icon('shield'));
  #isKeeper = false;

  /** `intents` has `copyAddress()`, `dialog(name)` and `settings(open)`. */
  constructor(model, intents, lobby) {
    this.#invite.onclick = () => (this.#isKeeper ? intents.dialog('invites') : intents.copyAddress());
    this.#lock.append(el('span', { class: 'visually-hidden' }, 'The room is locked'));
    setAria(this.#room, { label: 'Room settings' });
    this.#room.onclick = () => intents.dialog('room');
    const settings = el('button', { type: 'button', class: 'button-bare button-icon', title: 'Settings' }, icon('settings'));
    settings.setAttribute('aria-label', 'Settings');
    settings.onclick = () => intents.settings(true);
    this.element = el(
      'header',
      { class: 'bar' },
      el('a', { class: 'brand', href: lobby, aria: { label: 'RTC-Chat: all rooms' } }, el('span', {}, 'RTC-Chat')),
      el('h1', { class: 'room-name', dir: 'auto' }, model.room),
      this.#lock,
      this.#status,
      el('div', { class: 'bar-end' }, this.#invite, this.#room, settings),
    );
  }

  show(model) {
    setText(this.#status, statusText(model));
    setData(this.#status, 'state', model.status.name);
    this.#isKeeper = isModerator(model);
    this.#room.hidden = !this.#isKeeper;
    this.#lock.hidden = !model.settings?.locked;
    const action = this.#isKeeper ? 'Invite' : 'Copy the address of this room';
    setAttribute(this.#invite, 'title', action);
    setAria(this.#invite, { label: this.#isKeeper ? action : 'Invite: copy the address of this room' });
  }
}
