//! The thread of one peer: packets in, pictures out.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError};

use super::Shared;
use super::record::Recording;
use crate::assemble::{Assembler, Effect, Frame};
use crate::event::{Events, MediaEvent};
use crate::frame::{FramePool, I420, Picture};
use crate::packet::{Packet, PeerTag};
use crate::pattern;
use crate::slot::lock;
use crate::vp8::{Decoder, Vp8Error};

/// Whoever sends nothing at all for this long has switched the picture off, and the last one should not stand for him.
const SILENCE_MAX: Duration = Duration::from_secs(3);

pub(super) struct Worker {
    peer: PeerTag,
    shared: Arc<Shared>,
    events: Events,
    recording: Option<Recording>,
    assembler: Assembler,
    decoder: Decoder,
    pool: FramePool,
    /// Pictures so far.
    shown: u64,
    /// When the newest packet came, while there is a picture to be taken away.
    heard: Option<Instant>,
    complained: bool,
    damaged: u64,
}

impl Worker {
    pub(super) fn new(peer: PeerTag, shared: Arc<Shared>, recording: Option<Recording>, events: Events) -> Self {
        let (assembler, decoder, pool) = (Assembler::new(), Decoder::new(), FramePool::default());
        let (shown, heard, complained, damaged) = (0, None, false, 0);
        Self { peer, shared, events, recording, assembler, decoder, pool, shown, heard, complained, damaged }
    }

    pub(super) fn run(mut self, packets: &Receiver<Packet>) {
        loop {
            let received = match self.timeout() {
                Some(deadline) => packets.recv_deadline(deadline),
                None => packets.recv().map_err(|_| RecvTimeoutError::Disconnected),
            };
            let now = Instant::now();
            match received {
                Ok(packet) => self.handle_packet(packet, now),
                Err(RecvTimeoutError::Timeout) => self.handle_timeout(now),
                Err(RecvTimeoutError::Disconnected) => return,
            }
            self.drain();
        }
    }

    fn timeout(&self) -> Option<Instant> {
        let silent = self.heard.map(|heard| heard + SILENCE_MAX);
        self.assembler.poll_timeout().into_iter().chain(silent).min()
    }

    fn handle_packet(&mut self, packet: Packet, now: Instant) {
        {
            let mut meters = lock(&self.shared.meters);
            meters.stats.packets += 1;
            meters.freeze.handle_packet(now);
        }
        self.heard = Some(now);
        let Packet { sequence, timestamp, marker, payload, .. } = packet;
        self.assembler.handle_packet(sequence, timestamp, marker, payload, now);
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.assembler.handle_timeout(now);
        if self.heard.is_some_and(|heard| now >= heard + SILENCE_MAX) {
            self.heard = None;
            if lock(&self.shared.slot).take().is_some() {
                self.events.send(MediaEvent::Picture(Some(self.peer)));
            }
        }
    }

    fn drain(&mut self) {
        while let Some(effect) = self.assembler.poll_effect() {
            match effect {
                Effect::KeyframeNeeded => {
                    lock(&self.shared.meters).stats.keyframe_requests += 1;
                    self.events.send(MediaEvent::KeyframeNeeded(self.peer));
                }
                Effect::Frame(frame) => {
                    if let Err(error) = self.show(&frame) {
                        self.handle_error(&error);
                    }
                    self.assembler.recycle(frame.data);
                }
            }
        }
        lock(&self.shared.meters).stats.dropped = self.assembler.dropped() + self.damaged;
    }

    fn show(&mut self, frame: &Frame) -> Result<(), Vp8Error> {
        lock(&self.shared.meters).stats.received += 1;
        let Some(decoded) = self.decoder.decode(&frame.data)? else { return Ok(()) };
        let now = Instant::now();
        let picture: Arc<I420> = self.pool.fill(decoded.size(), now, |picture| {
            decoded.copy_to(picture);
            Ok::<_, Vp8Error>(())
        })?;
        self.count(frame, &picture, now);
        self.record(&picture);
        self.shown += 1;
        *lock(&self.shared.slot) = Some(Picture { frame: picture, number: self.shown });
        self.events.send(MediaEvent::Picture(Some(self.peer)));
        Ok(())
    }

    fn count(&self, frame: &Frame, picture: &I420, now: Instant) {
        let mark = pattern::read(picture);
        let mut meters = lock(&self.shared.meters);
        meters.stats.decoded += 1;
        (meters.stats.width, meters.stats.height) = (picture.width(), picture.height());
        meters.freeze.handle_picture(now, frame.timestamp, frame.contiguous);
        if let Some(mark) = mark {
            meters.marks.handle_mark(mark, pattern::camera::wall_millis());
        }
    }

    fn record(&mut self, picture: &I420) {
        let Some(Err(error)) = self.recording.as_mut().map(|recording| recording.write(picture)) else { return };
        self.recording = None;
        self.events.notice(format!("The recording of a participant ends here: {error}."));
    }

    fn handle_error(&mut self, error: &Vp8Error) {
        self.damaged += 1;
        self.assembler.handle_undecodable(Instant::now());
        // Bad luck gets over with a keyframe; a picture that is refused will be refused again.
        let refused = matches!(error, Vp8Error::Size { .. });
        if refused && !std::mem::replace(&mut self.complained, true) {
            self.events.notice(format!("A participant's picture cannot be shown: {error}."));
        }
        tracing::debug!(%error, peer = self.peer.0, "a frame was not decoded");
    }
}
