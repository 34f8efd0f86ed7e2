//! A picture as colours in memory, at the size at which it is seen.

use eframe::egui::Rect;
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

/// The order of bytes; the fourth is 255.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    Rgba,
    Bgra,
}

/// Keeps its memory, so that a running picture allocates nothing.
#[derive(Default)]
pub(super) struct Canvas {
    resizer: Resizer,
    /// All planes of the picture at its new size.
    planes: Vec<u8>,
    pixels: Vec<u8>,
}

impl Canvas {
    /// `part` of the picture, in which all of it goes from 0 to 1; where its left is beyond its right, both are swapped.
    pub(super) fn draw(
        &mut self,
        frame: &I420,
        part: Rect,
        (width, height): (u32, u32),
        order: Order,
    ) -> Result<&[u8], CanvasError> {
        let (half_width, half_height) = (width.div_ceil(2), height.div_ceil(2));
        let (luma, chroma) = ((width * height) as usize, (half_width * half_height) as usize);
        self.planes.resize(luma + 2 * chroma, 0);
        let (y, rest) = self.planes.split_at_mut(luma);
        let (u, v) = rest.split_at_mut(chroma);
        let size = (frame.width(), frame.height());
        let planes = [
            (frame.y(), size, &mut *y, (width, height)),
            (frame.u(), frame.chroma_size(), &mut *u, (half_width, half_height)),
            (frame.v(), frame.chroma_size(), &mut *v, (half_width, half_height)),
        ];
        for (from, from_size, to, to_size) in planes {
            resize(&mut self.resizer, from, from_size, part, to, to_size)?;
            if part.left() > part.right() {
                to.chunks_exact_mut(to_size.0 as usize).for_each(<[u8]>::reverse);
            }
        }
        let image = YuvPlanarImage {
            y_plane: y,
            y_stride: width,
            u_plane: u,
            u_stride: half_width,
            v_plane: v,
            v_stride: half_width,
            width,
            height,
        };
        self.pixels.resize(luma * 4, 0);
        let convert = match order {
            Order::Rgba => yuv::yuv420_to_rgba,
            Order::Bgra => yuv::yuv420_to_bgra,
        };
        convert(&image, &mut self.pixels, width * 4, YuvRange::Limited, YuvStandardMatrix::Bt601)?;
        Ok(&self.pixels)
    }
}

/// One plane. The mean of what a pixel covers where it becomes smaller, a mixture of its neighbours where it grows.
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
    let source = ImageRef::new(width, height, from, PixelType::U8).map_err(unreadable)?;
    let mut target = Image::from_slice_u8(to_size.0, to_size.1, to, PixelType::U8).map_err(unreadable)?;
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
        let pixels = canvas.draw(&halves(64, 36), part, size, Order::Bgra).unwrap();
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
        assert_eq!(canvas.draw(&halves(64, 36), whole(), (1, 1), Order::Rgba).unwrap().len(), 4);
    }

    #[test]
    fn colours_are_those_of_bt601_in_either_order() {
        let red = [vec![81; 256], vec![90; 64], vec![240; 64]].concat();
        let red = I420::from_planes(16, 16, red, Instant::now()).unwrap();
        let mut canvas = Canvas::default();
        let mut first = |order| <[u8; 4]>::try_from(&canvas.draw(&red, whole(), (8, 8), order).unwrap()[..4]).unwrap();
        let near = |is: [u8; 4], should: [u8; 4]| is.iter().zip(should).all(|(is, should)| is.abs_diff(should) <= 3);
        assert!(near(first(Order::Rgba), [255, 0, 0, 255]));
        assert!(near(first(Order::Bgra), [0, 0, 255, 255]));
    }
}
