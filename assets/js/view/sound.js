//! The sound of the others: one audio element each, apart from the pictures so that a blocked one stops no picture.

import { el } from './dom.js';

export class Sound {
  #elements = new Map();
  #blocked = false;
  #onBlocked;
  #output = '';

  constructor(onBlocked) {
    this.#onBlocked = onBlocked;
  }

  show(tiles, model, streamOf) {
    const here = new Set(tiles.map(({ person }) => person.id));
    for (const [id, audio] of [...this.#elements]) {
      if (here.has(id)) continue;
      audio.srcObject = null;
      audio.remove();
      this.#elements.delete(id);
    }
    for (const tile of tiles) this.#showOne(tile.person.id, streamOf(tile), model.volumes[tile.person.id] ?? 1);
  }

  /** Called within a touch of the person's: a browser that blocked sound lets it through now. */
  resume() {
    this.#blocked = false;
    this.#onBlocked(false);
    for (const audio of this.#elements.values()) this.#play(audio);
  }

  setOutput(deviceId) {
    this.#output = deviceId;
    for (const audio of this.#elements.values()) audio.setSinkId?.(deviceId).catch(() => {});
  }

  #showOne(id, stream, volume) {
    let audio = this.#elements.get(id);
    if (!audio) {
      audio = el('audio', { autoplay: true, data: { client: id } });
      if (this.#output) audio.setSinkId?.(this.#output).catch(() => {});
      this.#elements.set(id, audio);
      document.body.append(audio);
    }
    if (audio.volume !== volume) audio.volume = volume;
    const hasSound = stream?.getAudioTracks().length > 0;
    if (audio.srcObject !== (stream ?? null)) audio.srcObject = stream ?? null;
    if (hasSound && audio.paused && !this.#blocked) this.#play(audio);
  }

  #play(audio) {
    audio.play().catch((problem) => {
      if (problem.name !== 'NotAllowedError') return; // a stream that changed under it is played by the next call
      this.#blocked = true;
      this.#onBlocked(true);
    });
  }
}
