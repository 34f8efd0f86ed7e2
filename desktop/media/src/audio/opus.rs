//! The embassy of libopus: 48 kHz mono in 20 ms packets out; any Opus packet in.

mod decoder;

use std::ops::RangeInclusive;

use bytes::Bytes;
use opus::{Application, Bitrate, Channels, Signal, packet};
use thiserror::Error;

use super::{FRAME, SAMPLE_RATE};
pub(crate) use decoder::Decoder;

/// Bits per second: speech with redundancy sounds clear at the first; below the range it does not, and above it nobody
/// hears a difference.
pub(crate) const BITRATE: u32 = 32_000;
pub(crate) const BITRATE_RANGE: RangeInclusive<u32> = 16_000..=48_000;

/// The loss that the encoder prepares for until one is reported, and at least when there is any: at less it would
/// leave the redundancy out.
pub(crate) const LOSS_PERCENT: u8 = 10;

/// More is not prepared for: redundancy covers single packets, and takes from the sound.
const LOSS_PERCENT_MAX: u8 = 30;

/// Bytes. A packet this short has nothing but its first byte to say: nobody speaks (RFC 6716, section 3.1 and DTX).
const RESTING_MAX: usize = 2;

/// How much more than speech anything else takes, and the most that anybody hears a difference with.
const MUSIC_FACTOR: u32 = 2;
const MUSIC_MAX: u32 = 96_000;

/// 0 is the fastest, 10 the best. Speech gains little above this.
const COMPLEXITY: i32 = 6;

/// Bytes. No packet that fits an Ethernet frame is longer, so none that comes over RTP is.
const PACKET_MAX: usize = 1500;

/// Samples: 120 ms, the longest packet there is (RFC 6716 §3.1).
const DURATION_MAX: usize = 5760;

/// Samples: 2.5 ms. Concealment comes in multiples of it.
pub(crate) const GRAIN: usize = 120;

#[derive(Debug, Error)]
#[error("libopus: {0}")]
pub(crate) struct CodecError(String);

impl From<opus::Error> for CodecError {
    fn from(error: opus::Error) -> Self {
        Self(error.to_string())
    }
}

/// What a packet says about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shape {
    pub(crate) samples: usize,
    /// It carries a copy of the packet before it (in-band FEC).
    pub(crate) redundant: bool,
    /// Nobody speaks, and hardly any packet comes until somebody does (DTX).
    pub(crate) resting: bool,
}

/// `None` for what no decoder should see: an empty, overlong or malformed packet.
pub(crate) fn inspect(packet: &[u8]) -> Option<Shape> {
    if packet.is_empty() || packet.len() > PACKET_MAX {
        return None;
    }
    let samples = packet::get_nb_samples(packet, SAMPLE_RATE).ok()?;
    let parsed = packet::parse(packet).ok()?;
    if samples == 0 || samples > DURATION_MAX {
        return None;
    }
    let redundant = carries_redundancy(parsed.toc, &parsed.frames);
    Some(Shape { samples, redundant, resting: packet.len() <= RESTING_MAX })
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

/// What is to be encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    Voice,
    /// Music, films, and voices among them: nothing of it is taken for silence or for noise around a voice.
    Anything,
}

#[derive(Debug)]
pub(crate) struct Encoder {
    content: Content,
    inner: opus::Encoder,
    may_rest: bool,
    resting: bool,
    buffer: [u8; PACKET_MAX],
}

impl Encoder {
    pub(crate) fn new(content: Content) -> Result<Self, CodecError> {
        let (application, signal) = match content {
            Content::Voice => (Application::Voip, Signal::Voice),
            Content::Anything => (Application::Audio, Signal::Auto),
        };
        let mut inner = opus::Encoder::new(SAMPLE_RATE, Channels::Mono, application)?;
        inner.set_signal(signal)?;
        inner.set_inband_fec(true)?;
        inner.set_packet_loss_perc(i32::from(LOSS_PERCENT))?;
        inner.set_complexity(COMPLEXITY)?;
        let mut this = Self { content, inner, may_rest: false, resting: false, buffer: [0; PACKET_MAX] };
        this.set_bitrate(BITRATE)?;
        Ok(this)
    }

    /// `None`: nobody speaks, and the packet needs not be sent. The first such packet and one now and then are sent, so
    /// that the listener knows and has the room's noise.
    pub(crate) fn encode(&mut self, frame: &[f32; FRAME]) -> Result<Option<Bytes>, CodecError> {
        let length = self.inner.encode_float(frame, &mut self.buffer)?;
        let rested = std::mem::replace(&mut self.resting, length <= RESTING_MAX);
        if rested && self.resting {
            return Ok(None);
        }
        Ok(Some(Bytes::copy_from_slice(&self.buffer[..length])))
    }

    /// Whether silence may be left out, where there are voices only: the codec takes music and steady tones for silence.
    pub(crate) fn set_may_rest(&mut self, may_rest: bool) -> Result<(), CodecError> {
        let may_rest = may_rest && self.content == Content::Voice;
        if may_rest != std::mem::replace(&mut self.may_rest, may_rest) {
            self.inner.set_dtx(may_rest)?;
        }
        Ok(())
    }

