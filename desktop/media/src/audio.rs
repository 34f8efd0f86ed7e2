//! Sound: from the microphone to Opus packets (`Out`), and from the peers' packets to the speaker (`In`).
//!
//! Everything inside is 48 kHz mono `f32`. A source is cut into frames of 20 ms and encoded; the packets of each peer
//! go through a playout buffer and a decoder of their own, 10 ms blocks of all peers are mixed when the speaker's clock
//! asks for them. Devices come and go underneath: without one, a thread's clock takes its place.

pub mod goertzel;
pub mod rehearsal;

mod clock;
mod devices;
mod jitter;
mod level;
mod limiter;
mod microphone;
mod mixer;
mod opus;
mod playout;
mod processing;
mod programs;
mod reference;
mod resample;
mod ring;
mod speaker;
mod stretch;
#[cfg(test)]
mod testing;
mod tone;
mod voice;
mod wav;
mod worker;

pub(crate) use microphone::Out;
#[cfg(test)]
pub(crate) use mixer::Mixer;
pub(crate) use processing::{Processor, Wish};
pub use programs::screen_sound;
pub(crate) use reference::Reference;
pub(crate) use speaker::In;
#[cfg(test)]
pub(crate) use testing::tone_packets;

/// Samples per second of everything inside, and the RTP clock of Opus (RFC 7587 §4.1).
pub const SAMPLE_RATE: u32 = 48_000;

/// Samples in a packet of ours: 20 ms.
const FRAME: usize = 960;

/// Samples that are mixed at a time: 10 ms.
const BLOCK: usize = 480;
