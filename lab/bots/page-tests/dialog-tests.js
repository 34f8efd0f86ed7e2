//! What keeps order on the page: dialogs, the question before a deed, menus, the door, lines and toasts.

import { apply, initialModel } from '/assets/js/model.js';
import { Chat } from '/assets/js/view/chat.js';
import { Confirm } from '/assets/js/view/confirm.js';
import { Dialog } from '/assets/js/view/dialog.js';
import { Door } from '/assets/js/view/door.js';
import { Invites } from '/assets/js/view/invites.js';
import { Menu, menuButton } from '/assets/js/view/menu.js';
import { Halt } from '/assets/js/view/overlays.js';
import { People } from '/assets/js/view/people.js';
import { RoomSettings } from '/assets/js/view/roomsettings.js';
import { Tile } from '/assets/js/view/tiles.js';
import { Toasts } from '/assets/js/view/toasts.js';
import { assert, assertEqual, until } from './assert.js';

const SETTINGS = { locked: false, lobby: true, public: true, has_password: true, guest_limit: 7, history: { hours: 3 }, role: 'owner' };
const empty = (role = 'owner') =>
  apply(initialModel({ room: 'demo', me: 'me', username: 'Me' }), { type: 'roomSettings', settings: { ...SETTINGS, role } });
const person = (id, more = {}) => ({ id, username: id, me: id === 'me', unstable: false, media: null, ours: true, role: 'guest', obeys: true, ...more });
const after = (model, ...events) => events.reduce(apply, model);

/** Notes what the person wants, by name; `answers` gives what an intent returns. */
function noted(answers = {}) {
  const wanted = [];
  const intents = new Proxy({}, {
    get: (_, name) => answers[name] ?? ((...given) => void wanted.push([name, ...given])),
  });
  return { wanted, intents };
}

/** Runs with the part on the page. */
async function onPage(parts, work) {
  document.body.append(...parts.map(({ element }) => element));
  try {
    await work();
  } finally {
    parts.forEach(({ element }) => {
      if (element.open) element.close();
      element.remove();
    });
  }
}

const button = (root, name) =>
  [...root.querySelectorAll('button')].find((one) => (one.getAttribute('aria-label') ?? one.textContent).trim() === name);