    /// For a voice; anything else gets twice as much.
    pub(crate) fn set_bitrate(&mut self, bps: u32) -> Result<(), CodecError> {
        let voice = bps.clamp(*BITRATE_RANGE.start(), *BITRATE_RANGE.end());
        let bps = match self.content {
            Content::Voice => voice,
            Content::Anything => (voice * MUSIC_FACTOR).min(MUSIC_MAX),
        };
        Ok(self.inner.set_bitrate(Bitrate::Bits(bps as i32))?)
    }

    pub(crate) fn set_loss(&mut self, percent: u8) -> Result<(), CodecError> {
        let percent = if percent == 0 { 0 } else { percent.clamp(LOSS_PERCENT, LOSS_PERCENT_MAX) };
        Ok(self.inner.set_packet_loss_perc(percent.into())?)
    }

    /// Forgets what was said before a pause.
    pub(crate) fn reset(&mut self) -> Result<(), CodecError> {
        self.resting = false;
        Ok(self.inner.reset_state()?)
    }
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::{Rng, SeedableRng};

    use super::super::goertzel::{sine, strongest, total_power};
    use super::*;

    /// Speech-like: a buzz whose pitch glides, so that it is not trivially predicted.
    fn buzz(frames: usize) -> Vec<[f32; FRAME]> {
        let mut phase = 0.0_f32;
        let mut sample = |i: usize| {
            phase = (phase + (140.0 + 40.0 * (i as f32 / 9000.0).sin()) / 48_000.0).fract();
            let envelope = 0.6 + 0.4 * (i as f32 / 4000.0).sin();
            0.25 * envelope
                * ((phase * std::f32::consts::TAU).sin() + 0.5 * (phase * 5.0 * std::f32::consts::TAU).sin())
        };
        (0..frames).map(|frame| std::array::from_fn(|i| sample(frame * FRAME + i))).collect()
    }

    fn encoded(frames: &[[f32; FRAME]]) -> Vec<Bytes> {
        let mut encoder = Encoder::new(Content::Voice).unwrap();
        frames.iter().map(|frame| encoder.encode(frame).unwrap().expect("a voice")).collect()
    }

    /// Decodes with every eighth packet lost; returns the power of the difference to decoding all.
    fn error_of_loss(packets: &[Bytes], recover: bool) -> f32 {
        let (mut whole, mut patched) = (Vec::new(), Vec::new());
        let (mut reference, mut decoder) = (Decoder::new().unwrap(), Decoder::new().unwrap());
        for (i, packet) in packets.iter().enumerate() {
            reference.decode(packet, &mut whole).unwrap();
            if i % 8 != 7 {
                decoder.decode(packet, &mut patched).unwrap();
            } else if recover && i + 1 < packets.len() {
                decoder.recover(&packets[i + 1], FRAME, &mut patched).unwrap();
            } else {
                decoder.conceal(FRAME, &mut patched).unwrap();
            }
        }
        assert_eq!(whole.len(), patched.len());
        let difference: Vec<f32> = whole.iter().zip(&patched).map(|(a, b)| a - b).collect();
        total_power(&difference) / total_power(&whole)
    }

    #[test]
    fn packets_hold_20_ms_at_about_32_kbit_per_second_with_redundancy() {
        let packets = encoded(&buzz(250));
        assert!(packets.iter().all(|packet| inspect(packet).unwrap().samples == FRAME));
        let redundant = packets.iter().filter(|packet| inspect(packet).unwrap().redundant).count();
        assert!(redundant > 150, "{redundant} of 250 carry a copy");
        let bits = packets.iter().map(Bytes::len).sum::<usize>() as f32 * 8.0 / 5.0;
        assert!((20_000.0..40_000.0).contains(&bits), "{bits} bit/s");
    }

    /// Bytes a second and packets of a hundred with a copy, after the encoder has got used to its wishes.
    fn measured(wish: impl Fn(&mut Encoder)) -> (usize, usize) {
        let mut encoder = Encoder::new(Content::Voice).unwrap();
        wish(&mut encoder);
        let frames = buzz(150);
        let packets: Vec<Bytes> = frames.iter().filter_map(|frame| encoder.encode(frame).unwrap()).skip(50).collect();
        let redundant = packets.iter().filter(|packet| inspect(packet).unwrap().redundant).count();
        (packets.iter().map(Bytes::len).sum::<usize>() / 2, redundant)
    }

    #[test]
    fn redundancy_follows_the_reported_loss() {
        assert_eq!(measured(|encoder| encoder.set_loss(0).unwrap()).1, 0);
        for percent in [5, 20, 100] {
            let (_, redundant) = measured(|encoder| encoder.set_loss(percent).unwrap());
            assert!(redundant > 60, "{percent} %: {redundant} of 100 carry a copy");
        }
    }

