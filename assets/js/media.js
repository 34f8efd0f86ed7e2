//! The person's own camera, microphone and screen. Every one of them may be missing: then the rest goes on.

/** Enough for a tile, light enough to encode once for each of several peers. */
const CAMERA = { width: { ideal: 640 }, height: { ideal: 360 }, frameRate: { ideal: 30, max: 30 } };
const MICROPHONE = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };
const SCREEN = { frameRate: { ideal: 15, max: 30 } };
/** A camera that is switched off sends black this long, so that old pages do not keep its last picture. */
const BLACK_OUT = 400;

const STILL = 'You can still see, hear and write.';
const NAMES = { audio: 'microphone', video: 'camera' };

/** `on` hears `change(sending)` after every change, `notice(text)`, and `devices(lists)`. */
export class Media {
  /** What every peer gets sent. The stream only lends its id: all our tracks travel under it. */
  outgoing = { stream: new MediaStream(), audio: null, video: null, screen: null };
  /** What the person's own tiles show. */
  preview = { camera: new MediaStream(), screen: new MediaStream() };
  #on;
  #camera = null;
  #microphone = null;
  #screen = null;
  #hand = false;
  #mutes = 0; // how often somebody else switched the microphone off
  #blackOut = 0;
  #chosen = { audio: null, video: null };

