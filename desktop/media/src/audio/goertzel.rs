//! Which frequencies are in a piece of sound: one of them (Goertzel's algorithm), or the strongest of all.

use std::f32::consts::{PI, TAU};
use std::ops::Range;

use realfft::RealFftPlanner;

/// Samples per spectrum: 5.9 Hz per bin at 48 kHz, so a peak's place is known to a fraction of a hertz.
pub(super) const SPECTRUM: usize = 8192;

/// Power per sample, −60 dBFS: below it nobody would call it a tone.
const POWER_MIN: f32 = 1e-6;

/// The share of all power that a tone and its closest neighbourhood must have.
const SHARE_MIN: f32 = 0.4;

/// Bins on each side of a peak that a Hann window smears a sine over.
const SKIRT: usize = 2;

/// The mean-square power of `frequency` in `samples`: a sine of amplitude `a` at exactly this frequency gives a²/2.
pub fn power(samples: &[f32], sample_rate: u32, frequency: f32) -> f32 {
    if samples.is_empty() {
        return 0.0;
    }
    // In `f64`: the recurrence loses much near 0 Hz.
    let turn = 2.0 * (std::f64::consts::TAU * f64::from(frequency) / f64::from(sample_rate)).cos();
    let (mut last, mut before) = (0.0_f64, 0.0_f64);
    for &sample in samples {
        (last, before) = (f64::from(sample) + turn * last - before, last);
    }
    let n = samples.len() as f64;
    (2.0 * (last * last + before * before - turn * last * before) / (n * n)) as f32
}

/// The mean-square power of everything in `samples`.
pub fn total_power(samples: &[f32]) -> f32 {
    samples.iter().map(|sample| sample * sample).sum::<f32>() / samples.len().max(1) as f32
}

/// The frequency in hertz that stands out of `samples`; `None` for silence, noise, chords and less than 8192 samples.
pub fn strongest(samples: &[f32], sample_rate: u32) -> Option<f32> {
    if samples.len() < SPECTRUM || total_power(samples) < POWER_MIN {
        return None;
    }
    let spectrum = mean_spectrum(samples);
    // Without the lowest bins: an offset is not a tone.
    let range = SKIRT + 1..spectrum.len() - SKIRT - 1;
    let peak = range.clone().max_by(|&a, &b| spectrum[a].total_cmp(&spectrum[b]))?;
    let share = sum(&spectrum, peak - SKIRT..peak + SKIRT + 1) / sum(&spectrum, range);
    if share.is_nan() || share < SHARE_MIN {
        return None;
    }
    Some((peak as f32 + peak_offset(&spectrum, peak)) * sample_rate as f32 / SPECTRUM as f32)
}

/// The mean of the power spectra of overlapping pieces (Welch's method).
pub(super) fn mean_spectrum(samples: &[f32]) -> Vec<f32> {
    let transform = RealFftPlanner::<f32>::new().plan_fft_forward(SPECTRUM);
    let mut input = transform.make_input_vec();
    let mut output = transform.make_output_vec();
    let mut spectrum = vec![0.0; output.len()];
    for piece in samples.windows(SPECTRUM).step_by(SPECTRUM / 2) {
        for (i, (slot, sample)) in input.iter_mut().zip(piece).enumerate() {
            *slot = sample * (PI * i as f32 / SPECTRUM as f32).sin().powi(2);
        }
        if transform.process(&mut input, &mut output).is_ok() {
            for (sum, bin) in spectrum.iter_mut().zip(&output) {
                *sum += bin.norm_sqr();
            }
        }
    }
    spectrum
}

/// Where between its neighbours a peak really is, in bins: the top of the parabola through their logarithms.
fn peak_offset(spectrum: &[f32], peak: usize) -> f32 {
    let log = |bin: usize| spectrum[bin].max(f32::MIN_POSITIVE).ln();
    let (left, top, right) = (log(peak - 1), log(peak), log(peak + 1));
    let bend = left - 2.0 * top + right;
    if bend == 0.0 { 0.0 } else { (0.5 * (left - right) / bend).clamp(-0.5, 0.5) }
}

fn sum(spectrum: &[f32], range: Range<usize>) -> f32 {
    spectrum[range].iter().sum()
}

/// A sine, for tests and demonstrations.
pub fn sine(frequency: f32, amplitude: f32, sample_rate: u32, samples: usize) -> Vec<f32> {
    (0..samples).map(|i| amplitude * (TAU * ((frequency * i as f32 / sample_rate as f32) % 1.0)).sin()).collect()
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::{Rng, SeedableRng};

    use super::*;

    const RATE: u32 = 48_000;

    fn noise(amplitude: f32, samples: usize) -> Vec<f32> {
        let mut rng = ChaCha8Rng::from_seed([5; 32]);
        (0..samples).map(|_| (rng.next_u32() as f32 / u32::MAX as f32 * 2.0 - 1.0) * amplitude).collect()
    }

    #[test]
    fn a_sine_has_half_its_squared_amplitude_at_its_frequency_and_nothing_elsewhere() {
        let samples = sine(1000.0, 0.5, RATE, 48_000);
        assert!((power(&samples, RATE, 1000.0) - 0.125).abs() < 1e-3);
        assert!(power(&samples, RATE, 1100.0) < 1e-5);
        assert!(power(&samples, RATE, 500.0) < 1e-5);
    }

    #[test]
    fn the_strongest_frequency_is_found_to_half_a_hertz() {
        for frequency in [50.0, 100.3, 440.0, 997.0, 4321.5, 15_000.0] {
            let found = strongest(&sine(frequency, 0.1, RATE, 48_000), RATE).unwrap();
            assert!((found - frequency).abs() < 0.5, "{frequency} was taken for {found}");
        }
    }

    #[test]
    fn a_tone_is_heard_through_noise() {
        let mixed: Vec<f32> =
            sine(700.0, 0.2, RATE, 48_000).iter().zip(noise(0.1, 48_000)).map(|(a, b)| a + b).collect();
        assert!((strongest(&mixed, RATE).unwrap() - 700.0).abs() < 0.5);
    }

    #[test]
    fn silence_noise_and_scraps_have_no_pitch() {
        assert_eq!(strongest(&vec![0.0; 48_000], RATE), None);
        assert_eq!(strongest(&noise(0.5, 48_000), RATE), None);
        assert_eq!(strongest(&sine(440.0, 0.5, RATE, 1000), RATE), None);
        assert_eq!(strongest(&vec![0.3; 48_000], RATE), None, "an offset is not a tone");
    }
}
