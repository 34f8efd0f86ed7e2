//! How the room is set: all of it for the owner; the lock and the bans for moderators too.

import { historyOf, historyValue, historyWords, HISTORY_VALUES, isModerator, isOwner } from '../rules.js';
import { check, choice, Dialog, field, Problem } from './dialog.js';
import { el, setText } from './dom.js';

const LIMITS = [0, 2, 3, 4, 5];

/** `intents` has `dialog(name)`, `moderate(action)`, `ask(question)` and `keeper`. */
export class RoomSettings {
  #dialog;
  #intents;
  #problem = new Problem();
  #form;
  #lock = el('button', { type: 'button' });
  #delete = el('button', { type: 'button', class: 'button-bad' }, 'Delete the room…');
  #room;
  #isLocked = false;

  constructor(model, intents) {
    this.#intents = intents;
    this.#room = model.room;
    this.#dialog = new Dialog({ title: 'Room settings', onClose: () => intents.dialog(null) });
    this.#form = new Form((change) => this.#save(change));
    this.#lock.onclick = () => intents.moderate(this.#isLocked ? 'unlock' : 'lock');
    this.#delete.onclick = () => this.#askDelete();
    const bans = el('button', { type: 'button' }, 'Bans…');
    bans.onclick = () => intents.dialog('bans');
    const row = el('div', { class: 'row row-wrap' }, this.#lock, bans, this.#delete);
    this.#dialog.body.append(this.#problem.element, this.#form.element, row);
    this.element = this.#dialog.element;
  }

  show(model) {
    const { settings } = model;
    const isOpen = model.dialog === 'room' && settings !== null && isModerator(model);
    if (isOpen) {
      this.#isLocked = settings.locked;
      this.#form.element.hidden = this.#delete.hidden = !isOwner(model);
      this.#lock.hidden = isOwner(model); // has it in the form
      setText(this.#lock, settings.locked ? 'Unlock the room' : 'Lock the room');
      this.#form.show(settings, { isAnew: !this.element.open, isBusy: model.isKeeperBusy });
      this.#problem.show(model);
    }
    this.#dialog.show(isOpen);
    if (model.dialog === 'room' && settings !== null && !isModerator(model)) this.#intents.dialog(null); // no more
  }

  async #save(change) {
    if (await this.#intents.keeper.edit(change)) this.#intents.dialog(null);
  }

  async #askDelete() {
    const answer = await this.#intents.ask({
      title: `Delete the room ${this.#room}?`,
      text: 'Everyone is sent out, and its settings and messages are gone for good.',
      action: 'Delete the room',
    });
    if (answer) this.#intents.keeper.delete();
  }
}

/** The owner's fields. What another sets meanwhile is shown where the person has not touched the field. */
class Form {
  #public = el('input', { type: 'checkbox', name: 'public' });
  #lobby = el('input', { type: 'checkbox', name: 'lobby' });
  #locked = el('input', { type: 'checkbox', name: 'locked' });
  #password = el('input', { type: 'password', name: 'password', maxLength: 512, autocomplete: 'new-password' });
  #noPassword = el('input', { type: 'checkbox', name: 'no_password' });
  #noPasswordRow = check('No password any more', this.#noPassword);
  #limit = choice(LIMITS.map((limit) => [String(limit), limit === 0 ? 'Unlimited' : `Up to ${limit}`]));
  #history = choice(HISTORY_VALUES.map((value) => [value, historyWords(value)]));
  #save = el('button', { type: 'submit', class: 'button-main' }, 'Save');
  #filled = null;

  constructor(onChange) {
    this.element = el(
      'form',
      { class: 'form', autocomplete: 'off' },
      check('Show it in the list of public rooms', this.#public),
      check('Newcomers knock', this.#lobby, 'Owner and moderators let each of them in.'),
      check('Locked', this.#locked, 'Nobody new comes in.'),
      field('New password', this.#password),
      this.#noPasswordRow,
      el('div', { class: 'columns' }, field('Guests', this.#limit), field('Chat is kept', this.#history)),
      this.#save,
    );
    this.#noPassword.onchange = () => (this.#password.disabled = this.#noPassword.checked);
    this.element.onsubmit = (event) => {
      event.preventDefault();
      onChange(this.#change());
    };
  }

  show(settings, { isAnew, isBusy }) {
    this.#save.disabled = isBusy;
    if (!isAnew && settings === this.#filled) return;
    const before = isAnew ? null : this.#filled;
    this.#filled = settings;
    this.#noPasswordRow.hidden = !settings.has_password;
    this.#password.placeholder = settings.has_password ? 'Leave empty to keep the present one' : 'None at the moment';
    if (isAnew) {
      this.#password.value = '';
      this.#noPassword.checked = this.#password.disabled = false;
    }
    for (const [box, name] of this.#boxes) if (!before || box.checked === before[name]) box.checked = settings[name];
    for (const [select, valueOf, words] of this.#selects) {
      const value = valueOf(settings);
      if (![...select.options].some((option) => option.value === value)) select.append(el('option', { value }, words(value)));
      if (!before || select.value === valueOf(before)) select.value = value;
    }
  }

  get #boxes() {
    return [[this.#public, 'public'], [this.#lobby, 'lobby'], [this.#locked, 'locked']];
  }

  get #selects() {
    return [
      [this.#limit, ({ guest_limit }) => String(guest_limit), (value) => `Up to ${value}`],
      [this.#history, ({ history }) => historyValue(history), historyWords],
    ];
  }

  /** Only what is different. */
  #change() {
    const settings = this.#filled;
    const change = {};
    for (const [box, name] of this.#boxes) if (box.checked !== settings[name]) change[name] = box.checked;
    if (settings.has_password && this.#noPassword.checked) change.password = '';
    else if (this.#password.value !== '') change.password = this.#password.value;
    if (this.#limit.value !== String(settings.guest_limit)) change.guest_limit = Number(this.#limit.value);
    if (this.#history.value !== historyValue(settings.history)) change.history = historyOf(this.#history.value);
    return change;
  }
}
