//! A stay in a room with an end and a report, with a window or without.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use media::Picture;

use crate::report::{Report, Reporting};
use crate::{Backend, Command, Event, Tile};

/// A backend that wants to end after some time or when the flag is up, and leaves a report behind.
pub struct Staying<B: Reporting> {
    inner: B,
    ended: Arc<AtomicBool>,
    report: Option<PathBuf>,
}

impl<B: Reporting> Staying<B> {
    /// `ended` may be raised from elsewhere too, as by a signal.
    pub fn new(inner: B, ended: Arc<AtomicBool>, report: Option<PathBuf>) -> Self {
        Self { inner, ended, report }
    }

    /// Raises the flag after `duration`.
    pub fn end_after(&self, duration: Duration, wake: Arc<dyn Fn() + Send + Sync>) -> std::io::Result<()> {
        let ended = Arc::clone(&self.ended);
        let wait = move || {
            std::thread::sleep(duration);
            ended.store(true, Ordering::Relaxed);
            wake();
        };
        std::thread::Builder::new().name("deadline".to_owned()).spawn(wait).map(drop)
    }
}

impl<B: Reporting> Backend for Staying<B> {
    fn poll_event(&mut self) -> Option<Event> {
        self.inner.poll_event()
    }

    fn command(&mut self, command: Command) {
        self.inner.command(command);
    }

    fn picture(&self, tile: &Tile) -> Option<Picture> {
        self.inner.picture(tile)
    }

    fn wants_to_end(&self) -> bool {
        self.ended.load(Ordering::Relaxed) || self.inner.wants_to_end()
    }
}

impl<B: Reporting> Reporting for Staying<B> {
    fn report(&self) -> Report {
        self.inner.report()
    }
}

impl<B: Reporting> Drop for Staying<B> {
    fn drop(&mut self) {
        if let Some(path) = &self.report
            && let Err(error) = write(&self.inner.report(), path)
        {
            eprintln!("the report cannot be written to {}: {error}", path.display());
        }
    }
}

fn write(report: &Report, path: &Path) -> std::io::Result<()> {
    std::fs::write(path, serde_json::to_string_pretty(report)?)
}
