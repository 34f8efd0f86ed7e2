//! What end-to-end tests may look at: snapshots, never the objects themselves. Described in `room.js`.

/** When what happened first, in milliseconds since the page was opened. */
export class Timeline {
  #moments = { open: performance.now() };
  #pictures = new Set();

  note(event) {
    if (event.type === 'status' && event.status.name === 'joined') this.mark('joined');
    if (event.type === 'peer' && event.state === 'connected') {
      this.mark(`connected ${event.client}`);
      this.#awaitPicture(event.client);
    }
  }

  mark(moment) {
    this.#moments[moment] ??= performance.now();
  }

  get moments() {
    return { ...this.#moments };
  }

  /** A peer's first picture is the first frame that its tile's video element presents. */
  #awaitPicture(client) {
    if (this.#pictures.has(client)) return;
    const video = document.querySelector(`.tile[data-client="${CSS.escape(client)}"] video`);
    if (!video?.requestVideoFrameCallback) return;
    this.#pictures.add(client);
    video.requestVideoFrameCallback(() => this.mark(`picture ${client}`));
  }
}

export function testHook({ model, timeline, measure }) {
  const hook = {
    get status() {
      return model().status.name;
    },
    get me() {
      return model().me;
    },
    get room() {
      return model().room;
    },
    get role() {
      return model().settings?.role ?? 'guest';
    },
    get knocking() {
      return structuredClone(model().knocking);
    },
    get roster() {
      return structuredClone(model().participants);
    },
    get peers() {
      return { ...model().peers };
    },
    get chat() {
      return model().lines.map(({ number, ...line }) => line);
    },
    get sending() {
      return { ...model().sending };
    },
    get speaking() {
      return Object.keys(model().speaking);
    },
    get toasts() {
      return model().toasts.map(({ text }) => text);
    },
    get timeline() {
      return timeline.moments;
    },
    async counters() {
      const figures = await measure();
      return Object.fromEntries(Object.entries(figures).map(([id, { counters }]) => [id, counters]));
    },
    async details() {
      return structuredClone(await measure());
    },
  };
  return Object.freeze(hook);
}
