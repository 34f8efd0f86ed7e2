//! The server's JSON API, typed.

use protocol::api::{CreateRoom, RoomSummary, Seat};
use protocol::{ErrorNotice, RoomId};
use thiserror::Error;
use url::Url;

/// Why a request failed.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum ApiError {
    /// The server understood and said no.
    #[error("{0}")]
    Refused(ErrorNotice, u16),
    /// There is a server, but it has no such API: perhaps one of the first version.
    #[error("the server has no API for programs (status {status})")]
    Absent { status: u16 },
    /// No answer, or one that makes no sense.
    #[error("the server cannot be reached: {0}")]
    Unreachable(String),
}

/// One server's API.
#[derive(Debug, Clone)]
pub struct Api {
    server: Url,
}

impl Api {
    /// `server` is the root of the server; its path is ignored.
    pub fn new(server: Url) -> Self {
        Self { server }
    }

    /// The public rooms, the most recently active first.
    pub async fn list_rooms(&self) -> Result<Vec<RoomSummary>, ApiError> {
        Err(self.unwritten())
    }

    pub async fn create_room(&self, room: &CreateRoom) -> Result<RoomSummary, ApiError> {
        let _ = room;
        Err(self.unwritten())
    }

    pub async fn inspect(&self, room: &RoomId) -> Result<RoomSummary, ApiError> {
        let _ = room;
        Err(self.unwritten())
    }

    /// `token`, where there is one, takes the seat over that it stands for.
    pub async fn join(&self, room: &RoomId, password: Option<&str>, token: Option<&str>) -> Result<Seat, ApiError> {
        let _ = (room, password, token);
        Err(self.unwritten())
    }

    /// Frees the seat that `token` stands for.
    pub async fn leave(&self, room: &RoomId, token: &str) -> Result<(), ApiError> {
        let _ = (room, token);
        Err(self.unwritten())
    }

    /// Exchanges the offer of the data channel's connection for the server's answer.
    pub async fn offer(&self, room: &RoomId, token: &str, sdp: &str) -> Result<String, ApiError> {
        let _ = (room, token, sdp);
        Err(self.unwritten())
    }

    fn unwritten(&self) -> ApiError {
        ApiError::Unreachable(format!("not yet: {}", self.server))
    }
}
