//! What a session is told by its shell.

use std::time::{Duration, Instant};

use protocol::{Address, ClientId, ErrorNotice, IceCandidate, MediaState, Moderate, TextId, Username, View};

/// How a session begins.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    pub username: Username,
    /// What is sent at the start.
    pub media: MediaState,
    /// One moment on both clocks: the monotonic one, and milliseconds since 1970.
    pub epoch: (Instant, u64),
}

/// A wish of the person.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Say something to the room or to one client.
    Say {
        to: Address,
        text: String,
    },
    /// Change a line of one's own.
    EditText {
        id: TextId,
        text: String,
    },
    /// Take a line back: one's own, or anyone's as a moderator.
    DeleteText(TextId),
    /// Ask for the lines before this one; answered with [`Event::History`](crate::Event::History).
    LoadEarlier {
        before: TextId,
    },
    Moderate(Moderate),
    SetUsername(Username),
    SetMedia(MediaState),
    /// How high a participant's pictures are shown here.
    ShowAt {
        client: ClientId,
        view: View,
    },
    /// Final: say `bye` to everyone and close everything.
    Leave,
}

/// A seat in the room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Joined {
    /// Our own id, where the way of joining tells it; otherwise the server tells it on the data channel.
    pub client_id: Option<ClientId>,
    /// A server of ours, with the JSON API and events; otherwise of an earlier version.
    pub ours: bool,
}

/// Why there is no seat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JoinFailure {
    /// The server said no: wrong password, full, unknown room. Final.
    Refused(ErrorNotice),
    /// Someone inside has to open first. Asked again after this long, with the token that the answer came with.
    Knocking { retry_after: Duration },
    /// No answer, or one that makes no sense. Tried again.
    Unreachable(String),
}

/// What a peer connection reports.
#[derive(Debug, Clone, PartialEq)]
pub enum PeerEvent {
    OfferReady {
        sdp: String,
    },
    AnswerReady {
        sdp: String,
    },
    /// A local candidate, unless the description was wanted complete.
    Candidate(IceCandidate),
    /// An order could not be carried out, or ICE or DTLS gave up.
    Failed(String),
    Connected,
    /// ICE hears nothing; it may come back.
    Disconnected,
    /// The other side closed it.
    Closed,
}
