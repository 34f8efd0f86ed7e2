//! The dialog of the account: sign in or create one; change the password, sign out, delete it.

import { ACCOUNT_NAME_CHARS, ACCOUNT_PASSWORD_CHARS } from '../limits.js';
import { shownName } from '../names.js';
import { Confirm } from './confirm.js';
import { Dialog, check, field } from './dialog.js';
import { el, setText } from './dom.js';

const [FEWEST, MOST] = ACCOUNT_PASSWORD_CHARS;

/** `account` is an `Account` of `accountbook.js`; `onClose()` hears that the dialog is closed. */
export class AccountDialog {
  #dialog;
  #account;
  #problem = el('p', { class: 'notice', role: 'alert' });
  #outside;
  #inside;
  #name = null;
  /** What is shown became something else, and the focus is still to follow. */
  #isMoved = false;
  /** Asks before the account is deleted. */
  confirm = new Confirm();

  constructor({ account, onClose }) {
    this.#account = account;
    this.#dialog = new Dialog({ title: 'Account', onClose });
    this.#outside = new SignIn(account);
    this.#inside = new SignedIn(account, (question) => this.confirm.ask(question));
    this.#dialog.body.append(this.#outside.element, this.#inside.element, this.#problem);
    this.element = this.#dialog.element;
  }

  open() {
    this.#account.forgive();
    this.#dialog.show(true);
    this.#focus();
  }

  show(state) {
    if (state.name !== this.#name) this.#move(state.name);
    this.#outside.element.hidden = state.name !== null;
    this.#inside.element.hidden = state.name === null;
    this.#dialog.title = state.name === null ? 'Account' : `Signed in as ${shownName(state.name)}`;
    this.#outside.show(state);
    this.#inside.show(state);
    setText(this.#problem, state.problem);
    // What is disabled takes no focus.
    if (!this.#isMoved || state.isBusy) return;
    this.#isMoved = false;
    if (this.element.open) this.#focus();
  }

  #move(name) {
    this.#name = name;
    this.#isMoved = true;
    this.#outside.clear();
    this.#inside.clear();
  }

  #focus() {
    (this.#name === null ? this.#outside : this.#inside).focus();
  }
}

/** One form for both: who comes to create an account may have one. */
class SignIn {
  #isNew = false;
  #canCreate = false;
  #name = el('input', { name: 'name', required: true, maxLength: 2 * ACCOUNT_NAME_CHARS, autocomplete: 'username', spellcheck: false, autocapitalize: 'none' });
  #password = passwordInput('password', 'current-password');
  #send = el('button', { type: 'submit', class: 'button-main' });
  #other = el('button', { type: 'button', class: 'button-bare' });
  #hint = el('p', { class: 'hint' });

  constructor(account) {
    this.element = el(
      'form',
      { class: 'account-form' },
      this.#hint,
      field('Name', this.#name),
      field('Password', this.#password),
      shows([this.#password]),
      el('div', { class: 'row row-wrap' }, this.#send, this.#other),
    );
    this.#other.onclick = () => {
      this.#isNew = !this.#isNew;
      account.forgive();
      this.#name.focus();
    };
    this.element.onsubmit = async (event) => {
      event.preventDefault();
      const [name, password] = [this.#name.value, this.#password.value];
      const isDone = await (this.#isNew ? account.create(name, password) : account.signIn(name, password));
      if (!isDone) this.#password.select();
    };
  }

  show({ registration, isBusy }) {
    this.#canCreate = registration === 'open';
    if (!this.#canCreate) this.#isNew = false;
    this.#send.disabled = isBusy;
    this.#other.hidden = !this.#canCreate;
    setText(this.#send, this.#isNew ? 'Create account' : 'Sign in');
    setText(this.#other, this.#isNew ? 'I have an account' : 'Create an account');
    setText(this.#hint, this.#isNew ? NEW : KNOWN);
    this.#password.autocomplete = this.#isNew ? 'new-password' : 'current-password';
  }

  focus() {
    this.#name.focus();
  }

  clear() {
    this.#isNew = false;
    this.element.reset();
    hide([this.#password]);
  }
}

const KNOWN = 'Nobody needs an account. With one you are the same person on all your devices, and your rooms are yours on each of them. What you made in this browser before signing in is not taken along.';
const NEW = `The rooms that you made in this browser become your account's. A password has ${FEWEST} to ${MOST} characters; if you lose it, only whoever runs this server can give you another one.`;

class SignedIn {
  #old = passwordInput('old_password', 'current-password');
  #new = passwordInput('new_password', 'new-password');
  #mine = passwordInput('password', 'current-password');
  #done = el('p', { class: 'hint', role: 'status' });
  #out = el('button', { type: 'button', class: 'button' }, 'Sign out');
  #buttons;
  #parts;

  constructor(account, ask) {
    const everywhere = el('button', { type: 'button', class: 'button' }, 'Sign out everywhere');
    const change = el('button', { type: 'submit', class: 'button' }, 'Change password');
    const remove = el('button', { type: 'submit', class: 'button-bad' }, 'Delete account…');
    this.#buttons = [this.#out, everywhere, change, remove];
    this.#out.onclick = () => account.signOut(false);
    everywhere.onclick = () => account.signOut(true);
    const changing = form(field('Old password', this.#old), field('New password', this.#new), shows([this.#old, this.#new]), change);
    changing.onsubmit = async (event) => {
      event.preventDefault();
      setText(this.#done, '');
      if (!(await account.change(this.#old.value, this.#new.value))) return this.#old.select();
      changing.reset();
      hide([this.#old, this.#new]);
      setText(this.#done, 'The password is changed. On your other devices you are signed out.');
    };
    const removing = form(field('Password', this.#mine), remove);
    removing.onsubmit = async (event) => {
      event.preventDefault();
      setText(this.#done, '');
      const isMeant = await ask({
        title: 'Delete the account?',
        text: 'It ends on every device. The rooms that you own stay, but nobody owns them any more: hand them over first if somebody should.',
        action: 'Delete account',
      });
      if (isMeant && !(await account.delete(this.#mine.value))) this.#mine.select();
    };
    this.#parts = [part('Change the password', changing), part('Delete the account', removing)];
    const note = 'In one room you are in one place: who enters a room again on another device leaves it here.';
    const row = el('div', { class: 'row row-wrap' }, this.#out, everywhere);
    this.element = el('div', { class: 'account-form' }, el('p', { class: 'hint' }, note), row, ...this.#parts, this.#done);
  }

  show({ isBusy }) {
    this.#buttons.forEach((button) => (button.disabled = isBusy));
  }

  focus() {
    this.#out.focus();
  }

  clear() {
    for (const part of this.#parts) {
      part.open = false;
      part.querySelector('form').reset();
    }
    hide([this.#old, this.#new]);
    setText(this.#done, '');
  }
}

function form(...children) {
  return el('form', { class: 'account-form' }, ...children);
}

function part(title, content) {
  return el('details', { class: 'account-part' }, el('summary', {}, title), content);
}

function passwordInput(name, autocomplete) {
  // The browser counts UTF-16: the server counts, and says what is wrong.
  return el('input', { name, type: 'password', required: true, autocomplete });
}

/** A box that shows what is typed: the only way to see a slip before it is the password. */
function shows(inputs) {
  const box = el('input', { type: 'checkbox' });
  box.onchange = () => inputs.forEach((input) => (input.type = box.checked ? 'text' : 'password'));
  return check('Show what I type', box);
}

function hide(inputs) {
  inputs.forEach((input) => (input.type = 'password'));
}
