//! The room's view: lays its parts out and shows each the model.

import { Bans } from './bans.js';
import { Confirm } from './confirm.js';
import { Controls } from './controls.js';
import { el, iconStore, setData } from './dom.js';
import { Header } from './header.js';
import { Invites } from './invites.js';
import { Menu } from './menu.js';
import { Halt, NameCard, Reconnecting, SoundButton } from './overlays.js';
import { Panel } from './panel.js';
import { RoomSettings } from './roomsettings.js';
import { Settings } from './settings.js';
import { Stage } from './stage.js';
import { Toasts } from './toasts.js';

/** What is not seen at once is fetched this long after what is. Milliseconds. */
const ICONS_AFTER = 1_000;

export class RoomView {
  #stage;
  #parts;
  #title = document.title;

  constructor({ model, intents: given, streamOf, lobby }) {
    const menu = new Menu();
    const confirm = new Confirm();
    const intents = {
      ...given,
      menu: (anchor, label, items) => menu.open(anchor, label, items),
      ask: (question) => confirm.ask(question),
    };
    this.#stage = new Stage({ streamOf, intents });
    const header = new Header(model, intents, lobby);
    const panel = new Panel(intents);
    const controls = new Controls(intents);
    const toasts = new Toasts(intents);
    const dialogs = [new Settings(intents), new RoomSettings(model, intents), new Invites(intents), new Bans(intents), confirm, menu];
    const overlays = [new NameCard(intents), new SoundButton(intents), new Reconnecting(intents), new Halt(intents, lobby)];
    this.#stage.element.append(...overlays.map(({ element }) => element));
    this.#parts = [header, this.#stage, panel, controls, toasts, ...dialogs, ...overlays];
    this.element = el(
      'div',
      { class: 'room' },
      ...[header, this.#stage, panel, controls, toasts, ...dialogs].map(({ element }) => element),
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
