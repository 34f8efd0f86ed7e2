//! The stage: everyone's tile in a grid, or one shown large with the others in a strip; and everyone's sound.

import { focusOf as focusedClient } from '../model.js';
import { el, reconcile, setData } from './dom.js';
import { focusOf, gridOf } from './layout.js';
import { Sound } from './sound.js';
import { Tile } from './tiles.js';

/** Narrower tiles, in pixels, have smaller marks. */
const SMALL = 200;

/** `streamOf(id)` gives what a participant sends; `intents` has `pin(id)`, `soundBlocked(blocked)` and
 * `sight([[id, pixels]…])`: how high pictures are shown. */
export class Stage {
  #tiles = new Map();
  #list = el('ul', { class: 'tiles' });
  #alone = el('p', { class: 'alone', hidden: true });
  #sound;
  #streamOf;
  #intents;
  #shown = { people: [], focus: null };

  constructor({ streamOf, intents }) {
    this.#streamOf = streamOf;
    this.#intents = intents;
    this.#sound = new Sound(intents.soundBlocked);
    this.element = el('section', { class: 'stage', aria: { label: 'Participants' } }, this.#list, this.#alone);
    new ResizeObserver(() => this.#place()).observe(this.element);
  }

  show(model) {
    const people = inOrder(model.participants);
    const focus = people.length > 1 ? focusedClient(model) : null;
    reconcile(this.#list, this.#tiles, people, ({ id }) => id, (person, known) => {
      const tile = known ?? new Tile(person.id, this.#intents);
      tile.show(person, model, this.#streamOf(person.id), person.id === focus);
      return tile;
    });
    this.#sound.show(people.filter(({ me }) => !me), model, this.#streamOf);
    this.#alone.hidden = people.length !== 1 || model.asksForName || model.status.name !== 'joined';
    this.#alone.textContent = 'You are the only one here. Send the address of this page to whom you wait for.';
    setData(this.element, 'mode', focus === null ? 'grid' : 'focus');
    this.#shown = { people, focus };
    this.#place();
  }

  /** The person allowed sound. */
  resume() {
    this.#sound.resume();
  }

  setOutput(deviceId) {
    this.#sound.setOutput(deviceId);
  }

  #place() {
    const { people, focus } = this.#shown;
    const { clientWidth: width, clientHeight: height } = this.element;
    if (focus === null) {
      this.#placeAll(people, gridOf(people.length, width, height));
      return;
    }
    const others = people.filter(({ id }) => id !== focus);
    const { main, strip } = focusOf(others.length, width, height);
    const large = people.filter(({ id }) => id === focus);
    this.#placeAll([...large, ...others], [main, ...strip]);
  }

  #placeAll(people, boxes) {
    people.forEach(({ id }, i) => this.#tiles.get(id)?.place(boxes[i], boxes[i].width < SMALL));
    const pixels = ({ width, height }) => Math.max(height, (width * 9) / 16) * devicePixelRatio;
    this.#intents.sight(people.flatMap(({ id, me }, i) => (me ? [] : [[id, pixels(boxes[i])]])));
  }
}

/** The others in join order, oneself last. */
function inOrder(participants) {
  return [...participants.filter(({ me }) => !me), ...participants.filter(({ me }) => me)];
}
