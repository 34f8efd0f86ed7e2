//! A sine, for tests of the whole way and for people who want to hear whether it works.

use std::f64::consts::TAU;

use super::SAMPLE_RATE;

/// −12 dBFS: clearly audible, hurts nobody.
const AMPLITUDE: f64 = 0.251;

#[derive(Debug)]
pub(crate) struct Tone {
    /// Of a turn.
    phase: f64,
    step: f64,
}

impl Tone {
    pub(crate) fn new(hertz: f32) -> Self {
        Self { phase: 0.0, step: f64::from(hertz) / f64::from(SAMPLE_RATE) }
    }

    pub(crate) fn fill(&mut self, samples: &mut [f32]) {
        for sample in samples {
            *sample = (AMPLITUDE * (TAU * self.phase).sin()) as f32;
            self.phase = (self.phase + self.step).fract();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::goertzel::{power, strongest};
    use super::*;

    #[test]
    fn a_tone_has_its_frequency_and_level_however_it_is_cut() {
        let mut tone = Tone::new(1000.0);
        let mut samples = vec![0.0; 48_000];
        samples.chunks_mut(700).for_each(|piece| tone.fill(piece));
        assert!((strongest(&samples, SAMPLE_RATE).unwrap() - 1000.0).abs() < 0.1);
        let level = 10.0 * (2.0 * power(&samples, SAMPLE_RATE, 1000.0)).log10();
        assert!((level + 12.0).abs() < 0.1, "{level} dBFS");
    }
}
