//! What a receiver was shown, the app or Chromium, and what follows from it.

use anyhow::Result;
use bots::material::Footage;

use crate::fidelity::{Plane, fidelity};
use crate::figures::percentile;

/// A picture that was shown. Times are milliseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Shown {
    pub(crate) at: f64,
    /// The mark's, if it could be read.
    pub(crate) number: Option<u32>,
    pub(crate) captured: Option<f64>,
    pub(crate) height: u32,
}

/// The picture itself, of some of them.
pub(crate) struct Sample {
    pub(crate) at: f64,
    pub(crate) number: u32,
    pub(crate) picture: Plane,
}

#[derive(Default)]
pub(crate) struct Watched {
    /// In the order in which they were shown.
    pub(crate) shown: Vec<Shown>,
    pub(crate) samples: Vec<Sample>,
}

/// Of one call.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Figures {
    /// Mean over the samples, in dB.
    pub(crate) psnr: f64,
    /// Pictures a second.
    pub(crate) rate: f64,
    /// Milliseconds without a new picture.
    pub(crate) longest: f64,
    /// The median.
    pub(crate) height: f64,
    /// From capture until it was shown, in milliseconds.
    pub(crate) p50: f64,
    pub(crate) p95: f64,
}

impl Watched {
    /// Of what was shown from one time to another.
    pub(crate) fn figures(&self, clip: &Footage, from: f64, to: f64) -> Result<Figures> {
        let within = |at: f64| (from..to).contains(&at);
        let mut scores = Vec::new();
        for sample in self.samples.iter().filter(|sample| within(sample.at)) {
            let (width, height) = (clip.size().0 as usize, clip.size().1 as usize);
            let original = Plane { width, height, luma: clip.luma(sample.number)? };
            scores.push(fidelity(&original, &sample.picture));
        }
        let shown: Vec<Shown> = self.shown.iter().copied().filter(|shown| within(shown.at)).collect();
        let delays = |shown: &Shown| Some(shown.at - shown.captured?);
        let delays: Vec<f64> = shown.iter().filter_map(delays).collect();
        let heights: Vec<f64> = shown.iter().map(|shown| f64::from(shown.height)).collect();
        Ok(Figures {
            psnr: scores.iter().sum::<f64>() / scores.len() as f64,
            rate: shown.len() as f64 * 1000.0 / (to - from),
            longest: longest(&shown, from, to),
            height: percentile(&heights, 0.5),
            p50: percentile(&delays, 0.5),
            p95: percentile(&delays, 0.95),
        })
    }
}

/// The longest time without a new picture; one that lasts on at an end counts as far as it was watched.
fn longest(shown: &[Shown], from: f64, to: f64) -> f64 {
    let times = shown.iter().map(|shown| shown.at).chain([to]);
    times.scan(from, |before, at| Some(at - std::mem::replace(before, at))).fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(at: f64) -> Shown {
        Shown { at, number: None, captured: None, height: 360 }
    }

    #[test]
    fn a_freeze_counts_wherever_it_is() {
        let pictures: Vec<Shown> = [1_100.0, 1_133.0, 1_700.0, 1_733.0].map(shown).to_vec();
        assert_eq!(longest(&pictures, 1_090.0, 1_740.0), 567.0);
        assert_eq!(longest(&pictures, 0.0, 1_740.0), 1_100.0);
        assert_eq!(longest(&pictures, 1_000.0, 9_000.0), 7_267.0);
        assert_eq!(longest(&[], 1_000.0, 9_000.0), 8_000.0);
    }
}
