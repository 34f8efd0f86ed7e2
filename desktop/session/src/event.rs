//! What a session tells the one who looks at it.

use std::time::Instant;

use protocol::{ClientId, ErrorNotice, MediaState};

/// Something that a person may want to see.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    Status(Status),
    /// Everyone in the room, in join order, oneself included; after every change.
    Roster(Vec<Participant>),
    Chat(ChatLine),
    /// The media connection to one participant changed.
    Peer {
        client: ClientId,
        state: PeerState,
    },
    /// The server refused something; the session goes on.
    Notice(ErrorNotice),
}

/// Where the session stands with its server.
#[derive(Debug, Clone, PartialEq)]
pub enum Status {
    Joining,
    Connecting,
    Joined {
        me: ClientId,
    },
    Reconnecting {
        attempt: u32,
        retry_at: Instant,
        reason: String,
    },
    /// Final: the server said no.
    Refused(ErrorNotice),
    Left,
}

/// One entry of the roster.
#[derive(Debug, Clone, PartialEq)]
pub struct Participant {
    pub id: ClientId,
    pub username: String,
    pub me: bool,
    /// Connected, yet silent for some seconds.
    pub unstable: bool,
    /// What this participant sends; `None` for a client of an earlier version, which does not say.
    pub media: Option<MediaState>,
    /// A client of this version.
    pub ours: bool,
}

/// One line of the chat.
#[derive(Debug, Clone, PartialEq)]
pub struct ChatLine {
    pub from: ClientId,
    pub name: String,
    /// Milliseconds since 1970, as the sender says.
    pub time_ms: u64,
    pub text: String,
    pub mine: bool,
    /// For one person only.
    pub private: bool,
}

/// How the media connection to one participant stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PeerState {
    Connecting,
    Connected,
    Interrupted,
    Closed,
}
