//! The settings: which camera, microphone and speaker.

import { Dialog } from './dialog.js';
import { el } from './dom.js';

const KINDS = [
  ['video', 'Camera'],
  ['audio', 'Microphone'],
  ['output', 'Speaker'],
];
const canChooseOutput = 'setSinkId' in HTMLMediaElement.prototype;

/** `intents` has `settings(open)` and `choose(kind, deviceId)`. */
export class Settings {
  #selects = new Map();
  #devices = null;
  #dialog;

  constructor(intents) {
    const fields = KINDS.filter(([kind]) => kind !== 'output' || canChooseOutput).map(([kind, label]) => {
      const select = el('select', { name: kind });
      select.onchange = () => intents.choose(kind, select.value);
      this.#selects.set(kind, select);
      return el('label', { class: 'field' }, label, select);
    });
    this.#dialog = new Dialog({ title: 'Settings', onClose: () => intents.settings(false) });
    this.#dialog.body.append(...fields);
    this.element = this.#dialog.element;
  }

  show(model) {
    if (model.devices !== this.#devices) this.#list(model.devices);
    this.#dialog.show(model.isSettingsOpen);
  }

  #list(devices) {
    this.#devices = devices;
    for (const [kind, select] of this.#selects) {
      const chosen = select.value;
      const options = devices[kind].map(({ id, label }) => el('option', { value: id }, label));
      select.replaceChildren(...(options.length > 0 ? options : [el('option', { value: '' }, 'None found')]));
      if (devices[kind].some(({ id }) => id === chosen)) select.value = chosen;
      select.disabled = options.length === 0;
    }
  }
}
