//! The microphone's processing without devices, on virtual time: a room with an echo, and what would be sent from it.
//! For tests and measurements.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::processing::{Processor, Wish};
use super::reference::Reference;
use super::{BLOCK, SAMPLE_RATE};
use crate::choice::Processing;

/// Samples between two things that are in the way of the sound.
const OBSTACLE_EVERY: usize = 37;

/// The largest sample of a noise that is 70 dB below full scale.
const NOISE: f32 = 5.5e-4;

/// What walls and furniture do between a loudspeaker and a microphone.
#[derive(Debug, Clone)]
pub struct Room {
    /// Delay in samples, and gain.
    taps: Vec<(usize, f32)>,
}

impl Room {
    /// The direct sound after `delay_ms`, `loss` times as loud, and a tail that fades by 60 dB in `reverberation_ms`;
    /// `uniform` gives numbers from −1 to 1.
    pub fn new(delay_ms: usize, reverberation_ms: usize, loss: f32, mut uniform: impl FnMut() -> f32) -> Self {
        let (direct, tail) = (samples(delay_ms), samples(reverberation_ms));
        let mut taps = vec![(direct, loss)];
        taps.extend((200..tail).step_by(OBSTACLE_EVERY).map(|i| {
            let fading = 10.0_f32.powf(-3.0 * i as f32 / tail as f32);
            (direct + i, loss * 0.35 * fading * uniform())
        }));
        Self { taps }
    }

    /// What the microphone hears of the loudspeaker.
    pub fn echo(&self, far: &[f32]) -> Vec<f32> {
        let tap = |i: usize, &(delay, gain): &(usize, f32)| far.get(i.wrapping_sub(delay)).map_or(0.0, |x| x * gain);
        (0..far.len()).map(|i| self.taps.iter().map(|each| tap(i, each)).sum()).collect()
    }
}

/// Adds a microphone's own noise, 70 dB below full scale. Without it the canceller takes the first silence for the noise
/// of the room, which no room has.
pub fn add_noise(microphone: &mut [f32], mut uniform: impl FnMut() -> f32) {
    for sample in microphone {
        *sample += NOISE * uniform();
    }
}

fn samples(ms: usize) -> usize {
    ms * SAMPLE_RATE as usize / 1000
}

/// What is sent of `microphone` while the loudspeaker plays `far`, in bursts of 20 ms; both 48 kHz mono.
pub fn processed(processing: Processing, far: &[f32], microphone: &[f32]) -> Vec<f32> {
    let start = Instant::now();
    let reference = Arc::new(Reference::new(start));
    let mut processor = Processor::new(Wish::new(processing), Arc::clone(&reference));
    let mut to_play: VecDeque<&[f32]> = far.chunks_exact(2 * BLOCK).collect();
    let mut sent = Vec::with_capacity(microphone.len());
    for (i, block) in microphone.as_chunks::<BLOCK>().0.iter().enumerate() {
        let now = start + Duration::from_millis(10 * i as u64);
        if i % 2 == 0
            && let Some(burst) = to_play.pop_front()
        {
            reference.push(burst);
            reference.note_taken(0, now);
        }
        processor.note_given(BLOCK, now + Duration::from_millis(10));
        let mut block = *block;
        processor.process(&mut block);
        sent.extend(block);
    }
    sent
}
