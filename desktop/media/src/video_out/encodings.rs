//! The encoders in use, and who follows which. Someone changes from one to another with a keyframe of the new one, and
//! until then gets what it got: nobody ever sees half a picture, or the same one twice.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::ladder::{RUNGS, Rung, Shape};
use super::wish::KeyframeWish;
use crate::frame::I420;
use crate::packet::PeerTag;
use crate::scale::Scaler;
use crate::vp8::{Encoded, Encoder, Settings, Vp8Error};

/// A camera's clock is not the encoder's: a frame this much too early is in time.
const EARLY: Duration = Duration::from_millis(5);

/// One encoded picture, and who is to have it.
pub(super) struct Addressed {
    pub(super) encoded: Encoded,
    pub(super) peers: Arc<[PeerTag]>,
}

#[derive(Default)]
pub(super) struct Encodings {
    stages: [Stage; RUNGS],
}

#[derive(Default)]
struct Stage {
    encoder: Option<Encoder>,
    shrunk: Shrunk,
    keyframe: KeyframeWish,
    /// Who has had a keyframe of this encoder and everything since.
    audience: BTreeSet<PeerTag>,
    /// The same, to be handed out.
    addressees: Arc<[PeerTag]>,
    /// As planned last.
    rung: Option<(Shape, u32)>,
    /// When the last frame was taken.
    newest: Option<Instant>,
}

/// The picture at a stage's size, in memory that is used again and again.
#[derive(Default)]
struct Shrunk {
    scaler: Scaler,
    frame: Option<I420>,
}

impl Encodings {
    /// Another picture begins: whatever is encoded next is a keyframe.
    pub(super) fn restart(&mut self) {
        *self = Self::default();
    }

    /// Someone cannot go on without a keyframe.
    pub(super) fn want_keyframe(&mut self, peer: PeerTag) {
        for stage in self.stages.iter_mut().filter(|stage| stage.audience.contains(&peer)) {
            stage.keyframe.want();
        }
    }

    pub(super) fn want_keyframes(&mut self) {
        self.stages.iter_mut().for_each(|stage| stage.keyframe.want());
    }

    /// How many there are.
    pub(super) fn count(&self) -> u32 {
        self.stages.iter().filter(|stage| stage.encoder.is_some()).count() as u32
    }

    /// Encodes `frame` once for each quality that somebody needs. `fps` is the source's.
    pub(super) fn encode(
        &mut self,
        frame: &I420,
        ticks: i64,
        (fps, screen): (u32, bool),
        plan: &[Option<Rung>; RUNGS],
        now: Instant,
    ) -> Result<[Option<Addressed>; RUNGS], Vp8Error> {
        let wanted = |peer: &PeerTag| plan.iter().flatten().any(|rung| rung.peers.contains(peer));
        let mut results: [Option<Encoded>; RUNGS] = Default::default();
        for (i, rung) in plan.iter().enumerate() {
            let stage = &mut self.stages[i];
            stage.audience.retain(wanted);
            let encoded = stage.encode(frame, ticks, (fps, screen), rung.as_ref(), now)?;
            if encoded.as_ref().is_some_and(|encoded| encoded.keyframe)
                && let Some(rung) = rung
            {
                self.admit(i, &rung.peers);
            }
            results[i] = encoded;
        }
        let mut i = 0;
        Ok(results.map(|encoded| {
            let stage = &mut self.stages[i];
            i += 1;
            let addressed = Addressed { encoded: encoded?, peers: stage.addressees() };
            Some(addressed).filter(|addressed| !addressed.peers.is_empty())
        }))
    }

    /// A keyframe of stage `i` was made for these.
    fn admit(&mut self, i: usize, peers: &[PeerTag]) {
        for stage in &mut self.stages {
            stage.audience.retain(|peer| !peers.contains(peer));
        }
        self.stages[i].audience.extend(peers.iter().copied());
    }
}

impl Stage {
    /// The same list as the last time, unless somebody came or went.
    fn addressees(&mut self) -> Arc<[PeerTag]> {
        if !self.audience.iter().eq(self.addressees.iter()) {
            self.addressees = self.audience.iter().copied().collect();
        }
        Arc::clone(&self.addressees)
    }

    fn encode(
        &mut self,
        frame: &I420,
        ticks: i64,
        (fps, screen): (u32, bool),
        rung: Option<&Rung>,
        now: Instant,
    ) -> Result<Option<Encoded>, Vp8Error> {
        if let Some(rung) = rung {
            self.rung = Some((rung.shape, rung.bitrate));
            if rung.peers.iter().any(|peer| !self.audience.contains(peer)) {
                self.keyframe.want();
            }
        }
        let Some((shape, bitrate)) = self.rung.filter(|_| rung.is_some() || !self.audience.is_empty()) else {
            *self = Self::default();
            return Ok(None);
        };
        if !self.is_due(frame, shape.fps, fps) {
            return Ok(None);
        }
        let Shape { width, height, .. } = shape;
        let settings = Settings { width, height, fps: shape.fps.min(fps), bitrate, screen };
        let mut encoder = match self.encoder.take() {
            Some(encoder) if encoder.settings().differs_only_in_bitrate(settings) => encoder,
            Some(_) | None => Encoder::new(settings)?,
        };
        encoder.set_bitrate(bitrate)?;
        let keyframe = self.keyframe.is_due(now);
        let encoded = encoder.encode(self.shrunk.fit(frame, (width, height)), ticks, keyframe)?;
        self.encoder = Some(encoder);
        if encoded.as_ref().is_some_and(|encoded| encoded.keyframe) {
            self.keyframe.handle_keyframe(now);
        }
        Ok(encoded)
    }

    /// Takes the frame, unless the quality has fewer frames than the source and this is one too many.
    fn is_due(&mut self, frame: &I420, fps: u32, source_fps: u32) -> bool {
        let captured = frame.captured();
        let interval = Duration::from_secs(1) / fps.max(1);
        let too_early = self.newest.is_some_and(|newest| captured + EARLY < newest + interval);
        if fps < source_fps && too_early {
            return false;
        }
        // By the quality's own clock, so that every other frame of a source that jitters is taken, and not every third.
        self.newest = match self.newest {
            Some(newest) if captured < newest + interval * 2 => Some(newest + interval),
            Some(_) | None => Some(captured),
        };
        true
    }
}

impl Shrunk {
    fn fit<'a>(&'a mut self, frame: &'a I420, (width, height): (u32, u32)) -> &'a I420 {
        if (frame.width(), frame.height()) == (width, height) {
            return frame;
        }
        let fits = |small: &I420| (small.width(), small.height()) == (width, height);
        let small = match self.frame.take().filter(fits) {
            Some(small) => small,
            None => I420::black(width, height, frame.captured()),
        };
        let small = self.frame.insert(small);
        self.scaler.scale(frame, small);
        small.set_repetition(frame.is_repetition());
        small
    }
}
