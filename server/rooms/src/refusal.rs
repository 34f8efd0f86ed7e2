//! Why a request was refused.

use protocol::{ErrorId, ErrorNotice};
use thiserror::Error;

/// Why a request was refused.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum RoomError {
    #[error("there is no room of this name")]
    UnknownRoom,
    #[error("a room of this name exists already")]
    RoomExists,
    #[error("the room is full ({limit} guests)")]
    Full { limit: usize },
    #[error("the room wants a password")]
    PasswordRequired,
    #[error("the password is wrong")]
    WrongPassword,
    #[error("the password has more than {limit} bytes")]
    PasswordTooLong { limit: usize },
    #[error("too many wrong passwords; try again in a minute")]
    TooManyPasswords,
    #[error("too many rooms were created from this address; try again later")]
    TooManyRooms,
    #[error("you have no seat in this room; join first")]
    UnknownClient,
    #[error("your seat is in another room")]
    WrongRoom,
    #[error("this seat belongs to someone else")]
    SeatTaken,
    #[error("you are banned from this room")]
    Banned,
    #[error("the room is locked: nobody new comes in at the moment")]
    Locked,
    #[error("you were not let in")]
    Denied,
    #[error("too many people are knocking; try again in a moment")]
    TooManyKnocks,
    #[error("the invite is unknown, expired, used up or revoked")]
    InvalidInvite,
    #[error("your role in this room does not allow it")]
    Forbidden,
    #[error("nobody of this id is there")]
    UnknownReceiver,
    #[error("{what} must be {wanted}")]
    OutOfRange { what: &'static str, wanted: &'static str },
    #[error("the room cannot have more than {limit} {what}")]
    TooManyInRoom { what: &'static str, limit: usize },
    #[error("the server is stopping")]
    ShuttingDown,
}

impl RoomError {
    /// The identifier that programs match on.
    pub const fn id(&self) -> ErrorId {
        match self {
            Self::UnknownRoom => ErrorId::UnknownRoom,
            Self::RoomExists => ErrorId::RoomExists,
            Self::Full { .. } => ErrorId::RoomFull,
            Self::PasswordRequired => ErrorId::PasswordRequired,
            Self::WrongPassword => ErrorId::WrongPassword,
            Self::PasswordTooLong { .. } => ErrorId::TooLarge,
            Self::TooManyPasswords | Self::TooManyRooms | Self::TooManyKnocks | Self::TooManyInRoom { .. } => {
                ErrorId::TooMany
            }
            Self::UnknownClient => ErrorId::UnknownClient,
            Self::WrongRoom => ErrorId::WrongRoom,
            Self::Banned => ErrorId::Banned,
            Self::Locked => ErrorId::Locked,
            Self::Denied => ErrorId::Denied,
            Self::InvalidInvite => ErrorId::InvalidInvite,
            Self::Forbidden => ErrorId::Forbidden,
            Self::UnknownReceiver => ErrorId::UnknownReceiver,
            Self::OutOfRange { .. } => ErrorId::Malformed,
            // Two sessions with one client id: 64 bits of an HMAC do not collide, so the shell made a mistake.
            Self::SeatTaken => ErrorId::Internal,
            Self::ShuttingDown => ErrorId::ShuttingDown,
        }
    }
}

impl From<&RoomError> for ErrorNotice {
    fn from(error: &RoomError) -> Self {
        Self::new(error.id(), error.to_string())
    }
}
