//! From the pixels of a screen, four bytes each, to the pictures that are sent.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Instant;

use thiserror::Error;
use yuv::{
    BufferStoreMut, YuvConversionMode, YuvError, YuvPlanarImageMut, YuvRange, YuvStandardMatrix, bgra_to_yuv420,
    rgba_to_yuv420,
};

use crate::frame::{FramePool, I420};
use crate::scale::{Scaler, fit};

pub(super) const BYTES_PER_PIXEL: usize = 4;

/// In which order a pixel's bytes lie in memory; the fourth is unused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Bgrx,
    Rgbx,
}

#[derive(Debug, Error, PartialEq, Eq)]
#[error("the pixels do not fit their size")]
pub(crate) struct Misfit;

/// Keeps its memory, so that a running stream allocates nothing.
#[derive(Debug)]
pub(crate) struct Canvas {
    size_max: (u32, u32),
    full: I420,
    scaler: Scaler,
    pool: FramePool,
    newest: Option<Arc<I420>>,
}

impl Canvas {
    /// A larger screen is scaled down to `size_max`.
    pub(crate) fn new(size_max: (u32, u32)) -> Self {
        let full = I420::black(2, 2, Instant::now());
        Self { size_max, full, scaler: Scaler::default(), pool: FramePool::default(), newest: None }
    }

    /// A picture of these pixels, whose lines are `stride` bytes apart. Odd sides are cut to even ones.
    pub(crate) fn paint(
        &mut self,
        pixels: &[u8],
        order: Order,
        stride: usize,
        (width, height): (u32, u32),
        captured: Instant,
    ) -> Result<Arc<I420>, Misfit> {
        let size = (width & !1, height & !1);
        let line = size.0 as usize * BYTES_PER_PIXEL;
        let needed = (size.1 as usize).checked_mul(stride);
        if line == 0 || size.1 == 0 || stride < line || needed.is_none_or(|needed| pixels.len() < needed) {
            return Err(Misfit);
        }
        let convert = |picture: &mut I420| convert(pixels, order, stride, picture).map_err(|_| Misfit);
        let target = fit(size, self.size_max);
        let picture = if target == size {
            self.pool.fill(size, captured, convert)?
        } else {
            if (self.full.width(), self.full.height()) != size {
                self.full = I420::black(size.0, size.1, captured);
            }
            convert(&mut self.full)?;
            let (scaler, full) = (&mut self.scaler, &self.full);
            self.pool.fill(target, captured, |picture| {
                scaler.scale(full, picture);
                Ok(())
            })?
        };
        self.newest = Some(Arc::clone(&picture));
        Ok(picture)
    }

    /// The newest picture once more, as of now: for whoever comes later, or has lost something.
    pub(super) fn again(&mut self, now: Instant) -> Option<Arc<I420>> {
        let newest = self.newest.take()?;
        let copied: Result<_, Infallible> = self.pool.fill((newest.width(), newest.height()), now, |picture| {
            picture.data_mut().copy_from_slice(newest.data());
            picture.set_repetition(true);
            Ok(())
        });
        let Ok(copy) = copied;
        self.newest = Some(Arc::clone(&copy));
        Some(copy)
    }
}

fn convert(pixels: &[u8], order: Order, stride: usize, picture: &mut I420) -> Result<(), YuvError> {
    let (width, height, half) = (picture.width(), picture.height(), picture.chroma_size().0);
    let planes = picture.planes_mut();
    let mut planar = YuvPlanarImageMut {
        y_plane: BufferStoreMut::Borrowed(planes.y),
        y_stride: width,
        u_plane: BufferStoreMut::Borrowed(planes.u),
        u_stride: half,
        v_plane: BufferStoreMut::Borrowed(planes.v),
        v_stride: half,
        width,
        height,
    };
    let (range, matrix, mode) = (YuvRange::Limited, YuvStandardMatrix::Bt601, YuvConversionMode::Balanced);
    match order {
        Order::Bgrx => bgra_to_yuv420(&mut planar, pixels, stride as u32, range, matrix, mode),
        Order::Rgbx => rgba_to_yuv420(&mut planar, pixels, stride as u32, range, matrix, mode),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RED: [u8; 4] = [0, 0, 255, 0];

    #[test]
    fn lines_may_be_padded() {
        let mut canvas = Canvas::new((1920, 1080));
        let mut pixels = vec![77; 5 * 20];
        for line in pixels.chunks_mut(20) {
            line.chunks_exact_mut(4).take(4).for_each(|pixel| pixel.copy_from_slice(&RED));
        }
        let picture = canvas.paint(&pixels, Order::Bgrx, 20, (5, 5), Instant::now()).unwrap();
        assert_eq!(picture.y(), [81; 16]);
        assert_eq!((picture.u(), picture.v()), (&[90; 4][..], &[240; 4][..]));
    }

    #[test]
    fn the_order_of_the_bytes_is_minded() {
        let pixels = RED.repeat(4);
        let mut canvas = Canvas::new((1920, 1080));
        let blue = canvas.paint(&pixels, Order::Rgbx, 8, (2, 2), Instant::now()).unwrap();
        assert_eq!(blue.y(), [41; 4]);
    }

    #[test]
    fn pixels_that_do_not_fit_are_refused() {
        let mut canvas = Canvas::new((1920, 1080));
        for (bytes, stride, size) in
            [(63, 16, (4, 4)), (64, 15, (4, 4)), (64, usize::MAX, (4, 4)), (64, 16, (1, 4)), (0, 0, (0, 0))]
        {
            let painted = canvas.paint(&vec![0; bytes], Order::Bgrx, stride, size, Instant::now());
            assert!(matches!(painted, Err(Misfit)), "{bytes} {stride} {size:?}");
        }
        assert!(canvas.again(Instant::now()).is_none());
    }

    #[test]
    fn a_picture_comes_again_with_a_new_time() {
        let mut canvas = Canvas::new((1920, 1080));
        let first = canvas.paint(&RED.repeat(16), Order::Bgrx, 16, (4, 4), Instant::now()).unwrap();
        let later = first.captured() + std::time::Duration::from_secs(1);
        let again = canvas.again(later).unwrap();
        assert_eq!((again.data(), again.captured()), (first.data(), later));
    }
}
