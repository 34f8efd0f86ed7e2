//! Connection details: the figures of every peer, in words that a person can read out to whoever helps.

import { el, reconcile, setText } from './dom.js';

export class Details {
  #cards = new Map();
  #server = el('dd');
  #peers = el('div');

  constructor(intents) {
    const back = el('button', { type: 'button' }, 'Back to the people');
    back.onclick = () => intents.panel('people');
    const server = el('section', { class: 'figures' }, el('h3', {}, 'Server'), el('dl', {}, el('dt', {}, 'Round trip'), this.#server));
    this.element = el(
      'div',
      { class: 'panel-body' },
      el('div', { class: 'details', tabIndex: 0, role: 'region', aria: { label: 'Figures' } }, server, this.#peers),
      el('div', { class: 'panel-foot' }, back),
    );
  }

  show(model) {
    setText(this.#server, model.serverRoundTrip === null ? '–' : milliseconds(model.serverRoundTrip));
    const others = model.participants.filter(({ me }) => !me);
    reconcile(this.#peers, this.#cards, others, ({ id }) => id, (person, known) => {
      const card = known ?? new Card();
      card.show(person, model.peers[person.id], model.details[person.id]);
      return card;
    });
  }
}

const ROWS = [
  ['Connection', (_, state) => state ?? 'none'],
  ['Path', (figures) => pathOf(figures)],
  ['Round trip', (figures) => milliseconds(figures.roundTripMs)],
  ['Receiving', (figures) => bitrate(figures.bitrateIn)],
  ['Sending', (figures) => bitrate(figures.bitrateOut)],
  ['Picture received', (figures) => picture(figures.sizeIn, figures.fpsIn, figures.codec)],
  ['Picture sent', (figures) => picture(figures.sizeOut, figures.fpsOut)],
  ['Packets lost', (figures) => (figures.lossPercent === null ? '–' : `${figures.lossPercent.toFixed(1)} %`)],
];

class Card {
  #name = el('h3', { dir: 'auto' });
  #values = ROWS.map(() => el('dd'));

  constructor() {
    const list = el('dl', {}, ...ROWS.flatMap(([label], i) => [el('dt', {}, label), this.#values[i]]));
    this.element = el('section', { class: 'figures' }, this.#name, list);
  }

  show(person, state, figures) {
    setText(this.#name, person.username);
    ROWS.forEach(([, valueOf], i) => setText(this.#values[i], figures || i === 0 ? valueOf(figures, state) : '–'));
  }
}

/** From where to where: `host` directly, `srflx` and `prflx` through an address translator, `relay` over a relay. */
function pathOf({ local, remote }) {
  return local && remote ? `${local.type} → ${remote.type}, ${local.protocol}` : '–';
}

function milliseconds(value) {
  return value === null ? '–' : `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
}

function bitrate(bitsPerSecond) {
  if (bitsPerSecond === null) return '–';
  return bitsPerSecond < 1e6 ? `${Math.round(bitsPerSecond / 1e3)} kbit/s` : `${(bitsPerSecond / 1e6).toFixed(2)} Mbit/s`;
}

function picture(size, fps, codec = null) {
  if (!size || fps === null) return '–';
  return [`${size.width} × ${size.height}`, `${Math.round(fps)} fps`, codec].filter(Boolean).join(', ');
}
