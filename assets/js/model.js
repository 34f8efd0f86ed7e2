//! What the page knows, as a fold over events. No DOM, no network: the whole of it can be tested offline.

import { LINES_KEPT } from './limits.js';
import { deleted, edited, heard, loaded, NO_LINES } from './lines.js';
import { sentence } from './names.js';

/** Toasts shown at a time. */
const TOASTS_SHOWN = 4;

/** @returns the model of a room nothing has happened in yet. */
export function initialModel({ room, me, username }) {
  return {
    room,
    me,
    username,
    asksForName: username === '',
    /** joining | connecting | joined | reconnecting {attempt, retryAt, reason} | refused {notice} | left |
     *  elsewhere {where: 'tab' | 'device'} |
     *  ended {reason: 'kick' | 'ban' | 'delete', by} */
    status: { name: 'joining' },
    participants: [],
    peers: {}, // id → connecting | connected | interrupted
    tracks: {}, // id → a number that grows when the peer's tracks changed
    speaking: {}, // id → true
    volumes: {}, // id → 0…1
    sending: { microphone: false, camera: false, screen: false, hand: false },
    canShareScreen: true,
    devices: { audio: [], video: [], output: [] },
    settings: null, // how the room is set and one's own role, once the server has said so
    knocking: [], // [{id, name}…] who waits to be let in
    lines: NO_LINES.lines,
    nextLine: NO_LINES.next,
    hasEarlierLines: false,
    isLoadingLines: false,
    recipient: null, // {id, name} of whom one writes to; null: everyone
    unread: 0,
    panel: null, // chat | people | details
    pinned: null, // {client, isScreen}: the tile that is shown large by choice
    isSettingsOpen: false,
    dialog: null, // room | invites | bans
    invites: null, // those of the room, while their dialog is open
    newInvite: null, // the one just made: its address is shown once
    bans: null,
    isKeeperBusy: false,
    keeperProblem: '', // why the last change to the room was refused
    isSoundBlocked: false,
    toasts: [],
    nextToast: 1,
    details: {}, // id → figures, while the panel is open
    serverRoundTrip: null,
  };
}

/** The model after `event`. The given one is left as it is. */
export function apply(model, event) {
  const fold = FOLDS[event.type];
  return fold ? { ...model, ...fold(model, event) } : model;
}

const FOLDS = {
  // ------------------------------------------------------------------------------------------ from the session
  status: (model, { status }) => ({
    status,
    me: status.me ?? model.me,
    ...(status.name === 'ended' ? { settings: null, dialog: null, isSettingsOpen: false, panel: null, knocking: [], toasts: [] } : {}),
  }),
  roster: (model, { participants }) => ({ participants, ...withoutGone(model, participants) }),
  peer: (model, { client, state }) => ({
    peers: state === 'closed' ? without(model.peers, client) : { ...model.peers, [client]: state },
    speaking: state === 'closed' ? without(model.speaking, client) : model.speaking,
  }),
  tracks: (model, { client }) => ({ tracks: { ...model.tracks, [client]: (model.tracks[client] ?? 0) + 1 } }),
  chat: (model, { line }) => {
    const before = chatOf(model);
    const after = heard(before, line);
    return { ...ofChat(after), unread: after === before || line.mine ? model.unread : unreadAfter(model, 1) };
  },
  /** Lines that the room keeps. Where `more` is not said, it is as it was; `isNews`: what was said meanwhile is unread. */
  kept: (model, { messages, before, more, isNews }) => {
    const known = new Set(model.lines.map(({ id }) => id));
    const news = isNews ? messages.filter(({ id, mine }) => !known.has(id) && !mine).length : 0;
    const chat = loaded(chatOf(model), messages, before);
    return {
      ...ofChat(chat),
      hasEarlierLines: (more ?? model.hasEarlierLines) && chat.lines.length < LINES_KEPT,
      isLoadingLines: false,
      unread: unreadAfter(model, news),
    };
  },
  loadingLines: (_, { loading }) => ({ isLoadingLines: loading }),
  edited: (model, { line }) => ofChat(edited(chatOf(model), line)),
  deleted: (model, { id }) => ofChat(deleted(chatOf(model), id)),
  roomSettings: (model, { settings }) => ({ settings, ...(settings.role === 'guest' ? { knocking: [] } : {}) }),
  knocking: knocked,
  notice: (model, { notice }) => toasted(model, 'error', sentence(notice.message)),
  joined: (model, { name }) => toasted(model, 'info', `${name} joined.`),
  left: (model, { name }) => toasted(model, 'info', `${name} left.`),

  // ------------------------------------------------------------------------------------- from keeping the room
  invites: (_, { invites }) => ({ invites }),
  newInvite: (_, { invite }) => ({ newInvite: invite }),
  bans: (_, { bans }) => ({ bans }),
  keeper: (_, { isBusy, problem }) => ({ isKeeperBusy: isBusy, keeperProblem: problem ?? '' }),

  // -------------------------------------------------------------------------------------------- from the devices
  sending: (_, { sending }) => ({ sending }),
  devices: (_, { devices }) => ({ devices }),
  canShareScreen: (_, { able }) => ({ canShareScreen: able }),
  speaking: (model, { who, speaking }) => ({
    speaking: speaking ? { ...model.speaking, [who]: true } : without(model.speaking, who),
  }),
  soundBlocked: (_, { blocked }) => ({ isSoundBlocked: blocked }),
  details: (model, { details, serverRoundTrip }) => ({ details, serverRoundTrip }),

  // --------------------------------------------------------------------------------------------- from the person
  panel: (model, { panel }) => {
    const open = model.panel === panel ? null : panel;
    return { panel: open, unread: open === 'chat' ? 0 : model.unread };
  },
  pin: (model, { client, isScreen = false }) => ({ pinned: isPinned(model, client, isScreen) ? null : { client, isScreen } }),
  settings: (_, { open }) => ({ isSettingsOpen: open }),
  dialog: (_, { dialog }) => ({ dialog, invites: null, newInvite: null, bans: null, keeperProblem: '' }),
  recipient: (_, { recipient }) => ({ recipient }),
  volume: (model, { client, volume }) => ({ volumes: { ...model.volumes, [client]: volume } }),
  username: (_, { username }) => ({ username, asksForName: false }),
  nameLater: () => ({ asksForName: false }),
  toast: (model, { kind, text }) => toasted(model, kind, text),
  dismiss: (model, { toast }) => ({ toasts: model.toasts.filter(({ id }) => id !== toast) }),
};

