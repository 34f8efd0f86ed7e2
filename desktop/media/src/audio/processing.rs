//! The embassy of sonora (WebRTC's audio processing in Rust): takes the speaker's echo and the room's noise out of the
//! microphone's sound and brings a voice to a good level, 10 ms at a time.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Instant;

use sonora::config::{
    AdaptiveDigital, GainController2, MaxProcessingRate, NoiseSuppression, NoiseSuppressionLevel, Pipeline,
};
use sonora::high_pass_filter::HighPassFilter;
use sonora::{AudioProcessing, Config, StreamConfig};

use self::canceller::Canceller;
use super::reference::{Alignment, Reference};
use super::{BLOCK, SAMPLE_RATE};
use crate::choice::Processing;

/// A [`Processing`] that can be changed while a thread goes by it.
#[derive(Debug, Clone)]
pub(crate) struct Wish(Arc<AtomicU8>);

impl Wish {
    pub(crate) fn new(processing: Processing) -> Self {
        let wish = Self(Arc::default());
        wish.set(processing);
        wish
    }

    pub(crate) fn set(&self, Processing { echo, noise, gain }: Processing) {
        self.0.store(u8::from(echo) | u8::from(noise) << 1 | u8::from(gain) << 2, Ordering::Relaxed);
    }

    fn get(&self) -> Processing {
        let bits = self.0.load(Ordering::Relaxed);
        Processing { echo: bits & 1 != 0, noise: bits & 2 != 0, gain: bits & 4 != 0 }
    }
}

/// Of one microphone.
pub(crate) struct Processor {
    wish: Wish,
    current: Processing,
    /// `None` while nothing is to be done.
    chain: Option<Chain>,
    reference: Arc<Reference>,
    alignment: Alignment,
}

impl Processor {
    pub(crate) fn new(wish: Wish, reference: Arc<Reference>) -> Self {
        let current = wish.get();
        let chain = Chain::new(current);
        Self { wish, current, chain, reference, alignment: Alignment::default() }
    }

    /// Replaces a block from the microphone by what is to be sent of it. Together with the speaker's, which the
    /// reference holds: a canceller that is switched on has heard nothing before.
    pub(crate) fn process(&mut self, block: &mut [f32; BLOCK]) {
        self.follow_wish();
        let mut far = [0.0; BLOCK];
        self.alignment.take(&self.reference, &mut far);
        if let Some(chain) = &mut self.chain {
            chain.process(&far, block);
        }
    }

    /// The device has given something, and `waiting` samples of it are to be processed.
    pub(crate) fn note_given(&mut self, waiting: usize, now: Instant) {
        self.alignment.note_given(waiting, &self.reference, now);
    }

    /// The device is gone or new.
    pub(crate) fn restart(&mut self) {
        self.alignment.restart();
    }

    fn follow_wish(&mut self) {
        let wanted = self.wish.get();
        if wanted == self.current {
            return;
        }
        self.current = wanted;
        self.chain = Chain::new(wanted);
    }
}

/// What a choice asks for, in the order in which it is done. Made anew for each choice.
struct Chain {
    high_pass: HighPassFilter,
    canceller: Option<Box<Canceller>>,
    /// The level, and noise where the canceller does not care for it.
    rest: Option<Box<AudioProcessing>>,
    scratch: [Vec<f32>; 1],
}

impl Chain {
    fn new(processing: Processing) -> Option<Self> {
        let Processing { echo, noise, gain } = processing;
        let left = Processing { echo: false, noise: noise && !echo, gain };
        (processing != Processing::NONE).then(|| Self {
            high_pass: HighPassFilter::new(SAMPLE_RATE as i32, 1),
            canceller: processing.echo.then(|| Box::new(Canceller::new(processing.noise))),
            rest: (left != Processing::NONE).then(|| rest(left)),
            scratch: [vec![0.0; BLOCK]],
        })
    }

    fn process(&mut self, far: &[f32; BLOCK], block: &mut [f32; BLOCK]) {
        self.scratch[0].copy_from_slice(block);
        self.high_pass.process_channels(&mut self.scratch);
        block.copy_from_slice(&self.scratch[0]);
        if let Some(canceller) = &mut self.canceller {
            canceller.process(far, block);
        }
        let Some(rest) = &mut self.rest else { return };
        let near = *block;
        if let Err(error) = rest.process_capture_f32(&[&near], &mut [block]) {
            tracing::error!(%error, "a block of sound was not processed");
            *block = near;
        }
    }
}

fn rest(Processing { noise, gain, .. }: Processing) -> Box<AudioProcessing> {
    let config = Config {
        pipeline: Pipeline {
            maximum_internal_processing_rate: MaxProcessingRate::Rate48kHz,
            multi_channel_render: false,
            multi_channel_capture: false,
            ..Pipeline::default()
        },
        noise_suppression: noise
            .then(|| NoiseSuppression { level: NoiseSuppressionLevel::High, ..NoiseSuppression::default() }),
        gain_controller2: gain.then(|| GainController2 {
            // Cautious to begin with, or the first word of a good microphone would be squeezed.
            adaptive_digital: Some(AdaptiveDigital {
                initial_gain_db: 6.0,
                max_gain_db: 30.0,
                ..AdaptiveDigital::default()
            }),
            ..GainController2::default()
        }),
        ..Config::default()
    };
    let mono = StreamConfig::new(SAMPLE_RATE, 1);
    Box::new(AudioProcessing::builder().config(config).capture_config(mono).render_config(mono).build())
}

mod canceller;
#[cfg(test)]
mod tests;