    #[test]
    fn the_bitrate_is_as_wished_within_its_bounds() {
        let bits = |bps| measured(|encoder| encoder.set_bitrate(bps).unwrap()).0 as f32 * 8.0;
        let (least, most) = (bits(0), bits(u32::MAX));
        assert!((10_000.0..20_000.0).contains(&least), "{least} bit/s");
        assert!((36_000.0..60_000.0).contains(&most), "{most} bit/s");
        assert_eq!(bits(16_000), least);
    }

    #[test]
    fn silence_costs_almost_nothing_and_comes_out_as_the_rooms_noise() {
        let mut rng = ChaCha8Rng::from_seed([3; 32]);
        let (mut encoder, mut decoder) = (Encoder::new(Content::Voice).unwrap(), Decoder::new().unwrap());
        let (mut sent, mut out) = (Vec::new(), Vec::new());
        let voice = buzz(50);
        for i in 0..300 {
            let noise: [f32; FRAME] = std::array::from_fn(|_| 0.002 * (rng.next_u32() as f32 / u32::MAX as f32 - 0.5));
            let frame = voice.get(i).copied().unwrap_or(noise);
            encoder.set_may_rest(i >= 50).unwrap();
            match encoder.encode(&frame).unwrap() {
                Some(packet) => {
                    decoder.decode(&packet, &mut out).unwrap();
                    sent.push((i, inspect(&packet).unwrap()));
                }
                None => decoder.conceal(FRAME, &mut out).unwrap(),
            }
        }
        let at_rest: Vec<_> = sent.iter().filter(|(i, _)| *i >= 100).collect();
        assert!((5..=20).contains(&at_rest.len()), "{} packets in four seconds", at_rest.len());
        assert!(sent.iter().take(50).all(|(_, shape)| !shape.resting));
        let comfort = total_power(&out[200 * FRAME..]);
        assert!((1e-9..1e-5).contains(&comfort), "{comfort}");
    }

    #[test]
    fn a_copy_in_the_next_packet_beats_making_it_up() {
        let packets = encoded(&buzz(400));
        let (recovered, concealed) = (error_of_loss(&packets, true), error_of_loss(&packets, false));
        assert!(recovered * 2.0 < concealed, "{recovered} against {concealed}");
    }

    #[test]
    fn stereo_is_mixed_down() {
        let mut encoder = opus::Encoder::new(SAMPLE_RATE, Channels::Stereo, Application::Audio).unwrap();
        encoder.set_force_channels(Some(Channels::Stereo)).unwrap();
        let (mut decoder, mut out) = (Decoder::new().unwrap(), Vec::new());
        for frame in sine(800.0, 0.4, SAMPLE_RATE, 48_000).chunks(FRAME) {
            let both: Vec<f32> = frame.iter().flat_map(|&sample| [sample, sample]).collect();
            let packet = encoder.encode_vec_float(&both, 1500).unwrap();
            assert_eq!(inspect(&packet).unwrap().samples, FRAME);
            decoder.decode(&packet, &mut out).unwrap();
        }
        assert_eq!(out.len(), 48_000);
        assert!((strongest(&out, SAMPLE_RATE).unwrap() - 800.0).abs() < 0.5);
        assert!((total_power(&out[4800..]) - 0.08).abs() < 0.01);
    }

    #[test]
    fn every_duration_there_is_decodes_and_every_other_is_refused() {
        let mut decoder = Decoder::new().unwrap();
        for first in 0..=255_u8 {
            for body in [&[][..], &[0], &[1, 2, 3], &[48; 60], &[255; 40]] {
                let packet = [&[first], body].concat();
                let mut out = Vec::new();
                match inspect(&packet) {
                    Some(shape) => {
                        assert!(shape.samples % GRAIN == 0 && shape.samples <= DURATION_MAX);
                        if decoder.decode(&packet, &mut out).is_ok() {
                            assert_eq!(out.len(), shape.samples);
                        }
                        let _ = decoder.recover(&packet, FRAME, &mut out);
                    }
                    None => assert!(decoder.decode(&packet, &mut out).is_err(), "{packet:?}"),
                }
            }
        }
        assert_eq!(inspect(&[]), None);
    }

    #[test]
    fn a_packet_longer_than_any_network_carries_is_refused() {
        // One frame and 7 × 254 + 1 bytes of padding, which is well-formed (RFC 6716 §3.2.5).
        let overlong = [&[0x0b, 0x41][..], &[255; 7], &[1], &[0; 10 + 7 * 254 + 1]].concat();
        assert!(packet::get_nb_samples(&overlong, SAMPLE_RATE).is_ok() && packet::parse(&overlong).is_ok());
        assert_eq!(inspect(&overlong), None);
        let fitting = [&[0x0b, 0x41][..], &[255; 2], &[1], &[0; 10 + 2 * 254 + 1]].concat();
        assert_eq!(inspect(&fitting).map(|shape| shape.samples), Some(FRAME));
    }

    #[test]
    fn concealment_of_any_length_is_whole_grains() {
        let mut decoder = Decoder::new().unwrap();
        for (asked, given) in [(0, 120), (1, 120), (480, 480), (959, 840), (100_000, 5760)] {
            let mut out = Vec::new();
            decoder.conceal(asked, &mut out).unwrap();
            assert_eq!(out.len(), given);
        }
    }
}
