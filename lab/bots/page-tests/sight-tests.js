//! How high pictures are shown, and what is sent for it.

import { Sight, bitsFor, shrinkFor, stepOf } from '/assets/js/sight.js';
import { assertEqual as equal } from './assert.js';

export const tests = {
  'what is told of a height is a step, never less than it': () => {
    equal([0, -1, 1, 90, 91, 700, 9_000].map(stepOf), [0, 0, 90, 90, 135, 720, 2160]);
  },

  'a picture is scaled down by halves, and stays as good as it is shown': () => {
    equal([720, 540, 270, 135, 90].map((shown) => shrinkFor(720, shown)), [1, 1, 2, 4, 4]);
    equal([shrinkFor(720, null), shrinkFor(undefined, 90), shrinkFor(720, 0)], [1, 1, 1]);
  },

  'a larger picture may cost more bits, up to what still shows': () => {
    const bits = [[640, 360], [640, 480], [1280, 720], [3840, 2160], [320, 180]].map(([width, height]) => bitsFor({ width, height }));
    equal(bits.map(Math.round), [1_000_000, 1_333_333, 2_500_000, 2_500_000, 1_000_000]);
    equal([2, 4].map((shrink) => bitsFor({ width: 1280, height: 720 }, shrink)), [1_000_000, 1_000_000]);
    equal([bitsFor(undefined), bitsFor({})], [1_000_000, 1_000_000]);
  },

  'only who understands it is told, once for each height, and again when the words may be lost': () => {
    const told = [];
    const sight = new Sight((id, { height }) => told.push([id, height]));
    const tell = () => sight.tell((id) => id === 'new');
    const shown = (id, pixels) => ({ id, isScreen: false, pixels });
    sight.note([shown('new', 130), shown('old', 130)]);
    tell();
    sight.note([shown('new', 135), shown('old', 135)]);
    tell();
    equal(told, [['new', 135]]);
    sight.note([shown('new', 600)]);
    tell();
    sight.forgetTold();
    tell();
    equal(told.slice(1), [['new', 720], ['new', 720]]);
  },

  'of somebody who shares the screen both heights are told, and one alone when that is over': () => {
    const told = [];
    const sight = new Sight((id, shown) => told.push(shown));
    const person = { id: 'a', isScreen: false, pixels: 90 };
    for (const pictures of [[person, { id: 'a', isScreen: true, pixels: 500 }], [person]]) {
      sight.note(pictures);
      sight.tell(() => true);
    }
    equal(told, [{ height: 90, screen: 540 }, { height: 90 }]);
  },

  'who comes back is told anew, and has said nothing': () => {
    const told = [];
    const sight = new Sight((id, height) => told.push([id, height]));
    sight.note([{ id: 'a', isScreen: false, pixels: 90 }]);
    sight.heard('a', { height: 180 });
    sight.tell(() => true);
    equal(sight.of('a'), { height: 180 });
    sight.forget('a');
    sight.tell(() => true);
    equal([sight.of('a'), told.length], [null, 2]);
  },
};
