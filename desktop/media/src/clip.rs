//! A clip as a camera: played in a loop at its own rate, scaled down if it is larger than the engine's picture.

mod open;

use std::path::Path;
use std::time::Instant;

use open::Clip;

use crate::frame::{FramePool, I420};
use crate::scale::{Scaler, fit};
use crate::source::{Outlet, Pacer};
use crate::y4m::Y4mError;

/// Runs until it is stopped, or the clip cannot be played.
pub(crate) fn run(outlet: &Outlet, path: &Path, size_max: (u32, u32), converter: &str) -> Result<(), String> {
    let mut player = Player::new(path, size_max, converter)?;
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
    /// Pictures of this round through the clip.
    shown: u64,
    original: I420,
    pool: FramePool,
    scaler: Scaler,
}

impl<'a> Player<'a> {
    fn new(path: &'a Path, size_max: (u32, u32), converter: &'a str) -> Result<Self, String> {
        let clip = Clip::open(path, converter)?;
        let header = clip.header();
        let own = (header.width, header.height);
        let original = I420::black(own.0, own.1, Instant::now());
        let (pool, scaler) = (FramePool::default(), Scaler::default());
        Ok(Self { path, converter, clip, size: fit(own, size_max), shown: 0, original, pool, scaler })
    }

    fn next(&mut self) -> Result<std::sync::Arc<I420>, String> {
        let words = |error: Y4mError| format!("The clip {} stopped: {error}.", self.path.display());
        if !self.clip.read(&mut self.original).map_err(words)? {
            self.rewind()?;
        }
        self.shown += 1;
        let (original, scaler) = (&self.original, &mut self.scaler);
        self.pool.fill(self.size, Instant::now(), |picture| {
            if (picture.width(), picture.height()) == (original.width(), original.height()) {
                picture.data_mut().copy_from_slice(original.data());
            } else {
                scaler.scale(original, picture);
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
