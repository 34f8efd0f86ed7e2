//! The parts of which messages are made: each reads a value as what it should be, or refuses it.

/** A frame that is no envelope, or a known type whose `data` is not of its shape. */
export class ProtocolError extends Error {}

function shape() {
  return new ProtocolError('`data` is not of the documented shape');
}

export function isObject(value) {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function object(value) {
  if (!isObject(value)) throw shape();
  return value;
}

export function list(value) {
  if (!Array.isArray(value)) throw shape();
  return value;
}

export function string(value) {
  if (typeof value !== 'string') throw shape();
  return value;
}

export function number(value) {
  if (typeof value !== 'number') throw shape();
  return value;
}

export function boolean(value) {
  if (typeof value !== 'boolean') throw shape();
  return value;
}

/** The number of a chat line: a decimal string, because a number of JavaScript's is too short. */
export function isTextId(value) {
  return typeof value === 'string' && /^\d{1,20}$/.test(value);
}

export function textId(value) {
  if (!isTextId(value)) throw shape();
  return value;
}

/** `'none'`, `{hours}` or `'forever'`. */
export function history(value) {
  return typeof value === 'string' ? oneOf(value, ['none', 'forever']) : { hours: number(object(value).hours) };
}

export function oneOf(value, allowed) {
  if (!allowed.includes(value)) throw shape();
  return value;
}

/** `undefined` where it is absent or null. */
export function optional(value, readValue) {
  return value === undefined || value === null ? undefined : readValue(value);
}

/** What is no list of strings reads as none: the first version writes `""` where nothing is meant. */
export function strings(value) {
  return Array.isArray(value) && value.every((item) => typeof item === 'string') ? value : [];
}

export function withCredentials(server, { username, credential }) {
  if (optional(username, string) !== undefined) server.username = username;
  if (optional(credential, string) !== undefined) server.credential = credential;
  return server;
}
