//! Microphones and speakers that come and go: one thread per direction opens the device, watches it, tells what is
//! wrong in a sentence, and tries again.

mod card;
mod error;
mod server;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded, select};

use super::SAMPLE_RATE;
use super::ring::Ring;
use super::worker::Worker;
use crate::event::Events;
use error::OpenError;
pub(crate) use server::{NAME, cookie, dial};

/// A device that is missing is looked for this often.
const RETRY: Duration = Duration::from_secs(3);

/// A device that gives and takes nothing for this long is as good as gone.
const STALL: Duration = Duration::from_secs(3);

/// Samples: what a thread may be late before sound is lost, and what a device may ask for at a time. A second.
const RING: usize = SAMPLE_RATE as usize;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    Capture,
    Playback,
}

/// Between a device's callback and the thread that feeds or empties it: always 48 kHz mono, whatever the device does.
#[derive(Debug)]
pub(crate) struct Line {
    pub(crate) ring: Ring,
    live: AtomicBool,
    /// How many samples the device takes at a time.
    appetite: AtomicUsize,
    /// Grows whenever the device gives or takes something.
    progress: AtomicUsize,
    wake: Sender<()>,
    woken: Receiver<()>,
}

impl Line {
    pub(crate) fn new() -> Arc<Self> {
        let (wake, woken) = bounded(1);
        Arc::new(Self {
            ring: Ring::new(RING),
            live: AtomicBool::new(false),
            appetite: AtomicUsize::new(0),
            progress: AtomicUsize::new(0),
            wake,
            woken,
        })
    }

    /// Whether a device is at the other end.
    pub(crate) fn is_live(&self) -> bool {
        self.live.load(Ordering::Acquire)
    }

    /// Gets a message whenever the device gave or took samples.
    pub(crate) fn woken(&self) -> &Receiver<()> {
        &self.woken
    }

    /// Whether the device could run dry before it asks again, and there is room for a block.
    pub(crate) fn is_hungry(&self, block: usize) -> bool {
        self.ring.len() < (self.appetite.load(Ordering::Relaxed) + block).min(RING - block)
    }

    fn wake(&self) {
        self.progress.fetch_add(1, Ordering::Relaxed);
        // Full: the thread has not looked yet, one message is enough.
        let _ = self.wake.try_send(());
    }

    fn note_appetite(&self, samples: usize) {
        let before = self.appetite.load(Ordering::Relaxed);
        // Follows a bigger request at once and forgets it slowly.
        self.appetite.store(samples.max(before - before.saturating_sub(samples).div_ceil(16)), Ordering::Relaxed);
    }

    fn set_live(&self, live: bool) {
        self.ring.clear();
        self.appetite.store(0, Ordering::Relaxed);
        self.live.store(live, Ordering::Release);
        self.wake();
    }
}

/// A device at the end of a line, as long as there is one. Dropping it releases the device.
#[derive(Debug)]
pub(crate) struct Device {
    _watch: Worker,
}

impl Device {
    pub(crate) fn open(
        direction: Direction,
        name: Option<String>,
        line: Arc<Line>,
        events: Events,
    ) -> std::io::Result<Self> {
        let thread = match direction {
            Direction::Capture => "audio-capture",
            Direction::Playback => "audio-playback",
        };
        let watch = Worker::spawn(thread, move |stopped| watch(direction, name.as_deref(), &line, &events, stopped))?;
        Ok(Self { _watch: watch })
    }
}

#[expect(dead_code, reason = "kept for its end: dropping it closes the device")]
enum Stream {
    Server(server::Stream),
    Card(card::Stream),
}

fn open(direction: Direction, name: Option<&str>, line: &Arc<Line>) -> Result<(Stream, Receiver<String>), OpenError> {
    let (broken, reasons) = bounded(1);
    let stream = match server::open(direction, name, line, broken.clone()) {
        Ok(stream) => Stream::Server(stream),
        Err(OpenError::NoSound) => Stream::Card(card::open(direction, name, line, broken)?),
        Err(error) => return Err(error),
    };
    Ok((stream, reasons))
}

fn watch(direction: Direction, name: Option<&str>, line: &Arc<Line>, events: &Events, stopped: &Receiver<()>) {
    // The last sentence that was told: the same trouble is told once.
    let mut told = None;
    loop {
        let trouble = match open(direction, name, line) {
            Ok((stream, broken)) => {
                line.set_live(true);
                if told.take().is_some() {
                    events.notice(error::works_again(direction));
                }
                let reason = wait_for_the_end(line, &broken, stopped);
                line.set_live(false);
                drop(stream);
                let Some(reason) = reason else { return };
                error::lost(direction, &reason)
            }
            Err(error) => error.sentence(direction),
        };
        if told.as_ref() != Some(&trouble) {
            tracing::warn!(%trouble, "a sound device is not available");
            events.notice(trouble.clone());
            told = Some(trouble);
        }
        if stopped.recv_timeout(RETRY).is_err_and(|error| error.is_disconnected()) {
            return;
        }
    }
}

/// Says why the device is gone; `None` if we are to stop.
fn wait_for_the_end(line: &Line, broken: &Receiver<String>, stopped: &Receiver<()>) -> Option<String> {
    let mut progress = line.progress.load(Ordering::Relaxed);
    loop {
        select! {
            recv(stopped) -> _ => return None,
            recv(broken) -> reason => return Some(reason.unwrap_or_else(|_| "the sound server is gone".into())),
            default(STALL) => {
                let before = std::mem::replace(&mut progress, line.progress.load(Ordering::Relaxed));
                if before == progress {
                    return Some("there is no sound from or to it".into());
                }
            }
        }
    }
}