  constructor({ on }) {
    this.#on = on;
    navigator.mediaDevices?.addEventListener('devicechange', () => this.#listDevices());
  }

  get sending() {
    return {
      microphone: this.#microphone?.enabled ?? false,
      camera: this.#camera !== null,
      screen: this.#screen !== null,
      hand: this.#hand,
    };
  }

  get canShareScreen() {
    return typeof navigator.mediaDevices?.getDisplayMedia === 'function';
  }

  get microphoneTrack() {
    return this.#microphone;
  }

  /** Asks for camera and microphone together: one question for the person. */
  async start() {
    const mutes = this.#mutes;
    const kinds = await this.#present(['audio', 'video']);
    const tracks = kinds.length > 0 ? await this.#capture(kinds) : [];
    for (const track of tracks) this.#take(track, mutes);
    this.#changed();
    await this.#listDevices();
  }

  async setMicrophone(on) {
    if (this.#microphone) this.#microphone.enabled = on;
    else if (on) await this.#begin('audio');
    this.#changed();
  }

  /** Somebody else switched the microphone off: also one that is only just being switched on. */
  mute() {
    this.#mutes += 1;
    return this.setMicrophone(false);
  }

  async setCamera(on) {
    if (on && !this.#camera) await this.#begin('video');
    else if (!on) this.#stopCamera();
    this.#changed();
  }

  async setScreen(on) {
    if (on && !this.#screen) await this.#beginScreen();
    else if (!on) this.#stopScreen();
    this.#changed();
  }

  setHand(on) {
    this.#hand = on;
    this.#changed();
  }

  /** Uses another device of a kind (`audio` or `video`), now if one is in use and the next time if not. */
  async choose(kind, deviceId) {
    this.#chosen[kind] = deviceId || null;
    const current = kind === 'audio' ? this.#microphone : this.#camera;
    if (!current) return;
    const [track] = await this.#capture([kind]);
    if (!track) return;
    current.onended = null;
    current.stop();
    track.enabled = current.enabled;
    this.#take(track);
    this.#changed();
  }

  stop() {
    for (const track of [this.#microphone, this.#camera, this.#screen]) track?.stop();
    this.#microphone = this.#camera = this.#screen = null;
    this.#changed();
  }

  // -------------------------------------------------------------------------------------------------- capturing

  async #begin(kind) {
    const mutes = this.#mutes;
    if ((await this.#present([kind])).length === 0) return;
    for (const track of await this.#capture([kind])) this.#take(track, mutes);
    await this.#listDevices();
  }

  /** Those of `kinds` that there is a device for; the rest is told. */
  async #present(kinds) {
    if (!navigator.mediaDevices?.getUserMedia) {
      this.#on.notice(`The browser gives camera and microphone to secure pages (https) only. ${STILL}`);
      return [];
    }
    const devices = await navigator.mediaDevices.enumerateDevices();
    const missing = kinds.filter((kind) => !devices.some((device) => device.kind === `${kind}input`));
    if (missing.length > 0) {
      this.#on.notice(`No ${missing.map((kind) => NAMES[kind]).join(' and no ')} was found. ${STILL}`);
    }
    return kinds.filter((kind) => !missing.includes(kind));
  }

  /** The tracks that could be had, each kind by itself where both together fail; what failed is told. */
  async #capture(kinds) {
    const problems = new Map(); // name of the error → kinds that failed with it
    const tracks = await this.#tryCapture(kinds, problems);
    for (const [name, failed] of problems) this.#on.notice(explain(name, failed));
    return tracks;
  }

  async #tryCapture(kinds, problems) {
    try {
      const wanted = Object.fromEntries(kinds.map((kind) => [kind, this.#constraints(kind)]));
      return (await navigator.mediaDevices.getUserMedia(wanted)).getTracks();
    } catch (problem) {
      if (kinds.length > 1 && !isDismissed(problem)) {
        return (await Promise.all(kinds.map((kind) => this.#tryCapture([kind], problems)))).flat();
      }
      if (problem.name === 'OverconstrainedError' && this.#chosen[kinds[0]]) {
        this.#chosen[kinds[0]] = null; // the chosen device is gone: any other will do
        return this.#tryCapture(kinds, problems);
      }
      problems.set(problem.name, [...(problems.get(problem.name) ?? []), ...kinds]);
      return [];
    }
  }

  #constraints(kind) {
    const wanted = kind === 'audio' ? MICROPHONE : CAMERA;
    const deviceId = this.#chosen[kind];
    return deviceId ? { ...wanted, deviceId: { exact: deviceId } } : wanted;
  }

  /** `mutes`: how many there had been when the track was asked for. */
  #take(track, mutes = this.#mutes) {
    const isSound = track.kind === 'audio';
    if (isSound && mutes !== this.#mutes) track.enabled = false;
    if (isSound) this.#microphone = track;
    else {
      clearTimeout(this.#blackOut);
      this.#camera = track;
    }
    track.onended = () => {
      if (isSound) this.#microphone = null;
      else this.#camera = null;
      this.#on.notice(`The ${NAMES[track.kind]} went away. ${STILL}`);
      this.#changed();
    };
  }

  async #beginScreen() {
    let stream;
    try {
      stream = await navigator.mediaDevices.getDisplayMedia({ video: SCREEN, audio: false });
    } catch (problem) {
      if (problem.name !== 'NotAllowedError') this.#on.notice('The screen could not be shared.');
      return; // otherwise the person chose not to
    }
    [this.#screen] = stream.getVideoTracks();
    this.#screen.contentHint = 'detail';
    this.#screen.onended = () => this.setScreen(false); // stopped in the browser's own bar
  }

  #stopScreen() {
    if (this.#screen) this.#screen.onended = null;
    this.#screen?.stop();
    this.#screen = null;
  }

  #stopCamera() {
    const track = this.#camera;
    if (!track) return;
    this.#camera = null;
    track.onended = null;
    track.enabled = false;
    clearTimeout(this.#blackOut);
    this.#blackOut = setTimeout(() => {
      track.stop();
      this.#changed();
    }, BLACK_OUT);
    this.outgoing.video = track; // black until then
  }

  #changed() {
    const fading = this.outgoing.video?.enabled === false && this.outgoing.video.readyState === 'live';
    this.outgoing.audio = this.#microphone;
    this.outgoing.screen = this.#screen;
    if (this.#camera || !fading) this.outgoing.video = this.#camera;
    keepOnly(this.preview.camera, this.#camera);
    keepOnly(this.preview.screen, this.#screen);
    this.#on.change(this.sending);
  }

  /** Names of devices are empty until the person has allowed one. */
  async #listDevices() {
    const devices = (await navigator.mediaDevices?.enumerateDevices()) ?? [];
    const of = (kind) =>
      devices
        .filter((device) => device.kind === kind && device.deviceId !== '')
        .map(({ deviceId, label }) => ({ id: deviceId, label: label || 'Unnamed device' }));
    this.#on.devices({ audio: of('audioinput'), video: of('videoinput'), output: of('audiooutput') });
  }
}

/** Puts a track into a stream that has no other; `null`: nothing. */
function keepOnly(stream, track) {
  for (const other of stream.getTracks()) if (other !== track) stream.removeTrack(other);
  if (track && !stream.getTracks().includes(track)) stream.addTrack(track);
}

/** The person closed the question without an answer: asking once more for each kind would be a nuisance. */
function isDismissed(problem) {
  return problem.name === 'NotAllowedError' && /dismiss/i.test(problem.message);
}

function explain(errorName, kinds) {
  const what = kinds.map((kind) => NAMES[kind]).join(' and ');
  switch (errorName) {
    case 'NotAllowedError':
      return `The browser does not let this page use your ${what}. ${STILL} To change it, use the sign beside the address.`;
    case 'NotFoundError':
      return `No ${what} was found. ${STILL}`;
    case 'NotReadableError':
      return `Your ${what} cannot be used: perhaps another program has it. ${STILL}`;
    default:
      return `Your ${what} could not be started. ${STILL}`;
  }
}
