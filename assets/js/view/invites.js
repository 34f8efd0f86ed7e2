//! Inviting: the room's address, and for moderators links that open door, password and lobby.

import { isModerator, isOwner } from '../rules.js';
import { check, choice, Dialog, field, Problem } from './dialog.js';
import { el, icon, reconcile, setText } from './dom.js';

const HOUR = 3600;
const EXPIRIES = [[HOUR, 'An hour'], [24 * HOUR, 'A day'], [7 * 24 * HOUR, 'A week'], ['', 'Until revoked']];
const USES = [[1, 'One guest'], [5, '5 guests'], [25, '25 guests'], ['', 'Any number']];

const date = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });

/** `intents` has `dialog(name)`, `copy(text, what)`, `copyAddress()` and `keeper`. */
export class Invites {
  #dialog;
  #intents;
  #problem = new Problem();
  #expiry = choice(EXPIRIES, String(24 * HOUR));
  #uses = choice(USES, '1');
  #moderator = el('input', { type: 'checkbox', name: 'moderator' });
  #moderatorRow = check('Make them a moderator', this.#moderator);
  #make = el('button', { type: 'submit' }, 'Make an invite');
  #address = el('input', { type: 'text', readOnly: true });
  #made;
  #list = el('ul', { class: 'entries' });
  #empty = el('p', { class: 'hint' }, 'No invite is valid at the moment.');
  #views = new Map();

  constructor(intents) {
    this.#intents = intents;
    this.#dialog = new Dialog({ title: 'Invite', onClose: () => intents.dialog(null) });
    const copy = el('button', { type: 'button', class: 'button-main' }, icon('link'), 'Copy the address of the room');
    copy.onclick = intents.copyAddress;
    const copyInvite = el('button', { type: 'button', class: 'button-main' }, 'Copy the invite');
    copyInvite.onclick = () => intents.copy(this.#address.value, 'The invite');
    this.#made = el('div', { class: 'made', role: 'status' }, field('The new invite', this.#address, 'It is shown only now.'), copyInvite);
    this.#dialog.body.append(
      copy,
      el('h3', {}, 'Invites'),
      el('p', { class: 'hint' }, 'Whoever has one comes in without knocking and without the password, also while the room is locked.'),
      this.#problem.element,
      this.#form(),
      this.#made,
      this.#list,
      this.#empty,
    );
    this.element = this.#dialog.element;
  }

  show(model) {
    const isOpen = model.dialog === 'invites' && isModerator(model);
    if (isOpen) {
      this.#problem.show(model);
      this.#moderatorRow.hidden = !isOwner(model);
      this.#make.disabled = model.isKeeperBusy;
      this.#made.hidden = model.newInvite === null;
      if (this.#address.value !== (model.newInvite?.url ?? '')) this.#address.value = model.newInvite?.url ?? '';
      const invites = model.invites ?? [];
      this.#empty.hidden = model.invites === null || invites.length > 0;
      reconcile(this.#list, this.#views, invites, ({ id }) => id, (invite, known) => {
        const view = known ?? new Entry('Revoke', () => this.#intents.keeper.revoke(invite.id));
        view.show(wordsFor(invite));
        return view;
      });
    }
    this.#dialog.show(isOpen);
    if (model.dialog === 'invites' && !isModerator(model)) this.#intents.dialog(null);
  }

  #form() {
    const fields = el('div', { class: 'columns' }, field('Valid for', this.#expiry), field('Good for', this.#uses));
    const form = el('form', { class: 'form' }, fields, this.#moderatorRow, this.#make);
    form.onsubmit = (event) => {
      event.preventDefault();
      const wish = {};
      if (this.#expiry.value !== '') wish.expires_in_seconds = Number(this.#expiry.value);
      if (this.#uses.value !== '') wish.uses = Number(this.#uses.value);
      if (this.#moderator.checked && !this.#moderatorRow.hidden) wish.role = 'moderator';
      this.#intents.keeper.invite(wish);
    };
    return form;
  }
}

/** A line of a list with the button that ends it. */
export class Entry {
  #text = el('span', { class: 'entry-text', dir: 'auto' });
  #button;

  constructor(action, onPress) {
    this.#button = el('button', { type: 'button', class: 'button-small' }, action);
    this.#button.onclick = onPress;
    this.element = el('li', { class: 'entry' }, this.#text, this.#button);
  }

  show(text) {
    setText(this.#text, text);
    this.#button.setAttribute('aria-label', `${this.#button.textContent}: ${text}`);
  }
}

function wordsFor({ uses_left: uses, expires, role }) {
  const whom = role === 'moderator' ? 'For a moderator' : 'For a guest';
  const many = uses === undefined ? 'any number' : uses === 1 ? 'once' : `${uses} times`;
  const until = expires === undefined ? 'until revoked' : `until ${date.format(new Date(expires * 1000))}`;
  return `${whom}, ${many}, ${until}`;
}
