//! One peer: packets in, pictures out.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crossbeam_channel::Receiver;

use super::Shared;
use super::record::Recording;
use crate::assemble::{Assembler, Effect, Frame};
use crate::decode::{DecodeError, Decoders};
use crate::event::{Events, MediaEvent};
use crate::frame::{FramePool, I420, Picture};
use crate::lips::Lips;
use crate::packet::{Packet, PeerTag};
use crate::pattern::{self, Mark};
use crate::slot::lock;

/// Whoever sends nothing at all for this long has switched the picture off, and the last one should not stand for him.
const SILENCE_MAX: Duration = Duration::from_secs(3);

/// As much of one peer is done before it is the next one's turn.
const TURN: usize = 32;

/// Pictures that wait at most; the first is shown early when one more comes.
const HELD_MAX: usize = 12;

/// A decoded picture on its way to its slot.
struct Held {
    due: Instant,
    picture: Arc<I420>,
    timestamp: u32,
    contiguous: bool,
}

pub(super) struct Stream {
    peer: PeerTag,
    packets: Receiver<Packet>,
    shared: Arc<Shared>,
    events: Events,
    recording: Option<Recording>,
    /// What is known of the same person's sound.
    lips: Lips,
    /// Pictures that wait for their sound, in their order.
    held: VecDeque<Held>,
    assembler: Assembler,
    pool: FramePool,
    /// Pictures so far.
    shown: u64,
    /// When the newest packet came, while there is a picture to be taken away.
    heard: Option<Instant>,
    complained: bool,
    /// Whether anyone has said already that nothing can be decoded.
    missing_told: Arc<AtomicBool>,
    /// Its frames break the decoder: they are not even put together any more.
    stopped: bool,
    damaged: u64,
}

impl Stream {
    pub(super) fn new(peer: PeerTag, packets: Receiver<Packet>, shared: Arc<Shared>, events: Events) -> Self {
        Self {
            peer,
            packets,
            shared,
            events,
            recording: None,
            lips: Lips::default(),
            held: VecDeque::with_capacity(HELD_MAX + 1),
            assembler: Assembler::new(),
            pool: FramePool::default(),
            shown: 0,
            heard: None,
            complained: false,
            missing_told: Arc::default(),
            stopped: false,
            damaged: 0,
        }
    }

    pub(super) fn with(self, recording: Option<Recording>, lips: Lips, missing_told: Arc<AtomicBool>) -> Self {
        Self { recording, lips, missing_told, ..self }
    }

    /// Does some of what is to be done. Says whether there may be more.
    pub(super) fn advance(&mut self, decoders: &mut Decoders) -> bool {
        for _ in 0..TURN {
            let Ok(packet) = self.packets.try_recv() else {
                let now = Instant::now();
                self.handle_timeout(now);
                self.drain(decoders);
                self.show_due(now);
                return false;
            };
            self.handle_packet(packet, Instant::now());
            self.drain(decoders);
        }
        true
    }

    /// When it is to be looked after, if no packet comes before.
    pub(super) fn timeout(&self) -> Option<Instant> {
        let silent = self.heard.map(|heard| heard + SILENCE_MAX);
        let held = self.held.front().map(|held| held.due);
        self.assembler.poll_timeout().into_iter().chain(silent).chain(held).min()
    }

    fn handle_packet(&mut self, packet: Packet, now: Instant) {
        {
            let mut meters = lock(&self.shared.meters);
            meters.stats.packets += 1;
            meters.freeze.handle_packet(now);
        }
        if self.stopped {
            return;
        }
        self.heard = Some(now);
        let Packet { sequence, timestamp, marker, payload, .. } = packet;
        self.assembler.handle_packet(sequence, timestamp, marker, payload, now);
    }

    fn handle_timeout(&mut self, now: Instant) {
        if self.assembler.poll_timeout().is_some_and(|due| due <= now) {
            self.assembler.handle_timeout(now);
        }
        if self.heard.is_some_and(|heard| now >= heard + SILENCE_MAX) {
            self.take_away();
        }
    }

    fn take_away(&mut self) {
        self.heard = None;
        self.held.clear();
        if lock(&self.shared.slot).take().is_some() {
            self.events.send(MediaEvent::Picture(Some(self.peer)));
        }
    }

