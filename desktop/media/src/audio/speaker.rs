//! The way in: every peer's packets, decoded on time, mixed and played.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, select};

use super::BLOCK;
use super::clock::Ticker;
use super::devices::{Device, Direction, Line};
use super::mixer::Mixer;
use super::reference::Reference;
use super::wav::{WavError, WavRecorder};
use super::worker::Worker;
use crate::choice::SpeakerChoice;
use crate::event::{Events, MediaEvent};
use crate::lips::Lips;
use crate::packet::{Packet, PeerTag};
use crate::stats::AudioStats;

const BLOCK_DURATION: Duration = Duration::from_millis(10);

/// A device that asks for nothing for this long has stalled: the thread's clock goes on without it.
const STALL: Duration = Duration::from_millis(200);

/// The speaker's side: emits `Speaking { who: Some(..), .. }` and notices. Dropping it ends its threads, releases the
/// device and closes the files.
#[derive(Debug)]
pub(crate) struct In {
    mixer: Arc<Mutex<Mixer>>,
    _thread: Option<Worker>,
}

impl In {
    /// Never fails: without a device there is a notice, and everything is decoded on time and heard by no one. `record`
    /// is a WAV file that gets the mix besides;
    /// `reference` is told what the device plays.
    pub(crate) fn start(
        choice: SpeakerChoice,
        record: Option<PathBuf>,
        reference: Arc<Reference>,
        events: Events,
    ) -> Self {
        let mixer = Arc::<Mutex<Mixer>>::default();
        let (theirs, telling) = (Arc::clone(&mixer), events.clone());
        let thread = Worker::spawn("audio-in", move |stopped| {
            Playing::new(theirs, choice, record, reference, events).run(stopped)
        });
        if let Err(error) = &thread {
            telling.notice(format!("The speaker could not be started ({error}). Close other programs and try again."));
        }
        Self { mixer, _thread: thread.ok() }
    }

    /// `lips`: what the peer's pictures go by.
    pub(crate) fn open_peer(&self, peer: PeerTag, lips: Lips) {
        let mut mixer = self.mixer();
        match mixer.open(peer, Instant::now()) {
            Ok(()) => mixer.set_lips(peer, lips),
            Err(error) => tracing::error!(%error, "the sound of a peer cannot be decoded"),
        }
    }

    pub(crate) fn close_peer(&self, peer: PeerTag) {
        self.mixer().close(peer);
    }

    /// Waits for a mix of 10 ms at most. Packets of an unknown peer are dropped.
    pub(crate) fn receive(&self, peer: PeerTag, packet: Packet) {
        self.mixer().receive(peer, packet);
    }

    /// 1.0 is as sent, 0.0 is silence; at most 4.
    pub(crate) fn set_volume(&self, peer: PeerTag, volume: f32) {
        self.mixer().set_volume(peer, volume);
    }

    pub(crate) fn stats(&self, peer: PeerTag) -> AudioStats {
        self.mixer().stats(peer, Instant::now())
    }

    fn mixer(&self) -> MutexGuard<'_, Mixer> {
        lock(&self.mixer)
    }
}

/// A mixer that was left in the middle of a block is still a mixer.
fn lock(mixer: &Mutex<Mixer>) -> MutexGuard<'_, Mixer> {
    mixer.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The thread's half: pulls the mix by the device's clock, or by its own without one.
struct Playing {
    mixer: Arc<Mutex<Mixer>>,
    line: Arc<Line>,
    reference: Arc<Reference>,
    _device: Option<Device>,
    recorders: Vec<(PathBuf, WavRecorder)>,
    events: Events,
}

impl Playing {
    fn new(
        mixer: Arc<Mutex<Mixer>>,
        choice: SpeakerChoice,
        record: Option<PathBuf>,
        reference: Arc<Reference>,
        events: Events,
    ) -> Self {
        let line = Line::new();
        let (device, file) = match choice {
            SpeakerChoice::Null => (None, None),
            SpeakerChoice::File(path) => (None, Some(path)),
            SpeakerChoice::Device(name) => {
                match Device::open(Direction::Playback, name, Arc::clone(&line), events.clone()) {
                    Ok(device) => (Some(device), None),
                    Err(error) => {
                        events.notice(format!("The speaker could not be started ({error})."));
                        (None, None)
                    }
                }
            }
        };
        let mut playing = Self { mixer, line, reference, _device: device, recorders: Vec::new(), events };
        for path in [file, record].into_iter().flatten() {
            match WavRecorder::create(&path) {
                Ok(recorder) => playing.recorders.push((path, recorder)),
                Err(error) => playing.events.notice(recording_trouble(&path, &error)),
            }
        }
        playing
    }

    fn run(mut self, stopped: &Receiver<()>) {
        let mut ticker = Ticker::new(Instant::now(), BLOCK_DURATION);
        let mut asked = Instant::now();
        loop {
            let now = Instant::now();
            let driven = self.line.is_live() && now.saturating_duration_since(asked) < STALL;
            let until = if driven { asked + STALL } else { ticker.due() };
            select! {
                recv(stopped) -> _ => return,
                recv(self.line.woken()) -> _ => {
                    asked = Instant::now();
                    self.reference.note_taken(self.line.ring.len(), asked);
                }
                default(until.saturating_duration_since(now)) => {}
            }
            if driven {
                while self.line.is_live() && self.line.is_hungry(BLOCK) {
                    let block = self.next_block(Instant::now());
                    self.line.ring.push(block);
                    self.reference.push(&block);
                }
                ticker = Ticker::new(Instant::now(), BLOCK_DURATION);
            } else {
                self.reference.restart();
                while let Some(tick) = ticker.take(Instant::now()) {
                    self.next_block(tick);
                }
            }
        }
    }

    fn next_block(&mut self, now: Instant) -> [f32; BLOCK] {
        let (block, changes) = lock(&self.mixer).mix(now);
        for (peer, speaking) in changes {
            self.events.send(MediaEvent::Speaking { who: Some(peer), speaking });
        }
        let events = &self.events;
        self.recorders.retain_mut(|(path, recorder)| match recorder.write(&block) {
            Ok(()) => true,
            Err(error) => {
                events.notice(recording_trouble(path, &error));
                false
            }
        });
        block
    }
}

fn recording_trouble(path: &Path, error: &WavError) -> String {
    format!("The sound cannot be recorded to {} ({error}). Choose another file or make room.", path.display())
}

#[cfg(test)]
mod tests;
