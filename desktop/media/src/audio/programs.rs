//! The sound of the other programs of this machine, which goes along with a shared screen: what each of them plays,
//! mixed by the clock of whoever sends it.

mod conversation;
mod tap;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{FRAME, stretch};

pub(crate) use tap::Tap;
pub use tap::screen_sound;

/// Samples that wait before a program is heard, 40 ms: the sound server hands them out in bursts of up to 20 ms, and
/// nobody minds a film that is a little late.
const CUSHION: usize = 2 * FRAME;

/// Samples that are kept of a program at most, 160 ms. The newest are: a server that stood still is not made up for.
const KEPT: usize = 4 * CUSHION;

/// Frames between two looks at how much waits: 200 ms. The least of them tells what is too much, or too little.
const LOOK_EVERY: u32 = 10;

/// Samples, 10 ms: with less waiting at the worst, the program's clock is the slower one, and with so much more than
/// the cushion it is the faster one.
const SCARCE: usize = FRAME / 2;
const PLENTY: usize = CUSHION + FRAME / 2;

/// Filled by the thread that listens, emptied by the one that sends.
#[derive(Debug, Default)]
pub(crate) struct Programs {
    /// By the server's number of what it plays.
    playing: Mutex<BTreeMap<u32, Program>>,
}

#[derive(Debug)]
struct Program {
    waiting: VecDeque<f32>,
    /// The cushion was there once, and since then something has always been.
    heard: bool,
    /// The least that waited after a frame was taken, and the frames until it is looked at.
    least: usize,
    until_look: u32,
}

impl Programs {
    pub(crate) fn push(&self, program: u32, samples: impl Iterator<Item = f32>) {
        self.playing().entry(program).or_default().push(samples);
    }

    /// It has ended, or is not listened to any more.
    pub(crate) fn remove(&self, program: u32) {
        self.playing().remove(&program);
    }

    pub(crate) fn clear(&self) {
        self.playing().clear();
    }

    /// Adds the next 20 ms of all of them.
    pub(crate) fn mix_into(&self, frame: &mut [f32; FRAME]) {
        self.playing().values_mut().for_each(|program| program.mix_into(frame));
    }

    /// A mix that was left in the middle is still one.
    fn playing(&self) -> MutexGuard<'_, BTreeMap<u32, Program>> {
        self.playing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Program {
    fn default() -> Self {
        Self { waiting: VecDeque::new(), heard: false, least: usize::MAX, until_look: LOOK_EVERY }
    }
}

impl Program {
    fn push(&mut self, samples: impl Iterator<Item = f32>) {
        // What a foreign program hands to the server can be anything.
        self.waiting.extend(samples.map(|sample| if sample.is_finite() { sample.clamp(-1.0, 1.0) } else { 0.0 }));
        let surplus = self.waiting.len().saturating_sub(KEPT);
        self.waiting.drain(..surplus);
    }

    fn mix_into(&mut self, frame: &mut [f32; FRAME]) {
        if !self.heard && self.waiting.len() < FRAME + CUSHION {
            return;
        }
        self.heard = self.waiting.len() >= FRAME;
        if self.heard {
            self.keep_pace();
        } else {
            (self.least, self.until_look) = (usize::MAX, LOOK_EVERY);
        }
        let count = self.waiting.len().min(FRAME);
        for (slot, sample) in frame.iter_mut().zip(self.waiting.drain(..count)) {
            *slot += sample;
        }
    }

    /// Two clocks differ: now and then a piece is left out or repeated where nobody hears it.
    fn keep_pace(&mut self) {
        self.least = self.least.min(self.waiting.len() - FRAME);
        self.until_look -= 1;
        if self.until_look > 0 {
            return;
        }
        let least = std::mem::replace(&mut self.least, usize::MAX);
        self.until_look = LOOK_EVERY;
        let change = match least {
            ..SCARCE => stretch::lengthen,
            SCARCE..=PLENTY => return,
            _ => stretch::shorten,
        };
        let mut piece: Vec<f32> = self.waiting.drain(..FRAME).collect();
        change(&mut piece);
        piece.into_iter().rev().for_each(|sample| self.waiting.push_front(sample));
    }
}
