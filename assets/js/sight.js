//! How high pictures are shown, here and there, so that nobody encodes and carries what nobody sees.

/** Heights in pixels that others are told. Between them a window can be resized without a word to anybody. */
const HEIGHTS = [90, 135, 180, 270, 360, 540, 720, 1080, 2160];
/** A picture of this part of the height at which it is shown looks the same. */
const ENOUGH = 0.75;
/** Smaller than this part of the camera's picture nothing is sent. */
const SHRINK_MAX = 4;

/** Bits a second beyond which a camera's picture of 640×360 shows nothing more, and one of any size. */
const BITS = 1_000_000;
const BITS_PIXELS = 640 * 360;
const BITS_MAX = 2_500_000;

/** What is told of a picture that is shown `pixels` high. */
export function stepOf(pixels) {
  if (pixels <= 0) return 0;
  return HEIGHTS.find((height) => height >= pixels) ?? HEIGHTS.at(-1);
}

/** By how much a picture `height` pixels high is scaled down for someone who shows it `shown` pixels high. */
export function shrinkFor(height, shown) {
  let by = 1;
  if (!height || !shown) return by;
  while (by < SHRINK_MAX && height / (by * 2) >= shown * ENOUGH) by *= 2;
  return by;
}

/** The most bits a second for a camera's picture of this size that is sent so many times smaller. */
export function bitsFor({ width, height } = {}, shrink = 1) {
  const pixels = ((width ?? 0) * (height ?? 0)) / shrink ** 2;
  return Math.min(BITS_MAX, Math.max(BITS, (BITS * pixels) / BITS_PIXELS));
}

/** `tell(id, {height, screen})` sends word to one participant; `screen` is left out where none is shown. */
export class Sight {
  #here = new Map();
  #there = new Map();
  #told = new Map();
  #tell;

  constructor(tell) {
    this.#tell = tell;
  }

  /** Pictures that are shown here: `[{id, isScreen, pixels}…]`. */
  note(pictures) {
    this.#here = new Map();
    for (const { id, isScreen, pixels } of pictures) {
      this.#here.set(id, { ...this.#here.get(id), [isScreen ? 'screen' : 'height']: stepOf(pixels) });
    }
  }

  /** Tells whoever understands it and does not know it. */
  tell(understands) {
    for (const [id, shown] of this.#here) {
      const told = this.#told.get(id);
      if ((told?.height === shown.height && told?.screen === shown.screen) || !understands(id)) continue;
      this.#told.set(id, shown);
      this.#tell(id, shown);
    }
  }

  /** Somebody shows our pictures so high. */
  heard(id, shown) {
    this.#there.set(id, shown);
  }

  /** How high somebody shows our pictures; `null`: it does not say. */
  of(id) {
    return this.#there.get(id) ?? null;
  }

  forgetTold() {
    this.#told.clear();
  }

  /** Somebody has left. */
  forget(id) {
    this.#told.delete(id);
    this.#there.delete(id);
  }
}
