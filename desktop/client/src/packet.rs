//! Encoded media on its way out, RTP packets on their way in.

use std::time::Instant;

use bytes::Bytes;

/// What a stream carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    Audio,
    /// The picture of a camera; also of a screen, to and from those who take one picture only.
    Video,
    /// The picture of a screen, beside the camera's.
    Screen,
}

/// One encoded VP8 frame.
#[derive(Debug, Clone)]
pub struct OutgoingVideo {
    pub data: Bytes,
    /// 90 kHz.
    pub timestamp: u32,
    pub keyframe: bool,
    /// Of a screen, not of a camera.
    pub screen: bool,
}

/// One encoded Opus packet.
#[derive(Debug, Clone)]
pub struct OutgoingAudio {
    pub data: Bytes,
    /// 48 kHz.
    pub timestamp: u32,
}

/// One RTP packet as it came (RFC 3550, section 5.1), neither ordered nor depacketised.
#[derive(Debug, Clone)]
pub struct RtpPacket {
    pub sequence: u16,
    /// 90 kHz for video, 48 kHz for audio.
    pub timestamp: u32,
    pub marker: bool,
    pub payload: Bytes,
    pub arrived: Instant,
}

/// What a sender says of one of its streams now and then (RFC 3550, section 6.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SenderClock {
    /// Its wall clock, seconds since 1900 in units of 2⁻³² s.
    pub ntp: u64,
    /// What the stream's timestamp was at that moment.
    pub timestamp: u32,
}
