//! The control bar: what one sends, and which panel is open.

import { el, icon, setAria, setAttribute, setClass, setData, setIcon, setText } from './dom.js';

export class Controls {
  #microphone;
  #camera;
  #screen;
  #hand;
  #chat;
  #people;
  #unread = el('span', { class: 'count count-unread', hidden: true, aria: { hidden: 'true' } });
  #guests = el('span', { class: 'count', aria: { hidden: 'true' } });

  /** `intents` has `microphone()`, `camera()`, `screen()`, `hand()`, `panel(name)` and `leave()`. */
  constructor(intents) {
    this.#microphone = new Control('microphone', 'M', intents.microphone);
    this.#camera = new Control('camera', 'V', intents.camera);
    this.#screen = new Control('screen', 'S', intents.screen);
    this.#hand = new Control('hand', 'H', intents.hand);
    this.#chat = new Control('chat', 'C', () => intents.panel('chat'), this.#unread);
    this.#people = new Control('people', '', () => intents.panel('people'), this.#guests);
    const leave = new Control('leave', '', intents.leave);
    leave.element.classList.add('control-leave');
    leave.show({ icon: 'leave', label: 'Leave', action: 'Leave the room' });
    this.element = el(
      'nav',
      { class: 'controls', aria: { label: 'Controls' } },
      ...[this.#microphone, this.#camera, this.#screen, this.#hand].map(({ element }) => element),
      el('span', { class: 'controls-split' }),
      ...[this.#chat, this.#people].map(({ element }) => element),
      el('span', { class: 'controls-split' }),
      leave.element,
    );
  }

  show({ sending, panel, unread, participants, knocking, canShareScreen }) {
    this.#microphone.show(onOff('microphone', 'Microphone', sending.microphone));
    this.#camera.show(onOff('camera', 'Camera', sending.camera));
    this.#screen.element.hidden = !canShareScreen;
    this.#screen.show({
      icon: sending.screen ? 'screen-off' : 'screen',
      label: sending.screen ? 'Stop' : 'Share',
      action: sending.screen ? 'Stop sharing the screen' : 'Share the screen',
      active: sending.screen,
    });
    this.#hand.show({
      icon: 'hand',
      label: 'Hand',
      action: sending.hand ? 'Lower the hand' : 'Raise the hand',
      active: sending.hand,
    });
    const news = unread > 0 ? `, ${unread} unread` : '';
    this.#chat.show({ icon: 'chat', label: 'Chat', action: `Chat${news}`, active: panel === 'chat', expanded: panel === 'chat' });
    const isPeople = panel === 'people' || panel === 'details';
    this.#people.show({
      icon: 'people',
      label: 'People',
      action: `People, ${participants.length}${knocking.length > 0 ? `, ${knocking.length} waiting` : ''}`,
      active: isPeople,
      expanded: isPeople,
    });
    this.#unread.hidden = unread === 0;
    setData(this.#unread, 'count', unread > 99 ? '99+' : unread);
    this.#guests.hidden = participants.length === 0;
    setData(this.#guests, 'count', knocking.length > 0 ? `+${knocking.length}` : participants.length);
    setClass(this.#guests, knocking.length > 0 ? 'count count-unread' : 'count');
  }
}

class Control {
  #icon = icon('settings');
  #label = el('span', { class: 'label', aria: { hidden: 'true' } });
  #key;

  constructor(name, key, onClick, badge = null) {
    this.#key = key;
    this.element = el('button', { class: 'control', type: 'button', data: { control: name } }, this.#icon, this.#label, badge);
    if (key) setAria(this.element, { keyshortcuts: key });
    this.element.onclick = () => onClick();
  }

  /** `action` is what a press does: the accessible name, so that it says the state as well. */
  show({ icon: name, label, action, active = false, on = null, expanded = null }) {
    setIcon(this.#icon, name);
    setText(this.#label, label);
    setAria(this.element, { label: action, expanded });
    setAttribute(this.element, 'title', this.#key ? `${action} (${this.#key})` : action);
    setData(this.element, 'active', active);
    if (on !== null) setData(this.element, 'on', on);
  }
}

function onOff(name, label, on) {
  return { icon: on ? name : `${name}-off`, label, action: `Turn the ${name} ${on ? 'off' : 'on'}`, on };
}
