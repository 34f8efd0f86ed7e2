//! The stage: everyone's tile in a grid, or one shown large with the others in a strip; and everyone's sound.

import { focusOf as focusedTile, tilesOf } from '../model.js';
import { el, reconcile, setData } from './dom.js';
import { focusOf, gridOf } from './layout.js';
import { Sound } from './sound.js';
import { Tile } from './tiles.js';

/** Narrower tiles, in pixels, have smaller marks. */
const SMALL = 200;

/** `streamOf(tile)` gives what a tile shows; `intents` has `pin(id, isScreen)`, `soundBlocked(blocked)` and
 * `sight([{id, isScreen, pixels}…])`: how high pictures are shown. */
export class Stage {
  #tiles = new Map();
  #list = el('ul', { class: 'tiles' });
  #alone = el('p', { class: 'alone', hidden: true });
  #sound;
  #streamOf;
  #intents;
  #shown = { tiles: [], focus: null };

  constructor({ streamOf, intents }) {
    this.#streamOf = streamOf;
    this.#intents = intents;
    this.#sound = new Sound(intents.soundBlocked);
    this.element = el('section', { class: 'stage', aria: { label: 'Participants' } }, this.#list, this.#alone);
    new ResizeObserver(() => this.#place()).observe(this.element);
  }

  show(model) {
    const tiles = tilesOf(model);
    const focus = tiles.length > 1 ? focusedTile(model) : null;
    reconcile(this.#list, this.#tiles, tiles, ({ key }) => key, (shown, known) => {
      const tile = known ?? new Tile(shown, this.#intents);
      tile.show(shown, model, this.#streamOf(shown), shown.key === focus);
      return tile;
    });
    this.#sound.show(tiles.filter(({ person, isScreen }) => !person.me && !isScreen), model, this.#streamOf);
    this.#alone.hidden = model.participants.length !== 1 || model.asksForName || model.status.name !== 'joined';
    this.#alone.textContent = 'You are the only one here. Send the address of this page to whom you wait for.';
    setData(this.element, 'mode', focus === null ? 'grid' : 'focus');
    this.#shown = { tiles, focus };
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
    const { tiles, focus } = this.#shown;
    const { clientWidth: width, clientHeight: height } = this.element;
    if (focus === null) {
      this.#placeAll(tiles, gridOf(tiles.length, width, height));
      return;
    }
    const others = tiles.filter(({ key }) => key !== focus);
    const { main, strip } = focusOf(others.length, width, height);
    const large = tiles.filter(({ key }) => key === focus);
    this.#placeAll([...large, ...others], [main, ...strip]);
  }

  #placeAll(tiles, boxes) {
    tiles.forEach(({ key }, i) => this.#tiles.get(key)?.place(boxes[i], boxes[i].width < SMALL));
    const pixels = ({ width, height }) => Math.max(height, (width * 9) / 16) * devicePixelRatio;
    const seen = tiles.map(({ person: { id, me }, isScreen }, i) => ({ id, me, isScreen, pixels: pixels(boxes[i]) }));
    this.#intents.sight(seen.filter(({ me }) => !me));
  }
}
