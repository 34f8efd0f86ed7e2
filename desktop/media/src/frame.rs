//! Pictures in memory: I420 frames whose buffers go back to a pool.

use std::sync::Arc;
use std::time::Instant;

/// How many frames a pool remembers: those that wait for their sound, one being filled, one in a slot, one being encoded
/// or shown, and some slack. It makes no more than are in use at the same time.
const POOL_MAX: usize = 18;

/// A planar YUV 4:2:0 picture (BT.601, limited range), planes one after another without padding:
/// Y has `width` bytes a line, U and V have `(width + 1) / 2`.
#[derive(Debug)]
pub struct I420 {
    width: u32,
    height: u32,
    data: Vec<u8>,
    captured: Instant,
    /// Shows exactly what the one before it showed.
    is_repetition: bool,
}

/// What is in a tile's slot.
#[derive(Debug, Clone)]
pub struct Picture {
    pub frame: Arc<I420>,
    /// Counts the pictures of this slot: another number is another picture.
    pub number: u64,
}

/// The three planes of a picture, to be drawn on.
pub(crate) struct PlanesMut<'a> {
    pub(crate) y: &'a mut [u8],
    pub(crate) u: &'a mut [u8],
    pub(crate) v: &'a mut [u8],
}

impl<'a> PlanesMut<'a> {
    /// The planes of a picture of this size, of which these are all bytes.
    pub(crate) fn of(data: &'a mut [u8], width: u32, height: u32) -> Self {
        let (luma, chroma) = (width as usize * height as usize, half(width) * half(height));
        let (y, rest) = data.split_at_mut(luma);
        let (u, v) = rest.split_at_mut(chroma);
        PlanesMut { y, u, v }
    }
}

impl I420 {
    /// A black picture.
    pub fn black(width: u32, height: u32, captured: Instant) -> Self {
        let mut data = vec![128; I420::size(width, height)];
        data[..width as usize * height as usize].fill(16);
        Self { width, height, data, captured, is_repetition: false }
    }

    /// A picture of these bytes (all of Y, then U, then V), if they are as many as the size asks for.
    pub fn from_planes(width: u32, height: u32, data: Vec<u8>, captured: Instant) -> Option<Self> {
        (data.len() == I420::size(width, height)).then_some(Self {
            width,
            height,
            data,
            captured,
            is_repetition: false,
        })
    }

    /// How many bytes a picture of this size has.
    pub const fn size(width: u32, height: u32) -> usize {
        width as usize * height as usize + 2 * half(width) * half(height)
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

    /// Whether it shows exactly what the one before it showed: then it is sent to sharpen that.
    pub(crate) fn is_repetition(&self) -> bool {
        self.is_repetition
    }

    pub(crate) fn set_repetition(&mut self, is_repetition: bool) {
        self.is_repetition = is_repetition;
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

    /// All planes, one after another.
    pub(crate) fn data(&self) -> &[u8] {
        &self.data
    }

    pub(crate) fn data_mut(&mut self) -> &mut [u8] {
        &mut self.data
    }

    pub(crate) fn planes_mut(&mut self) -> PlanesMut<'_> {
        PlanesMut::of(&mut self.data, self.width, self.height)
    }

    fn luma_len(&self) -> usize {
        self.width as usize * self.height as usize
    }

    fn chroma_len(&self) -> usize {
        half(self.width) * half(self.height)
    }
}

/// The chroma planes' share of a length.
const fn half(length: u32) -> usize {
    length.div_ceil(2) as usize
}

/// Frames that are filled again once nobody else holds them, so that a running stream allocates nothing.
#[derive(Debug, Default)]
pub struct FramePool {
    frames: Vec<Arc<I420>>,
}

impl FramePool {
    /// A frame of this size, drawn by `draw`, which finds the pixels of some earlier frame in it. Nothing comes out
    /// when it fails.
    pub(crate) fn fill<E>(
        &mut self,
        (width, height): (u32, u32),
        captured: Instant,
        draw: impl FnOnce(&mut I420) -> Result<(), E>,
    ) -> Result<Arc<I420>, E> {
        let mut shared = self.take(width, height, captured);
        let outcome = match Arc::get_mut(&mut shared) {
            Some(frame) => {
                frame.data.resize(I420::size(width, height), 0);
                (frame.width, frame.height, frame.captured) = (width, height, captured);
                frame.is_repetition = false;
                draw(frame)
            }
            None => unreachable!("`take` gives out frames that nobody else holds"),
        };
        if self.frames.len() < POOL_MAX {
            self.frames.push(Arc::clone(&shared));
        }
        outcome.map(|()| shared)
    }

    fn take(&mut self, width: u32, height: u32, captured: Instant) -> Arc<I420> {
        match self.frames.iter_mut().position(|frame| Arc::get_mut(frame).is_some()) {
            Some(free) => self.frames.swap_remove(free),
            None => Arc::new(I420::black(width, height, captured)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    fn filled(pool: &mut FramePool, size: (u32, u32)) -> Arc<I420> {
        let drawn: Result<_, Infallible> = pool.fill(size, Instant::now(), |_| Ok(()));
        drawn.unwrap()
    }

    #[test]
    fn planes_of_odd_sizes_round_up() {
        let frame = I420::black(5, 3, Instant::now());
        assert_eq!((frame.y().len(), frame.u().len(), frame.v().len()), (15, 6, 6));
        assert!(I420::from_planes(5, 3, vec![0; 27], Instant::now()).is_some());
        assert!(I420::from_planes(5, 3, vec![0; 28], Instant::now()).is_none());
    }

    #[test]
    fn a_stream_whose_frames_are_let_go_needs_two_buffers() {
        let mut pool = FramePool::default();
        let mut shown = filled(&mut pool, (64, 48));
        let mut buffers = vec![shown.y().as_ptr()];
        for _ in 0..100 {
            shown = filled(&mut pool, (64, 48));
            if !buffers.contains(&shown.y().as_ptr()) {
                buffers.push(shown.y().as_ptr());
            }
        }
        assert_eq!(buffers.len(), 2);
    }

    #[test]
    fn a_frame_that_someone_holds_is_left_alone() {
        let mut pool = FramePool::default();
        let held: Vec<_> = (0..20).map(|_| filled(&mut pool, (16, 16))).collect();
        let fresh = filled(&mut pool, (32, 16));
        assert!(held.iter().all(|frame| frame.width() == 16 && !Arc::ptr_eq(frame, &fresh)));
        assert!(pool.frames.len() <= POOL_MAX);
    }

    #[test]
    fn a_failed_drawing_gives_its_buffer_back() {
        let mut pool = FramePool::default();
        assert!(pool.fill((16, 16), Instant::now(), |_| Err("broken")).is_err());
        assert_eq!(pool.frames.len(), 1);
        let frame = filled(&mut pool, (8, 8));
        assert_eq!((frame.width(), frame.data().len(), pool.frames.len()), (8, 96, 1));
    }
}
