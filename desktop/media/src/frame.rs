//! Pictures in memory: I420 frames whose buffers go back to a pool.

use std::sync::Arc;
use std::time::Instant;

/// A planar YUV 4:2:0 picture (BT.601, limited range), planes one after another without padding:
/// Y has `width` bytes a line, U and V have `(width + 1) / 2`.
#[derive(Debug)]
pub struct I420 {
    width: u32,
    height: u32,
    data: Vec<u8>,
    captured: Instant,
}

/// What is in a tile's slot.
#[derive(Debug, Clone)]
pub struct Picture {
    pub frame: Arc<I420>,
    /// Counts the pictures of this slot: another number is another picture.
    pub number: u64,
}

impl I420 {
    /// A black picture.
    pub fn black(width: u32, height: u32, captured: Instant) -> Self {
        let mut data = vec![128; I420::size(width, height)];
        data[..width as usize * height as usize].fill(16);
        Self { width, height, data, captured }
    }

    /// A picture of these bytes (all of Y, then U, then V), if they are as many as the size asks for.
    pub fn from_planes(width: u32, height: u32, data: Vec<u8>, captured: Instant) -> Option<Self> {
        (data.len() == I420::size(width, height)).then_some(Self { width, height, data, captured })
    }

    /// How many bytes a picture of this size has.
    pub const fn size(width: u32, height: u32) -> usize {
        width as usize * height as usize + 2 * chroma(width) * chroma(height)
    }

    pub fn width(&self) -> u32 {
        self.width
    }

    pub fn height(&self) -> u32 {
        self.height
    }

    /// Width and height of the U and V planes.
    pub fn chroma_size(&self) -> (u32, u32) {
        (self.width.div_ceil(2), self.height.div_ceil(2))
    }

    /// When the picture was taken, or, of a peer's picture, when it was complete here.
    pub fn captured(&self) -> Instant {
        self.captured
    }

    pub fn y(&self) -> &[u8] {
        &self.data[..self.luma_len()]
    }

    pub fn u(&self) -> &[u8] {
        &self.data[self.luma_len()..][..self.chroma_len()]
    }

    pub fn v(&self) -> &[u8] {
        &self.data[self.luma_len() + self.chroma_len()..]
    }

    fn luma_len(&self) -> usize {
        self.width as usize * self.height as usize
    }

    fn chroma_len(&self) -> usize {
        chroma(self.width) * chroma(self.height)
    }
}

/// The chroma planes' share of a length.
const fn chroma(length: u32) -> usize {
    length.div_ceil(2) as usize
}
