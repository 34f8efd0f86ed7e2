//! Pictures at their time: filled into the buffers that the program has handed in, or lost where it has none.

use std::collections::VecDeque;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A buffer with a picture in it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Filled {
    pub(crate) index: u32,
    pub(crate) bytes: u32,
    pub(crate) damaged: bool,
    pub(crate) sequence: u32,
    pub(crate) time: Duration,
}

#[derive(Debug)]
pub(crate) struct Stream {
    pictures: Vec<PathBuf>,
    pub(crate) queued: VecDeque<u32>,
    filled: VecDeque<Filled>,
    due: Duration,
    sequence: u32,
}

/// What stands in the way of pictures.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    pub(crate) interval: Duration,
    pub(crate) stalled: bool,
}

impl Stream {
    /// The first picture comes after one interval.
    pub(crate) fn start(pictures: &Path, queued: VecDeque<u32>, due: Duration) -> Self {
        let entries = std::fs::read_dir(pictures).into_iter().flatten().flatten();
        let mut pictures: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
        pictures.sort();
        Self { pictures, queued, filled: VecDeque::new(), due, sequence: 0 }
    }

    /// Brings the camera to this moment. Each buffer has `size` bytes of `memory`.
    pub(crate) fn advance(&mut self, now: Duration, pace: Pace, memory: &File, size: u32) {
        while self.due <= now {
            let (due, sequence) = (self.due, self.sequence);
            self.due += pace.interval;
            self.sequence += 1;
            if pace.stalled || self.pictures.is_empty() {
                continue;
            }
            let Some(index) = self.queued.pop_front() else { continue };
            let path = &self.pictures[sequence as usize % self.pictures.len()];
            let mut picture = std::fs::read(path).unwrap_or_default();
            picture.truncate(size as usize);
            // What an earlier picture left behind it stays, as in a driver's buffer.
            let written = memory.write_all_at(&picture, u64::from(index) * u64::from(size));
            let damaged = written.is_err() || path.extension().is_some_and(|ending| ending == "error");
            self.filled.push_back(Filled { index, bytes: picture.len() as u32, damaged, sequence, time: due });
        }
    }

    pub(crate) fn has_picture(&self) -> bool {
        !self.filled.is_empty()
    }

    pub(crate) fn take(&mut self) -> Option<Filled> {
        self.filled.pop_front()
    }

    pub(crate) fn holds(&self, index: u32) -> bool {
        self.queued.contains(&index) || self.filled.iter().any(|filled| filled.index == index)
    }
}
