//! A double of the second version's room page, for tests: does what that page does on the wire.
//!
//! Served in place of our page by `rtc-chat-server --assets lab/bots/old-pages/second`, at `/chat/<room>`. It announces
//! nothing: offers and answers are `{type, sdp}`, candidates trickle as `icecandidate`, negotiation is perfect (polite is
//! the smaller id as a string), and `ping`, `get-ice-servers` and `get-room-info` are each awaited for ever.
//!
//! `window.rtcChat` is there for tests: `status`, `me`, `peers`, `chat`, `roster`, `counters()`, `say(text)`,
//! `rename(username)`.

const SERVER = 'ground control';

const state = { status: 'joining', me: null, roster: [], chat: [], name: 'Major Tom', iceServers: [] };
const peers = new Map(); // id → Peer
const waiting = new Map(); // type → resolvers, without any time-out
let channel = null;
let camera = null;

// ------------------------------------------------------------------------------------------------------ the channel

function send(receiver, type, data = null) {
  channel.send(JSON.stringify({ receiver, type, data }));
}

function reply(type) {
  return new Promise((resolve) => waiting.set(type, [...(waiting.get(type) ?? []), resolve]));
}

async function ask(type, replyType) {
  const replied = reply(replyType);
  send(SERVER, type);
  return replied;
}

function receive(message) {
  const { sender, type, data } = message;
  if (type === 'ping') send(sender, 'pong', data);
  else if (type === 'text') state.chat.push({ from: sender, name: data.from, time: data.time, text: data.text, mine: sender === state.me });
  else if (type === 'icecandidate') peers.get(sender)?.handleCandidate(data);
  else if (type === 'bye') hangUp(sender);
  else if (type === 'room-info' && isReady()) meetEverybody(data.clients);
  else if ((type === 'offer' || type === 'answer') && isReady()) peerOf(sender).handleDescription(data);
  const resolvers = waiting.get(type) ?? [];
  waiting.delete(type);
  resolvers.forEach((resolve) => resolve(message));
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
  await pc.setLocalDescription();
  await gathered(pc);
  const response = await fetch(`${location.pathname}/offer`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(pc.localDescription),
  });
  await pc.setRemoteDescription(await response.json());
  camera = await navigator.mediaDevices.getUserMedia({ audio: true, video: true });
  await opened;
  window.addEventListener('pagehide', sayGoodbye);
  send(SERVER, 'greeting', 'hello from a page of the second version');
  state.me = (await ask('ping', 'pong')).receiver;
  state.iceServers = (await ask('get-ice-servers', 'ice-servers')).data;
  await ask('get-room-info', 'room-info'); // `receive` has a peer for everybody by now
  state.status = 'joined';
}

function sayGoodbye() {
  for (const id of peers.keys()) send(id, 'bye');
  send(SERVER, 'bye');
}

function gathered(pc) {
  return new Promise((resolve) => {
    const check = () => pc.iceGatheringState === 'complete' && resolve();
    pc.addEventListener('icegatheringstatechange', check);
    check();
  });
}

// -------------------------------------------------------------------------------------------------------- the peers

/** On any list: a peer, and with it an offer, for everybody new; an end to those not listed. */
function meetEverybody(clients) {
  state.roster = clients;
  const listed = new Set(clients.map(({ id }) => id));
  for (const id of [...peers.keys()]) if (!listed.has(id)) hangUp(id);
  for (const { id } of clients) if (id !== state.me) peerOf(id);
}

function peerOf(id) {
  if (!peers.has(id)) peers.set(id, new Peer(id));
  return peers.get(id);
}

function hangUp(id) {
  peers.get(id)?.close();
  peers.delete(id);
}

/** One peer connection after the pattern of the W3C's "perfect negotiation". */
class Peer {
  #making = false;
  #ignoring = false;
  #stream = new MediaStream();

  constructor(id) {
    this.id = id;
    this.polite = state.me < id;
    this.pc = new RTCPeerConnection({ iceServers: state.iceServers });
    this.view = document.createElement('video');
    Object.assign(this.view, { autoplay: true, playsInline: true });
    this.view.dataset.client = id;
    document.querySelector('#app').append(this.view);
    this.pc.ontrack = ({ track }) => this.#play(track);
    this.pc.onicecandidate = ({ candidate }) => candidate && send(id, 'icecandidate', candidate);
    this.pc.onnegotiationneeded = () => this.#offer();
    for (const track of camera.getTracks()) this.pc.addTrack(track, camera);
  }

  async #offer() {
    try {
      this.#making = true;
      await this.pc.setLocalDescription();
      send(this.id, this.pc.localDescription.type, this.pc.localDescription);
    } finally {
      this.#making = false;
    }
  }

  async handleDescription(description) {
    const collision = description.type === 'offer' && (this.#making || this.pc.signalingState !== 'stable');
    this.#ignoring = !this.polite && collision;
    if (this.#ignoring) return;
    await this.pc.setRemoteDescription(description);
    if (description.type !== 'offer') return;
    await this.pc.setLocalDescription();
    send(this.id, 'answer', this.pc.localDescription);
  }

  async handleCandidate(candidate) {
    try {
      await this.pc.addIceCandidate(candidate);
    } catch (problem) {
      if (!this.#ignoring) throw problem;
    }
  }

  #play(track) {
    if (this.#stream.getTracks().some(({ kind }) => kind === track.kind)) return; // the first of each kind is played
    this.#stream.addTrack(track);
    this.view.srcObject = this.#stream;
  }

  close() {
    this.pc.close();
    this.view.remove();
  }
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
