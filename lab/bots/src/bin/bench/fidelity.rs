//! How like the clip a picture is that was shown, whatever its size.

use bots::material::psnr;
use media::pattern::{CELLS, MARK_ROWS};

/// A plane of luma.
pub(crate) struct Plane {
    pub(crate) width: usize,
    pub(crate) height: usize,
    pub(crate) luma: Vec<u8>,
}

/// The luma PSNR in dB of a picture against the frame of the clip that it should be, after scaling to the clip's size, and
/// without the rows that the mark covers.
pub(crate) fn fidelity(original: &Plane, shown: &Plane) -> f64 {
    let covered = (MARK_ROWS * original.width).div_ceil(CELLS) * original.width;
    let shown = scaled(shown, original.width, original.height);
    psnr(&original.luma[covered..], &shown[covered..])
}

/// Bicubic (Catmull–Rom), edges repeated.
fn scaled(plane: &Plane, width: usize, height: usize) -> Vec<u8> {
    if (plane.width, plane.height) == (width, height) {
        return plane.luma.clone();
    }
    let (columns, rows) = (Taps::new(plane.width, width), Taps::new(plane.height, height));
    let mut narrow = vec![0.0_f32; width * plane.height];
    for (from, to) in plane.luma.chunks_exact(plane.width).zip(narrow.chunks_exact_mut(width)) {
        for (pixel, taps) in to.iter_mut().zip(&columns.0) {
            *pixel = taps.iter().map(|&(at, weight)| f32::from(from[at]) * weight).sum();
        }
    }
    let mut result = Vec::with_capacity(width * height);
    for taps in &rows.0 {
        let line = (0..width).map(|x| taps.iter().map(|&(at, weight)| narrow[at * width + x] * weight).sum::<f32>());
        result.extend(line.map(|luma| luma.round().clamp(0.0, 255.0) as u8));
    }
    result
}

/// For each pixel of a side, four of the source's with their weights.
struct Taps(Vec<[(usize, f32); 4]>);

impl Taps {
    fn new(from: usize, to: usize) -> Self {
        let taps = (0..to).map(|pixel| {
            let at = (pixel as f32 + 0.5) * from as f32 / to as f32 - 0.5;
            let (first, t) = (at.floor() as isize - 1, at - at.floor());
            let weights = [
                ((-0.5 * t + 1.0) * t - 0.5) * t,
                (1.5 * t - 2.5) * t * t + 1.0,
                ((-1.5 * t + 2.0) * t + 0.5) * t,
                (0.5 * t - 0.5) * t * t,
            ];
            std::array::from_fn(|n| ((first + n as isize).clamp(0, from as isize - 1) as usize, weights[n]))
        });
        Self(taps.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wave(width: usize, height: usize) -> Plane {
        let value = |x: usize, y: usize| {
            let (x, y) = ((x as f32 + 0.5) / width as f32, (y as f32 + 0.5) / height as f32);
            (128.0 + 60.0 * (12.0 * x).sin() + 40.0 * (9.0 * y).cos()) as u8
        };
        Plane { width, height, luma: (0..width * height).map(|at| value(at % width, at / width)).collect() }
    }

    #[test]
    fn the_same_picture_is_the_same_and_a_smaller_one_nearly() {
        let original = wave(640, 360);
        assert_eq!(fidelity(&original, &wave(640, 360)), 99.0);
        for (width, height) in [(320, 180), (480, 270), (160, 90), (1280, 720)] {
            let found = fidelity(&original, &wave(width, height));
            assert!(found > 42.0, "{width}×{height}: {found}");
        }
    }

    #[test]
    fn the_mark_is_not_judged_and_everything_else_is() {
        let (original, mut shown) = (wave(640, 360), wave(640, 360));
        shown.luma[..32 * 640].fill(16);
        assert_eq!(fidelity(&original, &shown), 99.0);
        shown.luma[32 * 640] ^= 128;
        assert!(fidelity(&original, &shown) < 99.0);
    }

    #[test]
    fn noise_of_a_known_strength_has_its_decibels() {
        let (original, mut shown) = (wave(640, 360), wave(640, 360));
        shown.luma.iter_mut().enumerate().for_each(|(at, luma)| if at % 2 == 0 { *luma += 4 } else { *luma -= 4 });
        // 20 log10(255 / 4).
        assert!((fidelity(&original, &shown) - 36.09).abs() < 0.01);
    }
}
