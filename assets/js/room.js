//! The room page: brings link, session, devices and views together.
//!
//! For end-to-end tests `window.rtcChat` shows what happens here, read-only and without secrets:
//!   status      'joining' | 'connecting' | 'joined' | 'reconnecting' | 'refused' | 'elsewhere' |
//!               'left' | 'ended'
//!   me, room    the own client id and the room's name
//!   role        'owner' | 'moderator' | 'guest'
//!   roster      [{id, username, me, unstable, media, ours, role, obeys}] as the page shows it
//!   knocking    [{id, name}] who waits to be let in, for owner and moderators
//!   peers       {<client id>: 'connecting' | 'connected' | 'interrupted'}
//!   chat        [{id, from, name, time, text, mine, private, to, edited}] in the order shown
//!   sending     {microphone, camera, screen, hand}
//!   speaking    [<client id>…]
//!   toasts      [<text>…] shown at the moment
//!   timeline    {<event>: ms since the page was opened}: 'open', 'joined', and per peer 'connected <id>', 'picture <id>'
//!   counters()  a promise of {<client id>: {framesReceived, framesDecoded, framesSent, audioPackets, …}} of `getStats`
//!   details()   a promise of {<client id>: figures as the connection details show them}

import { Keeper } from './keeper.js';
import { Link } from './link.js';
import { Levels } from './sound.js';
import { Media } from './media.js';
import { apply, initialModel } from './model.js';
import { cleanUsername } from './names.js';
import { keepName, keptName, showName } from './ownname.js';
import { wordsForDeed } from './rules.js';
import { Session } from './session.js';
import { summarize } from './stats.js';
import { Tabs } from './tabs.js';
import { testHook, Timeline } from './testhook.js';
import { listenToKeys } from './view/keyboard.js';
import { RoomView } from './view/room.js';

const DETAILS_EVERY = 1_000;

const { roomId, clientId, lobby = location.pathname.replace(/\/[^/]*\/?$/, '') || '/rtc' } = document.body.dataset;

let model = initialModel({ room: roomId, me: clientId, username: keptName() });
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
  shown: atTheDoor,
  on: {
    up: (info) => session.handleUp(info),
    down: (info) => session.handleDown(info),
    frame: (frame) => session.handleFrame(frame),
    refused: handleRefused,
    passwordWanted: () => location.replace(location.pathname), // asks for it
  },
});
const session = new Session({ link, username: model.username, outgoing: media.outgoing, emit, obey });
const keeper = new Keeper({ room: roomId, emit, deleted: () => end({ reason: 'delete', isMine: true }) });
const tabs = new Tabs({ room: roomId, onTaken: () => handleTaken('tab') });
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

/** What a tile shows. */
function streamOf({ person: { id, me }, isScreen }) {
  if (me) return isScreen ? media.preview.screen : media.preview.camera;
  const peer = session.peerOf(id);
  return isScreen ? peer?.screenStream : peer?.stream;
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
  session.setMedia(sending);
  listen();
}

// ---------------------------------------------------------------------------------------------- what the person wants

