//! What the engine does with every picture of a camera or a screen, by itself: for measuring.

use std::sync::Arc;
use std::time::Instant;

use crate::camera::{Converter, Format, Layout};
use crate::frame::{FramePool, I420};
use crate::screen::{Canvas, Order};

/// How the pixels come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pixels {
    /// JPEGs of a camera.
    Mjpeg,
    Yuyv,
    Nv12,
    /// Of a screen.
    Bgra,
}

/// Turns one picture after another into the planes that are encoded.
#[derive(Debug)]
pub struct Conversion {
    pixels: Pixels,
    size: (u32, u32),
    converter: Converter,
    canvas: Canvas,
    pool: FramePool,
}

impl Conversion {
    pub fn new(pixels: Pixels, size: (u32, u32)) -> Self {
        let (converter, pool) = (Converter::default(), FramePool::default());
        Self { pixels, size, converter, canvas: Canvas::new(size), pool }
    }

    /// `None` if they are no picture of this size. Rows have no padding.
    pub fn convert(&mut self, bytes: &[u8]) -> Option<Arc<I420>> {
        let format = match self.pixels {
            Pixels::Mjpeg => Format::Mjpeg,
            Pixels::Yuyv => Format::Yuyv,
            Pixels::Nv12 => Format::Nv12,
            Pixels::Bgra => {
                let stride = 4 * self.size.0 as usize;
                return self.canvas.paint(bytes, Order::Bgrx, stride, self.size, Instant::now()).ok();
            }
        };
        let layout = Layout { format, width: self.size.0, height: self.size.1, stride: 0 };
        let converter = &mut self.converter;
        self.pool.fill(self.size, Instant::now(), |picture| converter.convert(layout, bytes, picture)).ok()
    }
}
