//! What this person is called: kept by the browser, also in a cookie, so that the server knows it at the first knock.

import { cleanUsername } from './names.js';

const NAME_KEY = 'rtc-chat.username';
const COOKIE = 'rtc_chat_name';
const YEAR_SECONDS = 31_536_000;

/** The name of the last time; `''` where there is none. */
export function keptName() {
  try {
    return cleanUsername(localStorage.getItem(NAME_KEY) ?? '');
  } catch {
    return ''; // the browser keeps nothing for this page
  }
}

export function keepName(username) {
  try {
    localStorage.setItem(NAME_KEY, username);
  } catch {
    // the browser keeps nothing for this page: the name holds until it is closed
  }
  showName(username);
}

/** Puts the name where the server sees it. No secret: everybody in a room reads it. */
export function showName(username) {
  const secure = location.protocol === 'https:' ? '; secure' : '';
  const value = encodeURIComponent(username.toWellFormed());
  document.cookie = `${COOKIE}=${value}; path=/; max-age=${YEAR_SECONDS}; samesite=lax${secure}`;
}

/** The name that the server sees. */
export function shownToServer() {
  const cookie = document.cookie.split('; ').find((one) => one.startsWith(`${COOKIE}=`));
  try {
    return decodeURIComponent(cookie?.slice(COOKIE.length + 1) ?? '');
  } catch {
    return ''; // not written by this page
  }
}
