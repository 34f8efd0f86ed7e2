//! What was measured about the connection to one participant.

use protocol::ClientId;
use serde::Serialize;

/// One connection to a participant, counted from its start. Ended ones stay in the list, before those that live; a
/// participant that was connected to anew has an entry for each connection.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PeerReport {
    pub client: ClientId,
    pub connected: bool,
    /// From the wish to connect until the connection stood, in milliseconds.
    pub connect_ms: Option<f64>,
    /// The kind of our candidate in the pair that was chosen: `host`, `srflx`, `prflx` or `relay`.
    pub candidate: Option<String>,
    pub rtt_ms: Option<f64>,
    pub audio_sent: Traffic,
    pub video_sent: Traffic,
    pub audio_received: Traffic,
    pub video_received: Traffic,
    /// Whole video frames that were handed to the network.
    pub frames_sent: u64,
    /// Whole video frames that were left out because the connection was too slow for them.
    pub frames_dropped: u64,
    /// The congestion controller's estimate of what may be sent, in bit/s.
    pub target_bitrate: Option<u32>,
}

/// One direction of one kind of media.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize)]
pub struct Traffic {
    pub packets: u64,
    /// Payload bytes.
    pub bytes: u64,
    /// Packets that never arrived, as the receiver says.
    pub lost: i64,
    /// Requests for retransmission (NACK), from the receiver.
    pub nacks: u64,
    /// Requests for a keyframe (PLI), from the receiver.
    pub plis: u64,
}
