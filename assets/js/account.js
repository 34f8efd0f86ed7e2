//! The account, for whoever wants to be the same person on several devices: the entry in the header and its dialog.

import * as server from './api.js';
import { Account } from './accountbook.js';
import { shownName } from './names.js';
import { AccountDialog } from './view/account.js';
import { setText } from './view/dom.js';

const entry = document.querySelector('#account');
const account = new Account({ api: server, onChange: show });
const dialog = new AccountDialog({ account, onClose: () => entry.focus() });

function show(state) {
  entry.hidden = state.registration === 'off';
  setText(entry, state.name === null ? 'Account' : shownName(state.name));
  entry.title = state.name === null ? 'Sign in, or create an account. Nobody needs one.' : 'Your account';
  dialog.show(state);
}

entry.onclick = () => dialog.open();
document.body.append(dialog.element, dialog.confirm.element);
account.load();
addEventListener('pageshow', ({ persisted }) => persisted && account.load());
