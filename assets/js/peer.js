//! One other participant: its peer connection, negotiated perfectly (W3C WebRTC, section 10.7), also with old pages.

import { gathered, identityOf, isOfGeneration } from './sdp.js';
import { bitsFor, shrinkFor } from './sight.js';

/** Candidates of a complete description are waited for at most this long: a dead STUN server must not hold a call up. */
const GATHERING_MAX = 1_000;
/** An offer that nobody answers is made anew. */
const ANSWER_TIMEOUT = 10_000;
/** As long as a browser tries by itself before it says `failed`; one without any candidate never says it. */
const CONNECT_TIMEOUT = 18_000;
/** An interrupted connection gets this long to come back by itself. */
const INTERRUPTED_MAX = 2_500;
const RECOVERY_FIRST = 1_000;
const RECOVERY_MAX = 8_000;

/** Bits a second of a screen's text to one peer. */
const SCREEN_BITRATE = 2_500_000;

/** The sections of media, in the order in which they are offered: sound, the camera, the screen. */
const SECTIONS = ['audio', 'video', 'screen'];

/**
 * `describe()` gives what the roster knows of the peer (or `undefined`), `outgoing` is `{stream, audio, video, screen}`
 * with tracks or `null`: `video` is the camera's. `on` has `send(type, data)`, `canSignal()`, `state(name)` and `tracks()`. States: connecting, connected, interrupted, closed.
 */
export class Peer {
  #me;
  #describe;
  #iceServers;
  #outgoing;
  #on;
  #pc = null;
  #life = 0; // counts peer connections: what an earlier one still does is ignored
  #making = false;
  #incoming = Promise.resolve(); // descriptions and candidates of the peer, one after the other
  #remoteIdentity = null;
  #transceivers = {}; // by section
  #isDescriptionSent = false;
  #unsent = null; // candidates that wait for our description to go out; null: they go at once
  #timer = 0;
  #recoveries = 0;
  #wasConnected = false;
  #shown = {}; // how high our pictures are shown there: `{height, screen}`, as far as it says
  #isStalled = false; // would have begun anew, had signalling been possible
  state = 'connecting';
  /** What the peer sends: at most one audio and one video track. */
  stream = new MediaStream();
  #screenStream = new MediaStream();

  constructor({ id, me, describe, iceServers, outgoing, on }) {
    this.id = id;
    this.#me = me;
    this.#describe = describe;
    this.#iceServers = iceServers;
    this.#outgoing = outgoing;
    this.#on = on;
  }

