//! The people panel: everyone's name, what they send, how loud they are here; and one's own name.

import { mediaOf } from '../model.js';
import { cleanUsername, hueOf, initials } from '../names.js';
import { el, icon, reconcile, setAria, setClass, setText } from './dom.js';
import { NameForm } from './name.js';

/** `intents` has `username(name)`, `volume(id, volume)` and `panel(name)`. */
export class People {
  #rows = new Map();
  #list = el('ul', { class: 'people' });
  #name;
  #intents;

  constructor(intents) {
    this.#intents = intents;
    this.#name = new NameForm({ label: 'Your name', action: 'Change', onName: intents.username });
    const details = el('button', { type: 'button' }, icon('signal'), 'Connection details');
    details.onclick = () => intents.panel('details');
    this.element = el(
      'div',
      { class: 'panel-body' },
      el('div', { class: 'own-name' }, this.#name.element),
      this.#list,
      el('div', { class: 'panel-foot' }, details),
    );
  }

  show(model) {
    this.#name.show(cleanUsername(model.username) || (model.participants.find(({ me }) => me)?.username ?? ''));
    reconcile(this.#list, this.#rows, model.participants, ({ id }) => id, (person, known) => {
      const row = known ?? new Person(person, this.#intents);
      row.show(person, model);
      return row;
    });
  }
}

class Person {
  #avatar = el('div', { class: 'avatar', aria: { hidden: 'true' } });
  #name = el('span', { class: 'name', dir: 'auto' });
  #hand = mark('hand', 'hand raised');
  #screen = mark('screen', 'shares the screen');
  #camera = mark('camera-off', 'camera off');
  #microphone = mark('microphone-off', 'microphone off');
  #volume = el('input', { type: 'range', min: 0, max: 1, step: 0.05, value: 1 });

  constructor(person, intents) {
    const marks = el('span', { class: 'marks' }, this.#hand, this.#screen, this.#camera, this.#microphone);
    this.element = el('li', { class: 'person' }, this.#avatar, this.#name, marks);
    if (person.me) return;
    this.#volume.oninput = () => intents.volume(person.id, this.#volume.valueAsNumber);
    this.element.append(el('label', { class: 'volume' }, icon('sound'), this.#volume));
  }

  show(person, model) {
    const media = mediaOf(model, person);
    setText(this.#avatar, initials(person.username));
    setClass(this.#avatar, `avatar hue-${hueOf(person.id)}`);
    setText(this.#name, person.me ? `${person.username} (you)` : person.username);
    setAria(this.#volume, { label: `Volume of ${person.username}` });
    this.#hand.hidden = !media?.hand;
    this.#screen.hidden = !media?.screen;
    this.#camera.hidden = media === null || media.camera || media.screen;
    this.#microphone.hidden = media === null || media.microphone;
  }
}

function mark(name, meaning) {
  return el('span', { title: meaning, hidden: true }, icon(name), el('span', { class: 'visually-hidden' }, meaning));
}
