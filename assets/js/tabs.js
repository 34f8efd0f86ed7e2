//! One browser has one seat in a room: the tab that enters last has it, and the others learn of it here.

/** `onTaken()` hears that another tab has entered the same room. */
export class Tabs {
  #channel = typeof BroadcastChannel === 'function' ? new BroadcastChannel('rtc-chat') : null;
  #room;

  constructor({ room, onTaken }) {
    this.#room = room;
    if (this.#channel) this.#channel.onmessage = ({ data }) => data?.room === room && onTaken();
  }

  /** Tells the other tabs that this one has the seat now. */
  take() {
    this.#channel?.postMessage({ room: this.#room });
  }
}