  /** Makes a connection and offers it. */
  async offer() {
    this.#open();
    for (const section of SECTIONS) {
      this.#transceivers[section] = this.#pc.addTransceiver(this.#trackOf(section) ?? kindOf(section), {
        direction: 'sendrecv',
        streams: [this.#outgoing.stream],
      });
    }
    await this.#sendOffer();
  }

  handleOffer(description) {
    // Decided on arrival: an offer that meets ours must not wait until ours is complete.
    const collision = this.#making || this.#pc?.signalingState === 'have-local-offer';
    if (collision && !this.#isPoliteTo(description)) return;
    if (!this.#isOfThisConnection(description.sdp)) this.#open();
    const life = this.#life;
    this.#enqueue(life, (pc) => this.#acceptOffer(pc, life, description));
  }

  handleAnswer(description) {
    if (this.#pc?.signalingState !== 'have-local-offer') return; // to an offer that was taken back
    if (this.#remoteIdentity && !this.#isOfThisConnection(description.sdp)) {
      this.#restart(); // the peer began anew meanwhile: what it answered cannot fit what stands here
      return;
    }
    this.#enqueue(this.#life, async (pc) => {
      await pc.setRemoteDescription({ type: 'answer', sdp: description.sdp });
      this.#remoteIdentity = identityOf(description.sdp);
      this.updateTracks();
      this.#expectConnection();
    });
  }

  handleCandidate(candidate) {
    if (!this.#pc) return;
    this.#enqueue(this.#life, async (pc) => {
      if (!pc.remoteDescription || !isOfGeneration(candidate, pc.remoteDescription.sdp)) return;
      await pc.addIceCandidate(candidate).catch(() => {}); // one candidate less is no harm
    });
  }

  /** The roster knows the peer now: the candidates that waited for that go out. */
  handleDescribed() {
    if (!this.#isDescriptionSent || this.#candidateType === undefined || this.#unsent === null) return;
    const waiting = this.#unsent;
    this.#unsent = null;
    waiting.forEach((candidate) => this.#sendCandidate(candidate));
  }

  /** Sends what `outgoing` says now. */
  updateTracks() {
    for (const section of SECTIONS) {
      this.#transceivers[section]?.sender.replaceTrack(this.#trackOf(section)).catch(() => {});
    }
    this.#tune();
  }

  /** How high the peer shows our pictures, in pixels: `{height, screen}`. No more than that is sent. */
  showAt(shown) {
    this.#shown = shown ?? {};
    this.#tune();
  }

  /** Whether camera and screen go side by side, both ways; else a shared screen is sent in the camera's place. */
  get takesBoth() {
    return this.#transceivers.screen?.currentDirection === 'sendrecv';
  }

  /** Where the peer's screen is, while it shares one. */
  get screenStream() {
    return this.takesBoth ? this.#screenStream : this.stream;
  }

  /** Signalling is possible again: a connection that broke meanwhile is mended; one in the making goes on. */
  recoverNow() {
    if (this.state !== 'interrupted' && !this.#isStalled) return;
    this.#recoveries = 0;
    this.#recover();
  }

  /** Whether media flows, or did a moment ago. */
  get isAlive() {
    return this.state === 'connected' || (this.state === 'interrupted' && this.#wasConnected);
  }

  getStats() {
    return this.#pc ? this.#pc.getStats() : Promise.resolve(new Map());
  }

  close() {
    this.#dispose();
    this.#setState('closed');
  }

  // ----------------------------------------------------------------------------------------------- negotiation

  #isPoliteTo({ form }) {
    return form === 'string' || this.#me < this.id;
  }

  /** Whether an SDP belongs to the connection that stands here, or begins another. */
  #isOfThisConnection(sdp) {
    return this.#pc !== null && this.#remoteIdentity === identityOf(sdp);
  }

  get #form() {
    const known = this.#describe();
    return known && (known.capabilities.length > 0 || known.offers === 'object') ? 'object' : 'string';
  }

  #can(capability) {
    return this.#describe()?.capabilities.includes(capability) ?? false;
  }

  /** The type under which the peer takes candidates; `null`: it takes none; `undefined`: not known yet. */
  get #candidateType() {
    const known = this.#describe();
    if (!known) return undefined;
    if (known.capabilities.length > 0) return known.capabilities.includes('trickle') ? 'ice-candidate' : null;
    return known.offers === 'object' ? 'icecandidate' : null;
  }

  async #sendOffer() {
    const pc = this.#pc;
    const life = this.#life;
    const form = this.#form;
    this.#making = true;
    this.#unsent = [];
    this.#isDescriptionSent = false;
    try {
      await pc.setLocalDescription();
      if (form === 'string' || !this.#candidateType) await gathered(pc, GATHERING_MAX);
    } finally {
      if (life === this.#life) this.#making = false;
    }
    if (life !== this.#life || pc.signalingState !== 'have-local-offer') return; // gave way to the peer's offer
    this.#on.send('offer', { form, sdp: pc.localDescription.sdp });
    this.#handleDescriptionSent();
    this.#startTimer(ANSWER_TIMEOUT, () => this.#restart());
  }

  async #acceptOffer(pc, life, { form, sdp }) {
    this.#stopTimer();
    this.#unsent = [];
    this.#isDescriptionSent = false;
    await pc.setRemoteDescription({ type: 'offer', sdp }); // takes our own offer back where there is one
    if (life !== this.#life) return;
    this.#remoteIdentity = identityOf(sdp);
    this.#attachTo(pc);
    await pc.setLocalDescription();
    if (form === 'string' || this.#candidateType === null) await gathered(pc, GATHERING_MAX);
    if (life !== this.#life) return;
    this.#on.send('answer', { form, sdp: pc.localDescription.sdp });
    this.updateTracks();
    this.#handleDescriptionSent();
    this.#expectConnection();
  }

  /** As the answerer: our tracks go into the transceivers that the offer made. */
  #attachTo(pc) {
    const offered = pc.getTransceivers().filter(({ mid, stopped }) => mid !== null && !stopped);
    const of = (kind) => offered.filter(({ receiver }) => receiver.track.kind === kind);
    const [audio] = of('audio');
    const [video, screen] = of('video');
    this.#transceivers = { audio, video, screen };
    for (const section of SECTIONS) {
      const transceiver = this.#transceivers[section];
      if (!transceiver || transceiver.direction === 'sendrecv') continue;
      transceiver.direction = 'sendrecv';
      transceiver.sender.setStreams?.(this.#outgoing.stream);
      transceiver.sender.replaceTrack(this.#trackOf(section)).catch(() => {});
    }
  }

  /** What is sent in a section. Before it is agreed how many pictures the peer takes, the camera's is. */
  #trackOf(section) {
    const { audio, video, screen } = this.#outgoing;
    if (section === 'audio') return audio;
    if (section === 'screen') return this.takesBoth ? screen : null;
    return this.takesBoth ? video : (screen ?? video);
  }

  #handleDescriptionSent() {
    this.#isDescriptionSent = true;
    this.handleDescribed();
  }

  #expectConnection() {
    this.#stopTimer();
    if (this.#pc.connectionState !== 'connected') this.#startTimer(CONNECT_TIMEOUT, () => this.#restart());
  }

  #handleLocalCandidate(candidate) {
    if (!candidate?.candidate) return;
    if (this.#unsent) this.#unsent.push(candidate);
    else this.#sendCandidate(candidate);
  }

  #sendCandidate(candidate) {
    const type = this.#candidateType;
    if (!type) return;
    // Ours bundle, so the first section's candidates are all; a TCP candidate leads from no browser to another.
    if (type === 'ice-candidate' && (candidate.sdpMLineIndex !== 0 || candidate.protocol === 'tcp')) return;
    this.#on.send(type, candidate.toJSON());
  }

  #enqueue(life, task) {
    this.#incoming = this.#incoming.then(async () => {
      const pc = this.#pc;
      if (life !== this.#life || !pc) return;
      try {
        await task(pc);
      } catch (problem) {
        console.warn('negotiation failed', problem.name);
        if (life === this.#life) this.#recoverLater();
      }
    });
  }

  // ------------------------------------------------------------------------------------------------ connection

  #open() {
    this.#dispose();
    const life = this.#life;
    const pc = new RTCPeerConnection({ iceServers: this.#iceServers });
    this.#pc = pc;
    pc.onicecandidate = ({ candidate }) => life === this.#life && this.#handleLocalCandidate(candidate);
    pc.onconnectionstatechange = () => life === this.#life && this.#handleConnection(pc.connectionState);
    pc.ontrack = ({ track, transceiver }) => life === this.#life && this.#handleTrack(pc, track, transceiver);
    this.#setState('connecting');
  }

  #handleTrack(pc, track, transceiver) {
    const alike = pc.getTransceivers().filter(({ mid, receiver }) => mid !== null && receiver.track.kind === track.kind);
    const at = alike.indexOf(transceiver);
    const isScreen = track.kind === 'video' && at === 1;
    if (at > 0 && !isScreen) return; // of sound the first counts, of pictures the first two
    (isScreen ? this.#screenStream : this.stream).addTrack(track);
    track.onunmute = track.onmute = () => this.#on.tracks();
    this.#on.tracks();
  }

  #handleConnection(state) {
    if (state === 'connected') {
      this.#stopTimer();
      this.#recoveries = 0;
      this.#wasConnected = true;
      this.#tune();
      this.#setState('connected');
    } else if (state === 'disconnected') {
      this.#setState('interrupted');
      this.#startTimer(this.#patience(INTERRUPTED_MAX), () => this.#recover());
    } else if (state === 'failed') {
      this.#setState('interrupted');
      this.#recoverLater();
    }
  }

  /** Of two that would mend at once, the polite one waits longer: most glare is avoided, the rest is harmless. */
  #patience(delay) {
    return this.#me < this.id ? delay * 2 : delay;
  }

  #recoverLater() {
    const delay = Math.min(RECOVERY_MAX, RECOVERY_FIRST * 2 ** this.#recoveries);
    this.#startTimer(this.#patience(delay / 2 + (Math.random() * delay) / 2), () => this.#recover());
  }

  #recover() {
    this.#isStalled = !this.#on.canSignal();
    if (this.#isStalled) return; // `recoverNow` comes when that is possible again
    this.#recoveries += 1;
    const mendable = this.#recoveries <= 2 && this.#wasConnected && this.#can('renegotiation');
    if (mendable && this.#pc?.signalingState === 'stable') {
      this.#pc.restartIce();
      this.#sendOffer().catch(() => this.#recoverLater());
    } else this.#restart();
  }

  #restart() {
    this.#isStalled = !this.#on.canSignal();
    if (this.state !== 'closed' && !this.#isStalled) this.offer().catch(() => this.#recoverLater());
  }

  #tune() {
    const { screen, video } = this.#outgoing;
    const { height = null, screen: screenHeight = height } = this.#shown;
    const taken = video?.getSettings();
    const shrink = shrinkFor(taken?.height, height);
    const camera = { maxBitrate: bitsFor(taken, shrink), active: height !== 0, scaleResolutionDownBy: shrink };
    // Text is read, and scaled by whoever shows it.
    const text = { maxBitrate: SCREEN_BITRATE, active: screenHeight !== 0, scaleResolutionDownBy: 1 };
    if (this.takesBoth) this.#tuneSender('screen', text);
    this.#tuneSender('video', screen && !this.takesBoth ? { ...text, active: height !== 0 || screenHeight !== 0 } : camera);
  }

  async #tuneSender(section, wanted) {
    const sender = this.#transceivers[section]?.sender;
    const parameters = sender?.getParameters();
    if (!parameters?.encodings?.length) return;
    Object.assign(parameters.encodings[0], wanted);
    await sender.setParameters(parameters).catch(() => {}); // changed meanwhile: the next call sets it
  }

  #setState(state) {
    if (this.state === state) return;
    this.state = state;
    this.#on.state(state);
  }

  #startTimer(delay, then) {
    this.#stopTimer();
    this.#timer = setTimeout(then, delay);
  }

  #stopTimer() {
    clearTimeout(this.#timer);
    this.#timer = 0;
  }

  #dispose() {
    this.#life += 1;
    this.#stopTimer();
    this.#making = false;
    this.#unsent = null;
    this.#remoteIdentity = null;
    this.#wasConnected = false;
    this.#transceivers = {};
    this.#pc?.close();
    this.#pc = null;
    for (const stream of [this.stream, this.#screenStream]) {
      for (const track of stream.getTracks()) stream.removeTrack(track);
    }
  }
}

function kindOf(section) {
  return section === 'audio' ? 'audio' : 'video';
}