export const tests = {
  'a click within a dialog does what it does anywhere, and one beside it closes': async () => {
    let closed = 0;
    const dialog = new Dialog({ title: 'Test', onClose: () => (closed += 1) });
    const box = document.createElement('input');
    box.type = 'checkbox';
    dialog.body.append(box);
    await onPage([dialog], async () => {
      dialog.show(true);
      box.click();
      assert(box.checked, 'the click was undone');
      assert(dialog.element.contains(document.activeElement), 'the focus is in the dialog');
      dialog.element.click();
      await until(() => closed === 1 && !dialog.element.open, 'closed');
    });
  },

  'who closes a dialog is told apart from what closes it': async () => {
    let closed = 0;
    const dialog = new Dialog({ title: 'Test', onClose: () => (closed += 1) });
    await onPage([dialog], async () => {
      dialog.show(true);
      dialog.show(false);
      await new Promise((resolve) => setTimeout(resolve, 50));
      assertEqual(closed, 0);
    });
  },

  'a deed is done after a yes only, with its option': async () => {
    const confirm = new Confirm();
    await onPage([confirm], async () => {
      const first = confirm.ask({ title: 'Ban?', text: 'For good.', action: 'Ban', option: 'Also the address' });
      assertEqual(document.activeElement.textContent, 'Cancel');
      confirm.element.querySelector('input').click();
      button(confirm.element, 'Ban').click();
      assertEqual(await first, { option: true });
      const second = confirm.ask({ title: 'Kick?', text: '', action: 'Kick' });
      assert(!confirm.element.querySelector('input').checkVisibility(), 'no option');
      button(confirm.element, 'Cancel').click();
      assertEqual(await second, null);
      const third = confirm.ask({ title: 'Kick?', text: '', action: 'Kick' });
      confirm.show({ status: { name: 'ended' } });
      assertEqual(await third, null);
    });
  },

  'a menu is worked with the keys, and gives the focus back': async () => {
    const menu = new Menu();
    const anchor = { element: menuButton('More') };
    const run = [];
    await onPage([anchor, menu], async () => {
      const items = ['one', 'two'].map((label) => ({ icon: 'chat', label, run: () => run.push(label) }));
      const press = (key) => document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
      menu.open(anchor.element, 'More', items);
      assertEqual([anchor.element.ariaExpanded, document.activeElement.textContent], ['true', 'one']);
      press('ArrowDown');
      assertEqual(document.activeElement.textContent, 'two');
      press('ArrowDown');
      assertEqual(document.activeElement.textContent, 'one');
      press('Escape');
      assertEqual([anchor.element.ariaExpanded, document.activeElement === anchor.element, run], ['false', true, []]);
      menu.open(anchor.element, 'More', items);
      press('End');
      document.activeElement.click();
      assertEqual([run, menu.element.matches(':popover-open')], [['two'], false]);
    });
  },

  'who knocks is shown to those who may open': () => {
    const { wanted, intents } = noted();
    const door = new Door(intents);
    const knock = { type: 'knocking', clients: [{ id: 'd4', name: '<b>Di</b>' }] };
    door.show(after(empty('moderator'), knock));
    assert(!door.element.hidden && door.element.querySelector('b') === null, 'shown as text');
    button(door.element, 'Admit <b>Di</b>').click();
    button(door.element, 'Deny <b>Di</b>').click();
    assertEqual(wanted, [['moderate', 'admit', 'd4'], ['moderate', 'deny', 'd4']]);
    door.show(empty('guest'));
    assert(door.element.hidden, 'hidden from guests');
  },

  'a knock is told with a button, under the latest name, until it is answered': () => {
    const { wanted, intents } = noted();
    const toasts = new Toasts(intents);
    const knocking = (...clients) => ({ type: 'knocking', clients });
    let model = after(empty(), knocking({ id: 'd4', name: 'Major Tom' }));
    toasts.show(model);
    model = after(model, knocking({ id: 'd4', name: 'Di' }));
    toasts.show(model);
    assertEqual(model.toasts.map(({ text }) => text), ['Di is waiting to be let in.']);
    button(toasts.element, 'Admit').click();
    assertEqual(wanted, [['moderate', 'admit', 'd4']]);
    assertEqual(after(model, knocking()).toasts, []);
  },

  'roles are shown, and a menu has what one may do': async () => {
    let items = [];
    const { wanted, intents } = noted({ menu: (_, __, given) => (items = given), ask: async () => ({ option: true }) });
    const people = new People(intents);
    const roster = { type: 'roster', participants: [person('me', { role: 'owner' }), person('ann', { role: 'moderator' }), person('bo')] };
    people.show(after(empty(), roster));
    assertEqual([...people.element.querySelectorAll('.badge')].map((one) => one.hidden || one.textContent), ['Owner', 'Moderator', true]);
    button(people.element, 'More about bo').click();
    assertEqual(items.map(({ label }) => label), ['Write privately', 'Make a moderator', 'Hand the room over…', 'Remove…', 'Ban…']);
    items.at(-1).run();
    await until(() => wanted.length > 0, 'the ban');
    assertEqual(wanted, [['moderate', 'ban', 'bo', true]]);
    people.show(after(empty('guest'), roster));
    button(people.element, 'More about bo').click();
    assertEqual(items.map(({ label }) => label), ['Write privately']);
    assert(people.element.querySelector('.tools').hidden, 'no tools for guests');
  },

  'a tile shows who owns and who moderates the room, as long as it is so': () => {
    const shown = (role) => ({ key: 'person ann', person: person('ann', { role }), isScreen: false });
    const tile = new Tile(shown('guest'), noted().intents);
    const seen = (role) => {
      tile.show(shown(role), empty(), null, false);
      const badge = tile.element.querySelector('.role');
      return [badge.hidden ? '' : badge.textContent, tile.element.ariaLabel];
    };
    assertEqual(seen('owner'), ['Owner', 'ann, owner, no picture']);
    assertEqual(seen('moderator'), ['Moderator', 'ann, moderator, no picture']);
    assertEqual(seen('guest'), ['', 'ann, no picture']);
  },

  'the tile of a screen says whose it is, and is shown large by itself': () => {
    const { wanted, intents } = noted();
    const tile = new Tile({ key: 'screen ann', person: person('ann'), isScreen: true }, intents);
    tile.show({ key: 'screen ann', person: person('ann', { role: 'owner' }), isScreen: true }, empty(), null, true);
    assertEqual([tile.element.ariaLabel, tile.element.dataset.screenOf], ['ann’s screen, no picture', 'ann']);
    button(tile.element, 'Show ann’s screen large').click();
    assertEqual(wanted, [['pin', 'ann', true]]);
  },

  'an unanswered question does nothing': async () => {
    let items = [];
    const { wanted, intents } = noted({ menu: (_, __, given) => (items = given), ask: async () => null });
    const people = new People(intents);
    people.show(after(empty(), { type: 'roster', participants: [person('me'), person('bo')] }));
    button(people.element, 'More about bo').click();
    items.at(-1).run();
    await new Promise((resolve) => setTimeout(resolve, 20));
    assertEqual(wanted, []);
  },

  'the owner sends only what is different, also where the room is set unusually': async () => {
    const { intents } = noted();
    const sent = [];
    const keeper = { edit: async (change) => void sent.push(change) };
    const dialog = new RoomSettings(empty(), new Proxy({}, { get: (_, name) => (name === 'keeper' ? keeper : intents[name]) }));
    await onPage([dialog], async () => {
      dialog.show(after(empty(), { type: 'dialog', dialog: 'room' }));
      const form = dialog.element.querySelector('form');
      form.requestSubmit();
      form.elements.locked.click();
      form.elements.password.value = 'milk';
      form.requestSubmit();
      form.elements.no_password.click();
      form.requestSubmit();
      assertEqual(sent, [{}, { locked: true, password: 'milk' }, { locked: true, password: '' }]);
    });
  },

  'what another sets meanwhile does not undo what one is setting': async () => {
    const { intents } = noted();
    const dialog = new RoomSettings(empty(), intents);
    await onPage([dialog], async () => {
      const open = after(empty(), { type: 'dialog', dialog: 'room' });
      dialog.show(open);
      const { elements } = dialog.element.querySelector('form');
      elements.public.click();
      dialog.show(after(open, { type: 'roomSettings', settings: { ...SETTINGS, locked: true, lobby: false } }));
      assertEqual([elements.public.checked, elements.locked.checked, elements.lobby.checked], [false, true, false]);
    });
  },

  'moderators get lock and bans, and nothing that is the owner\'s': async () => {
    const { wanted, intents } = noted();
    const dialog = new RoomSettings(empty('moderator'), intents);
    await onPage([dialog], async () => {
      dialog.show(after(empty('moderator'), { type: 'dialog', dialog: 'room' }));
      assert(dialog.element.querySelector('form').hidden && button(dialog.element, 'Delete the room…').hidden, 'hidden');
      button(dialog.element, 'Lock the room').click();
      button(dialog.element, 'Bans…').click();
      assertEqual(wanted, [['moderate', 'lock'], ['dialog', 'bans']]);
      dialog.show(after(empty('guest'), { type: 'dialog', dialog: 'room' }));
      assert(!dialog.element.open, 'closed for a guest');
    });
  },

  'an invite is made as chosen, shown once, listed and revoked': async () => {
    const calls = [];
    const keeper = { invite: (wish) => calls.push(['invite', wish]), revoke: (id) => calls.push(['revoke', id]) };
    const { intents } = noted({ keeper });
    const dialog = new Invites(intents);
    await onPage([dialog], async () => {
      const open = after(empty(), { type: 'dialog', dialog: 'invites' });
      dialog.show(open);
      dialog.element.querySelector('[name=moderator]').click();
      dialog.element.querySelector('form').requestSubmit();
      assertEqual(calls.pop(), ['invite', { expires_in_seconds: 86_400, uses: 1, role: 'moderator' }]);
      const made = { id: 'i1', role: 'moderator', created: 1, uses_left: 1, url: 'https://example.org/rtc/demo?invite=x' };
      dialog.show(after(open, { type: 'newInvite', invite: made }, { type: 'invites', invites: [made] }));
      assertEqual(dialog.element.querySelector('input[readonly]').value, made.url);
      dialog.element.querySelector('.entry button').click();
      assertEqual(calls.pop(), ['revoke', 'i1']);
    });
    assertEqual(after(empty(), { type: 'newInvite', invite: {} }, { type: 'dialog', dialog: null }).newInvite, null);
  },

  'a line is changed in its place, and Esc leaves it as it was': async () => {
    let items = [];
    const { wanted, intents } = noted({ menu: (_, __, given) => (items = given), ask: async () => ({}) });
    const chat = new Chat(intents);
    const line = { id: '7', from: 'me', name: 'Me', time: 1, text: 'helo', mine: true, private: false, edited: false };
    await onPage([chat], async () => {
      chat.show(after(empty('guest'), { type: 'chat', line }));
      const press = (key) => document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
      const edit = () => {
        button(chat.element, 'More about this message').click();
        items[0].run();
      };
      edit();
      document.activeElement.value = 'no';
      press('Escape');
      edit();
      assertEqual(document.activeElement.value, 'helo');
      document.activeElement.value = ' hello ';
      press('Enter');
      assertEqual(wanted, [['editLine', '7', 'hello']]);
      items[1].run();
      await until(() => wanted.length === 2, 'deleted');
      assertEqual(wanted[1], ['deleteLine', '7']);
    });
  },

  'earlier lines are loaded on demand and leave what one reads where it is': async () => {
    const { wanted, intents } = noted();
    const chat = new Chat(intents);
    chat.element.style.height = '200px';
    const lines = (from, to) => Array.from({ length: to - from }, (_, i) => ({
      ...{ id: String(from + i), from: 'ann', name: 'Ann', time: 1, text: `line ${from + i}`, mine: false, private: false, edited: false },
    }));
    const kept = (more, messages) => ({ type: 'kept', messages, before: undefined, more, isNews: false });
    await onPage([chat], async () => {
      chat.element.querySelector('.lines').style.cssText = 'height: 120px; overflow-y: auto; overflow-anchor: none';
      const late = after(empty('guest'), kept(true, lines(50, 90)));
      chat.show(late);
      chat.element.querySelector('.lines').scrollTop = 0;
      const second = chat.element.querySelectorAll('.line')[1];
      const { top } = second.getBoundingClientRect();
      button(chat.element, 'Load earlier').click();
      assertEqual(wanted, [['loadEarlier']]);
      chat.show(after(late, { ...kept(false, lines(10, 50)), before: '50' }));
      assert(button(chat.element, 'Load earlier').hidden, 'there are no more');
      assertEqual(chat.element.querySelectorAll('.line').length, 80);
      const moved = second.getBoundingClientRect().top - top;
      assert(Math.abs(moved) < 40, `moved by ${moved} pixels`); // its head went to the line before it
    });
  },

  'a guest is offered nothing on the lines of others, a moderator their deletion': () => {
    const line = { id: '7', from: 'ann', name: 'Ann', time: 1, text: 'hi', mine: false, private: false, edited: false };
    const hidden = (role) => {
      const chat = new Chat(noted().intents);
      chat.show(after(empty(role), { type: 'chat', line }));
      return button(chat.element, 'More about this message').hidden;
    };
    assertEqual([hidden('guest'), hidden('moderator')], [true, false]);
  },

  'whom one writes to is chosen, marked, and never exchanged for the room': async () => {
    const { wanted, intents } = noted();
    const chat = new Chat(intents);
    await onPage([chat], async () => {
      const here = after(empty('guest'), { type: 'roster', participants: [person('me'), person('bo')] });
      const aside = after(here, { type: 'recipient', recipient: { id: 'bo', name: 'bo' } });
      chat.show(aside);
      const input = chat.element.querySelector('.composer textarea');
      assertEqual([input.placeholder, chat.element.querySelector('.composing').dataset.private], ['Only to bo', 'true']);
      input.value = 'psst';
      chat.element.querySelector('.composer').requestSubmit();
      assertEqual(wanted, [['say', 'psst', 'bo']]);
      chat.show(after(aside, { type: 'roster', participants: [person('me')] }));
      input.value = 'still for bo';
      chat.element.querySelector('.composer').requestSubmit();
      assertEqual([wanted.length, input.value], [1, 'still for bo']);
    });
  },

  'who is on another device now is told so, and may come back here': () => {
    const { wanted, intents } = noted();
    const halt = new Halt(intents, '/rtc');
    halt.show(after(empty(), { type: 'status', status: { name: 'elsewhere', where: 'device' } }));
    assertEqual(halt.element.querySelector('h2').textContent, 'You are here on another device now');
    button(halt.element, 'Use it here').click();
    assertEqual(wanted, [['retry']]);
    halt.show(after(empty(), { type: 'status', status: { name: 'elsewhere', where: 'tab' } }));
    assertEqual(halt.element.querySelector('h2').textContent, 'This room is open in another tab');
  },

  'an end says why, and how to come back where one may': () => {
    const halt = new Halt(noted().intents, '/rtc');
    const shown = (how) => {
      halt.show(after(empty(), { type: 'status', status: { name: 'ended', ...how } }));
      return [halt.element.querySelector('h2').textContent, halt.element.textContent.includes('Ann'), !halt.element.querySelector('button').hidden];
    };
    assertEqual(shown({ reason: 'kick', who: 'Ann' }), ['You were removed from the room', true, true]);
    assertEqual(shown({ reason: 'ban', who: 'Ann' }), ['You are banned from this room', true, false]);
    assertEqual(shown({ reason: 'delete' }), ['The room was deleted', false, false]);
    for (const id of ['locked', 'denied', 'invalid-invite', 'room-full', 'unknown-room']) {
      halt.show(after(empty(), { type: 'status', status: { name: 'refused', notice: { id, message: 'raw words' } } }));
      assert(!halt.element.textContent.includes('raw words') && !halt.element.hidden, id);
    }
  },
};
