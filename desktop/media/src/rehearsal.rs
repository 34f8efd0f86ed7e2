//! The camera's encoder without a camera, on the caller's thread. For measurements.

use bytes::Bytes;
use thiserror::Error;

use crate::frame::I420;
use crate::vp8::{Encoder, Settings, Vp8Error};

/// The encoder cannot do this.
#[derive(Debug, Error)]
#[error("the encoder fails: {0}")]
pub struct EncoderFailed(String);

/// Ticks of RTP's clock for video in a second.
const CLOCK: u32 = 90_000;

/// Encodes as a call does, but not what goes before it: no camera, no scaling, no choice of a size.
pub struct LoneEncoder(Encoder);

impl LoneEncoder {
    /// Bits per second.
    pub fn new((width, height): (u32, u32), fps: u32, bitrate: u32) -> Result<Self, EncoderFailed> {
        let settings = Settings { width, height, fps: fps.max(1), bitrate, screen: false };
        Ok(Self(Encoder::new(settings)?))
    }

    /// The picture after `number` others. `None` if the bitrate has no room for it.
    pub fn encode(&mut self, picture: &I420, number: u32) -> Result<Option<Bytes>, EncoderFailed> {
        let time = i64::from(number) * i64::from(CLOCK / self.0.settings().fps);
        Ok(self.0.encode(picture, time, false)?.map(|encoded| encoded.data))
    }
}

impl From<Vp8Error> for EncoderFailed {
    fn from(error: Vp8Error) -> Self {
        Self(error.to_string())
    }
}
