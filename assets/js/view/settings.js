//! The settings: which camera, microphone and speaker.

import { el, icon } from './dom.js';

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

  constructor(intents) {
    const close = el('button', { type: 'button', class: 'button-bare button-icon', aria: { label: 'Close' } }, icon('close'));
    close.onclick = () => this.element.close();
    const fields = KINDS.filter(([kind]) => kind !== 'output' || canChooseOutput).map(([kind, label]) => {
      const select = el('select', { name: kind });
      select.onchange = () => intents.choose(kind, select.value);
      this.#selects.set(kind, select);
      return el('label', { class: 'field' }, label, select);
    });
    const body = el(
      'div',
      { class: 'settings-body' },
      el('header', { class: 'settings-head' }, el('h2', { id: 'settings-title' }, 'Settings'), close),
      ...fields,
    );
    this.element = el('dialog', { class: 'settings', aria: { labelledby: 'settings-title' } }, body);
    this.element.onclose = () => intents.settings(false);
    this.element.onclick = ({ target }) => target === this.element && this.element.close(); // beside the dialog
  }

  show(model) {
    if (model.devices !== this.#devices) this.#list(model.devices);
    if (model.isSettingsOpen && !this.element.open) this.element.showModal();
    if (!model.isSettingsOpen && this.element.open) this.element.close();
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
