//! VP8 (RFC 6386) through libvpx: the only files that name it.

mod buffers;
mod decoder;
mod encoder;
mod header;

use std::ffi::CStr;

use thiserror::Error;
use vpx_sys::{vpx_codec_err_t, vpx_codec_err_to_string};

pub(crate) use decoder::Decoder;
pub(crate) use encoder::{Encoded, Encoder, Settings};
pub(crate) use header::{Header, parse as parse_header};

/// A larger keyframe is refused before anything is allocated for it.
pub(crate) const WIDTH_MAX: u32 = 4096;
pub(crate) const HEIGHT_MAX: u32 = 2304;

#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(crate) enum Vp8Error {
    #[error("the frame is cut short")]
    Truncated,
    #[error("the keyframe has no start code")]
    StartCode,
    #[error("a picture of {width}×{height} is refused")]
    Size { width: u32, height: u32 },
    #[error("no keyframe came before this frame")]
    NoKeyframe,
    #[error("the frame is damaged")]
    Corrupt,
    #[error("libvpx: {0}")]
    Library(String),
}

/// Turns the library's answer into ours.
fn check(answer: vpx_codec_err_t) -> Result<(), Vp8Error> {
    if answer == vpx_codec_err_t::VPX_CODEC_OK {
        return Ok(());
    }
    // SAFETY: the function takes any value of the enum and returns a string that lives for ever.
    #[allow(unsafe_code)]
    let words = unsafe { CStr::from_ptr(vpx_codec_err_to_string(answer)) };
    Err(Vp8Error::Library(words.to_string_lossy().into_owned()))
}

#[cfg(test)]
mod tests;
