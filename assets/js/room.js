//! The room page: brings link, session, devices and views together.
//!
//! For end-to-end tests `window.rtcChat` shows what happens here, read-only and without secrets:
//!   status      'joining' | 'connecting' | 'joined' | 'reconnecting' | 'refused' | 'elsewhere' | 'left'
//!   me, room    the own client id and the room's name
//!   roster      [{id, username, me, unstable, media, ours}] as the page shows it
//!   peers       {<client id>: 'connecting' | 'connected' | 'interrupted'}
//!   chat        [{from, name, time, text, mine, private}] in the order shown
//!   sending     {microphone, camera, screen, hand}
//!   speaking    [<client id>…]
//!   toasts      [<text>…] shown at the moment
//!   timeline    {<event>: ms since the page was opened}: 'open', 'joined', and per peer 'connected <id>', 'picture <id>'
//!   counters()  a promise of {<client id>: {framesReceived, framesDecoded, framesSent, audioPackets, …}} of `getStats`
//!   details()   a promise of {<client id>: figures as the connection details show them}

import { Link } from './link.js';
import { Levels } from './sound.js';
import { Media } from './media.js';
import { apply, initialModel } from './model.js';
import { cleanUsername } from './names.js';
import { Session } from './session.js';
import { summarize } from './stats.js';
import { Tabs } from './tabs.js';
import { testHook, Timeline } from './testhook.js';
import { listenToKeys } from './view/keyboard.js';
import { RoomView } from './view/room.js';

const NAME_KEY = 'rtc-chat.username';
const DETAILS_EVERY = 1_000;

const { roomId, clientId, lobby = location.pathname.replace(/\/[^/]*\/?$/, '') || '/rtc' } = document.body.dataset;

let model = initialModel({ room: roomId, me: clientId, username: storedName() });
const timeline = new Timeline();
const levels = new Levels((who, speaking) => emit({ type: 'speaking', who, speaking }));
const media = new Media({
  on: {
    change: handleSending,
    notice: (text) => emit({ type: 'toast', kind: 'warning', text }),
    devices: (devices) => emit({ type: 'devices', devices }),
  },
});
const link = new Link({
  room: roomId,
  me: clientId,
  on: {
    up: (info) => session.handleUp(info),
    down: (info) => session.handleDown(info),
    frame: (frame) => session.handleFrame(frame),
    refused: (notice) => emit({ type: 'status', status: { name: 'refused', notice } }),
    passwordWanted: () => location.replace(location.pathname), // asks for it
  },
});
const session = new Session({ link, username: model.username, outgoing: media.outgoing, emit });
const tabs = new Tabs({ room: roomId, onTaken: handleTaken });
const view = new RoomView({ model, intents: intents(), streamOf, lobby });

// ---------------------------------------------------------------------------------------------------- model and view

let isShowing = false;

/** Folds an event into the model; the view follows once the present batch of events is through. */
function emit(event) {
  model = apply(model, event);
  timeline.note(event);
  if (event.type === 'tracks' || event.type === 'roster') listen();
  if (isShowing) return;
  isShowing = true;
  queueMicrotask(() => {
    isShowing = false;
    view.show(model);
  });
}

function streamOf(id) {
  return id === model.me ? media.preview : session.peerOf(id)?.stream;
}

/** Measures the sound of everybody here. */
function listen() {
  levels.retain(new Set(model.participants.map(({ id }) => id)));
  for (const { id, me } of model.participants) {
    levels.watch(id, me ? media.microphoneTrack : (session.peerOf(id)?.stream.getAudioTracks()[0] ?? null));
  }
}

function handleSending(sending) {
  emit({ type: 'sending', sending });
  session.setMedia(onTheWire(sending));
  listen();
}

/** What the others are told: while the screen is shared, the camera's picture is not sent. */
function onTheWire(sending) {
  return { ...sending, camera: sending.camera && !sending.screen };
}

// ---------------------------------------------------------------------------------------------- what the person wants

