//! What a participant went through, as JSON for tests, load runs and curious people.

use client::{PeerReport, Traffic};
use media::{OutStats, PeerStats, VideoStats};
use protocol::{ClientId, RoomId};
use serde::Serialize;
use session::PeerState;

use crate::Backend;
use crate::participant::Connection;

/// A backend that can say what it went through.
pub trait Reporting: Backend {
    fn report(&self) -> Report;
}

/// One participant's stay in one room. Times are seconds after the wish to enter, unless a name says otherwise.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    pub room: Option<RoomId>,
    pub me: Option<ClientId>,
    /// How long the stay was.
    pub seconds: f64,
    /// When the server had let us in, the first time.
    pub joined_seconds: Option<f64>,
    /// How often the server let us in: once, and once more after each loss of the connection to it.
    pub joins: u32,
    pub messages: Messages,
    pub sent: Sent,
    /// One entry a media connection, those that ended included.
    pub peers: Vec<PeerLine>,
}

/// Chat lines.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Messages {
    pub sent: u64,
    /// Own lines that came back from the server.
    pub echoed: u64,
    pub received: u64,
}

/// What was captured and encoded, once for everyone.
#[derive(Debug, Clone, Serialize)]
pub struct Sent {
    pub frames_captured: u64,
    pub frames_encoded: u64,
    pub encode_ms: u64,
    pub keyframes: u64,
    pub video_bytes: u64,
    pub width: u32,
    pub height: u32,
    pub bitrate: u32,
    pub audio_packets: u64,
    /// The number of the pattern camera's newest frame.
    pub pattern_number: Option<u32>,
}

/// One media connection.
#[derive(Debug, Clone, Serialize)]
pub struct PeerLine {
    pub client: ClientId,
    pub name: String,
    pub state: &'static str,
    pub opened_seconds: f64,
    pub connected_seconds: Option<f64>,
    pub first_picture_seconds: Option<f64>,
    pub frames_sent: u64,
    pub frames_not_sent: u64,
    pub video: VideoLine,
    /// The screen that came beside the camera.
    pub screen: Option<VideoLine>,
    pub audio: AudioLine,
    pub network: Option<NetworkLine>,
}

/// The pictures that came.
#[derive(Debug, Clone, Serialize)]
pub struct VideoLine {
    pub frames_received: u64,
    pub frames_decoded: u64,
    pub decode_ms: u64,
    pub frames_dropped: u64,
    pub frozen_ms: u64,
    /// The longest time between two pictures, unless the sender paused.
    pub longest_gap_ms: u64,
    pub keyframe_requests: u64,
    pub width: u32,
    pub height: u32,
    /// Of the pattern camera: the newest frame's number, and how many different ones were seen.
    pub pattern_number: Option<u32>,
    pub pattern_seen: u64,
    /// From capture to decoded picture, by the pattern's clock; of use where both sides have one clock.
    pub latency_p50_ms: Option<u32>,
    pub latency_p95_ms: Option<u32>,
}

/// The sound that came.
#[derive(Debug, Clone, Serialize)]
pub struct AudioLine {
    pub packets: u64,
    pub concealed: u64,
    pub late: u64,
    pub level: f32,
    pub tone_hz: Option<f32>,
}

/// The connection itself.
#[derive(Debug, Clone, Serialize)]
pub struct NetworkLine {
    pub connect_ms: Option<f64>,
    pub candidate: Option<String>,
    pub rtt_ms: Option<f64>,
    pub bytes_sent: u64,
    pub bytes_received: u64,
    pub packets_sent: u64,
    pub packets_received: u64,
    pub video_packets_lost: i64,
    pub target_bitrate: Option<u32>,
}

impl PeerLine {
    /// `stats` are of its sound and its camera's picture, and of its screen's.
    pub(crate) fn new(
        connection: &Connection,
        name: String,
        (stats, screen): (&PeerStats, Option<&PeerStats>),
        network: Option<&PeerReport>,
    ) -> Self {
        let audio = &stats.audio;
        Self {
            client: connection.client.clone(),
            name,
            state: state_name(connection.state),
            opened_seconds: connection.opened,
            connected_seconds: connection.connected,
            first_picture_seconds: connection.first_picture,
            frames_sent: network.map_or(0, |report| report.frames_sent),
            frames_not_sent: network.map_or(0, |report| report.frames_dropped),
            video: (&stats.video).into(),
            screen: screen.map(|screen| (&screen.video).into()),
            audio: AudioLine {
                packets: audio.packets,
                concealed: audio.concealed,
                late: audio.late,
                level: audio.level,
                tone_hz: audio.tone_hz,
            },
            network: network.map(NetworkLine::from),
        }
    }
}

impl From<&VideoStats> for VideoLine {
    fn from(video: &VideoStats) -> Self {
        Self {
            frames_received: video.received,
            frames_decoded: video.decoded,
            decode_ms: video.decoding.as_millis() as u64,
            frames_dropped: video.dropped,
            frozen_ms: video.frozen_ms,
            longest_gap_ms: video.longest_gap_ms,
            keyframe_requests: video.keyframe_requests,
            width: video.width,
            height: video.height,
            pattern_number: video.last_mark.map(|mark| mark.number),
            pattern_seen: video.marks_seen,
            latency_p50_ms: video.latency_p50_ms,
            latency_p95_ms: video.latency_p95_ms,
        }
    }
}

impl From<&PeerReport> for NetworkLine {
    fn from(report: &PeerReport) -> Self {
        let sum = |a: Traffic, b: Traffic| (a.bytes + b.bytes, a.packets + b.packets);
        let (bytes_sent, packets_sent) = sum(report.audio_sent, report.video_sent);
        let (bytes_received, packets_received) = sum(report.audio_received, report.video_received);
        Self {
            connect_ms: report.connect_ms,
            candidate: report.candidate.clone(),
            rtt_ms: report.rtt_ms,
            bytes_sent,
            bytes_received,
            packets_sent,
            packets_received,
            video_packets_lost: report.video_received.lost,
            target_bitrate: report.target_bitrate,
        }
    }
}

impl From<&OutStats> for Sent {
    fn from(stats: &OutStats) -> Self {
        Self {
            frames_captured: stats.frames_captured,
            frames_encoded: stats.frames_encoded,
            encode_ms: stats.encoding.as_millis() as u64,
            keyframes: stats.keyframes,
            video_bytes: stats.video_bytes,
            width: stats.width,
            height: stats.height,
            bitrate: stats.bitrate,
            audio_packets: stats.audio_packets,
            pattern_number: stats.last_mark.map(|mark| mark.number),
        }
    }
}

/// The state as reports and the control channel write it.
pub fn state_name(state: PeerState) -> &'static str {
    match state {
        PeerState::Connecting => "connecting",
        PeerState::Connected => "connected",
        PeerState::Interrupted => "interrupted",
        PeerState::Closed => "closed",
    }
}
