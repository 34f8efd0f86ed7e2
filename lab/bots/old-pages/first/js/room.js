//! A double of the first version's room page, for tests: does what that page does on the wire, flaws included.
//!
//! Served in place of our page by `rtc-chat-server --assets lab/bots/old-pages/first`, at `/rtc/<room>`. It knows no
//! extension: offers are SDP strings, complete; answers go out at once and carry no candidate; there is no glare
//! handling, no time-out and no second negotiation. Its STUN server is left out, so that tests need no network.
//!
//! `window.rtcChat` is there for tests: `status`, `me`, `peers`, `chat`, `roster`, `counters()`, `say(text)`,
//! `rename(username)`.

const SERVER = 'ground control';

const state = { status: 'joining', me: null, roster: [], chat: [], name: 'Major Tom' };
const peers = new Map(); // id → {pc, video, audio}
const waiting = new Map(); // 'type' or 'type sender' → resolvers, without any time-out
let channel = null;
let camera = null;

// ------------------------------------------------------------------------------------------------------ the channel

function send(receiver, type, data = null) {
  channel.send(JSON.stringify({ receiver, type, data }));
}

function reply(key) {
  return new Promise((resolve) => waiting.set(key, [...(waiting.get(key) ?? []), resolve]));
}

function settle(key, message) {
  const resolvers = waiting.get(key) ?? [];
  waiting.delete(key);
  resolvers.forEach((resolve) => resolve(message));
}

function receive(message) {
  const { sender, type, data } = message;
  if (type === 'pong') state.me = message.receiver;
  else if (type === 'ping') send(sender, 'pong', data);
  else if (type === 'text') state.chat.push({ from: sender, name: data.from, time: data.time, text: data.text, mine: sender === state.me });
  else if (type === 'bye') hangUp(sender);
  else if (type === 'offer' && isReady()) answerOffer(sender, data);
  else if (type === 'room-info' && isReady()) meetEverybody(data.clients);
  settle(type, message);
  settle(`${type} ${sender}`, message);
}

/** What comes before the page has its camera and its own id finds nobody who listens. */
function isReady() {
  return camera !== null && state.me !== null;
}

async function connect() {
  const pc = new RTCPeerConnection();
  channel = pc.createDataChannel('data');
  channel.onmessage = ({ data }) => receive(JSON.parse(data));
  channel.onclose = () => (state.status = 'left');
  const opened = new Promise((resolve) => (channel.onopen = resolve));
  await pc.setLocalDescription(await pc.createOffer());
  await gathered(pc);
  const response = await fetch(`${location.pathname}/offer`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ type: 'offer', sdp: pc.localDescription.sdp }),
  });
  await pc.setRemoteDescription(await response.json());
  camera = await navigator.mediaDevices.getUserMedia({ audio: true, video: true });
  await opened;
  window.addEventListener('pagehide', sayGoodbye);
  send(SERVER, 'greeting', 'hello from a page of the first version');
  send(SERVER, 'ping');
  send(SERVER, 'get-room-info');
  await reply('room-info'); // `receive` has offered to everybody by now
  state.status = 'joined';
}

function sayGoodbye() {
  for (const id of peers.keys()) send(id, 'bye');
  send(SERVER, 'bye');
}

// -------------------------------------------------------------------------------------------------------- the peers

/** On any list: an offer to everybody without a peer, and an end to those not listed. */
function meetEverybody(clients) {
  state.roster = clients;
  const listed = new Set(clients.map(({ id }) => id));
  for (const id of [...peers.keys()]) if (!listed.has(id)) hangUp(id);
  for (const { id } of clients) if (id !== state.me && !peers.has(id)) offerTo(id);
}

async function offerTo(id) {
  const { pc } = addPeer(id);
  addTracks(pc);
  await pc.setLocalDescription(await pc.createOffer());
  await gathered(pc);
  send(id, 'offer', pc.localDescription.sdp);
  const { data } = await reply(`answer ${id}`);
  await pc.setRemoteDescription({ type: 'answer', sdp: data });
}

async function answerOffer(id, sdp) {
  if (peers.has(id)) return; // whatever it says: there is a peer already
  const { pc } = addPeer(id);
  await pc.setRemoteDescription({ type: 'offer', sdp });
  addTracks(pc);
  const answer = await pc.createAnswer();
  await pc.setLocalDescription(answer);
  send(id, 'answer', answer.sdp); // without a single candidate
}

function addTracks(pc) {
  for (const track of camera.getTracks()) pc.addTrack(track, camera);
}

function addPeer(id) {
  const pc = new RTCPeerConnection();
  const view = document.createElement('video');
  view.autoplay = true;
  view.playsInline = true;
  view.dataset.client = id;
  document.querySelector('#app').append(view);
  const stream = new MediaStream();
  pc.ontrack = ({ track }) => {
    if (stream.getTracks().some(({ kind }) => kind === track.kind)) return; // the first of each kind is played
    stream.addTrack(track);
    view.srcObject = stream;
  };
  const peer = { pc, view };
  peers.set(id, peer);
  return peer;
}

function hangUp(id) {
  const peer = peers.get(id);
  peers.delete(id);
  peer?.pc.close();
  peer?.view.remove();
}

function gathered(pc) {
  return new Promise((resolve) => {
    const check = () => pc.iceGatheringState === 'complete' && resolve();
    pc.addEventListener('icegatheringstatechange', check);
    check();
  });
}

// --------------------------------------------------------------------------------------------------------- the tests

/** Of pictures, those that are played count. */
async function framesOf({ pc, view }) {
  const played = view.srcObject?.getVideoTracks()[0]?.id;
  const counters = { framesDecoded: 0, framesSent: 0, audioPackets: 0 };
  for (const entry of (await pc.getStats()).values()) {
    if (entry.type === 'inbound-rtp' && entry.trackIdentifier === played) counters.framesDecoded = entry.framesDecoded;
    if (entry.type === 'inbound-rtp' && entry.kind === 'audio') counters.audioPackets = entry.packetsReceived;
    if (entry.type === 'outbound-rtp' && entry.kind === 'video') counters.framesSent = entry.framesSent;
  }
  return counters;
}

window.rtcChat = {
  get status() {
    return state.status;
  },
  get me() {
    return state.me;
  },
  get roster() {
    return structuredClone(state.roster);
  },
  get peers() {
    return Object.fromEntries([...peers].map(([id, { pc }]) => [id, pc.connectionState]));
  },
  get chat() {
    return structuredClone(state.chat);
  },
  async counters() {
    const entries = [...peers].map(async ([id, peer]) => [id, await framesOf(peer)]);
    return Object.fromEntries(await Promise.all(entries));
  },
  say(text) {
    send('room', 'text', { from: state.name, time: Date.now(), text });
  },
  rename(username) {
    state.name = username;
    send(SERVER, 'profile', { username });
  },
};

connect();
