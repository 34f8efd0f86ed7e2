//! Bodies of the JSON API under `/api/v1`, for programs and the native client.
//!
//! | Route | Body | Answer |
//! |---|---|---|
//! | `GET /api/v1/rooms` | | [`RoomList`] |
//! | `POST /api/v1/rooms` | [`CreateRoom`] | 201 [`RoomSummary`] |
//! | `GET /api/v1/rooms/{room}` | | [`RoomSummary`] |
//! | `POST /api/v1/rooms/{room}/join` | [`JoinRoom`] | [`Seat`] |
//! | `POST /api/v1/rooms/{room}/offer` | [`SessionDescription`], bearer token | [`SessionDescription`] |
//! | `POST /api/v1/rooms/{room}/leave` | bearer token | 204 |
//!
//! A join that carries a bearer token of the same room takes that seat over, with the same client id.
//! Whatever fails answers with its HTTP status and a [`Failure`].

use serde::{Deserialize, Serialize};

use crate::{ClientId, ErrorNotice, RoomId};

/// The public rooms, the most recently active first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RoomList {
    pub rooms: Vec<RoomSummary>,
}

/// A room as someone outside sees it.
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
}

/// A room to be created.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateRoom {
    pub id: String,
    /// Absent or empty: none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    #[serde(default)]
    pub public: bool,
    /// 0: no limit.
    #[serde(default)]
    pub guest_limit: usize,
}

/// A wish for a seat.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct JoinRoom {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
}

/// A seat in a room. It is free again after 15 s unless its holder connects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seat {
    pub room_id: RoomId,
    /// Public: everyone in the room sees it.
    pub client_id: ClientId,
    /// Secret: whoever has it is this client. Empty for a browser, which has it in its cookie, out of reach of scripts.
    pub token: String,
}

/// An offer or an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionDescription {
    #[serde(rename = "type")]
    pub kind: String,
    pub sdp: String,
}

/// What every failed request answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    pub error: ErrorNotice,
}
