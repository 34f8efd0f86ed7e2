//! A clip as a camera: played in a loop at its own rate, scaled down if it is larger than the engine's picture. Where it is
//! wished, its pictures carry the pattern's mark.

mod open;

use std::path::Path;
use std::time::Instant;

use open::Clip;

use crate::frame::{FramePool, I420};
use crate::pattern::camera::wall_millis;
use crate::pattern::{Mark, stamp};
use crate::scale::{Scaler, fit};
use crate::source::{Outlet, Pacer};
use crate::y4m::Y4mError;

/// Whether pictures are played as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Marks {
    None,
    /// Each with how many came before it, and the time.
    Drawn,
}

/// Runs until it is stopped, or the clip cannot be played.
pub(crate) fn run(
    outlet: &Outlet,
    path: &Path,
    size_max: (u32, u32),
    marks: Marks,
    converter: &str,
) -> Result<(), String> {
    let mut player = Player::new(path, size_max, marks, converter)?;
    let mut pacer = Pacer::new(player.clip.header().rate, Instant::now());
    while outlet.sleep_until(pacer.next(Instant::now())) {
        outlet.send(player.next()?);
    }
    Ok(())
}

struct Player<'a> {
    path: &'a Path,
    converter: &'a str,
    clip: Clip,
    size: (u32, u32),
    marks: Marks,
    /// Pictures of this round through the clip.
    shown: u64,
    /// Pictures of all rounds.
    count: u32,
    original: I420,
    pool: FramePool,
    scaler: Scaler,
}

impl<'a> Player<'a> {
    fn new(path: &'a Path, size_max: (u32, u32), marks: Marks, converter: &'a str) -> Result<Self, String> {
        let clip = Clip::open(path, converter)?;
        let header = clip.header();
        let own = (header.width, header.height);
        let original = I420::black(own.0, own.1, Instant::now());
        let (pool, scaler) = (FramePool::default(), Scaler::default());
        Ok(Self { path, converter, clip, size: fit(own, size_max), marks, shown: 0, count: 0, original, pool, scaler })
    }

    fn next(&mut self) -> Result<std::sync::Arc<I420>, String> {
        let words = |error: Y4mError| format!("The clip {} stopped: {error}.", self.path.display());
        if !self.clip.read(&mut self.original).map_err(words)? {
            self.rewind()?;
        }
        self.shown += 1;
        let mark = Mark { number: self.count, millis: wall_millis() };
        self.count = self.count.wrapping_add(1);
        let (original, scaler, marks) = (&self.original, &mut self.scaler, self.marks);
        self.pool.fill(self.size, Instant::now(), |picture| {
            if (picture.width(), picture.height()) == (original.width(), original.height()) {
                picture.data_mut().copy_from_slice(original.data());
            } else {
                scaler.scale(original, picture);
            }
            if marks == Marks::Drawn {
                stamp(picture, mark);
            }
            Ok(())
        })
    }

    /// From the beginning again, with the first picture read.
    fn rewind(&mut self) -> Result<(), String> {
        let empty = || format!("The clip {} has no pictures.", self.path.display());
        if std::mem::take(&mut self.shown) == 0 {
            return Err(empty());
        }
        self.clip = Clip::open(self.path, self.converter)?;
        let header = self.clip.header();
        if (header.width, header.height) != (self.original.width(), self.original.height()) {
            return Err(format!("The clip {} changed while it was played.", self.path.display()));
        }
        match self.clip.read(&mut self.original) {
            Ok(true) => Ok(()),
            Ok(false) | Err(_) => Err(empty()),
        }
    }
}

#[cfg(test)]
mod tests;
