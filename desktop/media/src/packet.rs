//! What comes in from a peer: RTP packets without their header's outer parts.

use std::time::Instant;

use bytes::Bytes;

/// A peer as the engine's owner names it. A connection that replaces another gets a tag of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerTag(pub u64);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Audio,
    Video,
}

/// One RTP packet (RFC 3550 §5.1): the fields that playout needs, and when it arrived.
#[derive(Debug, Clone)]
pub struct Packet {
    pub sequence: u16,
    /// 48 kHz for audio, 90 kHz for video.
    pub timestamp: u32,
    pub marker: bool,
    pub payload: Bytes,
    pub arrived: Instant,
}
