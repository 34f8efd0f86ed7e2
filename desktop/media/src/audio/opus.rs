//! The embassy of libopus: 48 kHz mono in 20 ms packets out; any Opus packet in.

use bytes::Bytes;
use opus::{Application, Bitrate, Channels, Signal, packet};
use thiserror::Error;

use super::{FRAME, SAMPLE_RATE};

/// Bits per second: wideband speech with redundancy sounds clear at this rate.
const BITRATE: i32 = 32_000;

/// The loss the encoder prepares for: with less it would leave the redundancy out.
const EXPECTED_LOSS_PERCENT: i32 = 10;

/// 0 is the fastest, 10 the best. Speech gains little above this.
const COMPLEXITY: i32 = 6;

/// Bytes. No packet that fits an Ethernet frame is longer, so none that comes over RTP is.
const PACKET_MAX: usize = 1500;

/// Samples: 120 ms, the longest packet there is (RFC 6716 §3.1).
const DURATION_MAX: usize = 5760;

/// Samples: 2.5 ms. Concealment comes in multiples of it.
pub const GRAIN: usize = 120;

#[derive(Debug, Error)]
#[error("libopus: {0}")]
pub struct CodecError(#[from] opus::Error);

/// What a packet says about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    pub samples: usize,
    /// It carries a copy of the packet before it (in-band FEC).
    pub redundant: bool,
}

/// `None` for what no decoder should see: an empty, overlong or malformed packet.
pub fn inspect(packet: &[u8]) -> Option<Shape> {
    if packet.is_empty() || packet.len() > PACKET_MAX {
        return None;
    }
    let samples = packet::get_nb_samples(packet, SAMPLE_RATE).ok()?;
    let parsed = packet::parse(packet).ok()?;
    if samples == 0 || samples > DURATION_MAX {
        return None;
    }
    Some(Shape { samples, redundant: carries_redundancy(parsed.toc, &parsed.frames) })
}

/// Reads the LBRR flag of the first SILK frame (RFC 6716 §4.2.3): it follows one voice-activity bit per 20 ms.
fn carries_redundancy(toc: u8, frames: &[&[u8]]) -> bool {
    let configuration = toc >> 3;
    let silk_frames = match configuration {
        0..=11 if configuration & 3 >= 2 => (configuration & 3) as u32,
        0..=15 => 1,
        _ => return false,
    };
    frames.first().and_then(|frame| frame.first()).is_some_and(|byte| byte >> (7 - silk_frames) & 1 == 1)
}

#[derive(Debug)]
pub struct Encoder {
    inner: opus::Encoder,
    buffer: [u8; PACKET_MAX],
}

impl Encoder {
    pub fn new() -> Result<Self, CodecError> {
        let mut inner = opus::Encoder::new(SAMPLE_RATE, Channels::Mono, Application::Voip)?;
        inner.set_bitrate(Bitrate::Bits(BITRATE))?;
        inner.set_signal(Signal::Voice)?;
        inner.set_inband_fec(true)?;
        inner.set_packet_loss_perc(EXPECTED_LOSS_PERCENT)?;
        inner.set_complexity(COMPLEXITY)?;
        Ok(Self { inner, buffer: [0; PACKET_MAX] })
    }

    pub fn encode(&mut self, frame: &[f32; FRAME]) -> Result<Bytes, CodecError> {
        let length = self.inner.encode_float(frame, &mut self.buffer)?;
        Ok(Bytes::copy_from_slice(&self.buffer[..length]))
    }

    /// Forgets what was said before a pause.
    pub fn reset(&mut self) -> Result<(), CodecError> {
        Ok(self.inner.reset_state()?)
    }
}

/// Appends to the caller's buffer; stereo packets are mixed down.
#[derive(Debug)]
pub struct Decoder {
    inner: opus::Decoder,
    buffer: Box<[f32; DURATION_MAX]>,
}

impl Decoder {
    pub fn new() -> Result<Self, CodecError> {
        Ok(Self { inner: opus::Decoder::new(SAMPLE_RATE, Channels::Mono)?, buffer: Box::new([0.0; DURATION_MAX]) })
    }

    pub fn decode(&mut self, packet: &[u8], out: &mut Vec<f32>) -> Result<(), CodecError> {
        let samples = self.inner.decode_float(packet, &mut self.buffer[..], false)?;
        self.append(samples, out);
        Ok(())
    }

    /// Restores the `samples` before `next` from the copy in it, as far as there is one.
    pub fn recover(&mut self, next: &[u8], samples: usize, out: &mut Vec<f32>) -> Result<(), CodecError> {
        let samples = self.inner.decode_float(next, &mut self.buffer[..whole_grains(samples)], true)?;
        self.append(samples, out);
        Ok(())
    }

    /// Makes up `samples` that fit what was heard before; fades by itself when it goes on.
    pub fn conceal(&mut self, samples: usize, out: &mut Vec<f32>) -> Result<(), CodecError> {
        let samples = self.inner.decode_float(&[], &mut self.buffer[..whole_grains(samples)], false)?;
        self.append(samples, out);
        Ok(())
    }

    fn append(&mut self, samples: usize, out: &mut Vec<f32>) {
        // Damaged packets can decode to anything.
        out.extend(
            self.buffer[..samples].iter().map(|&sample| if sample.is_finite() { sample.clamp(-2.0, 2.0) } else { 0.0 }),
        );
    }
}

fn whole_grains(samples: usize) -> usize {
    (samples / GRAIN * GRAIN).clamp(GRAIN, DURATION_MAX)
}
