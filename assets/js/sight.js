//! How high pictures are shown, here and there, so that nobody encodes and carries what nobody sees.

/** Heights in pixels that others are told. Between them a window can be resized without a word to anybody. */
const HEIGHTS = [90, 135, 180, 270, 360, 540, 720, 1080, 2160];
/** A picture of this part of the height at which it is shown looks the same. */
const ENOUGH = 0.75;
/** Smaller than this part of the camera's picture nothing is sent. */
const SHRINK_MAX = 4;

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

/** `tell(id, height)` sends word to one participant. */
export class Sight {
  #here = new Map();
  #there = new Map();
  #told = new Map();
  #tell;

  constructor(tell) {
    this.#tell = tell;
  }

  /** Pictures that are shown here: `[[id, pixels]…]`. */
  note(heights) {
    this.#here = new Map(heights.map(([id, pixels]) => [id, stepOf(pixels)]));
  }

  /** Tells whoever understands it and does not know it. */
  tell(understands) {
    for (const [id, height] of this.#here) {
      if (this.#told.get(id) === height || !understands(id)) continue;
      this.#told.set(id, height);
      this.#tell(id, height);
    }
  }

  /** Somebody shows our picture so high. */
  heard(id, height) {
    this.#there.set(id, height);
  }

  /** How high somebody shows our picture; `null`: it does not say. */
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
