//! What a person asks of a session.

use protocol::{Address, MediaState, Username};

/// A wish of the person.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    Say {
        to: Address,
        text: String,
    },
    SetUsername(Username),
    /// What is captured and sent from now on; told to the room.
    SetMedia(MediaState),
    Leave,
}
