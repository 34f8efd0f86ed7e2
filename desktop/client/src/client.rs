//! The handle of a running participant.

use protocol::ClientId;
use session::{Command, Event};
use tokio::runtime::Handle;
use tokio::sync::mpsc;

use crate::{Kind, Options, OutgoingAudio, OutgoingVideo, PeerReport, RtpPacket};

/// How many events may wait for their reader.
const EVENTS: usize = 2048;

/// What a participant tells the one who runs it.
#[derive(Debug, Clone)]
pub enum ClientEvent {
    Session(Event),
    /// Media from a participant. Newest wins: a reader that cannot keep up loses packets.
    Rtp {
        client: ClientId,
        kind: Kind,
        packet: RtpPacket,
    },
    /// Someone cannot decode without a keyframe, or has just arrived; at most once in 300 ms.
    KeyframeWanted,
    /// The smallest of the peers' estimates of what may be sent to them, in bit/s.
    Bitrate(u32),
}

/// A participant. Dropping it ends every task; [`Client::leave`] says good-bye first.
pub struct Client {}

impl Client {
    /// Starts to join. Everything that happens comes through the receiver.
    pub fn start(options: Options, runtime: &Handle) -> (Self, mpsc::Receiver<ClientEvent>) {
        let (_events, receiver) = mpsc::channel(EVENTS);
        let _ = (options, runtime);
        (Self {}, receiver)
    }

    pub fn command(&self, command: Command) {
        let _ = command;
    }

    /// Sends a frame to every connected peer. Never blocks; where a connection is too slow, the newest frames win.
    pub fn send_video(&self, frame: OutgoingVideo) {
        let _ = frame;
    }

    /// Sends a packet of sound to every connected peer. Never blocks.
    pub fn send_audio(&self, packet: OutgoingAudio) {
        let _ = packet;
    }

    /// Asks a participant for a keyframe (RTCP PLI, RFC 4585, section 6.3.1).
    pub fn request_keyframe(&self, client: &ClientId) {
        let _ = client;
    }

    /// Says `bye` to the peers, then to the server, then closes; takes at most a second.
    pub async fn leave(self) {}

    /// One entry for every participant that there was a connection to.
    pub fn peer_reports(&self) -> Vec<PeerReport> {
        Vec::new()
    }
}
