//! One's own microphone when a moderator switches it off. Needs the browser's fake devices.

import { Media } from '/assets/js/media.js';
import { assertEqual } from './assert.js';

const silent = { change() {}, notice() {}, devices() {} };

export const tests = {
  'muted is off, and the person switches it on again': async () => {
    const media = new Media({ on: silent });
    await media.start();
    assertEqual(media.sending.microphone, true);
    await media.mute();
    assertEqual([media.sending.microphone, media.sending.camera], [false, true]);
    await media.setMicrophone(true);
    assertEqual(media.sending.microphone, true);
    media.stop();
  },

  'a microphone that is only just being switched on is muted too': async () => {
    const media = new Media({ on: silent });
    const starting = media.start();
    await media.mute();
    await starting;
    assertEqual([media.sending.microphone, media.sending.camera], [false, true]);
    media.stop();
  },
};