function intents() {
  return {
    microphone: () => media.setMicrophone(!model.sending.microphone),
    camera: () => media.setCamera(!model.sending.camera),
    screen: () => media.canShareScreen && media.setScreen(!model.sending.screen),
    hand: () => media.setHand(!model.sending.hand),
    panel: (panel) => emit({ type: 'panel', panel }),
    pin: (client) => emit({ type: 'pin', client }),
    say: (text) => session.say(text),
    username: handleUsername,
    nameLater: () => emit({ type: 'nameLater' }),
    volume: (client, volume) => emit({ type: 'volume', client, volume }),
    dismiss: (toast) => emit({ type: 'dismiss', toast }),
    settings: (open) => emit({ type: 'settings', open }),
    choose: (kind, id) => (kind === 'output' ? view.setOutput(id) : media.choose(kind, id)),
    soundBlocked: (blocked) => emit({ type: 'soundBlocked', blocked }),
    allowSound: resumeSound,
    retry: comeBack,
    copyAddress,
    leave: () => {
      goAway();
      location.assign(lobby);
    },
  };
}

function handleUsername(given) {
  const username = cleanUsername(given);
  emit({ type: 'username', username });
  session.setUsername(username);
  store(username);
}

async function copyAddress() {
  const address = location.origin + location.pathname;
  try {
    await navigator.clipboard.writeText(address);
    emit({ type: 'toast', kind: 'info', text: 'The address of this room was copied.' });
  } catch {
    emit({ type: 'toast', kind: 'info', text: `The address of this room: ${address}` });
  }
}

function resumeSound() {
  view.resumeSound();
  levels.resume();
}

// ------------------------------------------------------------------------------------------------ coming and going

let isAway = false;

function goAway() {
  if (isAway) return;
  isAway = true;
  link.leave(session.farewells());
  session.leave();
  media.stop();
}

/** Back after leaving, after a refusal, from another tab, or from the browser's cache of pages. */
function comeBack() {
  tabs.take();
  link.retry();
  if (!isAway && model.status.name !== 'elsewhere') return;
  isAway = false;
  emit({ type: 'status', status: { name: 'joining' } });
  media.start();
}

/** Another tab of this browser has entered the room: the seat is its now. */
function handleTaken() {
  if (isAway) return;
  link.stop();
  session.leave();
  media.stop();
  emit({ type: 'status', status: { name: 'elsewhere' } });
}

addEventListener('pagehide', goAway);
addEventListener('pageshow', ({ persisted }) => persisted && comeBack());
addEventListener('online', () => model.status.name === 'reconnecting' && link.retry());
for (const touch of ['pointerdown', 'pointerup', 'keydown']) {
  addEventListener(touch, () => (model.isSoundBlocked ? resumeSound() : levels.resume()), { passive: true });
}

listenToKeys({
  keys: {
    m: () => intents().microphone(),
    v: () => intents().camera(),
    s: () => intents().screen(),
    h: () => intents().hand(),
    c: () => intents().panel('chat'),
  },
  onEscape: () => model.panel !== null && intents().panel(model.panel),
});

// --------------------------------------------------------------------------------------------------------- details

let figures = {};

async function measure() {
  const entries = session.peers.map(async (peer) => [peer.id, summarize(await peer.getStats(), figures[peer.id])]);
  figures = Object.fromEntries(await Promise.all(entries));
  return figures;
}

setInterval(async () => {
  if (model.panel !== 'details') return;
  emit({ type: 'details', details: await measure(), serverRoundTrip: link.roundTrip });
}, DETAILS_EVERY);

// ------------------------------------------------------------------------------------------------------------ start

function storedName() {
  try {
    return cleanUsername(localStorage.getItem(NAME_KEY) ?? '');
  } catch {
    return ''; // the browser keeps nothing for this page
  }
}

function store(username) {
  try {
    localStorage.setItem(NAME_KEY, username);
  } catch {
    // the browser keeps nothing for this page: the name holds until it is closed
  }
}

window.rtcChat = testHook({ model: () => model, timeline, measure });
document.querySelector('#app').append(view.element);
emit({ type: 'canShareScreen', able: media.canShareScreen });
tabs.take();
link.start();
media.start();
