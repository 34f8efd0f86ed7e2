//! Bodies of the JSON API under `/api/v1`, for programs and the native client.
//!
//! | Route | Body | Answer |
//! |---|---|---|
//! | `GET /api/v1/rooms` | | [`RoomList`] |
//! | `POST /api/v1/rooms` | [`CreateRoom`] | 201 [`CreatedRoom`] |
//! | `GET /api/v1/rooms/{room}` | | [`RoomSummary`] |
//! | `PATCH /api/v1/rooms/{room}` | [`EditRoom`] | [`RoomDetails`] |
//! | `DELETE /api/v1/rooms/{room}` | | 204 |
//! | `POST /api/v1/rooms/{room}/join` | [`JoinRoom`] | [`Seat`], or 202 [`Waiting`] |
//! | `POST /api/v1/rooms/{room}/offer` | [`SessionDescription`], bearer token | [`SessionDescription`] |
//! | `POST /api/v1/rooms/{room}/leave` | bearer token | 204 |
//! | `GET /api/v1/rooms/{room}/invites` | | [`InviteList`] |
//! | `POST /api/v1/rooms/{room}/invites` | [`CreateInvite`] | 201 [`CreatedInvite`] |
//! | `DELETE /api/v1/rooms/{room}/invites/{id}` | | 204 |
//! | `GET /api/v1/rooms/{room}/bans` | | [`BanList`] |
//! | `DELETE /api/v1/rooms/{room}/bans/{client}` | | 204 |
//!
//! A join that carries a bearer token of the same room takes that seat over, with the same client id.
//! Whatever fails answers with its HTTP status and a [`Failure`].

use serde::{Deserialize, Serialize};

use crate::{ClientId, ErrorNotice, History, Role, RoomId};

/// The public rooms, the most recently active first.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RoomList {
    pub rooms: Vec<RoomSummary>,
}

/// A room as someone outside sees it.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomSummary {
    pub id: RoomId,
    pub participants: usize,
    /// 0: no limit.
    pub guest_limit: usize,
    pub has_password: bool,
    pub public: bool,
    /// Seconds since someone last joined, left or wrote.
    pub idle_seconds: u64,
    /// Newcomers knock and wait.
    #[serde(default)]
    pub lobby: bool,
    /// Nobody new comes in.
    #[serde(default)]
    pub locked: bool,
    /// What the first ones inside are called; of a public room only.
    #[serde(default)]
    pub who: Vec<String>,
}

/// A room as its owner sees it.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomDetails {
    #[serde(flatten)]
    pub summary: RoomSummary,
    /// It never expires.
    pub kept: bool,
    pub history: History,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<ClientId>,
    pub moderators: Vec<ClientId>,
}

/// A room to be created.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CreateRoom {
    #[cfg_attr(feature = "openapi", schema(value_type = RoomId))]
    pub id: String,
    /// Absent or empty: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    #[serde(default)]
    pub public: bool,
    /// 0: no limit.
    #[serde(default)]
    pub guest_limit: usize,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub lobby: bool,
    /// Absent: a day for a public room without a password, else none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub history: Option<History>,
    /// It never expires. For administrators.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub kept: bool,
}

impl CreateRoom {
    /// The history that was asked for, or the usual one.
    pub fn history(&self) -> History {
        const DAY: History = History::Hours(24);
        let is_open = self.public && self.password.as_ref().is_none_or(String::is_empty);
        self.history.unwrap_or(if is_open { DAY } else { History::None })
    }
}

/// A room that was created. Who created it owns it.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreatedRoom {
    #[serde(flatten)]
    pub summary: RoomSummary,
    /// Secret: whoever has it is the owner. Empty for a browser, which has it in its cookie.
    #[serde(default)]
    pub token: String,
}

/// What is to be different about a room; the rest stays.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct EditRoom {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub public: Option<bool>,
    /// Empty: none from now on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guest_limit: Option<usize>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lobby: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locked: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub history: Option<History>,
    /// For administrators.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<bool>,
}

/// A wish for a seat.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct JoinRoom {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// An invite's secret: opens password, lobby and lock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub invite: Option<String>,
    /// What another application vouches with: a signed token with a name and a role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub join_token: Option<String>,
    /// What one is called while one knocks, and until one introduces oneself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// A seat in a room. It is free again after 15 s unless its holder connects.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seat {
    pub room_id: RoomId,
    /// Public: everyone in the room sees it.
    pub client_id: ClientId,
    /// Secret: whoever has it is this client. Empty for a browser, which has it in its cookie, out of reach of scripts.
    pub token: String,
}

/// No seat yet: someone inside has to open. Ask again with the token.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiting {
    /// Always true.
    pub knocking: bool,
    pub client_id: ClientId,
    /// As in [`Seat`].
    pub token: String,
    pub retry_after_ms: u64,
}

/// An invite to be made.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CreateInvite {
    /// Absent: it does not expire.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in_seconds: Option<u64>,
    /// How many seats may be taken with it. Absent: any number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uses: Option<u32>,
    /// What whoever comes with it is made: `guest` or `moderator`.
    #[serde(default, skip_serializing_if = "Role::is_guest")]
    pub role: Role,
}

/// An invite, without its secret, which nobody can read again.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invite {
    pub id: String,
    /// Seconds since 1970. Absent: it does not expire.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<u64>,
    /// Absent: any number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uses_left: Option<u32>,
    #[serde(default)]
    pub role: Role,
    /// Seconds since 1970.
    pub created: u64,
}

/// An invite that was just made, with its secret.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreatedInvite {
    #[serde(flatten)]
    pub invite: Invite,
    /// Secret: opens the room.
    pub token: String,
    /// The room's page with the secret in it.
    pub url: String,
}

/// The invites that still open the room.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct InviteList {
    pub invites: Vec<Invite>,
}

/// Someone who may not come in.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ban {
    pub client: ClientId,
    /// What the client was called.
    pub name: String,
    /// Whoever comes from the same address is refused too.
    pub address: bool,
    /// Who did it; absent: an administrator.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<ClientId>,
    /// Seconds since 1970.
    pub since: u64,
}

/// The bans of a room, the oldest first.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct BanList {
    pub bans: Vec<Ban>,
}

/// An offer or an answer.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionDescription {
    /// `offer` or `answer`.
    #[serde(rename = "type")]
    pub kind: String,
    pub sdp: String,
}

/// What every failed request answers.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    pub error: ErrorNotice,
}
