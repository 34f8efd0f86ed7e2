//! Keeps the mix below full scale: turns the gain down smoothly before a peak arrives instead of cutting it off.

use std::collections::VecDeque;

/// What no sample exceeds.
const CEILING: f32 = 0.97;

/// Samples the limiter looks ahead, which is also its delay: 2 ms.
const AHEAD: usize = 96;

/// How much of the way back to full gain is made per sample: a time constant of about 60 ms.
const RELEASE: f32 = 0.000_35;

/// The gain is the smallest that any sample within reach needs, averaged over the same reach: so it has arrived when
/// the peak does, and it has no corners.
#[derive(Debug)]
pub(crate) struct Limiter {
    delayed: VecDeque<f32>,
    /// Candidates for the smallest gain within reach, with the sample's number; rising from front to back.
    smallest: VecDeque<(u64, f32)>,
    sample: u64,
    held: f32,
    averaged: VecDeque<f32>,
}

impl Default for Limiter {
    fn default() -> Self {
        Self {
            delayed: VecDeque::from(vec![0.0; AHEAD]),
            smallest: VecDeque::new(),
            sample: 0,
            held: 1.0,
            averaged: VecDeque::from(vec![1.0; AHEAD]),
        }
    }
}

impl Limiter {
    pub(crate) fn process(&mut self, block: &mut [f32]) {
        // Summed anew for each block: a running sum of floats would drift.
        let mut sum: f32 = self.averaged.iter().sum();
        for sample in block {
            self.delayed.push_back(*sample);
            let wanted = if sample.abs() > CEILING { CEILING / sample.abs() } else { 1.0 };
            let smallest = self.smallest_within_reach(wanted);
            self.held = smallest.min(self.held + (1.0 - self.held) * RELEASE);
            sum += self.held - self.averaged.pop_front().unwrap_or(1.0);
            self.averaged.push_back(self.held);
            let gain = sum / AHEAD as f32;
            *sample = (self.delayed.pop_front().unwrap_or(0.0) * gain).clamp(-1.0, 1.0);
        }
    }

    fn smallest_within_reach(&mut self, wanted: f32) -> f32 {
        while self.smallest.back().is_some_and(|&(_, gain)| gain >= wanted) {
            self.smallest.pop_back();
        }
        self.smallest.push_back((self.sample, wanted));
        while self.smallest.front().is_some_and(|&(sample, _)| sample + (AHEAD as u64) < self.sample) {
            self.smallest.pop_front();
        }
        self.sample += 1;
        self.smallest.front().map_or(1.0, |&(_, gain)| gain)
    }
}

#[cfg(test)]
mod tests {
    use super::super::goertzel::{power, sine, total_power};
    use super::*;

    fn limited(mut samples: Vec<f32>) -> Vec<f32> {
        let mut limiter = Limiter::default();
        samples.chunks_mut(480).for_each(|block| limiter.process(block));
        samples
    }

    #[test]
    fn what_fits_passes_unchanged_two_milliseconds_later() {
        let samples = sine(440.0, 0.9, 48_000, 4800);
        assert!(limited(samples.clone())[AHEAD..].iter().zip(&samples).all(|(out, given)| (out - given).abs() < 1e-4));
    }

    #[test]
    fn nothing_exceeds_the_ceiling_and_nothing_is_cut_off() {
        let loud = limited(sine(440.0, 3.0, 48_000, 48_000));
        let peak = loud.iter().fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
        assert!(peak <= CEILING + 1e-3, "{peak}");
        // A sine that is cut off has overtones; one that is turned down has none.
        let settled = &loud[4800..];
        let rest = total_power(settled) - power(settled, 48_000, 440.0);
        assert!(rest < total_power(settled) * 1e-3, "{rest}");
    }

    #[test]
    fn the_gain_comes_back_after_a_peak() {
        let mut samples = sine(440.0, 4.0, 48_000, 4800);
        samples.extend(sine(440.0, 0.5, 48_000, 24_000));
        let end = limited(samples).split_off(24_000);
        let peak = end.iter().fold(0.0_f32, |peak, sample| peak.max(sample.abs()));
        assert!((peak - 0.5).abs() < 0.01, "{peak}");
    }

    #[test]
    fn a_single_spike_does_not_click() {
        let mut samples = sine(100.0, 0.3, 48_000, 4800);
        samples[2400] = 8.0;
        assert!(limited(samples).iter().all(|sample| sample.abs() <= CEILING + 1e-3));
    }
}
