//! How strong one frequency is in a piece of sound (Goertzel's algorithm).

use std::f32::consts::TAU;

/// The mean-square power of `frequency` in `samples`: a sine of amplitude `a` at exactly this frequency gives a²/2.
pub fn power(samples: &[f32], sample_rate: u32, frequency: f32) -> f32 {
    if samples.is_empty() {
        return 0.0;
    }
    let turn = 2.0 * (TAU * frequency / sample_rate as f32).cos();
    let (mut last, mut before) = (0.0_f32, 0.0_f32);
    for &sample in samples {
        (last, before) = (sample + turn * last - before, last);
    }
    let n = samples.len() as f32;
    2.0 * (last * last + before * before - turn * last * before) / (n * n)
}
