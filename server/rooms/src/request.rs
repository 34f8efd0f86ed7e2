//! What someone outside asks of the rooms, and what they are told.

use std::net::IpAddr;
use std::time::Duration;

use protocol::{ClientId, History, Moderate, OfferForm, Role, RoomId, Username, api};

use crate::ids::{AddressMark, InviteHash, InviteId};
use crate::{RoomError, SessionId};

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
        /// Who creates it and owns it. `None`: an administrator, and nobody owns it.
        owner: Option<ClientId>,
        lobby: bool,
        history: History,
        /// It never expires. The shell lets only administrators ask for that.
        kept: bool,
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
        /// What bans of addresses are compared with.
        mark: AddressMark,
        pass: Pass,
        /// What the newcomer is called while it knocks, and until it introduces itself.
        name: Option<Username>,
    },
    Leave {
        room: RoomId,
        session: SessionId,
    },
    /// For the owner.
    Edit {
        room: RoomId,
        by: By,
        change: api::EditRoom,
    },
    /// For the owner. Everybody is sent away; the room, its chat lines and its bans are gone.
    Delete {
        room: RoomId,
        by: By,
    },
    /// What moderators also do on the data channel.
    Moderate {
        room: RoomId,
        by: By,
        deed: Moderate,
    },
    /// For moderators; with a role, for the owner.
    Invite {
        room: RoomId,
        by: By,
        invite: NewInvite,
    },
    Revoke {
        room: RoomId,
        by: By,
        invite: InviteId,
    },
    ListInvites {
        room: RoomId,
        by: By,
    },
    ListBans {
        room: RoomId,
        by: By,
    },
}

/// What someone shows at the door besides a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pass {
    #[default]
    None,
    /// An invite: opens password, lobby and lock.
    Invite(InviteHash),
    /// A join token that the shell has verified, with the role that it gives while the seat lasts: opens the same.
    Token(Role),
}

/// In whose name something is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum By {
    /// A client, proven by its session. It need not be in the room.
    Client(ClientId),
    /// Whoever runs the server.
    Administrator,
}

/// An invite to be made. The shell draws the secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewInvite {
    pub hash: InviteHash,
    pub role: Role,
    /// `None`: it does not expire.
    pub expires_in: Option<Duration>,
    /// `None`: any number.
    pub uses: Option<u32>,
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
    /// Someone inside has to open. Whoever does not ask again within [`Config::knock`](crate::Config) has gone.
    Waiting {
        room: RoomId,
        client: ClientId,
    },
    Left,
    Updated(api::RoomDetails),
    Deleted,
    /// An action was done, an invite revoked.
    Done,
    Invited(api::Invite),
    Invites(Vec<api::Invite>),
    Bans(Vec<api::Ban>),
    Refused(RoomError),
}
