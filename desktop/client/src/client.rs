//! The handle of a running participant.

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use protocol::ClientId;
use session::{Command, Event};
use tokio::runtime::Handle;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

use crate::driver::{Ask, Driver};
use crate::lines::Lines;
use crate::{Kind, Options, OutgoingAudio, OutgoingVideo, PeerReport, RtpPacket, SenderClock, Untrusted};

/// How many events may wait for their reader.
const EVENTS: usize = 2048;
/// How many wishes may wait for the task.
const ASKS: usize = 256;
const LEAVE_MAX: Duration = Duration::from_secs(1);

/// What a participant tells the one who runs it.
#[derive(Debug, Clone)]
pub enum ClientEvent {
    Session(Event),
    /// The server may be somebody else's; the refusal that follows is our own.
    Untrusted(Untrusted),
    /// Media from a participant. Newest wins: a reader that cannot keep up loses packets.
    Rtp {
        client: ClientId,
        kind: Kind,
        packet: RtpPacket,
    },
    /// How a participant's timestamps and its own clock belong together: with the first, sound and pictures can be.
    Clock {
        client: ClientId,
        kind: Kind,
        clock: SenderClock,
    },
    /// These cannot decode without a keyframe; at most once in 300 ms.
    KeyframeWanted(Vec<(ClientId, Kind)>),
    /// What may be sent to a participant, sound included, in bit/s: when it is connected, and when it changes by more
    /// than a little.
    Bitrate {
        client: ClientId,
        bps: u32,
    },
    /// How much of our sound is lost on the way to whoever hears worst, in per cent.
    SoundLoss(u8),
}

/// A participant. Dropping it ends every task at once; [`Client::leave`] says good-bye first.
pub struct Client {
    asks: mpsc::Sender<Ask>,
    lines: Arc<Lines>,
    token: watch::Receiver<Option<String>>,
    task: JoinSet<()>,
}

impl Client {
    /// Starts to join. Everything that happens comes through the receiver, which ends after
    /// a status that [is final](session::Status::is_final).
    pub fn start(options: Options, runtime: &Handle) -> (Self, mpsc::Receiver<ClientEvent>) {
        let (events, receiver) = mpsc::channel(EVENTS);
        let (asks, asked) = mpsc::channel(ASKS);
        let lines = Arc::new(Lines::default());
        let (told, token) = watch::channel(options.token.clone());
        let driver = Driver::new(options, Arc::clone(&lines), asked, events, told, runtime);
        let mut task = JoinSet::new();
        task.spawn_on(driver.run(), runtime);
        (Self { asks, lines, token, task }, receiver)
    }

    pub fn command(&self, command: Command) {
        self.ask(Ask::Command(command));
    }

    /// What stands for our seat towards the server's API, as far as there is a seat on a server that has one.
    pub fn token(&self) -> Option<String> {
        self.token.borrow().clone()
    }

    /// Sends a frame to those of `to` that are connected. Never blocks; where a connection is too slow, the newest frames
    /// win.
    pub fn send_video(&self, frame: OutgoingVideo, to: &[ClientId]) {
        self.lines.send_video(frame, to);
    }

    /// Whether someone who is connected takes the picture of a screen beside that of a camera ([`Kind::Screen`]), and not
    /// instead of it.
    pub fn takes_both(&self, client: &ClientId) -> bool {
        self.lines.takes_both(client)
    }

    /// Sends a packet of sound to every connected peer. Never blocks.
    pub fn send_audio(&self, packet: OutgoingAudio) {
        self.lines.send_audio(packet);
    }

    /// Asks a participant for a keyframe (RTCP PLI, RFC 4585, section 6.3.1).
    pub fn request_keyframe(&self, client: &ClientId, kind: Kind) {
        self.ask(Ask::RequestKeyframe(client.clone(), kind));
    }

    /// Says `bye` to the peers, then to the server, then closes; takes at most a second.
    pub async fn leave(mut self) {
        self.ask(Ask::Command(Command::Leave));
        let _ = timeout(LEAVE_MAX, self.task.join_next()).await;
    }

    /// One entry for every connection that there was, in the order of their ends, then those that live.
    pub fn peer_reports(&self) -> Vec<PeerReport> {
        self.lines.reports()
    }

    fn ask(&self, ask: Ask) {
        match self.asks.try_send(ask) {
            // Everything is over: whoever was put out still leaves.
            Ok(()) | Err(mpsc::error::TrySendError::Closed(_)) => {}
            Err(mpsc::error::TrySendError::Full(_)) => tracing::warn!("the task has stalled; a wish was dropped"),
        }
    }
}
