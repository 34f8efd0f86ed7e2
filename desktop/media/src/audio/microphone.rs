//! The way out: a source of sound, cut into packets, while the microphone is on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, select};

use super::clock::Ticker;
use super::devices::{Device, Direction, Line};
use super::level::{Meter, SpeakingDetector};
use super::opus::{BITRATE, CodecError, Encoder, LOSS_PERCENT};
use super::processing::Processor;
use super::tone::Tone;
use super::wav::WavLoop;
use super::worker::Worker;
use super::{BLOCK, FRAME, SAMPLE_RATE};
use crate::choice::MicrophoneChoice;
use crate::event::{EncodedAudio, Events, MediaEvent};

const FRAME_DURATION: Duration = Duration::from_millis(20);

/// Samples that the timestamps may be behind the clock before they jump: 200 ms. Less is the device's own clock.
const BEHIND_MAX: u64 = SAMPLE_RATE as u64 / 5;

/// The microphone's side: emits `MediaEvent::Audio`, `Speaking { who: None, .. }` and notices. Dropping it ends its
/// threads and releases the device.
#[derive(Debug)]
pub(crate) struct Out {
    shared: Arc<Shared>,
    _thread: Option<Worker>,
}

#[derive(Debug)]
struct Shared {
    packets: AtomicU64,
    /// An `f32`'s bits.
    level: AtomicU32,
    /// What the encoder is wished to do: bits per second, and per cent of loss to prepare for.
    bitrate: AtomicU32,
    loss: AtomicU8,
}

impl Default for Shared {
    fn default() -> Self {
        Self {
            packets: AtomicU64::new(0),
            level: AtomicU32::new(0),
            bitrate: AtomicU32::new(BITRATE),
            loss: AtomicU8::new(LOSS_PERCENT),
        }
    }
}

impl Out {
    /// Never fails: without a device there is a notice, and nothing is sent. While `on` is false nothing is encoded or
    /// sent, but the timestamps run on. Only a device's sound is processed.
    pub(crate) fn start(choice: MicrophoneChoice, on: Arc<AtomicBool>, processor: Processor, events: Events) -> Self {
        let shared = Arc::new(Shared::default());
        if choice == MicrophoneChoice::Off {
            return Self { shared, _thread: None };
        }
        let (theirs, telling) = (Arc::clone(&shared), events.clone());
        let thread = Worker::spawn("audio-out", move |stopped| match Sending::new(on, events, theirs) {
            Ok(sending) => run(choice, sending, processor, stopped),
            Err(error) => tracing::error!(%error, "no sound can be encoded"),
        });
        if let Err(error) = &thread {
            telling
                .notice(format!("The microphone could not be started ({error}). Close other programs and try again."));
        }
        Self { shared, _thread: thread.ok() }
    }

    /// Packets sent so far.
    pub(crate) fn packets(&self) -> u64 {
        self.shared.packets.load(Ordering::Relaxed)
    }

    pub(crate) fn set_bitrate(&self, bps: u32) {
        self.shared.bitrate.store(bps, Ordering::Relaxed);
    }

    pub(crate) fn set_loss(&self, percent: u8) {
        self.shared.loss.store(percent, Ordering::Relaxed);
    }

    /// Of oneself, for a meter: 0 is silence, 1 is a full-scale sine. Silence while the microphone is off.
    pub(crate) fn level(&self) -> f32 {
        f32::from_bits(self.shared.level.load(Ordering::Relaxed))
    }
}

fn run(choice: MicrophoneChoice, mut sending: Sending, processor: Processor, stopped: &Receiver<()>) {
    match choice {
        MicrophoneChoice::Off => {}
        MicrophoneChoice::Tone(hertz) => {
            let mut tone = Tone::new(hertz);
            run_clocked(&mut sending, stopped, |frame| {
                tone.fill(frame);
                true
            });
        }
        MicrophoneChoice::File(path) => {
            let trouble = |error| {
                format!(
                    "The sound file {} cannot be played ({error}). Choose a WAV file with sound in it.",
                    path.display()
                )
            };
            let events = sending.events.clone();
            match WavLoop::open(&path) {
                Ok(mut file) => run_clocked(&mut sending, stopped, |frame| match file.fill(frame) {
                    Ok(()) => true,
                    Err(error) => {
                        events.notice(trouble(error));
                        false
                    }
                }),
                Err(error) => events.notice(trouble(error)),
            }
        }
        MicrophoneChoice::Device(name) => {
            let line = Line::new();
            match Device::open(Direction::Capture, name, Arc::clone(&line), sending.events.clone()) {
                Ok(_device) => run_device(&mut sending, processor, &line, stopped),
                Err(error) => sending.events.notice(format!("The microphone could not be started ({error}).")),
            }
        }
    }
}

