//! The people panel: everyone's name, role, what they send, how loud they are here; who waits; and one's own name.

import { mediaOf } from '../model.js';
import { cleanUsername, hueOf, initials } from '../names.js';
import { deedsFor, isModerator } from '../rules.js';
import { Door } from './door.js';
import { el, icon, reconcile, setAria, setClass, setIcon, setText } from './dom.js';
import { menuButton } from './menu.js';
import { NameForm } from './name.js';

/**
 * `intents` has `username(name)`, `volume(id, volume)`, `panel(name)`, `moderate(action, client, address)`,
 * `writeTo({id, name})`, `menu(anchor, label, items)` and `ask(question)`.
 */
export class People {
  #rows = new Map();
  #list = el('ul', { class: 'people' });
  #name;
  #door;
  #tools;
  #intents;

  constructor(intents) {
    this.#intents = intents;
    this.#name = new NameForm({ label: 'Your name', action: 'Change', onName: intents.username });
    this.#door = new Door(intents);
    this.#tools = new Tools(intents);
    const details = el('button', { type: 'button' }, icon('signal'), 'Connection details');
    details.onclick = () => intents.panel('details');
    this.element = el(
      'div',
      { class: 'panel-body' },
      el('div', { class: 'own-name' }, this.#name.element),
      this.#door.element,
      this.#list,
      el('div', { class: 'panel-foot' }, this.#tools.element, details),
    );
  }

  show(model) {
    this.#name.show(cleanUsername(model.username) || (model.participants.find(({ me }) => me)?.username ?? ''));
    this.#door.show(model);
    this.#tools.show(model);
    reconcile(this.#list, this.#rows, model.participants, ({ id }) => id, (person, known) => {
      const row = known ?? new Person(person, this.#intents);
      row.show(person, model);
      return row;
    });
  }
}

/** What owner and moderators do to everyone at once. */
class Tools {
  #lockIcon = icon('lock');
  #lockLabel = el('span');
  #isLocked = false;

  constructor(intents) {
    const mute = el('button', { type: 'button' }, icon('microphone-off'), 'Mute everyone');
    mute.onclick = () => intents.moderate('mute-all');
    const lock = el('button', { type: 'button' }, this.#lockIcon, this.#lockLabel);
    lock.onclick = () => intents.moderate(this.#isLocked ? 'unlock' : 'lock');
    this.element = el('div', { class: 'tools', hidden: true }, mute, lock);
  }

  show(model) {
    this.element.hidden = !isModerator(model);
    this.#isLocked = model.settings?.locked ?? false;
    setIcon(this.#lockIcon, this.#isLocked ? 'unlock' : 'lock');
    setText(this.#lockLabel, this.#isLocked ? 'Unlock' : 'Lock');
  }
}

class Person {
  #avatar = el('div', { class: 'avatar', aria: { hidden: 'true' } });
  #name = el('span', { class: 'name', dir: 'auto' });
  #role = el('span', { class: 'badge', hidden: true });
  #hand = mark('hand', 'hand raised');
  #screen = mark('screen', 'shares the screen');
  #camera = mark('camera-off', 'camera off');
  #microphone = mark('microphone-off', 'microphone off');
  #volume = el('input', { type: 'range', min: 0, max: 1, step: 0.05, value: 1 });
  #more = menuButton('More');
  #intents;
  #shown = null; // {person, model}: what the menu is made of

  constructor(person, intents) {
    this.#intents = intents;
    const marks = el('span', { class: 'marks' }, this.#hand, this.#screen, this.#camera, this.#microphone);
    const who = el('span', { class: 'who' }, this.#name, this.#role);
    this.element = el('li', { class: 'person' }, this.#avatar, who, marks);
    if (person.me) return;
    this.#more.onclick = () => this.#openMenu();
    this.#volume.oninput = () => intents.volume(person.id, this.#volume.valueAsNumber);
    this.element.append(this.#more, el('label', { class: 'volume' }, icon('sound'), this.#volume));
  }

  show(person, model) {
    this.#shown = { person, model };
    const media = mediaOf(model, person);
    setText(this.#avatar, initials(person.username));
    setClass(this.#avatar, `avatar hue-${hueOf(person.id)}`);
    setText(this.#name, person.me ? `${person.username} (you)` : person.username);
    const role = ROLES[person.role];
    this.#role.hidden = role === undefined;
    setText(this.#role, role ?? '');
    setAria(this.#volume, { label: `Volume of ${person.username}` });
    setAria(this.#more, { label: `More about ${person.username}` });
    this.#hand.hidden = !media?.hand;
    this.#screen.hidden = !media?.screen;
    this.#camera.hidden = media === null || media.camera;
    this.#microphone.hidden = media === null || media.microphone;
  }

  #openMenu() {
    const { person, model } = this.#shown;
    const write = { icon: 'chat', label: 'Write privately', run: () => this.#intents.writeTo({ id: person.id, name: person.username }) };
    const deeds = deedsFor(model, person).map((deed) => ({
      ...DEEDS[deed],
      run: () => this.#do(deed, person),
    }));
    this.#intents.menu(this.#more, `More about ${person.username}`, [write, ...deeds]);
  }

  async #do(deed, { id, username }) {
    const question = QUESTIONS[deed]?.(username);
    const answer = question ? await this.#intents.ask(question) : {};
    if (answer) this.#intents.moderate(deed, id, deed === 'ban' && answer.option);
  }
}

const ROLES = { owner: 'Owner', moderator: 'Moderator' };

const DEEDS = {
  mute: { icon: 'microphone-off', label: 'Mute' },
  'lower-hand': { icon: 'hand', label: 'Lower the hand' },
  promote: { icon: 'shield', label: 'Make a moderator' },
  demote: { icon: 'shield', label: 'Make a guest' },
  'hand-over': { icon: 'shield', label: 'Hand the room over…' },
  kick: { icon: 'leave', label: 'Remove…', isBad: true },
  ban: { icon: 'close', label: 'Ban…', isBad: true },
};

const QUESTIONS = {
  kick: (name) => ({
    title: `Remove ${name}?`,
    text: `${name} leaves the room at once, and may come back.`,
    action: 'Remove',
  }),
  ban: (name) => ({
    title: `Ban ${name}?`,
    text: `${name} leaves the room at once and cannot come back until the ban is lifted.`,
    action: 'Ban',
    option: 'Also whoever else comes from their address',
  }),
  'hand-over': (name) => ({
    title: `Hand the room over to ${name}?`,
    text: `${name} becomes the owner and you become a moderator. Only ${name} can give it back.`,
    action: 'Hand over',
  }),
};

function mark(name, meaning) {
  return el('span', { title: meaning, hidden: true }, icon(name), el('span', { class: 'visually-hidden' }, meaning));
}
