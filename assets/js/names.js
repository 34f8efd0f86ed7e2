//! What people call themselves and write, brought into the shape that the server accepts.

import { TEXT_CHARS, USERNAME_CHARS, FRAME_BYTES } from './limits.js';

/** Control and format characters: they hide or reorder text. The same set as in `protocol/src/names.rs`. */
const INVISIBLE = new RegExp(
  '[\\p{Cc}\\u00ad\\u061c\\u180e\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff\\ufff9-\\ufffb\\u{e0000}-\\u{e007f}]',
  'gu',
);

/** A person's name after NFC, trim and at most 64 characters; `''` where nothing is left. */
export function cleanUsername(name) {
  const visible = name.normalize('NFC').replace(INVISIBLE, '').trim();
  return [...visible].slice(0, USERNAME_CHARS).join('').trim();
}

/** A name as it is shown: bounded, without what hides or reorders the text around it, with few stacked marks. */
export function shownName(name) {
  return cleanUsername(name).replace(/(\p{M}{4})\p{M}+/gu, '$1') || 'Somebody';
}

/** Why a chat line cannot be sent, or `null` where it can. */
export function whyUnsendable(text) {
  const characters = [...text].length;
  if (characters > TEXT_CHARS) return `That is ${characters} characters long; ${TEXT_CHARS} fit into one message.`;
  const bytes = new TextEncoder().encode(JSON.stringify(text)).length;
  if (bytes > FRAME_BYTES - 512) return 'That is too long for one message. Please send it in two parts.';
  return null;
}

/** The one or two letters in the circle of somebody without a picture. */
export function initials(name) {
  const words = shownName(name).split(/\s+/u).filter(Boolean);
  const picked = words.length > 1 ? [words[0], words[words.length - 1]] : words;
  return picked.map((word) => [...word][0]).join('').toUpperCase();
}

/** A colour of eight that stays with a client id. */
export function hueOf(id) {
  let hash = 0;
  for (const c of id) hash = (hash * 31 + c.codePointAt(0)) >>> 0;
  return hash % 8;
}

/** The server's words as a sentence. */
export function sentence(text) {
  const start = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?…]$/.test(start) ? start : `${start}.`;
}
