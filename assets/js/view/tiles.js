//! A tile: one participant's picture or initials, name and marks, or the screen that they share.

import { isPinned, mediaOf } from '../model.js';
import { hueOf, initials } from '../names.js';
import { el, icon, setAria, setAttribute, setClass, setData, setIcon, setText } from './dom.js';

/** One of `tilesOf`. `intents.pin(id, isScreen)` hears the button that shows it large. */
export class Tile {
  #video = el('video', { autoplay: true, playsInline: true, muted: true, tabIndex: -1, aria: { hidden: 'true' } });
  #avatar = el('div', { class: 'avatar', aria: { hidden: 'true' } });
  #muted = icon('microphone-off');
  #name = el('span', { class: 'name', dir: 'auto' });
  #role = el('span', { class: 'role', hidden: true });
  #hand = el('div', { class: 'raised-hand', hidden: true }, icon('hand'));
  #veil = el('p', { class: 'veil' });
  #pinIcon = icon('expand');
  #pin = el('button', { class: 'pin', type: 'button' }, this.#pinIcon);
  #tracks = -1;

  constructor({ person: { id }, isScreen }, intents) {
    const caption = el('div', { class: 'caption' }, this.#muted, this.#name, this.#role);
    this.element = el(
      'li',
      { class: 'tile', data: isScreen ? { screenOf: id } : { client: id } },
      this.#video,
      this.#avatar,
      this.#veil,
      this.#hand,
      caption,
      this.#pin,
    );
    this.#pin.onclick = () => intents.pin(id, isScreen);
    this.element.ondblclick = () => intents.pin(id, isScreen);
  }

  get video() {
    return this.#video;
  }

  show({ person, isScreen }, model, stream, isMain) {
    const media = isScreen ? SCREEN : mediaOf(model, person);
    const picture = pictureOf(media, stream);
    this.#showPicture(person, model, stream, picture);
    const name = isScreen ? nameOfScreen(person) : nameOf(person);
    setText(this.#name, name);
    const role = (!isScreen && ROLES[person.role]) || '';
    this.#role.hidden = role === '';
    setText(this.#role, role);
    setText(this.#avatar, initials(person.username));
    setClass(this.#avatar, `avatar hue-${hueOf(person.id)}`);
    this.#muted.hidden = media === null || media.microphone;
    this.#hand.hidden = !media?.hand;
    setText(this.#veil, veilOf(person, model));
    setData(this.element, 'speaking', !isScreen && Boolean(model.speaking[person.id]));
    setData(this.element, 'connection', person.me ? 'me' : (model.peers[person.id] ?? 'none'));
    setData(this.element, 'main', isMain);
    setAria(this.element, { label: describe(role === '' ? name : `${name}, ${role.toLowerCase()}`, media, picture) });
    const pinned = isPinned(model, person.id, isScreen);
    const action = pinned ? `Stop showing ${name} large` : `Show ${name} large`;
    setIcon(this.#pinIcon, pinned ? 'shrink' : 'expand');
    setAria(this.#pin, { label: action });
    setAttribute(this.#pin, 'title', action);
  }

  place({ left, top, width, height }, isSmall) {
    const style = this.element.style;
    style.setProperty('left', `${left}px`);
    style.setProperty('top', `${top}px`);
    style.setProperty('width', `${width}px`);
    style.setProperty('height', `${height}px`);
    setData(this.element, 'small', isSmall);
  }

  #showPicture(person, model, stream, picture) {
    if (this.#video.srcObject !== stream) this.#video.srcObject = stream;
    const tracks = model.tracks[person.id] ?? 0;
    if (picture !== 'none' && (this.#video.paused || tracks !== this.#tracks)) {
      this.#video.play().catch(() => {}); // silent, so only a vanishing stream can interrupt it
    }
    this.#tracks = tracks;
    setData(this.element, 'picture', picture);
    setData(this.element, 'mirrored', person.me && picture === 'camera');
  }
}

/** What the tile of a screen shows. */
const SCREEN = { microphone: true, camera: false, screen: true, hand: false };
const ROLES = { owner: 'Owner', moderator: 'Moderator' };

/** camera | screen | none. An old page does not say what it sends: what arrives is shown. */
function pictureOf(media, stream) {
  const arrives = stream?.getVideoTracks().some((track) => track.readyState === 'live' && !track.muted) ?? false;
  if (!arrives) return 'none';
  if (media === null) return 'camera';
  if (media === SCREEN) return 'screen';
  return media.camera ? 'camera' : 'none';
}

function nameOf({ me, username }) {
  return me ? `${username} (you)` : username;
}

function nameOfScreen({ me, username }) {
  return me ? 'Your screen' : `${username}’s screen`;
}

function veilOf(person, model) {
  if (person.me) return '';
  const state = model.peers[person.id];
  if (state === 'interrupted') return 'Interrupted…';
  if (state !== 'connected') return 'Connecting…';
  return person.unstable ? 'Unstable' : '';
}

function describe(name, media, picture) {
  const marks = [name];
  if (media?.screen && media !== SCREEN) marks.push('shares the screen');
  if (picture === 'none') marks.push('no picture');
  if (media && !media.microphone) marks.push('microphone off');
  if (media?.hand) marks.push('hand raised');
  return marks.join(', ');
}
