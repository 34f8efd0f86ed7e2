//! The waiting page: says to those inside what one is called. Without it one knocks under the usual name.

import { cleanUsername } from './names.js';

const NAME_KEY = 'rtc-chat.username';

function storedName() {
  try {
    return cleanUsername(localStorage.getItem(NAME_KEY) ?? '');
  } catch {
    return ''; // the browser keeps nothing for this page
  }
}

const address = new URL(location.href);
const name = storedName();
if (name !== '' && address.searchParams.get('name') !== name) {
  address.searchParams.set('name', name);
  location.replace(address);
}
