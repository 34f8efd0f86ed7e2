//! From frames of sound to packets, with the mark of who speaks, a meter, and what other programs add.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use super::super::level::{Meter, SpeakingDetector, Unheard};
use super::super::limiter::Limiter;
use super::super::opus::{BITRATE, CodecError, Content, Encoder, LOSS_PERCENT};
use super::super::{BLOCK, FRAME, SAMPLE_RATE};
use super::Shared;
use crate::event::{EncodedAudio, Events, MediaEvent};

/// Frames between two looks at the meter: 100 ms.
const STEP_EVERY: u32 = 5;

/// Samples that the timestamps may be behind the clock before they jump: 200 ms. Less is the device's own clock.
const BEHIND_MAX: u64 = SAMPLE_RATE as u64 / 5;

#[derive(Debug)]
pub(super) struct Sending {
    pub(super) on: Arc<AtomicBool>,
    pub(super) events: Events,
    pub(super) shared: Arc<Shared>,
    /// Or none, or none any more.
    has_microphone: bool,
    encoder: Encoder,
    content: Content,
    /// Of a voice and other programs together.
    limiter: Limiter,
    /// What the encoder was told last.
    told: (u32, u8),
    meter: Meter,
    detector: SpeakingDetector,
    unheard: Unheard,
    /// What the meter showed last, and frames since it was looked at.
    step: u8,
    since_step: u32,
    pub(super) started: Instant,
    /// Samples since the start, sent or not.
    position: u64,
    /// Something is sent, and something of the microphone.
    sounding: bool,
    metered: bool,
}

impl Sending {
    pub(super) fn new(on: Arc<AtomicBool>, events: Events, shared: Arc<Shared>) -> Result<Self, CodecError> {
        Ok(Self {
            on,
            events,
            shared,
            has_microphone: true,
            encoder: Encoder::new(Content::Voice)?,
            content: Content::Voice,
            limiter: Limiter::default(),
            told: (BITRATE, LOSS_PERCENT),
            meter: Meter::default(),
            detector: SpeakingDetector::default(),
            unheard: Unheard::default(),
            step: 0,
            since_step: 0,
            started: Instant::now(),
            position: 0,
            sounding: false,
            metered: false,
        })
    }

    pub(super) fn handle_frame(&mut self, frame: &[f32; FRAME], now: Instant) {
        let timestamp = self.next_timestamp(now);
        let (on, sharing) = (self.on.load(Ordering::Relaxed) && self.has_microphone, self.is_sharing());
        if on {
            self.meet(frame);
        } else {
            self.fade_meter();
        }
        if !on && !sharing {
            return self.fall_silent();
        }
        self.sounding = true;
        if let Err(error) = self.prepare(if sharing { Content::Anything } else { Content::Voice }) {
            tracing::warn!(%error, "the sound encoder stays as it was");
        }
        let mut frame = if on { *frame } else { [0.0; FRAME] };
        if sharing {
            self.shared.programs.mix_into(&mut frame);
            self.limiter.process(&mut frame);
        }
        match self.encoder.encode(&frame) {
            Ok(None) => {}
            Ok(Some(data)) => {
                if self.events.send(MediaEvent::Audio(EncodedAudio { data, timestamp })) {
                    self.shared.packets.fetch_add(1, Ordering::Relaxed);
                }
            }
            Err(error) => tracing::error!(%error, "a frame of sound was not encoded"),
        }
    }

    /// The microphone alone tells who speaks and how loud.
    fn meet(&mut self, frame: &[f32; FRAME]) {
        self.metered = true;
        for block in frame.as_chunks::<BLOCK>().0 {
            self.meter.handle_block(block);
            if let Some(speaking) = self.detector.handle_block(block) {
                self.events.send(MediaEvent::Speaking { who: None, speaking });
            }
        }
        self.show_level();
    }

    fn show_level(&mut self) {
        self.shared.level.store(self.meter.level().to_bits(), Ordering::Relaxed);
        self.since_step += 1;
        if self.since_step >= STEP_EVERY {
            self.since_step = 0;
            self.tell_step(self.meter.step());
        }
    }

    fn tell_step(&mut self, step: u8) {
        if step != std::mem::replace(&mut self.step, step) {
            self.events.send(MediaEvent::Level(step));
        }
    }

    /// To a device's sound while nothing of it is sent.
    pub(super) fn listen(&mut self, frame: &[f32; FRAME]) {
        if self.on.load(Ordering::Relaxed) {
            return self.unheard.reset();
        }
        // Each of them, so that the detector knows the room.
        if frame.as_chunks::<BLOCK>().0.iter().filter(|block| self.unheard.handle_block(block)).count() > 0 {
            self.events.send(MediaEvent::Unheard);
        }
    }

    /// Whether a device is to be open.
    pub(super) fn is_open(&self) -> bool {
        let wanted = self.on.load(Ordering::Relaxed) || self.shared.listening.load(Ordering::Relaxed);
        wanted && self.has_microphone
    }

    /// Whether other programs' sound goes along.
    pub(super) fn is_sharing(&self) -> bool {
        self.shared.sharing.load(Ordering::Relaxed)
    }

    /// Nothing comes from it any more.
    pub(super) fn lose_microphone(&mut self) {
        self.has_microphone = false;
    }

    fn prepare(&mut self, content: Content) -> Result<(), CodecError> {
        if content != self.content {
            self.encoder = Encoder::new(content)?;
            (self.content, self.told, self.limiter) = (content, (BITRATE, LOSS_PERCENT), Limiter::default());
        }
        self.encoder.set_may_rest(!self.detector.is_speaking())?;
        let (bitrate, loss) = (self.shared.bitrate.load(Ordering::Relaxed), self.shared.loss.load(Ordering::Relaxed));
        if (bitrate, loss) == std::mem::replace(&mut self.told, (bitrate, loss)) {
            return Ok(());
        }
        self.encoder.set_bitrate(bitrate)?;
        self.encoder.set_loss(loss)
    }

    /// Of the frame that is about to be handled. Jumps over time in which the device gave nothing.
    fn next_timestamp(&mut self, now: Instant) -> u32 {
        let elapsed =
            now.saturating_duration_since(self.started).as_micros() as u64 * u64::from(SAMPLE_RATE) / 1_000_000;
        if elapsed > self.position + FRAME as u64 + BEHIND_MAX {
            self.position = elapsed - FRAME as u64;
        }
        let timestamp = self.position as u32;
        self.position += FRAME as u64;
        timestamp
    }

    /// Nothing is sent from now on.
    pub(super) fn fall_silent(&mut self) {
        self.fade_meter();
        if !std::mem::take(&mut self.sounding) {
            return;
        }
        if let Err(error) = self.encoder.reset() {
            tracing::debug!(%error, "the encoder remembers what was said before the pause");
        }
    }

    fn fade_meter(&mut self) {
        if !std::mem::take(&mut self.metered) {
            return;
        }
        self.meter.reset();
        self.shared.level.store(0, Ordering::Relaxed);
        self.tell_step(0);
        if let Some(speaking) = self.detector.reset() {
            self.events.send(MediaEvent::Speaking { who: None, speaking });
        }
    }
}
