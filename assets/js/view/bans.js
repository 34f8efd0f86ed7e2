//! Who may not come in, and letting them in again.

import { shownName } from '../names.js';
import { isModerator } from '../rules.js';
import { Dialog, Problem } from './dialog.js';
import { el, reconcile } from './dom.js';
import { Entry } from './invites.js';

const date = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });

/** `intents` has `dialog(name)` and `keeper`. */
export class Bans {
  #dialog;
  #intents;
  #problem = new Problem();
  #list = el('ul', { class: 'entries' });
  #empty = el('p', { class: 'hint' }, 'Nobody is banned.');
  #views = new Map();

  constructor(intents) {
    this.#intents = intents;
    this.#dialog = new Dialog({ title: 'Bans', onClose: () => intents.dialog(null) });
    const back = el('button', { type: 'button' }, 'Back to the room settings');
    back.onclick = () => intents.dialog('room');
    this.#dialog.body.append(this.#problem.element, this.#list, this.#empty, back);
    this.element = this.#dialog.element;
  }

  show(model) {
    const isOpen = model.dialog === 'bans' && isModerator(model);
    if (isOpen) {
      this.#problem.show(model);
      const bans = model.bans ?? [];
      this.#empty.hidden = model.bans === null || bans.length > 0;
      reconcile(this.#list, this.#views, bans, ({ client }) => client, (ban, known) => {
        const view = known ?? new Entry('Lift the ban', () => this.#intents.keeper.unban(ban.client));
        view.show(wordsFor(ban, model));
        return view;
      });
    }
    this.#dialog.show(isOpen);
    if (model.dialog === 'bans' && !isModerator(model)) this.#intents.dialog(null);
  }
}

function wordsFor({ name, address, by, since }, { participants }) {
  const who = by === undefined ? 'the administrator' : participants.find(({ id }) => id === by)?.username;
  const facts = [`since ${date.format(new Date(since * 1000))}`];
  if (who) facts.push(`by ${who}`);
  if (address) facts.push('also their address');
  return `${shownName(name)}, ${facts.join(', ')}`;
}
