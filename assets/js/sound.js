//! Who speaks: the level of every sound, measured with Web Audio ten times a second.

const EVERY = 100;
/** Root mean square above which somebody speaks: −46 dB of full scale. */
const THRESHOLD = 0.005;
/** A mark stays this long after the last sound, so that it does not flicker between words. */
const HOLD = 500;

/** `on(id, isSpeaking)` hears every change. */
export class Levels {
  #on;
  #context = null;
  #watched = new Map();
  #timer = 0;

  constructor(on) {
    this.#on = on;
  }

  /** Measures `track` under `id`; `null` ends it. The same track again changes nothing. */
  watch(id, track) {
    const known = this.#watched.get(id);
    if (known?.track === track) return;
    if (known) this.#forget(id, known);
    if (!track) return;
    const analyser = this.#open().createAnalyser();
    analyser.fftSize = 1024;
    const source = this.#context.createMediaStreamSource(new MediaStream([track]));
    source.connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    this.#watched.set(id, { track, source, analyser, samples, loudAt: -Infinity, speaking: false });
  }

  /** Ends what is measured for everybody not in `ids`. */
  retain(ids) {
    for (const [id, watched] of [...this.#watched]) if (!ids.has(id)) this.#forget(id, watched);
  }

  /** A browser lets sound be measured only after the person touched the page. */
  resume() {
    if (this.#context?.state === 'suspended') this.#context.resume().catch(() => {});
  }

  #open() {
    this.#context ??= new AudioContext();
    if (this.#timer === 0) this.#timer = setInterval(() => this.#measure(), EVERY);
    return this.#context;
  }

  #forget(id, { source, speaking }) {
    source.disconnect();
    this.#watched.delete(id);
    if (speaking) this.#on(id, false);
  }

  #measure() {
    const now = performance.now();
    for (const [id, watched] of this.#watched) {
      watched.analyser.getFloatTimeDomainData(watched.samples);
      if (watched.track.enabled && loudness(watched.samples) > THRESHOLD) watched.loudAt = now;
      const speaking = now - watched.loudAt < HOLD;
      if (speaking === watched.speaking) continue;
      watched.speaking = speaking;
      this.#on(id, speaking);
    }
  }
}

function loudness(samples) {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return Math.sqrt(sum / samples.length);
}
