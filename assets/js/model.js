//! What the page knows, as a fold over events. No DOM, no network: the whole of it can be tested offline.

/** Chat lines kept; the oldest go first. */
const LINES_KEPT = 1_000;
/** Toasts shown at a time. */
const TOASTS_SHOWN = 4;

/** @returns the model of a room nothing has happened in yet. */
export function initialModel({ room, me, username }) {
  return {
    room,
    me,
    username,
    asksForName: username === '',
    /** joining | connecting | joined | reconnecting {attempt, retryAt, reason} | refused {notice} | elsewhere | left */
    status: { name: 'joining' },
    participants: [],
    peers: {}, // id → connecting | connected | interrupted
    tracks: {}, // id → a number that grows when the peer's tracks changed
    speaking: {}, // id → true
    volumes: {}, // id → 0…1
    sending: { microphone: false, camera: false, screen: false, hand: false },
    canShareScreen: true,
    devices: { audio: [], video: [], output: [] },
    lines: [],
    unread: 0,
    panel: null, // chat | people | details
    pinned: null,
    isSettingsOpen: false,
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
  status: (model, { status }) => ({ status, me: status.me ?? model.me }),
  roster: (model, { participants }) => ({ participants, ...withoutGone(model, participants) }),
  peer: (model, { client, state }) => ({
    peers: state === 'closed' ? without(model.peers, client) : { ...model.peers, [client]: state },
    speaking: state === 'closed' ? without(model.speaking, client) : model.speaking,
  }),
  tracks: (model, { client }) => ({ tracks: { ...model.tracks, [client]: (model.tracks[client] ?? 0) + 1 } }),
  chat: (model, { line }) => ({
    lines: [...model.lines, { ...line, number: (model.lines.at(-1)?.number ?? 0) + 1 }].slice(-LINES_KEPT),
    unread: model.panel === 'chat' || line.mine ? model.unread : model.unread + 1,
  }),
  notice: (model, { notice }) => toasted(model, 'error', sentence(notice.message)),
  joined: (model, { name }) => toasted(model, 'info', `${name} joined.`),
  left: (model, { name }) => toasted(model, 'info', `${name} left.`),

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
  pin: (model, { client }) => ({ pinned: model.pinned === client ? null : client }),
  settings: (_, { open }) => ({ isSettingsOpen: open }),
  volume: (model, { client, volume }) => ({ volumes: { ...model.volumes, [client]: volume } }),
  username: (_, { username }) => ({ username, asksForName: false }),
  nameLater: () => ({ asksForName: false }),
  toast: (model, { kind, text }) => toasted(model, kind, text),
  dismiss: (model, { toast }) => ({ toasts: model.toasts.filter(({ id }) => id !== toast) }),
};

/** Who is shown large: a pinned participant, else the one who shares a screen (somebody else's before one's own). */
export function focusOf(model) {
  if (model.pinned !== null && model.participants.some(({ id }) => id === model.pinned)) return model.pinned;
  const sharing = model.participants.filter((person) => mediaOf(model, person)?.screen);
  return (sharing.find(({ me }) => !me) ?? sharing[0])?.id ?? null;
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
      return 'Open in another tab';
    case 'refused':
      return 'Not in the room';
    default:
      return 'Left';
  }
}

function withoutGone(model, participants) {
  const here = new Set(participants.map(({ id }) => id));
  return {
    pinned: here.has(model.pinned) ? model.pinned : null,
    tracks: retain(model.tracks, here),
    speaking: retain(model.speaking, here),
  };
}

function toasted(model, kind, text) {
  const others = model.toasts.filter((toast) => toast.text !== text); // said twice is shown once
  return {
    toasts: [...others, { id: model.nextToast, kind, text }].slice(-TOASTS_SHOWN),
    nextToast: model.nextToast + 1,
  };
}

function sentence(text) {
  const start = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?…]$/.test(start) ? start : `${start}.`;
}

function without(record, key) {
  const { [key]: _, ...rest } = record;
  return rest;
}

function retain(record, keys) {
  return Object.fromEntries(Object.entries(record).filter(([key]) => keys.has(key)));
}
