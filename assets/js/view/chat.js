//! The chat: lines, links that are safe to follow, and the composer.

import { hueOf, whyUnsendable } from '../names.js';
import { el, icon, setAria, setText } from './dom.js';

/** Lines of one person within this time stand under one name. */
const TOGETHER = 3 * 60_000;
/** Nearer to the end than this many pixels, the list follows new lines. */
const NEAR_END = 48;

const LINK = /https?:\/\/[^\s<>"'`{}|\\^]+/giu;
const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });

/** `intents.say(text)` hears a line. */
export class Chat {
  #lines = el('div', { class: 'lines', role: 'log', tabIndex: 0, aria: { label: 'Messages', live: 'polite' } });
  #input = el('textarea', { rows: 1, placeholder: 'Message to everyone', aria: { label: 'Message' } });
  #note = el('p', { class: 'composer-note', role: 'status' });
  #send = el('button', { class: 'button-main button-icon', type: 'submit', aria: { label: 'Send' }, title: 'Send (Enter)' }, icon('send'));
  #last = null;
  #isAway = false;

  constructor(intents) {
    const form = el('form', { class: 'composer' }, this.#input, this.#send);
    form.onsubmit = (event) => {
      event.preventDefault();
      this.#say(intents);
    };
    this.#input.onkeydown = (event) => {
      if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.#say(intents);
    };
    this.#input.oninput = () => this.#checkLength();
    this.element = el('div', { class: 'panel-body chat' }, this.#lines, this.#note, form);
  }

  show(model) {
    this.#isAway = model.status.name === 'reconnecting';
    this.#checkLength();
    const after = this.#last?.number ?? 0;
    const fresh = model.lines.filter((line) => line.number > after);
    if (fresh.length === 0) return;
    const follow = this.#isNearEnd();
    for (const line of fresh) {
      this.#lines.append(lineElement(line, this.#last));
      this.#last = line;
    }
    while (this.#lines.childElementCount > model.lines.length) this.#lines.firstElementChild.remove();
    if (follow || fresh.some(({ mine }) => mine)) this.scrollToEnd();
  }

  focus() {
    this.#input.focus();
  }

  scrollToEnd() {
    this.#lines.scrollTop = this.#lines.scrollHeight;
  }

  #say(intents) {
    const text = this.#input.value.trim();
    if (text === '' || !this.#checkLength()) return;
    intents.say(text);
    this.#input.value = '';
  }

  #checkLength() {
    const problem = whyUnsendable(this.#input.value.trim());
    setText(this.#note, problem ?? (this.#isAway ? 'The server is away. What you write is sent when it is back.' : ''));
    setAria(this.#input, { invalid: problem ? 'true' : null });
    return problem === null;
  }

  #isNearEnd() {
    return this.#lines.scrollHeight - this.#lines.scrollTop - this.#lines.clientHeight < NEAR_END;
  }
}

function lineElement(line, previous) {
  const together =
    previous && previous.from === line.from && previous.private === line.private && line.time - previous.time < TOGETHER;
  const element = el('article', { class: `line${together ? '' : ' line-first'}${line.mine ? ' line-mine' : ''}` });
  if (!together) element.append(headOf(line));
  element.append(el('p', { dir: 'auto' }, ...withLinks(line.text)));
  return element;
}

function headOf(line) {
  const at = new Date(line.time);
  const known = !Number.isNaN(at.getTime());
  return el(
    'header',
    {},
    el('span', { class: `name name-${hueOf(line.from)}`, dir: 'auto' }, line.mine ? `${line.name} (you)` : line.name),
    known ? el('time', { dateTime: at.toISOString() }, clock.format(at)) : null,
    line.private ? el('span', { class: 'aside' }, 'only to you') : null,
  );
}

/** The text in pieces; addresses of web pages become links that give the page away to nobody. */
export function withLinks(text) {
  const pieces = [];
  let end = 0;
  for (const match of text.matchAll(LINK)) {
    const address = withoutTail(match[0]);
    if (!isWebAddress(address)) continue;
    pieces.push(text.slice(end, match.index), linkTo(address));
    end = match.index + address.length;
  }
  pieces.push(text.slice(end));
  return pieces.filter((piece) => piece !== '');
}

/** An address does not end with the punctuation of the sentence around it, nor with a bracket opened before it. */
function withoutTail(address) {
  const shorter = address.replace(/[.,;:!?]+$/u, '');
  const isOpen = shorter.endsWith(')') && shorter.split('(').length < shorter.split(')').length;
  if (isOpen) return withoutTail(shorter.slice(0, -1));
  return shorter;
}

function isWebAddress(address) {
  try {
    return ['https:', 'http:'].includes(new URL(address).protocol);
  } catch {
    return false;
  }
}

function linkTo(address) {
  return el('a', { href: address, target: '_blank', rel: 'noopener noreferrer' }, address);
}