    fn drain(&mut self, decoders: &mut Decoders) {
        while let Some(effect) = self.assembler.poll_effect() {
            match effect {
                Effect::KeyframeNeeded => {
                    lock(&self.shared.meters).stats.keyframe_requests += 1;
                    self.events.send(MediaEvent::KeyframeNeeded(self.peer));
                }
                Effect::Frame(frame) => {
                    if let Err(error) = self.show(&frame, decoders) {
                        self.handle_error(&error);
                    }
                    self.assembler.recycle(frame.data);
                }
            }
        }
        lock(&self.shared.meters).stats.dropped = self.assembler.dropped() + self.damaged;
    }

    fn show(&mut self, frame: &Frame, decoders: &mut Decoders) -> Result<(), DecodeError> {
        if self.stopped {
            return Ok(());
        }
        lock(&self.shared.meters).stats.received += 1;
        let since = Instant::now();
        let decoded = decoders.decode(self.peer.0, &frame.data, &mut self.pool, since);
        lock(&self.shared.meters).stats.decoding += since.elapsed();
        let Some(picture) = decoded? else { return Ok(()) };
        self.missing_told.store(false, Ordering::Relaxed);
        let (timestamp, contiguous, now) = (frame.timestamp, frame.contiguous, Instant::now());
        let wanted = lock(&self.lips).handle_picture(timestamp, now);
        // Never before the one before.
        let due = self.held.back().map_or(wanted, |last| wanted.max(last.due));
        self.held.push_back(Held { due, picture, timestamp, contiguous });
        self.show_due(now);
        Ok(())
    }

    /// Shows what has waited long enough.
    fn show_due(&mut self, now: Instant) {
        while self.held.front().is_some_and(|held| held.due <= now) || self.held.len() > HELD_MAX {
            let Some(held) = self.held.pop_front() else { return };
            let mark = pattern::read(&held.picture);
            self.count(&held, mark, now);
            self.record(&held.picture, mark);
            self.shown += 1;
            *lock(&self.shared.slot) = Some(Picture { frame: held.picture, number: self.shown });
            self.events.send(MediaEvent::Picture(Some(self.peer)));
        }
    }

    fn count(&self, held: &Held, mark: Option<Mark>, now: Instant) {
        let picture = &held.picture;
        let mut meters = lock(&self.shared.meters);
        meters.stats.decoded += 1;
        // Whoever hears of the picture finds also what was lost before it.
        meters.stats.dropped = self.assembler.dropped() + self.damaged;
        (meters.stats.width, meters.stats.height) = (picture.width(), picture.height());
        meters.freeze.handle_picture(now, held.timestamp, held.contiguous);
        if let Some(mark) = mark {
            meters.marks.handle_mark(mark, pattern::camera::wall_millis());
        }
    }

    fn record(&mut self, picture: &I420, mark: Option<Mark>) {
        let at = || SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let written = self.recording.as_mut().map(|recording| recording.write(picture, mark, at()));
        let Some(Err(error)) = written else { return };
        self.recording = None;
        self.events.notice(format!("The recording of a participant ends here: {error}."));
    }

    fn handle_error(&mut self, error: &DecodeError) {
        tracing::debug!(%error, peer = self.peer.0, "a frame was not decoded");
        self.damaged += 1;
        match error {
            // Bad luck gets over with a keyframe…
            DecodeError::Frame(_) | DecodeError::Restarting => self.assembler.handle_undecodable(Instant::now()),
            // …a picture that is refused will be refused again…
            DecodeError::Refused(_) => {
                self.assembler.handle_undecodable(Instant::now());
                if !std::mem::replace(&mut self.complained, true) {
                    self.events.notice(format!("A participant's picture cannot be shown: {error}."));
                }
            }
            DecodeError::Missing(_) => {
                self.assembler.handle_undecodable(Instant::now());
                if !self.missing_told.swap(true, Ordering::Relaxed) {
                    self.events.notice(format!("Nobody's picture can be shown: {error}."));
                }
            }
            // …and one that is a weapon is not looked at again.
            DecodeError::Stopped => {
                self.stopped = true;
                self.assembler = Assembler::new();
                self.take_away();
                self.events.notice(
                    "A participant's picture is off: it made the decoder fail again and again. All others go on. \
                     It is tried again when that participant comes back.",
                );
            }
        }
    }
}
