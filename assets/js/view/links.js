//! Addresses in what people write, as links that are safe to follow.

import { el } from './dom.js';

const LINK = /https?:\/\/[^\s<>"'`{}|\\^]+/giu;

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
