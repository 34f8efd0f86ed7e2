//! Sound: from the microphone to Opus packets ([`Out`]), and from the peers' packets to the speaker ([`In`]).
//!
//! Everything inside is 48 kHz mono `f32`; packets of ours hold 20 ms.

pub mod goertzel;

mod microphone;
mod speaker;

pub(crate) use microphone::Out;
pub(crate) use speaker::In;

/// Samples per second of everything inside, and the RTP clock of Opus (RFC 7587 §4.1).
pub const SAMPLE_RATE: u32 = 48_000;
