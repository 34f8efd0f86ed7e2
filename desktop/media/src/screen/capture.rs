//! One picture of the whole screen at a time, as I420.

use std::sync::Arc;
use std::time::Instant;

use x11rb::connection::Connection;
use x11rb::protocol::xproto::{ConnectionExt as _, ImageFormat, ImageOrder, Screen, Setup, Window};
use x11rb::rust_connection::RustConnection;
use yuv::{BufferStoreMut, YuvConversionMode, YuvPlanarImageMut, YuvRange, YuvStandardMatrix, bgra_to_yuv420};

use super::ScreenError;
use super::pointer::Pointer;
use super::shared::Shared;
use crate::frame::{FramePool, I420};
use crate::scale::{Scaler, fit};

/// B, G, R and one that is unused.
const PIXEL: usize = 4;

pub(super) struct Capture {
    connection: RustConnection,
    root: Window,
    size_max: (u32, u32),
    /// `None` if the display shares no memory with us, because it is on another machine.
    shared: Option<Shared>,
    pointer: Option<Pointer>,
    full: I420,
    scaler: Scaler,
    pool: FramePool,
}

impl Capture {
    pub(super) fn open(display: Option<&str>, size_max: (u32, u32)) -> Result<Self, ScreenError> {
        let (connection, number) = x11rb::connect(display)?;
        let setup = connection.setup();
        let screen = setup.roots.get(number).ok_or(ScreenError::Pixels)?;
        if !is_bgrx(setup, screen) {
            return Err(ScreenError::Pixels);
        }
        let root = screen.root;
        let shared = Shared::if_supported(&connection)?;
        let pointer = Pointer::if_supported(&connection)?;
        let (full, scaler, pool) = (I420::black(2, 2, Instant::now()), Scaler::default(), FramePool::default());
        Ok(Self { connection, root, size_max, shared, pointer, full, scaler, pool })
    }

    /// Copies of everything that is on the screen, the pointer included, in an even size of at most the maximum.
    pub(super) fn grab(&mut self) -> Result<Arc<I420>, ScreenError> {
        let geometry = self.connection.get_geometry(self.root)?.reply()?;
        let (width, height) = (geometry.width & !1, geometry.height & !1);
        if width == 0 || height == 0 {
            return Err(ScreenError::Pixels);
        }
        let captured = Instant::now();
        let mut copy;
        let pixels = match &mut self.shared {
            Some(shared) => shared.grab(&self.connection, self.root, width, height)?,
            None => {
                let all = !0;
                let image = self.connection.get_image(ImageFormat::Z_PIXMAP, self.root, 0, 0, width, height, all)?;
                copy = image.reply()?.data;
                &mut copy
            }
        };
        let size = (u32::from(width), u32::from(height));
        let bytes = size.0 as usize * size.1 as usize * PIXEL;
        let pixels = pixels.get_mut(..bytes).ok_or(ScreenError::Pixels)?;
        if let Some(pointer) = &mut self.pointer {
            pointer.draw(&self.connection, pixels, (usize::from(width), usize::from(height)))?;
        }
        let target = fit(size, self.size_max);
        if target == size {
            return self.pool.fill(size, captured, |picture| convert(pixels, picture));
        }
        if (self.full.width(), self.full.height()) != size {
            self.full = I420::black(size.0, size.1, captured);
        }
        convert(pixels, &mut self.full)?;
        let (scaler, full) = (&mut self.scaler, &self.full);
        self.pool.fill(target, captured, |picture| {
            scaler.scale(full, picture);
            Ok(())
        })
    }

    /// Goes on without shared memory, as on a display of another machine.
    #[cfg(test)]
    pub(super) fn forget_shared_memory(&mut self) -> bool {
        self.shared.take().is_some()
    }
}

/// Whether a pixel of the screen is four bytes: blue, green, red, unused.
fn is_bgrx(setup: &Setup, screen: &Screen) -> bool {
    let format = setup.pixmap_formats.iter().find(|format| format.depth == screen.root_depth);
    let visuals = screen.allowed_depths.iter().flat_map(|depth| &depth.visuals);
    let visual = visuals.into_iter().find(|visual| visual.visual_id == screen.root_visual);
    setup.image_byte_order == ImageOrder::LSB_FIRST
        && format.is_some_and(|format| format.bits_per_pixel == 32)
        && visual
            .is_some_and(|visual| (visual.red_mask, visual.green_mask, visual.blue_mask) == (0xFF_0000, 0xFF00, 0xFF))
}

fn convert(pixels: &[u8], picture: &mut I420) -> Result<(), ScreenError> {
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
    bgra_to_yuv420(&mut planar, pixels, width * PIXEL as u32, range, matrix, mode).map_err(|_| ScreenError::Pixels)
}
