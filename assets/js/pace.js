//! Keeps what the page sends under the server's rate limit: a bucket of tokens before an ordered queue.

import { MESSAGES_BURST, MESSAGES_PER_SECOND } from './limits.js';

/** Calls `send` with every item in order, at once while there are tokens. */
export class Pace {
  #send;
  #tokens = MESSAGES_BURST;
  #filled = performance.now();
  #queue = [];
  #timer = 0;

  constructor(send) {
    this.#send = send;
  }

  push(item) {
    this.#queue.push(item);
    this.#drain();
  }

  clear() {
    this.#queue = [];
    clearTimeout(this.#timer);
    this.#timer = 0;
  }

  #drain() {
    const now = performance.now();
    this.#tokens = Math.min(MESSAGES_BURST, this.#tokens + ((now - this.#filled) / 1000) * MESSAGES_PER_SECOND);
    this.#filled = now;
    while (this.#queue.length > 0 && this.#tokens >= 1) {
      this.#tokens -= 1;
      this.#send(this.#queue.shift());
    }
    if (this.#queue.length > 0 && this.#timer === 0) {
      this.#timer = setTimeout(() => {
        this.#timer = 0;
        this.#drain();
      }, 1000 / MESSAGES_PER_SECOND);
    }
  }
}
