//! What the engine counts.

use std::time::Duration;

use crate::pattern::Mark;

/// What came in from one peer, since it was opened.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct PeerStats {
    pub video: VideoStats,
    pub audio: AudioStats,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct VideoStats {
    pub packets: u64,
    /// Frames that were complete, decodable or not.
    pub received: u64,
    pub decoded: u64,
    /// The time that all decoding took, by the clock.
    pub decoding: Duration,
    /// Frames that were never shown: incomplete, without their reference, or damaged.
    pub dropped: u64,
    /// Every gap between pictures of more than half a second, unless the sender paused.
    pub frozen_ms: u64,
    /// The longest time between two pictures, unless the sender paused.
    pub longest_gap_ms: u64,
    pub keyframe_requests: u64,
    /// Of the newest picture.
    pub width: u32,
    pub height: u32,
    /// Of the pattern camera, if that is what the peer sends.
    pub last_mark: Option<Mark>,
    /// Distinct frame numbers seen.
    pub marks_seen: u64,
    /// From the mark's time to the decoded picture.
    pub latency_p50_ms: Option<u32>,
    pub latency_p95_ms: Option<u32>,
}

#[derive(Debug, Clone, PartialEq, Default)]
pub struct AudioStats {
    pub packets: u64,
    /// Packets of 20 ms that were made up because the real one did not come in time.
    pub concealed: u64,
    /// Packets that came after their turn.
    pub late: u64,
    pub duplicates: u64,
    /// Packets that were skipped because too much was waiting.
    pub dropped: u64,
    /// Packets that no decoder should see or that did not decode.
    pub malformed: u64,
    /// Of the concealed packets: restored from the copy in the next one (in-band FEC).
    pub recovered: u64,
    /// From the earliest possible arrival of a sound to its playing, and what the jitter asks for.
    pub delay_ms: u32,
    pub target_delay_ms: u32,
    /// Of the last tenth of a second: 0 is silence, 1 is a full-scale sine.
    pub level: f32,
    /// The strongest pitch, if there is a clear one.
    pub tone_hz: Option<f32>,
}

/// What a picture is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VideoSource {
    Camera,
    Screen,
}

/// What goes out, since the start.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct OutStats {
    /// Whether it is being captured and sent; not when it could not be opened or broke.
    pub camera: bool,
    pub screen: bool,
    pub frames_captured: u64,
    /// Pictures that were encoded, in however many qualities.
    pub frames_encoded: u64,
    /// The time that encoding took, by the clock; bringing pictures to their size included, and those for which there was no
    /// room in the end.
    pub encoding: Duration,
    pub keyframes: u64,
    pub video_bytes: u64,
    /// Of the best quality that somebody needs.
    pub width: u32,
    pub height: u32,
    /// What its encoder aims at, bits per second.
    pub bitrate: u32,
    /// Qualities that are being encoded.
    pub encodings: u32,
    /// The pattern camera's newest frame, if that is the camera.
    pub last_mark: Option<Mark>,
    pub audio_packets: u64,
    /// Of one's own voice in the last tenth of a second: 0 is silence, 1 is a full-scale sine.
    pub audio_level: f32,
    /// Events that the owner was too slow for.
    pub events_dropped: u64,
}

/// Of camera and screen. The size is the screen's while it is shared.
impl std::iter::Sum for OutStats {
    fn sum<I: Iterator<Item = Self>>(stats: I) -> Self {
        stats.fold(Self::default(), |sum, next| Self {
            camera: sum.camera || next.camera,
            screen: sum.screen || next.screen,
            frames_captured: sum.frames_captured + next.frames_captured,
            frames_encoded: sum.frames_encoded + next.frames_encoded,
            encoding: sum.encoding + next.encoding,
            keyframes: sum.keyframes + next.keyframes,
            video_bytes: sum.video_bytes + next.video_bytes,
            width: if next.screen { next.width } else { sum.width.max(next.width) },
            height: if next.screen { next.height } else { sum.height.max(next.height) },
            bitrate: sum.bitrate + next.bitrate,
            encodings: sum.encodings + next.encodings,
            last_mark: sum.last_mark.or(next.last_mark),
            ..sum
        })
    }
}
