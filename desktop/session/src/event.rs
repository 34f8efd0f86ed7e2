//! What a session tells the one who looks at it.

use std::time::Instant;

use protocol::{Action, ClientId, ErrorNotice, Knock, MediaState, Role, RoomSettings, TextId, View};

/// Something that a person may want to see.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    Status(Status),
    /// Everyone in the room, in join order, oneself included; after every change.
    Roster(Vec<Participant>),
    Chat(ChatLine),
    /// Lines that the room keeps, the oldest first; some of them may have been heard before.
    History {
        lines: Vec<ChatLine>,
        /// There are older ones.
        more: bool,
    },
    TextEdited {
        id: TextId,
        text: String,
    },
    TextDeleted {
        id: TextId,
        /// Who took it back: its author or a moderator.
        by: ClientId,
    },
    /// How the room is set, and one's own role.
    Settings(RoomSettings),
    /// Who waits to be let in, the longest first; told to those who may open.
    Knocking(Vec<Knock>),
    /// It was done to us; a microphone that is to be off, or a hand that is to be down, is so already.
    Moderated {
        action: Action,
        /// What the moderator is called; `None`: an administrator, or someone who has left.
        by: Option<String>,
    },
    /// A participant shows our pictures so high.
    Shown {
        client: ClientId,
        view: View,
    },
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
    /// Someone inside has to let us in; we keep asking.
    Knocking,
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
    /// Final: a moderator put us out. Coming back is up to the person.
    Removed {
        /// Whoever is banned is refused from now on.
        banned: bool,
        /// As in [`Event::Moderated`].
        by: Option<String>,
    },
    Left,
}

impl Status {
    /// Nothing comes after it.
    pub fn is_final(&self) -> bool {
        match self {
            Self::Refused(_) | Self::Removed { .. } | Self::Left => true,
            Self::Joining | Self::Knocking | Self::Connecting | Self::Joined { .. } | Self::Reconnecting { .. } => {
                false
            }
        }
    }
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
    pub role: Role,
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
    /// Whom a private line is for.
    pub to: Option<ClientId>,
    /// By which the line can be changed; private lines and those of earlier versions have none.
    pub id: Option<TextId>,
    pub edited: bool,
}

/// How the media connection to one participant stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PeerState {
    Connecting,
    Connected,
    Interrupted,
    Closed,
}