/// A source without a clock of its own, until it says that it has no more.
fn run_clocked(sending: &mut Sending, stopped: &Receiver<()>, mut fill: impl FnMut(&mut [f32; FRAME]) -> bool) {
    let mut ticker = Ticker::new(Instant::now(), FRAME_DURATION);
    let mut frame = [0.0; FRAME];
    while stopped.recv_deadline(ticker.due()) == Err(RecvTimeoutError::Timeout) {
        while let Some(tick) = ticker.take(Instant::now()) {
            if !fill(&mut frame) {
                return;
            }
            sending.handle_frame(&frame, tick);
        }
    }
}

fn run_device(sending: &mut Sending, mut processor: Processor, line: &Line, stopped: &Receiver<()>) {
    let mut frame = [0.0; FRAME];
    let mut was_live = false;
    loop {
        select! {
            recv(stopped) -> _ => return,
            recv(line.woken()) -> _ => {}
        }
        let is_live = line.is_live();
        if is_live && !was_live {
            processor.restart();
        }
        was_live = is_live;
        processor.note_given(line.ring.len(), Instant::now());
        while line.ring.len() >= FRAME {
            line.ring.take(&mut frame);
            frame.as_chunks_mut::<BLOCK>().0.iter_mut().for_each(|block| processor.process(block));
            sending.handle_frame(&frame, Instant::now());
        }
        if !is_live {
            sending.fall_silent();
        }
    }
}

/// From frames of sound to events.
#[derive(Debug)]
struct Sending {
    on: Arc<AtomicBool>,
    events: Events,
    shared: Arc<Shared>,
    encoder: Encoder,
    /// What the encoder was told last.
    told: (u32, u8),
    meter: Meter,
    detector: SpeakingDetector,
    started: Instant,
    /// Samples since the start, sent or not.
    position: u64,
    sounding: bool,
}

impl Sending {
    fn new(on: Arc<AtomicBool>, events: Events, shared: Arc<Shared>) -> Result<Self, CodecError> {
        Ok(Self {
            on,
            events,
            shared,
            encoder: Encoder::new()?,
            told: (BITRATE, LOSS_PERCENT),
            meter: Meter::default(),
            detector: SpeakingDetector::default(),
            started: Instant::now(),
            position: 0,
            sounding: false,
        })
    }

    fn handle_frame(&mut self, frame: &[f32; FRAME], now: Instant) {
        let timestamp = self.next_timestamp(now);
        if !self.on.load(Ordering::Relaxed) {
            return self.fall_silent();
        }
        self.sounding = true;
        for block in frame.as_chunks::<BLOCK>().0 {
            self.meter.handle_block(block);
            if let Some(speaking) = self.detector.handle_block(block) {
                self.events.send(MediaEvent::Speaking { who: None, speaking });
            }
        }
        self.shared.level.store(self.meter.level().to_bits(), Ordering::Relaxed);
        if let Err(error) = self.prepare() {
            tracing::warn!(%error, "the sound encoder stays as it was");
        }
        match self.encoder.encode(frame) {
            Ok(None) => {}
            Ok(Some(data)) => {
                if self.events.send(MediaEvent::Audio(EncodedAudio { data, timestamp })) {
                    self.shared.packets.fetch_add(1, Ordering::Relaxed);
                }
            }
            Err(error) => tracing::error!(%error, "a frame of sound was not encoded"),
        }
    }

    fn prepare(&mut self) -> Result<(), CodecError> {
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
    fn fall_silent(&mut self) {
        if !std::mem::take(&mut self.sounding) {
            return;
        }
        self.meter.reset();
        self.shared.level.store(0, Ordering::Relaxed);
        if let Some(speaking) = self.detector.reset() {
            self.events.send(MediaEvent::Speaking { who: None, speaking });
        }
        if let Err(error) = self.encoder.reset() {
            tracing::debug!(%error, "the encoder remembers what was said before the pause");
        }
    }
}

#[cfg(test)]
mod tests;
