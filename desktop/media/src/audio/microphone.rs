//! The way out: a source of sound, cut into packets, while the microphone is on or other programs' sound is shared.

mod sending;

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded, select};

use super::clock::Ticker;
use super::devices::{Device, Direction, Line};
use super::opus::{BITRATE, LOSS_PERCENT};
use super::processing::Processor;
use super::programs::{Programs, Tap};
use super::tone::Tone;
use super::wav::WavLoop;
use super::worker::Worker;
use super::{BLOCK, FRAME};
use crate::choice::MicrophoneChoice;
use crate::event::Events;
use crate::slot::lock;
use sending::Sending;

const FRAME_DURATION: Duration = Duration::from_millis(20);

/// The microphone's side, and that of the other programs: emits `MediaEvent::Audio`, `Speaking { who: None, .. }` and notices. Dropping it ends its
/// threads and releases the device.
#[derive(Debug)]
pub(crate) struct Out {
    on: Arc<AtomicBool>,
    shared: Arc<Shared>,
    events: Events,
    /// Once it was wanted.
    tap: Mutex<Option<Tap>>,
    _thread: Option<Worker>,
}

#[derive(Debug)]
struct Shared {
    packets: AtomicU64,
    /// An `f32`'s bits.
    level: AtomicU32,
    /// The device is open although nothing is sent.
    listening: AtomicBool,
    /// Other programs' sound is sent, whether or not the microphone is on.
    sharing: AtomicBool,
    programs: Arc<Programs>,
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
            sharing: AtomicBool::new(false),
            programs: Arc::default(),
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
        let (theirs, telling) = (Arc::clone(&shared), events.clone());
        let (switch, tap) = (Arc::clone(&on), Mutex::default());
        let thread = Worker::spawn("audio-out", move |stopped| match Sending::new(switch, events, theirs) {
            Ok(sending) => run(choice, sending, processor, stopped),
            Err(error) => tracing::error!(%error, "no sound can be encoded"),
        });
        if let Err(error) = &thread {
            telling
                .notice(format!("The microphone could not be started ({error}). Close other programs and try again."));
        }
        Self { on, shared, events: telling, tap, _thread: thread.ok() }
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

    /// Whether the sound of this machine's other programs is sent too, also while the microphone is off.
    pub(crate) fn set_sharing(&self, sharing: bool) {
        self.shared.sharing.store(sharing, Ordering::Relaxed);
        self.wake();
        let mut tap = lock(&self.tap);
        if sharing && tap.is_none() {
            let started = Tap::start(Arc::clone(&self.shared.programs), self.events.clone());
            *tap = started
                .map_err(|error| self.events.notice(format!("No sound of other programs can be shared ({error}).")))
                .ok();
        }
        tap.iter().for_each(|tap| tap.set_on(sharing));
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
    // There is no microphone, or no more of it.
    sending.lose_microphone();
    while sharing_alone(&mut sending, stopped) {}
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

/// Until the microphone is to be open: silence from it, while other programs are heard without it; `false` if it is to
/// end.
fn sharing_alone(sending: &mut Sending, stopped: &Receiver<()>) -> bool {
    let switched = sending.shared.switched.1.clone();
    let mut ticker = None;
    while !sending.is_open() {
        match sending.is_sharing() {
            true => drop(ticker.get_or_insert_with(|| Ticker::new(Instant::now(), FRAME_DURATION))),
            false => {
                ticker = None;
                sending.fall_silent();
            }
        }
        let tick = ticker.as_ref().map_or_else(crossbeam_channel::never, |ticker| crossbeam_channel::at(ticker.due()));
        select! {
            recv(stopped) -> _ => return false,
            recv(switched) -> _ => {}
            recv(tick) -> _ => {}
        }
        while let Some(due) = ticker.as_mut().and_then(|ticker| ticker.take(Instant::now())) {
            sending.handle_frame(&[0.0; FRAME], due);
        }
    }
    true
}

/// Opens the device whenever it is to be open.
fn run_device(sending: &mut Sending, mut processor: Processor, name: Option<&str>, stopped: &Receiver<()>) {
    while sharing_alone(sending, stopped) {
        let line = Line::new();
        let device =
            Device::open(Direction::Capture, name.map(str::to_owned), Arc::clone(&line), sending.events.clone());
        if let Err(error) = device {
            return sending.events.notice(format!("The microphone could not be started ({error})."));
        }
        if !hear(sending, &mut processor, &line, stopped) {
            return;
        }
        processor.restart();
        sending.fall_silent();
    }
}

/// Until the device is to be closed; `false` if that is for ever.
fn hear(sending: &mut Sending, processor: &mut Processor, line: &Line, stopped: &Receiver<()>) -> bool {
    let switched = sending.shared.switched.1.clone();
    let mut frame = [0.0; FRAME];
    let mut was_live = false;
    // Where the device gives nothing, other programs are heard by the clock.
    let mut ticker = Ticker::new(Instant::now(), FRAME_DURATION);
    while sending.is_open() {
        let alone = !line.is_live() && sending.is_sharing();
        let tick = if alone { crossbeam_channel::at(ticker.due()) } else { crossbeam_channel::never() };
        select! {
            recv(stopped) -> _ => return false,
            recv(switched) -> _ => continue,
            recv(line.woken()) -> _ => {}
            recv(tick) -> _ => {}
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
        while let Some(due) = ticker.take(Instant::now()) {
            if alone && !is_live {
                sending.handle_frame(&[0.0; FRAME], due);
            }
        }
        if !is_live && !alone {
            sending.fall_silent();
        }
    }
    true
}

#[cfg(test)]
mod tests;
