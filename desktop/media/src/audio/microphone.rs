//! The way out: a source of sound, cut into packets, while the microphone is on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded, select};

use super::clock::Ticker;
use super::devices::{Device, Direction, Line};
use super::level::{Meter, SpeakingDetector, Unheard};
use super::opus::{BITRATE, CodecError, Encoder, LOSS_PERCENT};
use super::processing::Processor;
use super::tone::Tone;
use super::wav::WavLoop;
use super::worker::Worker;
use super::{BLOCK, FRAME, SAMPLE_RATE};
use crate::choice::MicrophoneChoice;
use crate::event::{EncodedAudio, Events, MediaEvent};

const FRAME_DURATION: Duration = Duration::from_millis(20);

/// Frames between two looks at the meter: 100 ms.
const STEP_EVERY: u32 = 5;

/// Samples that the timestamps may be behind the clock before they jump: 200 ms. Less is the device's own clock.
const BEHIND_MAX: u64 = SAMPLE_RATE as u64 / 5;

/// The microphone's side: emits `MediaEvent::Audio`, `Speaking { who: None, .. }` and notices. Dropping it ends its
/// threads and releases the device.
#[derive(Debug)]
pub(crate) struct Out {
    on: Arc<AtomicBool>,
    shared: Arc<Shared>,
    _thread: Option<Worker>,
}

#[derive(Debug)]
struct Shared {
    packets: AtomicU64,
    /// An `f32`'s bits.
    level: AtomicU32,
    /// The device is open although nothing is sent.
    listening: AtomicBool,
    /// Gets a message when the microphone is switched.
    switched: (Sender<()>, Receiver<()>),
    /// What the encoder is wished to do: bits per second, and per cent of loss to prepare for.
    bitrate: AtomicU32,
    loss: AtomicU8,
}

impl Default for Shared {
    fn default() -> Self {
        Self {
            packets: AtomicU64::new(0),
            level: AtomicU32::new(0),
            listening: AtomicBool::new(false),
            switched: bounded(1),
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
            return Self { on, shared, _thread: None };
        }
        let (theirs, telling) = (Arc::clone(&shared), events.clone());
        let switch = Arc::clone(&on);
        let thread = Worker::spawn("audio-out", move |stopped| match Sending::new(switch, events, theirs) {
            Ok(sending) => run(choice, sending, processor, stopped),
            Err(error) => tracing::error!(%error, "no sound can be encoded"),
        });
        if let Err(error) = &thread {
            telling
                .notice(format!("The microphone could not be started ({error}). Close other programs and try again."));
        }
        Self { on, shared, _thread: thread.ok() }
    }

    /// Packets sent so far.
    pub(crate) fn packets(&self) -> u64 {
        self.shared.packets.load(Ordering::Relaxed)
    }

    pub(crate) fn set_on(&self, on: bool) {
        self.on.store(on, Ordering::Relaxed);
        self.wake();
    }

    /// Whether a device stays open while the microphone is off, to tell whoever speaks all the same.
    pub(crate) fn set_listening(&self, listening: bool) {
        self.shared.listening.store(listening, Ordering::Relaxed);
        self.wake();
    }

    fn wake(&self) {
        // Full: the thread has not looked yet, one message is enough.
        let _ = self.shared.switched.0.try_send(());
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
        MicrophoneChoice::Device(name) => run_device(&mut sending, processor, name.as_deref(), stopped),
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

/// Opens the device whenever it is to be open.
fn run_device(sending: &mut Sending, mut processor: Processor, name: Option<&str>, stopped: &Receiver<()>) {
    let switched = sending.shared.switched.1.clone();
    loop {
        while !sending.is_open() {
            select! {
                recv(stopped) -> _ => return,
                recv(switched) -> _ => {}
            }
        }
        let line = Line::new();
        let device =
            Device::open(Direction::Capture, name.map(str::to_owned), Arc::clone(&line), sending.events.clone());
        if let Err(error) = device {
            return sending.events.notice(format!("The microphone could not be started ({error})."));
        }
        if !hear(sending, &mut processor, &line, stopped, &switched) {
            return;
        }
        processor.restart();
        sending.fall_silent();
    }
}

/// Until the device is to be closed; `false` if that is for ever.
fn hear(
    sending: &mut Sending,
    processor: &mut Processor,
    line: &Line,
    stopped: &Receiver<()>,
    switched: &Receiver<()>,
) -> bool {
    let mut frame = [0.0; FRAME];
    let mut was_live = false;
    while sending.is_open() {
        select! {
            recv(stopped) -> _ => return false,
            recv(switched) -> _ => continue,
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
            sending.listen(&frame);
        }
        if !is_live {
            sending.fall_silent();
        }
    }
    true
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
    unheard: Unheard,
    /// What the meter showed last, and frames since it was looked at.
    step: u8,
    since_step: u32,
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
            unheard: Unheard::default(),
            step: 0,
            since_step: 0,
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
        self.show_level();
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
    fn listen(&mut self, frame: &[f32; FRAME]) {
        if self.on.load(Ordering::Relaxed) {
            return self.unheard.reset();
        }
        // Each of them, so that the detector knows the room.
        if frame.as_chunks::<BLOCK>().0.iter().filter(|block| self.unheard.handle_block(block)).count() > 0 {
            self.events.send(MediaEvent::Unheard);
        }
    }

    /// Whether a device is to be open.
    fn is_open(&self) -> bool {
        self.on.load(Ordering::Relaxed) || self.shared.listening.load(Ordering::Relaxed)
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
        self.tell_step(0);
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
