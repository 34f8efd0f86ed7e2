//! The room's view: lays its parts out and shows each the model.

import { Controls } from './controls.js';
import { el, iconStore, setData } from './dom.js';
import { Header } from './header.js';
import { Halt, NameCard, Reconnecting, SoundButton } from './overlays.js';
import { Panel } from './panel.js';
import { Settings } from './settings.js';
import { Stage } from './stage.js';
import { Toasts } from './toasts.js';

/** What is not seen at once is fetched this long after what is. Milliseconds. */
const ICONS_AFTER = 1_000;

export class RoomView {
  #stage;
  #parts;
  #title = document.title;

  constructor({ model, intents, streamOf, lobby }) {
    this.#stage = new Stage({ streamOf, intents });
    const header = new Header(model, intents, lobby);
    const panel = new Panel(intents);
    const controls = new Controls(intents);
    const toasts = new Toasts(intents);
    const settings = new Settings(intents);
    const overlays = [new NameCard(intents), new SoundButton(intents), new Reconnecting(intents), new Halt(intents, lobby)];
    this.#stage.element.append(...overlays.map(({ element }) => element));
    this.#parts = [header, this.#stage, panel, controls, toasts, settings, ...overlays];
    this.element = el(
      'div',
      { class: 'room' },
      ...[header, this.#stage, panel, controls, toasts, settings].map(({ element }) => element),
      panel.announcer,
    );
    setTimeout(() => this.element.append(iconStore()), ICONS_AFTER);
  }

  show(model) {
    setData(this.element, 'panel', model.panel ?? '');
    for (const part of this.#parts) part.show(model);
    const title = model.unread > 0 ? `(${model.unread}) ${this.#title}` : this.#title;
    if (document.title !== title) document.title = title;
  }

  resumeSound() {
    this.#stage.resume();
  }

  setOutput(deviceId) {
    this.#stage.setOutput(deviceId);
  }
}