/** The tiles `{key, person, isScreen}`: the others in join order, each screen beside its owner, oneself last. */
export function tilesOf(model) {
  const { participants } = model;
  return [...participants.filter(({ me }) => !me), ...participants.filter(({ me }) => me)].flatMap((person) => {
    const tile = (isScreen) => ({ key: `${isScreen ? 'screen' : 'person'} ${person.id}`, person, isScreen });
    return mediaOf(model, person)?.screen ? [tile(false), tile(true)] : [tile(false)];
  });
}

/**
 * The key of the tile that is shown large: a pinned one while it is there, else the first shared screen.
 * One's own never is by itself: it would show itself in itself.
 */
export function focusOf(model) {
  const tiles = tilesOf(model);
  const pinned = tiles.find(({ person, isScreen }) => isPinned(model, person.id, isScreen));
  return (pinned ?? tiles.find(({ person, isScreen }) => isScreen && !person.me))?.key ?? null;
}

export function isPinned({ pinned }, client, isScreen) {
  return pinned?.client === client && pinned.isScreen === isScreen;
}

/** What a participant sends: one's own is known first hand; `null` where an old page does not say. */
export function mediaOf(model, person) {
  return person.me ? model.sending : person.media;
}

/** Whether anybody is connected: then what stops the server's part must not stop the call. */
export function isInCall(model) {
  return Object.values(model.peers).includes('connected');
}

/** In one sentence, how the connection to the server is. */
export function statusText({ status }) {
  switch (status.name) {
    case 'joining':
    case 'connecting':
      return 'Joining…';
    case 'joined':
      return 'Connected';
    case 'reconnecting':
      return 'Reconnecting…';
    case 'elsewhere':
      return 'Open elsewhere';
    case 'refused':
    case 'ended':
      return 'Not in the room';
    default:
      return 'Left';
  }
}

/** New knocks are told, under the name that they have by now; answered ones need no notice any more. */
function knocked(model, { clients }) {
  const waiting = new Map(clients.map(({ id, name }) => [id, name]));
  const fresh = clients.filter(({ id }) => !model.knocking.some((known) => known.id === id)).map(({ id }) => id);
  const toasts = model.toasts
    .map((toast) => (toast.knocks ? { ...toast, knocks: toast.knocks.filter((id) => waiting.has(id)) } : toast))
    .filter(({ knocks }) => knocks === undefined || knocks.length > 0)
    .map((toast) => (toast.knocks ? { ...toast, text: wordsForKnocks(toast.knocks, waiting) } : toast));
  const told = fresh.length > 0 ? toasted({ ...model, toasts }, 'knock', wordsForKnocks(fresh, waiting), { knocks: fresh }) : { toasts };
  return { knocking: clients, ...told };
}

function wordsForKnocks(knocks, names) {
  return knocks.length === 1 ? `${names.get(knocks[0])} is waiting to be let in.` : `${knocks.length} people are waiting to be let in.`;
}

function chatOf({ lines, nextLine }) {
  return { lines, next: nextLine };
}

function ofChat({ lines, next }) {
  return { lines, nextLine: next };
}

function unreadAfter(model, news) {
  return model.panel === 'chat' ? 0 : model.unread + news;
}

function withoutGone(model, participants) {
  const here = new Set(participants.map(({ id }) => id));
  return {
    pinned: here.has(model.pinned?.client) ? model.pinned : null,
    tracks: retain(model.tracks, here),
    speaking: retain(model.speaking, here),
  };
}

function toasted(model, kind, text, more = {}) {
  const others = model.toasts.filter((toast) => toast.text !== text); // said twice is shown once
  return {
    toasts: [...others, { ...more, id: model.nextToast, kind, text }].slice(-TOASTS_SHOWN),
    nextToast: model.nextToast + 1,
  };
}

function without(record, key) {
  const { [key]: _, ...rest } = record;
  return rest;
}

function retain(record, keys) {
  return Object.fromEntries(Object.entries(record).filter(([key]) => keys.has(key)));
}