function intents() {
  return {
    microphone: () => !isAway && media.setMicrophone(!model.sending.microphone),
    camera: () => !isAway && media.setCamera(!model.sending.camera),
    screen: () => !isAway && media.canShareScreen && media.setScreen(!model.sending.screen),
    hand: () => !isAway && media.setHand(!model.sending.hand),
    panel: (panel) => emit({ type: 'panel', panel }),
    pin: (client, isScreen) => emit({ type: 'pin', client, isScreen }),
    sight: (heights) => session.showAt(heights),
    say: (text, client) => session.talk.say(text, client),
    writeTo: handleRecipient,
    showPeople: () => model.panel !== 'people' && emit({ type: 'panel', panel: 'people' }),
    loadEarlier: () => session.talk.loadEarlier(),
    editLine: (id, text) => session.talk.edit(id, text),
    deleteLine: (id) => session.talk.delete(id),
    moderate: (action, client, address) => session.moderate(action, client, address),
    dialog: openDialog,
    keeper,
    username: handleUsername,
    nameLater: () => emit({ type: 'nameLater' }),
    volume: (client, volume) => emit({ type: 'volume', client, volume }),
    dismiss: (toast) => emit({ type: 'dismiss', toast }),
    settings: (open) => emit({ type: 'settings', open }),
    choose: (kind, id) => (kind === 'output' ? view.setOutput(id) : media.choose(kind, id)),
    soundBlocked: (blocked) => emit({ type: 'soundBlocked', blocked }),
    allowSound: resumeSound,
    retry: comeBack,
    copyAddress: () => copy(location.origin + location.pathname, 'The address of this room'),
    copy,
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
  keepName(username);
}

/** To whom one writes; `null`: everyone. The chat opens for it. */
function handleRecipient(recipient) {
  emit({ type: 'recipient', recipient });
  if (model.panel !== 'chat') emit({ type: 'panel', panel: 'chat' });
}

async function copy(text, what) {
  try {
    await navigator.clipboard.writeText(text);
    emit({ type: 'toast', kind: 'info', text: `${what} was copied.` });
    return true;
  } catch {
    emit({ type: 'toast', kind: 'info', text: `${what}: ${text}` });
    return false;
  }
}

function openDialog(dialog) {
  emit({ type: 'dialog', dialog });
  if (dialog === 'invites') keeper.loadInvites();
  if (dialog === 'bans') keeper.loadBans();
}

/** Does what somebody who keeps order did to this person. */
function obey({ action, who }) {
  if (action === 'elsewhere') return handleTaken('device');
  if (action === 'kick' || action === 'ban') return end({ reason: action, who });
  const words = wordsForDeed(action, who);
  if (words === null) return undefined;
  const isHand = action === 'lower-hand';
  if (isHand ? model.sending.hand : model.sending.microphone) emit({ type: 'toast', kind: 'warning', text: words });
  return isHand ? media.setHand(false) : media.mute();
}

function resumeSound() {
  view.resumeSound();
  levels.resume();
}

// ------------------------------------------------------------------------------------------------ coming and going

let isAway = false;

/** What opened the door for this page opens it again where a new seat is needed. */
function atTheDoor() {
  const behind = new URLSearchParams(location.search);
  const shown = { invite: behind.get('invite'), join_token: behind.get('join_token'), name: model.username };
  return Object.fromEntries(Object.entries(shown).filter(([, value]) => value));
}

function handleRefused(notice) {
  if (notice.id === 'banned') return end({ reason: 'ban' });
  if (notice.id === 'unknown-room' && session.wasSentAway) return end({ reason: 'delete' });
  return emit({ type: 'status', status: { name: 'refused', notice } });
}

/** Out of the room for good, or until the person asks to come back. */
function end(how) {
  if (model.status.name === 'ended') return;
  isAway = true;
  link.stop();
  session.leave({ name: 'ended', ...how });
  media.stop();
}

function goAway() {
  if (isAway) return;
  isAway = true;
  link.leave(session.farewells());
  session.leave();
  media.stop();
}

/** Back after leaving, being sent away or a refusal, from another tab, or from the browser's cache of pages. */
function comeBack() {
  tabs.take();
  link.retry();
  if (!isAway) return;
  isAway = false;
  emit({ type: 'status', status: { name: 'joining' } });
  media.start();
}

/** Another tab of this browser, or another device of this person, has entered the room: the seat is its now. */
function handleTaken(where) {
  if (isAway) return;
  isAway = true; // the seat is no longer ours to give back
  link.stop();
  session.leave();
  media.stop();
  emit({ type: 'status', status: { name: 'elsewhere', where } });
}

addEventListener('pagehide', goAway);
addEventListener('pageshow', ({ persisted }) => persisted && model.status.name !== 'ended' && comeBack());
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

window.rtcChat = testHook({ model: () => model, timeline, measure });
document.querySelector('#app').append(view.element);
emit({ type: 'canShareScreen', able: media.canShareScreen });
tabs.take();
if (model.username) showName(model.username); // a browser that kept it for itself alone until now
link.start();
media.start();
