//! Roles, what people with a role do, and how a room is set.

use serde::{Deserialize, Serialize};

use crate::ClientId;

/// What someone may do in a room. The greater may what the lesser may.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Takes part.
    #[default]
    Guest,
    /// Keeps order: admits, mutes, removes, locks.
    Moderator,
    /// Sets the room, names moderators, hands it over. A room has one owner or none.
    Owner,
}

impl Role {
    /// Not written on the wire where it can be left out: everybody is one.
    pub fn is_guest(&self) -> bool {
        *self == Self::Guest
    }
}

/// How long a room keeps its chat lines: `"none"`, `{"hours": 24}` or `"forever"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum History {
    #[default]
    None,
    Hours(u32),
    Forever,
}

/// What a moderator does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Action {
    /// Out, now. May come back.
    Kick,
    /// Out, and refused until [`Action::Unban`].
    Ban,
    Unban,
    /// Asks one to turn the microphone off. Nobody can turn on another's.
    Mute,
    /// Asks everyone but the moderator.
    MuteAll,
    LowerHand,
    /// Lets someone in who knocks.
    Admit,
    /// Sends someone away who knocks.
    Deny,
    /// From now on nobody new comes in.
    Lock,
    Unlock,
    /// Makes a guest a moderator.
    Promote,
    /// Makes a moderator a guest.
    Demote,
    /// Makes someone else the owner; the owner becomes a moderator.
    HandOver,
}

impl Action {
    /// Every action that this version knows.
    pub const ALL: [Self; 13] = [
        Self::Kick,
        Self::Ban,
        Self::Unban,
        Self::Mute,
        Self::MuteAll,
        Self::LowerHand,
        Self::Admit,
        Self::Deny,
        Self::Lock,
        Self::Unlock,
        Self::Promote,
        Self::Demote,
        Self::HandOver,
    ];

    /// Does it say whom it is done to?
    pub const fn names_a_client(self) -> bool {
        !matches!(self, Self::MuteAll | Self::Lock | Self::Unlock)
    }
}

/// `moderate`: what a client wants done, and to whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moderate {
    pub action: Action,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<ClientId>,
    /// With a ban: whoever else comes from the same address is refused too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub address: bool,
}

/// `moderated`: it was done to the one who hears it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moderated {
    pub action: Action,
    /// Who did it; `ground control` where an administrator did.
    pub by: ClientId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client: Option<ClientId>,
}

/// `room-settings`: how the room is set, and the receiver's own role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomSettings {
    pub locked: bool,
    pub lobby: bool,
    pub public: bool,
    pub has_password: bool,
    /// 0: no limit.
    pub guest_limit: usize,
    #[serde(default)]
    pub history: History,
    #[serde(default)]
    pub role: Role,
}

/// `knocking`: everyone who waits to be let in, the longest first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Knocking {
    pub clients: Vec<Knock>,
}

/// One who waits to be let in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Knock {
    pub id: ClientId,
    pub username: String,
}
