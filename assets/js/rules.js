//! Who may do what in a room, and in what words it is told. The server decides; the page offers what it would allow.

const RANKS = { guest: 0, moderator: 1, owner: 2 };

/** One's own role: `owner`, `moderator` or `guest`. */
export function roleOf({ settings }) {
  return settings?.role ?? 'guest';
}

export function isModerator(model) {
  return RANKS[roleOf(model)] >= RANKS.moderator;
}

export function isOwner(model) {
  return roleOf(model) === 'owner';
}

/**
 * What one may do to another in the room, in the order of a menu: `mute`, `lower-hand`, `promote`, `demote`,
 * `hand-over`, `kick`, `ban`.
 */
export function deedsFor(model, person) {
  if (person.me || !isModerator(model)) return [];
  const theirs = person.role ?? 'guest';
  const deeds = [];
  if (person.obeys && person.media?.microphone) deeds.push('mute');
  if (person.obeys && person.media?.hand) deeds.push('lower-hand');
  if (isOwner(model) && theirs === 'guest') deeds.push('promote');
  if (isOwner(model) && theirs === 'moderator') deeds.push('demote');
  if (isOwner(model) && theirs !== 'owner') deeds.push('hand-over');
  if (RANKS[theirs] < RANKS[roleOf(model)]) deeds.push('kick', 'ban');
  return deeds;
}

/** Whether a chat line may be changed: only one's own, and only where the room can name it. */
export function mayEdit(line) {
  return line.mine && line.id !== undefined;
}

export function mayDelete(model, line) {
  return line.id !== undefined && (line.mine || isModerator(model));
}

/** In a sentence, what was done to the person at the page; `null` where it is told otherwise. */
export function wordsForDeed(action, who) {
  switch (action) {
    case 'mute':
      return `${who} muted you. You can turn the microphone on again.`;
    case 'mute-all':
      return `${who} muted everyone. You can turn the microphone on again.`;
    case 'lower-hand':
      return `${who} lowered your hand.`;
    default:
      return null;
  }
}

/** How long the room keeps its lines, as the value of a choice: `none`, a number of hours, `forever`. */
export function historyValue(history) {
  return typeof history === 'string' ? history : String(history.hours);
}

/** The other way round. */
export function historyOf(value) {
  return value === 'none' || value === 'forever' ? value : { hours: Number(value) };
}

export function historyWords(value) {
  const usual = { none: 'Not at all', 1: 'For an hour', 24: 'For a day', 168: 'For a week', 720: 'For 30 days', forever: 'For ever' };
  return usual[value] ?? `For ${value} hours`;
}

export const HISTORY_VALUES = ['none', '1', '24', '168', '720', 'forever'];
