//! The way out of a camera or a screen: encoded once for all whose needs are alike, on a thread of its own.

mod encodings;
mod ladder;
mod load;
mod wish;
mod worker;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::atomic::AtomicU32;
use std::sync::{Arc, Mutex};
use std::thread::{Builder, JoinHandle};
use std::time::Instant;

use crossbeam_channel::Sender;

use crate::choice::{CameraChoice, ScreenChoice};
use crate::event::Events;
use crate::frame::{I420, Picture};
use crate::packet::PeerTag;
use crate::slot::lock;
use crate::stats::{OutStats, VideoSource};
pub use ladder::Need;
use worker::Worker;

/// What the camera is to be like.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) camera: CameraChoice,
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) fps: u32,
    /// The display whose screen is shared, if not `$DISPLAY`.
    pub(crate) display: Option<String>,
}

/// Emits `MediaEvent::Video`, `Picture(None)` and notices. Dropping it ends its threads and releases the devices.
#[derive(Debug)]
pub(crate) struct VideoOut {
    shared: Arc<Shared>,
    ring: Sender<()>,
    thread: Option<JoinHandle<()>>,
}

/// What its owner wants of the thread. The thread compares it with what is.
#[derive(Debug, Default)]
struct Desired {
    on: bool,
    screen_choice: ScreenChoice,
    /// What moves on the screen matters more than its letters.
    motion: bool,
    /// Something else of the screen was chosen; the thread takes this away, as what follows.
    chosen: bool,
    /// Someone new needs a picture, also of a source that rests.
    renew: bool,
    /// Everyone to whom pictures go.
    needs: BTreeMap<PeerTag, Need>,
    /// Who cannot go on without a keyframe; the thread takes them away.
    keyframes: BTreeSet<PeerTag>,
    stop: bool,
}

#[derive(Debug)]
struct Shared {
    desired: Mutex<Desired>,
    view: Mutex<Option<Picture>>,
    stats: Mutex<OutStats>,
    /// The pattern camera's next frame; it goes on where it was when the camera comes back.
    number: Arc<AtomicU32>,
}

impl VideoOut {
    /// Starts switched off. Timestamps count from `start`.
    pub(crate) fn start(kind: VideoSource, settings: Settings, start: Instant, events: Events) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            desired: Mutex::default(),
            view: Mutex::default(),
            stats: Mutex::default(),
            number: Arc::default(),
        });
        let (ring, bell) = crossbeam_channel::bounded(1);
        let worker = Worker::new(kind, settings, Arc::clone(&shared), start, events);
        let thread = Builder::new().name(format!("{kind:?}-out").to_lowercase()).spawn(move || worker.run(&bell))?;
        Ok(Self { shared, ring, thread: Some(thread) })
    }

    pub(crate) fn set_on(&self, on: bool) {
        self.wish(|desired| desired.on = on);
    }

    /// What is shared from now on, whenever the screen is.
    pub(crate) fn choose_screen(&self, choice: ScreenChoice) {
        self.wish(|desired| {
            desired.screen_choice = choice;
            desired.chosen = true;
        });
    }

    /// From now on, whenever the screen is shared: 30 pictures a second, or every letter sharp.
    pub(crate) fn set_motion(&self, motion: bool) {
        self.wish(|desired| desired.chosen |= std::mem::replace(&mut desired.motion, motion) != motion);
    }

    /// `None`: nothing is encoded for it.
    pub(crate) fn set_need(&self, peer: PeerTag, need: Option<Need>) {
        self.wish(|desired| match need {
            Some(need) => desired.renew |= desired.needs.insert(peer, need).is_none(),
            None => drop(desired.needs.remove(&peer)),
        });
    }

    pub(crate) fn want_keyframe(&self, peer: PeerTag) {
        self.wish(|desired| desired.keyframes.extend([peer]));
    }

    /// The newest picture that was captured; `None` while nothing is.
    pub(crate) fn view(&self) -> Option<Picture> {
        lock(&self.shared.view).clone()
    }

    pub(crate) fn stats(&self) -> OutStats {
        lock(&self.shared.stats).clone()
    }

    fn wish(&self, change: impl FnOnce(&mut Desired)) {
        change(&mut lock(&self.shared.desired));
        // A full bell has been rung already.
        let _ = self.ring.try_send(());
    }
}

impl Drop for VideoOut {
    fn drop(&mut self) {
        self.wish(|desired| desired.stop = true);
        // A thread that panicked has ended too.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

impl Shared {
    fn show(&self, frame: Arc<I420>) {
        let mut view = lock(&self.view);
        let number = view.as_ref().map_or(0, |picture| picture.number) + 1;
        *view = Some(Picture { frame, number });
    }

    fn set_source(&self, kind: VideoSource, is_open: bool) {
        let mut stats = lock(&self.stats);
        match kind {
            VideoSource::Camera => stats.camera = is_open,
            VideoSource::Screen => stats.screen = is_open,
        }
    }
}

#[cfg(test)]
mod tests;
