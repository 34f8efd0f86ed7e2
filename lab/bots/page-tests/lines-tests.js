//! The order of chat lines, whatever comes when: heard, loaded, changed, taken back.

import { deleted, edited, heard, isBefore, loaded, newestId, NO_LINES, oldestId } from '/assets/js/lines.js';
import { assert, assertEqual } from './assert.js';

const line = (id, text = `line ${id}`) => ({ id, from: 'ann', name: 'Ann', time: 1, text, mine: false, private: false, edited: false });
const kept = (...ids) => ids.map((id) => line(String(id)));
const said = (...ids) => ids.reduce((chat, id) => heard(chat, line(id === null ? undefined : String(id))), NO_LINES);
const idsOf = ({ lines }) => lines.map(({ id }) => id ?? null);

export const tests = {
  'ids are ordered as numbers of any length': () => {
    assert(isBefore('9', '10') && !isBefore('10', '9') && !isBefore('7', '7'), 'short');
    assert(isBefore('18446744073709551614', '18446744073709551615'), 'long');
  },

  'a line that is there already is not shown again': () => {
    const chat = said(1, 2);
    assert(heard(chat, line('2')) === chat, 'the same chat');
    assertEqual(idsOf(said(null, null)), [null, null], 'without ids every line is its own');
  },

  'lines that the room keeps come before those heard meanwhile': () => {
    assertEqual(idsOf(loaded(said(7, 8), kept(3, 5, 7, 8))), ['3', '5', '7', '8']);
  },

  'earlier lines go before what is known, and only their own stretch is set right': () => {
    const chat = loaded(loaded(NO_LINES, kept(20, 21)), kept(8, 9), '20');
    assertEqual(idsOf(chat), ['8', '9', '20', '21']);
    assertEqual([oldestId(chat.lines), newestId(chat.lines)], ['8', '21']);
  },

  'private lines keep their place between the numbered ones': () => {
    const chat = said(4, null, 9);
    assertEqual(idsOf(loaded(chat, kept(4, 6, 9, 12))), ['4', null, '6', '9', '12']);
    assertEqual(idsOf(heard(chat, line(undefined))), ['4', null, '9', null]);
  },

  'what was deleted or changed during an absence is so afterwards': () => {
    const chat = loaded(said(4, 5, 6), [line('4', 'new words'), line('6')]);
    assertEqual(idsOf(chat), ['4', '6']);
    assertEqual(chat.lines[0].text, 'new words');
  },

  'an answer without lines takes nothing away': () => {
    const chat = said(4, 5);
    assert(loaded(chat, []) === chat, 'another chat');
  },

  'an edited line has its new words and says so, a deleted one is gone': () => {
    const chat = edited(said(1, 2), { id: '1', text: 'better' });
    assertEqual(chat.lines.map(({ text, edited: isEdited }) => [text, isEdited]), [['better', true], ['line 2', false]]);
    assertEqual(idsOf(deleted(chat, '1')), ['2']);
    assertEqual(idsOf(deleted(chat, '77')), ['1', '2']);
  },

  'numbers of the page are never given twice': () => {
    let chat = loaded(said(10, 11), kept(5, 10, 11));
    chat = heard(deleted(chat, '11'), line('12'));
    const numbers = chat.lines.map(({ number }) => number);
    assertEqual(new Set(numbers).size, numbers.length);
  },
};
