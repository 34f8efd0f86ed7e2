//! What a participant has to know before it starts.

use protocol::{RoomId, Username};
use url::Url;

use crate::Fingerprint;

/// Where to go and as whom.
#[derive(Debug, Clone)]
pub struct Options {
    /// The server's root, as in `http://127.0.0.1:5000`; its path is ignored.
    pub server: Url,
    /// Over TLS the server has to show exactly this certificate; `None`: one that an authority vouches for.
    pub trust: Option<Fingerprint>,
    pub room: RoomId,
    pub password: Option<String>,
    /// The secret of an invite: opens password, lobby and lock.
    pub invite: Option<String>,
    /// Of a seat that one had in the room, or of a room that one created: one is who one was then.
    pub token: Option<String>,
    pub username: Username,
    /// Also offer candidates of 127.0.0.1; implied where the server itself is on the loopback.
    pub loopback: bool,
    /// Create the room (unlisted, no guest limit, with `password`) if it does not exist.
    pub create: bool,
}
