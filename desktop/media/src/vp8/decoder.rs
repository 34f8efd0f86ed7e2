//! The decoder: one peer's frames in, pictures out. Whatever comes in, it answers with a picture or an error.
#![allow(unsafe_code)]

use std::os::raw::{c_int, c_uint};
use std::ptr;
use std::slice;

use vpx_sys::{
    VPX_DECODER_ABI_VERSION, vp8_dec_control_id, vpx_codec_control_, vpx_codec_ctx_t, vpx_codec_dec_cfg_t,
    vpx_codec_dec_init_ver, vpx_codec_decode, vpx_codec_destroy, vpx_codec_get_frame, vpx_codec_vp8_dx, vpx_image_t,
    vpx_img_fmt,
};

use super::header::{Header, parse};
use super::{Vp8Error, check};
use crate::frame::{I420, PlanesMut};

/// Decodes one stream. After an error it waits for the next keyframe with a fresh library context.
#[derive(Default)]
pub(crate) struct Decoder {
    context: Option<Context>,
}

/// A decoded picture inside libvpx, until the next frame is decoded.
pub(crate) struct Decoded<'a> {
    image: &'a vpx_image_t,
}

struct Context {
    // libvpx keeps pointers into what it allocated for the context; the box keeps the context itself in place.
    raw: Box<vpx_codec_ctx_t>,
}

// SAFETY: a libvpx context has no thread affinity; it may be used from any thread, one at a time.
unsafe impl Send for Context {}

impl Decoder {
    #[cfg(test)]
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Decodes one complete frame; `None` if it is one that is not to be shown.
    pub(crate) fn decode(&mut self, data: &[u8]) -> Result<Option<Decoded<'_>>, Vp8Error> {
        let outcome = self.feed(data);
        if outcome.is_err() {
            self.context = None;
        }
        outcome?;
        // `feed` succeeded, so the context is there.
        let Some(context) = &mut self.context else { return Err(Vp8Error::NoKeyframe) };
        context.picture()
    }

    /// Whether anything is allocated for the stream.
    #[cfg(test)]
    pub(super) fn is_open(&self) -> bool {
        self.context.is_some()
    }

    fn feed(&mut self, data: &[u8]) -> Result<(), Vp8Error> {
        let header = parse(data)?;
        if self.context.is_none() {
            match header {
                Header::Key { .. } => self.context = Some(Context::open()?),
                Header::Inter => return Err(Vp8Error::NoKeyframe),
            }
        }
        let Some(context) = &mut self.context else { return Err(Vp8Error::NoKeyframe) };
        context.decode(data)
    }
}

impl Context {
    fn open() -> Result<Self, Vp8Error> {
        let config = vpx_codec_dec_cfg_t { threads: 1, w: 0, h: 0 };
        // SAFETY: all fields of the context are integers, pointers or enums with a zero value, for which zero bytes
        // are valid; `init` fills it and copies the configuration.
        let raw = unsafe {
            let mut raw: Box<vpx_codec_ctx_t> = Box::new(std::mem::zeroed());
            let version = VPX_DECODER_ABI_VERSION as c_int;
            check(vpx_codec_dec_init_ver(&raw mut *raw, vpx_codec_vp8_dx(), &raw const config, 0, version))?;
            raw
        };
        Ok(Self { raw })
    }

    fn decode(&mut self, data: &[u8]) -> Result<(), Vp8Error> {
        let length = c_uint::try_from(data.len()).map_err(|_| Vp8Error::Truncated)?;
        // SAFETY: the context was initialised, the data outlives the call, and the control writes one int.
        let corrupt = unsafe {
            check(vpx_codec_decode(&raw mut *self.raw, data.as_ptr(), length, ptr::null_mut(), 0))?;
            let mut corrupt: c_int = 0;
            let control = vp8_dec_control_id::VP8D_GET_FRAME_CORRUPTED as c_int;
            check(vpx_codec_control_(&raw mut *self.raw, control, &raw mut corrupt))?;
            corrupt
        };
        if corrupt == 0 { Ok(()) } else { Err(Vp8Error::Corrupt) }
    }

    fn picture(&mut self) -> Result<Option<Decoded<'_>>, Vp8Error> {
        let mut iterator = ptr::null();
        // SAFETY: the context was initialised; the image, if any, lives until the next call on the context, which the
        // borrow of `self` in the result rules out.
        let image = unsafe { vpx_codec_get_frame(&raw mut *self.raw, &raw mut iterator).as_ref() };
        match image {
            None => Ok(None),
            Some(image) if image.fmt == vpx_img_fmt::VPX_IMG_FMT_I420 => Ok(Some(Decoded { image })),
            Some(_) => Err(Vp8Error::Corrupt),
        }
    }
}

impl Drop for Context {
    fn drop(&mut self) {
        // SAFETY: the context was initialised and is not used again. Its answer tells nothing one could act on.
        let _ = unsafe { vpx_codec_destroy(&raw mut *self.raw) };
    }
}

impl Decoded<'_> {
    pub(crate) fn size(&self) -> (u32, u32) {
        (self.image.d_w, self.image.d_h)
    }

    /// Copies the picture into a frame of its size.
    pub(crate) fn copy_to(&self, frame: &mut I420) {
        assert_eq!((frame.width(), frame.height()), self.size(), "the frame was made for this picture");
        let width = frame.width();
        self.draw(frame.planes_mut(), width);
    }

    /// Copies the picture into the planes of a frame of its size, without padding.
    pub(crate) fn draw(&self, planes: PlanesMut<'_>, width: u32) {
        let (width, half) = (width as usize, width.div_ceil(2) as usize);
        for (plane, (to, width)) in [(planes.y, width), (planes.u, half), (planes.v, half)].into_iter().enumerate() {
            for (row, line) in to.chunks_exact_mut(width).enumerate() {
                line.copy_from_slice(self.line(plane, row, width));
            }
        }
    }

    fn line(&self, plane: usize, row: usize, width: usize) -> &[u8] {
        let start = self.image.planes[plane];
        let stride = self.image.stride[plane] as isize;
        // SAFETY: libvpx gives planes of at least d_h (chroma: half, rounded up) lines, `stride` apart, of at least
        // d_w (likewise) bytes; `draw` asks for no others.
        unsafe { slice::from_raw_parts(start.offset(row as isize * stride), width) }
    }
}
