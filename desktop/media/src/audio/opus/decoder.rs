//! Sound from packets, and from nothing where they are lost.
#![allow(unsafe_code)]

use std::ffi::{CStr, c_int, c_uchar};
use std::ptr::NonNull;

use opusic_sys::{
    OPUS_OK, OPUS_SET_COMPLEXITY_REQUEST, OpusDecoder, opus_decode_float, opus_decoder_create, opus_decoder_ctl,
    opus_decoder_destroy, opus_strerror,
};

use super::super::SAMPLE_RATE;
use super::{CodecError, DURATION_MAX, GRAIN};

/// From here on lost speech is made up by a net that was trained for it, and not by repeating what was heard last. It costs
/// nothing as long as nothing is lost.
const COMPLEXITY: c_int = 5;

/// Appends to the caller's buffer; stereo packets are mixed down.
#[derive(Debug)]
pub(crate) struct Decoder {
    inner: NonNull<OpusDecoder>,
    buffer: Box<[f32; DURATION_MAX]>,
}

// SAFETY: the state is used by whoever owns it, and libopus keeps nothing that belongs to a thread.
unsafe impl Send for Decoder {}

impl Decoder {
    pub(crate) fn new() -> Result<Self, CodecError> {
        let mut error = OPUS_OK;
        // SAFETY: `error` is writable for the call.
        let inner = unsafe { opus_decoder_create(SAMPLE_RATE as i32, 1, &raw mut error) };
        checked(error)?;
        let inner = NonNull::new(inner).ok_or_else(|| CodecError("no memory".to_owned()))?;
        let this = Self { inner, buffer: Box::new([0.0; DURATION_MAX]) };
        // SAFETY: the state is alive, and this request takes an int.
        checked(unsafe { opus_decoder_ctl(this.inner.as_ptr(), OPUS_SET_COMPLEXITY_REQUEST, COMPLEXITY) })?;
        Ok(this)
    }

    pub(crate) fn decode(&mut self, packet: &[u8], out: &mut Vec<f32>) -> Result<(), CodecError> {
        self.run(packet, DURATION_MAX, false, out)
    }

    /// Restores the `samples` before `next` from the copy in it, as far as there is one.
    pub(crate) fn recover(&mut self, next: &[u8], samples: usize, out: &mut Vec<f32>) -> Result<(), CodecError> {
        self.run(next, whole_grains(samples), true, out)
    }

    /// Makes up `samples` that fit what was heard before; fades by itself when it goes on.
    pub(crate) fn conceal(&mut self, samples: usize, out: &mut Vec<f32>) -> Result<(), CodecError> {
        self.run(&[], whole_grains(samples), false, out)
    }

    fn run(&mut self, packet: &[u8], room: usize, redundant: bool, out: &mut Vec<f32>) -> Result<(), CodecError> {
        let data: *const c_uchar = if packet.is_empty() { std::ptr::null() } else { packet.as_ptr() };
        let room = room.min(DURATION_MAX);
        // SAFETY: the state is alive, `data` is readable for the given length (and may be null where nothing came), and the
        // buffer has room for `room` samples of one channel.
        let samples = unsafe {
            opus_decode_float(
                self.inner.as_ptr(),
                data,
                packet.len() as i32,
                self.buffer.as_mut_ptr(),
                room as c_int,
                c_int::from(redundant),
            )
        };
        let samples = usize::try_from(samples).map_err(|_| failure(samples))?;
        // Damaged packets can decode to anything.
        out.extend(
            self.buffer[..samples].iter().map(|&sample| if sample.is_finite() { sample.clamp(-2.0, 2.0) } else { 0.0 }),
        );
        Ok(())
    }
}

impl Drop for Decoder {
    fn drop(&mut self) {
        // SAFETY: made by `opus_decoder_create`, and nobody uses it any more.
        unsafe { opus_decoder_destroy(self.inner.as_ptr()) };
    }
}

fn whole_grains(samples: usize) -> usize {
    (samples / GRAIN * GRAIN).clamp(GRAIN, DURATION_MAX)
}

fn checked(code: c_int) -> Result<(), CodecError> {
    if code == OPUS_OK { Ok(()) } else { Err(failure(code)) }
}

fn failure(code: c_int) -> CodecError {
    // SAFETY: libopus gives a text of its own for every number, which lives as long as the program.
    CodecError(unsafe { CStr::from_ptr(opus_strerror(code)) }.to_string_lossy().into_owned())
}
