//! Names and chat text of strangers: bounded, shown literally, and linked only where that is safe.

import { cleanUsername, initials, shownName, whyUnsendable } from '/assets/js/names.js';
import { keepName, keptName, shownToServer } from '/assets/js/ownname.js';
import { withLinks } from '/assets/js/view/links.js';
import { identityOf, isOfGeneration } from '/assets/js/sdp.js';
import { assert, assertEqual } from './assert.js';

const pieces = (text) => withLinks(text).map((piece) => (typeof piece === 'string' ? piece : `[${piece.href}]`));

export const tests = {
  'a name is what the server would make of it': () => {
    assertEqual(cleanUsername(' e\u0301 '), 'é');
    assertEqual(cleanUsername('a\u202eb\u200b\u0007c'), 'abc');
    assertEqual([...cleanUsername('x'.repeat(70))].length, 64);
    assertEqual(cleanUsername('\u200b \u202e'), '');
  },

  'the name that one chose is kept, also where the server sees it': () => {
    const before = keptName();
    for (const name of ['Ann; path=/x', 'Éva = 😀', 'Bo\ud800']) {
      keepName(name);
      assertEqual([keptName(), shownToServer()], [name, name.toWellFormed()]);
    }
    keepName(before);
  },

  'a name of nothing visible is still a name, and marks do not tower': () => {
    assertEqual(shownName('\u200b'), 'Somebody');
    assert([...shownName(`a${'\u0308\u0323'.repeat(2_500)}`)].length < 10, 'too many marks');
  },

  'initials are the first letters of the first and the last word': () => {
    assertEqual([initials('Ann'), initials('Ann van der Berg'), initials('😀 b')], ['A', 'AB', '😀B']);
  },

  'a line is refused above 4 000 characters and above what a frame holds': () => {
    assertEqual(whyUnsendable('x'.repeat(4_000)), null);
    assert(whyUnsendable('x'.repeat(4_001)) !== null, '4 001 characters');
    assert(whyUnsendable('€'.repeat(3_000)) !== null, '9 000 bytes');
  },

  'web addresses become links, their surroundings do not': () => {
    assertEqual(pieces('see https://example.org/a?b=1, or not'), ['see ', '[https://example.org/a?b=1]', ', or not']);
    assertEqual(pieces('(https://example.org/x)'), ['(', '[https://example.org/x]', ')']);
    assertEqual(pieces('https://example.org/wiki/A_(b).'), ['[https://example.org/wiki/A_(b)]', '.']);
  },

  'nothing else becomes a link, and markup stays text': () => {
    for (const text of ['javascript:alert(1)', 'data:text/html,x', '<a href="x">y</a>', 'ftp://example.org', 'https://']) {
      assertEqual(pieces(text), [text]);
    }
  },

  'a link gives the page away to nobody': () => {
    const link = withLinks('http://example.org')[0];
    assertEqual([link.rel, link.target], ['noopener noreferrer', '_blank']);
  },

  'a session description says which connection it is of': () => {
    const sdp = (session, print) => `v=0\r\no=- ${session} 2 IN IP4 0.0.0.0\r\na=fingerprint:sha-256 ${print}\r\n`;
    assertEqual(identityOf(sdp(7, 'AA')), identityOf(sdp(7, 'aa')));
    assert(identityOf(sdp(7, 'AA')) !== identityOf(sdp(8, 'AA')), 'session');
    assert(identityOf(sdp(7, 'AA')) !== identityOf(sdp(7, 'BB')), 'fingerprint');
  },

  'a candidate of an earlier generation is known by its fragment': () => {
    const sdp = 'a=ice-ufrag:abcd\r\na=ice-pwd:x\r\n';
    assert(isOfGeneration({ usernameFragment: 'abcd' }, sdp), 'same');
    assert(isOfGeneration({}, sdp), 'unsaid');
    assert(!isOfGeneration({ usernameFragment: 'abc' }, sdp), 'other');
  },
};
