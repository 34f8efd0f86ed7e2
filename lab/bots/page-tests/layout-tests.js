//! Where tiles stand: inside the stage, apart from each other, as large as they can be.

import { focusOf, gridOf } from '/assets/js/view/layout.js';
import { assert, assertEqual } from './assert.js';

const BOXES = [[1256, 660], [884, 660], [374, 700], [600, 280], [1900, 960]];

function assertApart(boxes, width, height) {
  boxes.forEach((box, i) => {
    assert(box.left >= -0.5 && box.top >= -0.5, `${i} sticks out at the top left`);
    assert(box.left + box.width <= width + 0.5 && box.top + box.height <= height + 0.5, `${i} sticks out`);
    assert(box.width > 0 && box.height > 0, `${i} has no size`);
    for (const other of boxes.slice(i + 1)) {
      const apartX = box.left + box.width <= other.left + 0.5 || other.left + other.width <= box.left + 0.5;
      const apartY = box.top + box.height <= other.top + 0.5 || other.top + other.height <= box.top + 0.5;
      assert(apartX || apartY, 'two overlap');
    }
  });
}

export const tests = {
  'tiles of a grid stay inside and apart': () => {
    for (const [width, height] of BOXES) for (let n = 1; n <= 16; n++) assertApart(gridOf(n, width, height), width, height);
  },

  'one large tile and its strip stay inside and apart': () => {
    for (const [width, height] of BOXES) {
      for (let n = 0; n <= 8; n++) {
        const { main, strip } = focusOf(n, width, height);
        assertEqual(strip.length, n);
        assertApart([main, ...strip], width, height);
        assert(main.width * main.height > width * height * 0.5, 'the large one is small');
      }
    }
  },

  'two stand side by side on a laptop and one above the other on a phone': () => {
    const [a, b] = gridOf(2, 1256, 660);
    assertEqual(a.top, b.top);
    const [c, d] = gridOf(2, 374, 700);
    assertEqual(c.left, d.left);
  },

  'nobody needs no place': () => assertEqual(gridOf(0, 800, 600), []),
};
