//! Making pictures smaller: every pixel of the result is the mean of the area that it covers.

use crate::frame::I420;

/// One in the fixed-point weights.
const ONE: u32 = 1 << 8;

/// The largest size with even sides that has the picture's shape and fits; the picture's own if that fits already.
pub(crate) fn fit((width, height): (u32, u32), (width_max, height_max): (u32, u32)) -> (u32, u32) {
    if width <= width_max && height <= height_max {
        return (width, height);
    }
    let (w, h) = (u64::from(width), u64::from(height));
    let (w_max, h_max) = (u64::from(width_max), u64::from(height_max));
    let (w, h) = if w * h_max > h * w_max { (w_max, h * w_max / w) } else { (w * h_max / h, h_max) };
    ((w as u32 & !1).max(2), (h as u32 & !1).max(2))
}

/// Shrinks pictures of one size to another. Keeps its tables and rows, so a running stream allocates nothing.
#[derive(Debug, Default)]
pub(crate) struct Scaler {
    luma: Plane,
    chroma: Plane,
}

impl Scaler {
    /// Fills `to` with the whole of `from`, whatever their sizes.
    pub(crate) fn scale(&mut self, from: &I420, to: &mut I420) {
        let (from_size, to_size) = ((from.width(), from.height()), (to.width(), to.height()));
        let (from_chroma, to_chroma) = (from.chroma_size(), to.chroma_size());
        let planes = to.planes_mut();
        self.luma.fit(from_size, to_size);
        self.luma.scale(from.y(), planes.y);
        self.chroma.fit(from_chroma, to_chroma);
        self.chroma.scale(from.u(), planes.u);
        self.chroma.scale(from.v(), planes.v);
    }
}

/// For every pixel of the result, which source pixels it covers and how much each of them counts.
#[derive(Debug, Default)]
struct Axis {
    sizes: (u32, u32),
    firsts: Vec<usize>,
    /// How many source pixels one pixel has weights for; some of them may be zero.
    taps: usize,
    weights: Vec<u16>,
}

impl Axis {
    fn fit(&mut self, from: u32, to: u32) {
        if self.sizes == (from, to) {
            return;
        }
        self.sizes = (from, to);
        self.firsts.clear();
        self.weights.clear();
        // In units of 1/to of a source pixel everything is a whole number.
        let (from, to) = (u64::from(from), u64::from(to));
        self.taps = (from.div_ceil(to) + 1).min(from) as usize;
        for pixel in 0..to {
            let (start, end) = (pixel * from, (pixel + 1) * from);
            let first = (start / to).min(from - self.taps as u64);
            // The share of everything before a source pixel; the differences sum up to one, whatever the rounding.
            let share = |source: u64| (source * to).clamp(start, end) - start;
            let rounded = |source: u64| (share(source) * u64::from(ONE) + from / 2) / from;
            let sources = first..first + self.taps as u64;
            self.firsts.push(first as usize);
            self.weights.extend(sources.map(|source| (rounded(source + 1) - rounded(source)) as u16));
        }
    }
}

#[derive(Debug, Default)]
struct Plane {
    columns: Axis,
    rows: Axis,
    sums: Vec<u16>,
}

impl Plane {
    fn fit(&mut self, from: (u32, u32), to: (u32, u32)) {
        self.columns.fit(from.0, to.0);
        self.rows.fit(from.1, to.1);
        self.sums.resize(from.0 as usize, 0);
    }

    fn scale(&mut self, from: &[u8], to: &mut [u8]) {
        let (from_width, to_width) = (self.columns.sizes.0 as usize, self.columns.sizes.1 as usize);
        let weights = self.rows.weights.chunks_exact(self.rows.taps);
        for ((first, weights), line) in self.rows.firsts.iter().zip(weights).zip(to.chunks_exact_mut(to_width)) {
            self.sums.fill(0);
            let source = from[first * from_width..].chunks_exact(from_width);
            for (row, weight) in source.zip(weights).filter(|(_, weight)| **weight > 0) {
                for (sum, pixel) in self.sums.iter_mut().zip(row) {
                    // At most 255 × ONE in all, which 16 bits hold.
                    *sum += u16::from(*pixel) * weight;
                }
            }
            match self.columns.taps {
                2 => narrow::<2>(&self.columns, &self.sums, line),
                3 => narrow::<3>(&self.columns, &self.sums, line),
                taps => narrow_by(taps, &self.columns, &self.sums, line),
            }
        }
    }
}

/// Adds up the columns that a pixel covers, if it covers `TAPS` at most: the usual numbers are known to the compiler.
fn narrow<const TAPS: usize>(columns: &Axis, sums: &[u16], line: &mut [u8]) {
    let (weights, _) = columns.weights.as_chunks::<TAPS>();
    for ((first, weights), pixel) in columns.firsts.iter().zip(weights).zip(line) {
        let Some(covered) = sums.get(*first..).and_then(|sums| sums.first_chunk::<TAPS>()) else { return };
        let mut sum = ONE * ONE / 2;
        for tap in 0..TAPS {
            sum += u32::from(covered[tap]) * u32::from(weights[tap]);
        }
        *pixel = (sum / (ONE * ONE)) as u8;
    }
}

/// The same for any number of taps.
fn narrow_by(taps: usize, columns: &Axis, sums: &[u16], line: &mut [u8]) {
    for ((first, weights), pixel) in columns.firsts.iter().zip(columns.weights.chunks_exact(taps)).zip(line) {
        let covered = sums[*first..][..taps].iter().zip(weights);
        let sum: u32 = covered.map(|(sum, weight)| u32::from(*sum) * u32::from(*weight)).sum();
        *pixel = ((sum + ONE * ONE / 2) / (ONE * ONE)) as u8;
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn what_fits_keeps_its_size_and_the_rest_its_shape() {
        assert_eq!(fit((176, 144), (640, 360)), (176, 144));
        assert_eq!(fit((1280, 720), (640, 360)), (640, 360));
        assert_eq!(fit((1280, 1024), (640, 360)), (450, 360));
        assert_eq!(fit((3840, 1080), (1920, 1080)), (1920, 540));
        assert_eq!(fit((4096, 2), (640, 360)), (640, 2));
    }

    #[test]
    fn a_flat_picture_stays_flat_at_any_size() {
        let from = I420::from_planes(101, 67, vec![200; I420::size(101, 67)], Instant::now()).unwrap();
        let mut scaler = Scaler::default();
        for (width, height) in [(50, 32), (100, 66), (33, 2), (101, 67), (150, 80)] {
            let mut to = I420::black(width, height, Instant::now());
            scaler.scale(&from, &mut to);
            assert!(to.data().iter().all(|pixel| *pixel == 200), "{width}×{height}");
        }
    }

    #[test]
    fn a_pixel_is_the_mean_of_what_it_covers() {
        let mut from = I420::black(6, 2, Instant::now());
        from.planes_mut().y.copy_from_slice(&[0, 100, 200, 0, 255, 255, 0, 100, 200, 0, 255, 255]);
        let mut to = I420::black(4, 2, Instant::now());
        Scaler::default().scale(&from, &mut to);
        // 1.5 source pixels each: (0 + 100/2)/1.5, (100/2 + 200)/1.5, (0 + 255/2)/1.5, (255/2 + 255)/1.5.
        assert_eq!(to.y()[..4], [33, 167, 85, 255]);
    }
}
