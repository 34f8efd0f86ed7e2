//! Who waits at the door, for those who may open.

import { hueOf, initials } from '../names.js';
import { isModerator } from '../rules.js';
import { el, reconcile, setAria, setClass, setText } from './dom.js';

/** `intents.moderate(action, client)` hears the answers. */
export class Door {
  #views = new Map();
  #list = el('ul');
  #intents;

  constructor(intents) {
    this.#intents = intents;
    const title = el('h3', { id: 'door-title' }, 'Waiting to be let in');
    this.element = el('section', { class: 'door', hidden: true, aria: { labelledby: 'door-title' } }, title, this.#list);
  }

  show(model) {
    this.element.hidden = !isModerator(model) || model.knocking.length === 0;
    reconcile(this.#list, this.#views, model.knocking, ({ id }) => id, (knock, known) => {
      const view = known ?? new Knock(knock.id, this.#intents);
      view.show(knock);
      return view;
    });
  }
}

class Knock {
  #avatar = el('div', { class: 'avatar', aria: { hidden: 'true' } });
  #name = el('span', { class: 'name', dir: 'auto' });
  #admit = el('button', { type: 'button', class: 'button-main button-small' }, 'Admit');
  #deny = el('button', { type: 'button', class: 'button-small' }, 'Deny');

  constructor(id, intents) {
    this.#admit.onclick = () => intents.moderate('admit', id);
    this.#deny.onclick = () => intents.moderate('deny', id);
    const buttons = el('span', { class: 'row' }, this.#admit, this.#deny);
    this.element = el('li', { class: 'person' }, this.#avatar, this.#name, buttons);
  }

  show({ id, name }) {
    setText(this.#avatar, initials(name));
    setClass(this.#avatar, `avatar hue-${hueOf(id)}`);
    setText(this.#name, name);
    setAria(this.#admit, { label: `Admit ${name}` });
    setAria(this.#deny, { label: `Deny ${name}` });
  }
}
