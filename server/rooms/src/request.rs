//! What someone outside asks of the rooms, and what they are told.

use std::net::IpAddr;

use protocol::{ClientId, ErrorId, ErrorNotice, OfferForm, RoomId, api};
use thiserror::Error;

use crate::SessionId;

/// A wish that came over HTTP. Each is answered by exactly one [`Reply`], perhaps only after a password was checked.
#[derive(Debug, Clone)]
pub enum Request {
    Create {
        room: RoomId,
        /// `None` and empty: the room is open.
        password: Option<String>,
        public: bool,
        /// 0: no limit.
        guest_limit: usize,
        from: IpAddr,
    },
    /// A session that has a seat in the room keeps it: no password, no second seat, and its lease begins anew.
    Join {
        room: RoomId,
        session: SessionId,
        /// What the session is called in this room; always the same for one session and room.
        client: ClientId,
        password: Option<String>,
        from: IpAddr,
        /// What the pages under the classic routes understand; `None` for a program that will say so itself.
        offers: Option<OfferForm>,
    },
    Leave {
        room: RoomId,
        session: SessionId,
    },
}

/// The answer to one [`Request`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    Created(api::RoomSummary),
    /// The seat is held until its lease ends or someone connects to it.
    Seated {
        room: RoomId,
        client: ClientId,
    },
    Left,
    Refused(RoomError),
}

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
            Self::TooManyPasswords | Self::TooManyRooms => ErrorId::TooMany,
            Self::UnknownClient => ErrorId::UnknownClient,
            Self::WrongRoom => ErrorId::WrongRoom,
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
