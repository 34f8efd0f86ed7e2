//! A picture as colours in memory.

use eframe::egui::{Color32, ColorImage, Rect};
use fast_image_resize::images::{Image, ImageRef};
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeError, ResizeOptions, Resizer};
use media::I420;
use thiserror::Error;
use yuv::{YuvError, YuvPlanarImage, YuvRange, YuvStandardMatrix};

/// Two ways to the same: a picture whose shape is impossible, which an `I420` never is.
#[derive(Debug, Error)]
pub(super) enum CanvasError {
    #[error("a picture was not brought to its size: {0}")]
    Resize(#[from] ResizeError),
    #[error("a picture has no colours: {0}")]
    Colours(#[from] YuvError),
}

/// A picture as it is, for a texture.
pub fn pixels(frame: &I420) -> ColorImage {
    let mut image = ColorImage::filled([frame.width() as usize, frame.height() as usize], Color32::BLACK);
    let rgba = bytemuck::cast_slice_mut(&mut image.pixels);
    let matrix = YuvStandardMatrix::Bt601;
    if let Err(error) = yuv::yuv420_to_rgba(&planes(frame), rgba, frame.width() * 4, YuvRange::Limited, matrix) {
        // An `I420` has planes of the right size by construction.
        tracing::error!(%error, "a picture of impossible shape");
    }
    image
}

fn planes(frame: &I420) -> YuvPlanarImage<'_, u8> {
    let (width, height) = (frame.width(), frame.height());
    let chroma = frame.chroma_size().0;
    YuvPlanarImage {
        y_plane: frame.y(),
        y_stride: width,
        u_plane: frame.u(),
        u_stride: chroma,
        v_plane: frame.v(),
        v_stride: chroma,
        width,
        height,
    }
}

/// A picture at the size at which it is seen. Keeps its memory, so that a running picture allocates nothing.
#[derive(Default)]
pub(super) struct Canvas {
    resizer: Resizer,
    /// The picture as it came, in colours. To make them first is quicker than to bring three planes to their size.
    original: Vec<u8>,
    pixels: Vec<u8>,
}

impl Canvas {
    /// `part` of the picture, in which all of it goes from 0 to 1; where its left is beyond its right, both are swapped.
    /// Four bytes a pixel: blue, green, red, and one of no meaning.
    pub(super) fn draw(&mut self, frame: &I420, part: Rect, size: (u32, u32)) -> Result<&[u8], CanvasError> {
        let (width, height) = (frame.width(), frame.height());
        self.original.resize((width * height * 4) as usize, 0);
        let matrix = YuvStandardMatrix::Bt601;
        yuv::yuv420_to_bgra(&planes(frame), &mut self.original, width * 4, YuvRange::Limited, matrix)?;
        self.pixels.resize((size.0 * size.1 * 4) as usize, 0);
        resize(&mut self.resizer, &self.original, (width, height), part, &mut self.pixels, size)?;
        if part.left() > part.right() {
            let pixels = self.pixels.as_chunks_mut::<4>().0;
            pixels.chunks_exact_mut(size.0 as usize).for_each(<[[u8; 4]]>::reverse);
        }
        Ok(&self.pixels)
    }
}

/// The mean of what a pixel covers where the picture becomes smaller, a mixture of its neighbours where it grows.
fn resize(
    resizer: &mut Resizer,
    from: &[u8],
    (width, height): (u32, u32),
    part: Rect,
    to: &mut [u8],
    to_size: (u32, u32),
) -> Result<(), ResizeError> {
    let (w, h) = (f64::from(width), f64::from(height));
    let left = f64::from(part.left().min(part.right())).clamp(0.0, 1.0) * w;
    let top = f64::from(part.top()).clamp(0.0, 1.0) * h;
    // Rounding must not lead out of the picture.
    let crop_width = (f64::from(part.width().abs()) * w).min(w - left);
    let crop_height = (f64::from(part.height().abs()) * h).min(h - top);
    let unreadable = |_| ResizeError::ImageError(fast_image_resize::ImageError::UnsupportedPixelType);
    let source = ImageRef::new(width, height, from, PixelType::U8x4).map_err(unreadable)?;
    let mut target = Image::from_slice_u8(to_size.0, to_size.1, to, PixelType::U8x4).map_err(unreadable)?;
    let options = ResizeOptions::new()
        .resize_alg(ResizeAlg::Convolution(FilterType::Bilinear))
        .crop(left, top, crop_width, crop_height)
        .use_alpha(false);
    resizer.resize(&source, &mut target, &options)
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use eframe::egui::{Pos2, pos2};

    use super::*;

    /// The left half is black, the right one white.
    fn halves(width: u32, height: u32) -> I420 {
        let mut data: Vec<u8> = Vec::new();
        for _ in 0..height {
            data.extend((0..width).map(|x| if x < width / 2 { 16 } else { 235 }));
        }
        data.resize(I420::size(width, height), 128);
        I420::from_planes(width, height, data, Instant::now()).unwrap()
    }

    fn whole() -> Rect {
        Rect::from_min_max(Pos2::ZERO, pos2(1.0, 1.0))
    }

    /// The first component of the pixel at `x` of the middle row.
    fn at(canvas: &mut Canvas, part: Rect, size: (u32, u32), x: u32) -> u8 {
        let pixels = canvas.draw(&halves(64, 36), part, size).unwrap();
        assert_eq!(pixels.len() as u32, size.0 * size.1 * 4);
        pixels[(((size.1 / 2) * size.0 + x) * 4) as usize]
    }

    #[test]
    fn whatever_the_size_left_stays_left_unless_it_is_mirrored() {
        let mut canvas = Canvas::default();
        let mirrored = Rect::from_min_max(pos2(1.0, 0.0), pos2(0.0, 1.0));
        // Beyond its edge the neighbours count too.
        let right = Rect::from_min_max(pos2(0.75, 0.25), pos2(1.0, 0.75));
        for size in [(64, 36), (32, 18), (31, 17), (129, 73), (2, 1)] {
            let last = size.0 - 1;
            assert_eq!((at(&mut canvas, right, size, 0), at(&mut canvas, right, size, last)), (255, 255));
            if last > 1 {
                assert_eq!((at(&mut canvas, whole(), size, 0), at(&mut canvas, whole(), size, last)), (0, 255));
                assert_eq!((at(&mut canvas, mirrored, size, 0), at(&mut canvas, mirrored, size, last)), (255, 0));
            }
        }
        assert_eq!(canvas.draw(&halves(64, 36), whole(), (1, 1)).unwrap().len(), 4);
    }

    fn plain(y: u8, u: u8, v: u8) -> I420 {
        let data = [vec![y; 16 * 16], vec![u; 64], vec![v; 64]].concat();
        I420::from_planes(16, 16, data, Instant::now()).unwrap()
    }

    #[test]
    fn colours_are_those_of_bt601_in_limited_range() {
        let mut canvas = Canvas::default();
        for (yuv, rgb) in [
            ((16, 128, 128), [0, 0, 0]),
            ((235, 128, 128), [255, 255, 255]),
            ((81, 90, 240), [255, 0, 0]),
            ((145, 54, 34), [0, 255, 0]),
            ((41, 240, 110), [0, 0, 255]),
        ] {
            let frame = plain(yuv.0, yuv.1, yuv.2);
            let [r, g, b, a] = pixels(&frame).pixels[100].to_array();
            let [blue, green, red, _] = canvas.draw(&frame, whole(), (8, 8)).unwrap()[..4] else { unreachable!() };
            for (is, should) in [r, g, b, red, green, blue].into_iter().zip(rgb.into_iter().cycle()) {
                assert!(is.abs_diff(should) <= 3, "{yuv:?}: {:?} and {:?}", [r, g, b], [red, green, blue]);
            }
            assert_eq!(a, 255);
        }
    }

    #[test]
    fn odd_sizes_are_painted_too() {
        let frame = I420::black(17, 9, Instant::now());
        assert_eq!(pixels(&frame).size, [17, 9]);
        assert_eq!(Canvas::default().draw(&frame, whole(), (17, 9)).unwrap().len(), 17 * 9 * 4);
    }
}
