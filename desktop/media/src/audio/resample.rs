//! The embassy of rubato: from one sample rate to another, in pieces of any size.

use std::collections::VecDeque;

use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{
    Async, FixedAsync, ResampleError, Resampler as _, ResamplerConstructionError, SincInterpolationParameters,
    WindowFunction,
};
use thiserror::Error;

/// Samples that are converted at a time.
const CHUNK: usize = 240;

/// Of the filter. 64 of them are its delay: 1.3 ms at 48 kHz.
const TAPS: usize = 128;

#[derive(Debug, Error)]
pub(crate) enum RateError {
    #[error("the sample rate cannot be converted: {0}")]
    Refused(#[from] ResamplerConstructionError),
    #[error("the conversion failed: {0}")]
    Failed(#[from] ResampleError),
}

/// Mono. Keeps what does not fill a chunk until more comes.
pub(crate) struct Resampler {
    /// `None`: both rates are the same.
    inner: Option<Async<f32>>,
    pending: Vec<f32>,
    converted: Vec<f32>,
}

impl Resampler {
    pub(crate) fn new(from: u32, to: u32) -> Result<Self, RateError> {
        if from == to {
            return Ok(Self { inner: None, pending: Vec::new(), converted: Vec::new() });
        }
        let parameters = SincInterpolationParameters::new(TAPS, WindowFunction::BlackmanHarris2);
        let ratio = f64::from(to) / f64::from(from);
        let inner = Async::new_sinc(ratio, 1.0, &parameters, CHUNK, 1, FixedAsync::Input)?;
        let converted = vec![0.0; inner.output_frames_max()];
        Ok(Self { inner: Some(inner), pending: Vec::with_capacity(2 * CHUNK), converted })
    }

    pub(crate) fn process(
        &mut self,
        samples: impl IntoIterator<Item = f32>,
        out: &mut VecDeque<f32>,
    ) -> Result<(), RateError> {
        let Some(inner) = &mut self.inner else {
            out.extend(samples);
            return Ok(());
        };
        for sample in samples {
            self.pending.push(sample);
            if self.pending.len() < inner.input_frames_next() {
                continue;
            }
            let room = self.converted.len();
            let (Ok(input), Ok(mut output)) = (
                InterleavedSlice::new(&self.pending[..], 1, self.pending.len()),
                InterleavedSlice::new_mut(&mut self.converted[..], 1, room),
            ) else {
                continue;
            };
            let (_, written) = inner.process_into_buffer(&input, &mut output, None)?;
            out.extend(&self.converted[..written]);
            self.pending.clear();
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::goertzel::{power, sine, strongest, total_power};
    use super::*;

    fn converted(frequency: f32, from: u32, to: u32) -> Vec<f32> {
        let mut resampler = Resampler::new(from, to).unwrap();
        let mut out = VecDeque::new();
        for piece in sine(frequency, 0.5, from, 2 * from as usize).chunks(777) {
            resampler.process(piece.iter().copied(), &mut out).unwrap();
        }
        out.into()
    }

    #[test]
    fn a_tone_keeps_its_pitch_level_and_length_from_any_rate() {
        for rate in [8_000, 11_025, 16_000, 22_050, 44_100, 48_000, 96_000, 44_101] {
            let out = converted(1000.0, rate, 48_000);
            assert!(out.len().abs_diff(96_000) < 4000, "{rate}: {} samples", out.len());
            let settled = &out[4800..];
            assert!((strongest(settled, 48_000).unwrap() - 1000.0).abs() < 0.5, "{rate}");
            assert!((power(&settled[..48_000], 48_000, 1000.0) - 0.125).abs() < 0.003, "{rate}");
        }
    }

    #[test]
    fn what_the_lower_rate_cannot_hold_is_gone_and_not_folded_back() {
        let out = converted(20_000.0, 48_000, 16_000);
        assert!(total_power(&out[1000..]) < 1e-6);
    }
}
