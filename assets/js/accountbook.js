//! What is known of the account, and what the person wants of it. Knows no elements.

import { Refused } from './api.js';
import { ACCOUNT_PASSWORD_CHARS } from './limits.js';
import { sentence } from './names.js';

const [FEWEST, MOST] = ACCOUNT_PASSWORD_CHARS;

/** What a refusal means and what to do. */
const WORDS = {
  'wrong-password': 'The name or the password is wrong. Check both, and whether Caps Lock is on.',
  'account-exists': 'Somebody has this name already. Choose another one, or sign in if it is you.',
  'invalid-name': 'A name has 1 to 64 characters. Choose another one.',
  'invalid-password': `A password has ${FEWEST} to ${MOST} characters. Choose another one.`,
  'too-many': 'That was tried too often. Wait a minute, then try again.',
  'accounts-closed': 'This server takes no new accounts. You need none to create or join rooms.',
  'not-signed-in': 'You were signed out, perhaps on another device. Sign in again.',
  'signed-in': 'You are signed in already, perhaps in another tab.',
};

/**
 * `onChange(state)` hears `{registration, name, isBusy, problem}`; `name` is `null` where nobody is signed in. `api` has
 * the calls of `api.js`.
 */
export class Account {
  #api;
  #onChange;
  #state = { registration: 'off', name: null, isBusy: false, problem: '' };

  constructor({ api, onChange }) {
    this.#api = api;
    this.#onChange = onChange;
  }

  /** Asks the server. Where it does not answer, everything stays as it is. */
  async load() {
    try {
      this.#learn(await this.#api.accountState());
    } catch {
      // there is no account to be had at the moment, and nobody needs one
    }
  }

  create(name, password) {
    return this.#work(() => this.#api.createAccount(name, password));
  }

  signIn(name, password) {
    return this.#work(() => this.#api.signIn(name, password));
  }

  signOut(everywhere) {
    return this.#work(() => this.#api.signOut(everywhere));
  }

  change(old, password) {
    return this.#work(() => this.#api.changePassword(old, password), 'The old password is wrong.');
  }

  delete(password) {
    return this.#work(() => this.#api.deleteAccount(password), 'The password is wrong. The account is still there.');
  }

  /** Nothing is wrong any more. */
  forgive() {
    this.#tell({ problem: '' });
  }

  /** @returns whether the server did it. `wrong`: what a wrong password means here. */
  async #work(task, wrong = WORDS['wrong-password']) {
    this.#tell({ isBusy: true, problem: '' });
    let problem = '';
    try {
      await task();
      this.#learn(await this.#api.accountState());
    } catch (refusal) {
      problem = wordsFor(refusal, wrong);
      // Another tab or device may have changed what is so.
      if (refusal.id === 'not-signed-in' || refusal.id === 'signed-in') await this.load();
    }
    this.#tell({ isBusy: false, problem });
    return problem === '';
  }

  #learn({ registration, name }) {
    this.#tell({ registration, name: name ?? null });
  }

  #tell(change) {
    this.#state = { ...this.#state, ...change };
    this.#onChange(this.#state);
  }
}

function wordsFor(problem, wrong) {
  if (!(problem instanceof Refused)) return 'The server does not answer. Please try again in a moment.';
  if (problem.id === 'wrong-password') return wrong;
  return WORDS[problem.id] ?? sentence(problem.message);
}
