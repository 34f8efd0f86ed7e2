//! A menu beside the button that opened it. Arrows move, Esc and anything beside it close.

import { el, icon, setAria } from './dom.js';

const MARGIN = 8;
/** A press that closes the menu and opens it again within this time, in milliseconds, is one press. */
const SAME_PRESS = 250;

/** One menu for the whole room: at most one is open. */
export class Menu {
  element = el('div', { class: 'menu', role: 'menu', popover: 'auto' });
  #anchor = null;
  #closed = { anchor: null, at: 0 };

  constructor() {
    this.element.onkeydown = (event) => this.#handleKey(event);
    this.element.addEventListener('beforetoggle', ({ newState }) => newState === 'closed' && this.#handleClosed());
  }

  /** `items` are `{icon, label, run, isBad?}`. The same button again closes it. */
  open(anchor, label, items) {
    if (this.#isOpen) this.element.hidePopover();
    // The press itself may have closed it already, as any press beside it does.
    if (this.#closed.anchor === anchor && performance.now() - this.#closed.at < SAME_PRESS) return;
    this.#anchor = anchor;
    setAria(this.element, { label });
    this.element.replaceChildren(...items.map((item) => this.#item(item)));
    setAria(anchor, { expanded: true });
    this.element.showPopover();
    this.#place(anchor);
    this.element.firstElementChild?.focus();
  }

  /** Closes where what it belongs to is gone. */
  show({ status }) {
    if (!this.#isOpen) return;
    if (status.name === 'ended' || !this.#anchor?.isConnected) this.element.hidePopover();
  }

  get #isOpen() {
    return this.element.matches(':popover-open');
  }

  #item({ icon: name, label, run, isBad = false }) {
    const button = el('button', { type: 'button', role: 'menuitem', tabIndex: -1, class: isBad ? 'bad' : '' }, icon(name), label);
    button.onclick = () => {
      this.#close();
      run();
    };
    return button;
  }

  #place(anchor) {
    const at = anchor.getBoundingClientRect();
    const { offsetWidth: width, offsetHeight: height } = this.element;
    const below = at.bottom + 4;
    const top = below + height + MARGIN <= innerHeight ? below : at.top - height - 4;
    const left = Math.min(at.right - width, innerWidth - width - MARGIN);
    this.element.style.setProperty('top', `${Math.max(MARGIN, top)}px`);
    this.element.style.setProperty('left', `${Math.max(MARGIN, left)}px`);
  }

  #handleKey(event) {
    if (event.key.length === 1) event.stopPropagation(); // no shortcut of the room's
    const items = [...this.element.children];
    const at = items.indexOf(document.activeElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1 + items.length, Home: 0, End: items.length - 1 }[event.key];
    if (to !== undefined) items[to % items.length].focus();
    else if (event.key === 'Escape' || event.key === 'Tab') {
      this.#close();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** By choice, not by a press beside it. */
  #close() {
    const anchor = this.#anchor;
    this.element.hidePopover();
    this.#closed = { anchor: null, at: 0 };
    anchor?.focus();
  }

  #handleClosed() {
    if (this.#anchor) setAria(this.#anchor, { expanded: false });
    this.#closed = { anchor: this.#anchor, at: performance.now() };
    this.#anchor = null;
  }
}

/** The button that opens a menu. */
export function menuButton(label) {
  return el(
    'button',
    { type: 'button', class: 'button-bare button-icon more', title: label, aria: { label, haspopup: 'menu', expanded: false } },
    icon('more'),
  );
}
