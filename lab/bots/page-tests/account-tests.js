//! The account: what is asked of the server, what a refusal means, and the dialog with keys and screen readers in mind.

import { Account } from '/assets/js/accountbook.js';
import { Refused, Unreachable } from '/assets/js/api.js';
import { AccountDialog } from '/assets/js/view/account.js';
import { assert, assertEqual, until } from './assert.js';

const PASSWORD = 'right right';

/** A server with one account, `Ann`. `fails` is thrown by the next call. */
class Server {
  name = undefined;
  registration = 'open';
  password = PASSWORD;
  calls = [];
  fails = null;

  async accountState() {
    return { registration: this.registration, name: this.name };
  }

  createAccount(name, password) {
    return this.#do(['create', name, password], () => (name === 'Ann' ? refused('account-exists') : (this.name = name)));
  }

  signIn(name, password) {
    return this.#do(['signIn', name, password], () => (password === this.password ? (this.name = name) : refused('wrong-password')));
  }

  signOut(everywhere) {
    return this.#do(['signOut', everywhere], () => (this.name = undefined));
  }

  changePassword(old, password) {
    return this.#do(['change', old, password], () => (old === this.password ? (this.password = password) : refused('wrong-password')));
  }

  deleteAccount(password) {
    return this.#do(['delete', password], () => (password === this.password ? (this.name = undefined) : refused('wrong-password')));
  }

  async #do(call, deed) {
    this.calls.push(call);
    const failure = this.fails;
    this.fails = null;
    if (failure) throw failure;
    deed();
  }
}

function refused(id) {
  throw new Refused(403, { id, message: 'raw words' });
}

async function onPage(server, work) {
  let dialog = null;
  const account = new Account({ api: server, onChange: (state) => dialog.show(state) });
  dialog = new AccountDialog({ account, onClose: () => {} });
  const parts = [dialog.element, dialog.confirm.element];
  document.body.append(...parts);
  try {
    await account.load();
    dialog.open();
    await work(dialog.element, dialog.confirm.element);
  } finally {
    for (const part of parts) {
      if (part.open) part.close();
      part.remove();
    }
  }
}

const button = (root, name) => [...root.querySelectorAll('button')].find((one) => one.checkVisibility() && one.textContent.trim() === name);
const problemOf = (root) => root.querySelector('[role=alert]').textContent;
const type = (root, values) => {
  for (const [name, value] of Object.entries(values)) root.querySelector(`[name=${name}]`).value = value;
};
const send = (root, name) => root.querySelector(`[name=${name}]`).form.requestSubmit();

export const tests = {
  'one signs in with the keyboard, and the dialog says as whom': async () => {
    const server = new Server();
    await onPage(server, async (root) => {
      assertEqual(document.activeElement.name, 'name');
      type(root, { name: 'Ann', password: PASSWORD });
      send(root, 'password');
      await until(() => root.querySelector('h2').textContent === 'Signed in as Ann', 'signed in');
      assertEqual(document.activeElement.textContent, 'Sign out');
      assertEqual(root.querySelector('[name=password]').value, '', 'no password stays behind');
      button(root, 'Sign out').click();
      await until(() => document.activeElement.name === 'name', 'signed out');
      assertEqual(server.calls, [['signIn', 'Ann', PASSWORD], ['signOut', false]]);
    });
  },

  'an account is created with the same form, where the server makes new ones': async () => {
    const server = new Server();
    await onPage(server, async (root) => {
      button(root, 'Create an account').click();
      assertEqual(root.querySelector('[name=password]').autocomplete, 'new-password');
      type(root, { name: 'Ann', password: PASSWORD });
      send(root, 'password');
      await until(() => problemOf(root) !== '', 'the refusal');
      assert(problemOf(root).includes('Choose another'), problemOf(root));
      type(root, { name: '<b>Eva</b>' });
      send(root, 'password');
      await until(() => root.querySelector('h2').textContent === 'Signed in as <b>Eva</b>', 'created, shown as text');
    });
    server.name = undefined;
    server.registration = 'closed';
    await onPage(server, async (root) => assertEqual(button(root, 'Create an account'), undefined));
  },

  'a refusal says what to do, never the raw words': async () => {
    const server = new Server();
    await onPage(server, async (root) => {
      for (const id of ['wrong-password', 'too-many', 'invalid-password', 'invalid-name', 'accounts-closed']) {
        server.fails = new Refused(400, { id, message: 'raw words' });
        type(root, { name: 'Ann', password: PASSWORD });
        send(root, 'password');
        await until(() => problemOf(root) !== '', id);
        assert(!problemOf(root).includes('raw words'), id);
        root.querySelector('[name=name]').form.querySelector('.button-bare').click();
        assertEqual(problemOf(root), '', 'forgiven');
      }
      server.fails = new Unreachable('gone');
      send(root, 'password');
      await until(() => problemOf(root).includes('does not answer'), 'the silence');
      assert(!root.querySelector('[type=submit]').disabled, 'one may try again');
    });
  },

  'a password is changed with the old one, and others are signed out everywhere': async () => {
    const server = new Server();
    server.name = 'Ann';
    await onPage(server, async (root) => {
      root.querySelectorAll('details').forEach((part) => (part.open = true));
      type(root, { old_password: 'wrong wrong', new_password: 'other other' });
      send(root, 'old_password');
      await until(() => problemOf(root) === 'The old password is wrong.', 'the refusal');
      type(root, { old_password: PASSWORD });
      send(root, 'old_password');
      await until(() => root.querySelector('[role=status]').textContent.includes('is changed'), 'the change');
      assertEqual([problemOf(root), server.password], ['', 'other other']);
      button(root, 'Sign out everywhere').click();
      await until(() => server.name === undefined, 'signed out');
      assertEqual(server.calls.at(-1), ['signOut', true]);
    });
  },

  'an account is deleted after a yes and with its password only': async () => {
    const server = new Server();
    server.name = 'Ann';
    await onPage(server, async (root, confirm) => {
      const form = [...root.querySelectorAll('details')].at(-1);
      form.open = true;
      form.querySelector('[name=password]').value = PASSWORD;
      form.querySelector('form').requestSubmit();
      await until(() => confirm.open, 'the question');
      button(confirm, 'Cancel').click();
      await until(() => !confirm.open, 'no');
      assertEqual(server.calls, []);
      form.querySelector('form').requestSubmit();
      await until(() => confirm.open, 'the question');
      button(confirm, 'Delete account').click();
      await until(() => root.querySelector('h2').textContent === 'Account', 'gone');
      assertEqual(server.calls, [['delete', PASSWORD]]);
    });
  },

  'who was signed out meanwhile is told so': async () => {
    const server = new Server();
    server.name = 'Ann';
    await onPage(server, async (root) => {
      server.name = undefined;
      server.fails = new Refused(401, { id: 'not-signed-in', message: 'raw words' });
      button(root, 'Sign out everywhere').click();
      await until(() => problemOf(root).includes('Sign in again'), 'the news');
      assertEqual(root.querySelector('h2').textContent, 'Account');
    });
  },
};
