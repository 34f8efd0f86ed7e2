//! The chat lines that the page shows, in the order of the room: those heard, and those that the room keeps. Pure.
//!
//! A line is `{number, id, from, name, time, text, mine, private, to, edited}`. `number` is the page's own; `id` is the
//! room's, and missing on private lines and where an old server gives none.

import { LINES_KEPT } from './limits.js';

export const NO_LINES = Object.freeze({ lines: Object.freeze([]), next: 1 });

/** Whether id `a` comes before id `b`: decimal strings without leading zeros. */
export function isBefore(a, b) {
  return a.length === b.length ? a < b : a.length < b.length;
}

/** A line that was just said. One that is there already stays as it is. */
export function heard(chat, line) {
  if (line.id !== undefined && chat.lines.some(({ id }) => id === line.id)) return chat;
  const at = placeOf(chat.lines, line.id);
  const lines = [...chat.lines.slice(0, at), { ...line, number: chat.next }, ...chat.lines.slice(at)];
  return { lines: lines.slice(-LINES_KEPT), next: chat.next + 1 };
}

/**
 * Lines that the room keeps, the oldest first: all that it has from the first of them on, up to `before` if that was
 * asked for. What is known of this stretch and not among them is gone.
 */
export function loaded(chat, messages, before) {
  if (messages.length === 0) return chat;
  const first = messages[0].id;
  const isWithin = ({ id }) => id !== undefined && !isBefore(id, first) && (before === undefined || isBefore(id, before));
  const listed = new Map(messages.map((message) => [message.id, message]));
  const known = new Set(chat.lines.map(({ id }) => id));
  let { next } = chat;
  const lines = chat.lines
    .filter((line) => !isWithin(line) || listed.has(line.id))
    .map((line) => refreshed(line, listed.get(line.id)));
  for (const message of messages) {
    if (known.has(message.id)) continue;
    lines.splice(placeOf(lines, message.id), 0, { ...message, number: next++ });
  }
  return { lines, next };
}

export function edited(chat, { id, text }) {
  return { ...chat, lines: chat.lines.map((line) => (line.id === id ? { ...line, text, edited: true } : line)) };
}

export function deleted(chat, id) {
  return { ...chat, lines: chat.lines.filter((line) => line.id !== id) };
}

/** The id of the oldest line that has one. */
export function oldestId(lines) {
  return lines.find(({ id }) => id !== undefined)?.id;
}

/** The id of the newest line that has one. */
export function newestId(lines) {
  return lines.findLast(({ id }) => id !== undefined)?.id;
}

/** Before the first line that the room has later; a line without an id, at the end. */
function placeOf(lines, id) {
  if (id === undefined) return lines.length;
  let at = lines.length;
  for (let i = lines.length - 1; i >= 0; i--) {
    if (lines[i].id === undefined) continue;
    if (isBefore(lines[i].id, id)) break;
    at = i;
  }
  return at;
}

function refreshed(line, message) {
  if (!message || (message.text === line.text && message.edited === Boolean(line.edited))) return line;
  return { ...line, text: message.text, edited: message.edited };
}
