//! What went wrong, with a stable identifier for programs and a sentence for people.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! identifiers {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// A stable identifier: programs may match on it; it is never reused for something else.
        #[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(from = "String", into = "String")]
        pub enum ErrorId {
            $($(#[$doc])* $name,)*
            /// One that this version does not know.
            Other(String),
        }

        impl ErrorId {
            /// Every identifier that this version writes.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$name => $text,)*
                    Self::Other(text) => text,
                }
            }
        }

        impl From<String> for ErrorId {
            fn from(text: String) -> Self {
                match text.as_str() {
                    $($text => Self::$name,)*
                    _ => Self::Other(text),
                }
            }
        }
    };
}

identifiers! {
    /// No room of this name.
    UnknownRoom = "unknown-room",
    /// A room of this name exists already.
    RoomExists = "room-exists",
    /// As many guests as the room's limit.
    RoomFull = "room-full",
    /// The room wants a password and none was given.
    PasswordRequired = "password-required",
    /// The password is wrong.
    WrongPassword = "wrong-password",
    /// No or an unknown session token or cookie.
    UnknownClient = "unknown-client",
    /// A session of another room.
    WrongRoom = "wrong-room",
    /// A name is empty, too long or has a forbidden character.
    InvalidName = "invalid-name",
    /// The request or frame is not of the documented shape.
    Malformed = "malformed",
    /// Larger than its limit.
    TooLarge = "too-large",
    /// More often than its limit; try again later.
    TooMany = "too-many",
    /// The SDP is not an acceptable offer.
    InvalidOffer = "invalid-offer",
    /// A form's token is missing or stale.
    InvalidCsrfToken = "invalid-csrf-token",
    /// A browser sent this from a page of another origin.
    CrossOrigin = "cross-origin",
    /// Nobody of this id is in the room.
    UnknownReceiver = "unknown-receiver",
    /// The server does not know this type of message.
    UnknownType = "unknown-type",
    /// The chat line is empty or too long.
    InvalidText = "invalid-text",
    /// A binary frame: the protocol is text.
    BinaryFrame = "binary-frame",
    /// The server is stopping.
    ShuttingDown = "shutting-down",
    /// The role does not allow it.
    Forbidden = "forbidden",
    /// Banned from the room.
    Banned = "banned",
    /// Nobody new comes into the room at the moment.
    Locked = "locked",
    /// Someone inside has to open first; ask again in a moment.
    Knocking = "knocking",
    /// Someone inside said no.
    Denied = "denied",
    /// The invite is unknown, expired, used up or revoked.
    InvalidInvite = "invalid-invite",
    /// No chat line of this number, or not one that can be changed.
    UnknownText = "unknown-text",
    /// The join token is not one that this server accepts.
    InvalidToken = "invalid-token",
    /// An account of this name exists already.
    AccountExists = "account-exists",
    /// No account of this name.
    UnknownAccount = "unknown-account",
    /// There are no new accounts here, or none at all.
    AccountsClosed = "accounts-closed",
    /// This takes an account: sign in first.
    NotSignedIn = "not-signed-in",
    /// One is signed in already: sign out first.
    SignedIn = "signed-in",
    /// No account can have this password: it is too short or too long.
    InvalidPassword = "invalid-password",
    /// The same person has entered the room on another device, or in another window: the seat is there now.
    Elsewhere = "elsewhere",
    /// A fault of the server's own.
    Internal = "internal",
}

impl From<ErrorId> for String {
    fn from(id: ErrorId) -> Self {
        id.as_str().to_owned()
    }
}

impl fmt::Display for ErrorId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// An error on its way to the one who caused it.
///
/// Over HTTP: `{"error": {"id": …, "message": …}}` ([`api::Failure`](crate::api::Failure)).
/// On the data channel `data` is one string, `"<id>: <message>"`, because the first version expects a string.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorNotice {
    pub id: ErrorId,
    pub message: String,
}

impl ErrorNotice {
    pub fn new(id: ErrorId, message: impl Into<String>) -> Self {
        Self { id, message: message.into() }
    }

    pub(crate) fn read(data: &str) -> Self {
        match data.split_once(": ") {
            Some((id, message)) if !id.is_empty() && id.bytes().all(|b| b.is_ascii_lowercase() || b == b'-') => {
                Self::new(ErrorId::from(id.to_owned()), message)
            }
            _ => Self::new(ErrorId::Other(String::new()), data),
        }
    }
}

impl fmt::Display for ErrorNotice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.id.as_str() {
            "" => f.write_str(&self.message),
            id => write!(f, "{id}: {}", self.message),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_notice_reads_as_what_was_written() {
        for text in ["room-full: no place", "anything else", "Anything: else", ": no-such: id", ": ", ""] {
            let read = ErrorNotice::read(text);
            assert_eq!(
                (read.to_string().as_str(), ErrorNotice::read(&read.to_string())),
                (text, read.clone()),
                "{text:?}"
            );
        }
        assert_eq!(ErrorNotice::read("room-full: no place").id, ErrorId::from("room-full".to_owned()));
    }
}
