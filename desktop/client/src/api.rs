//! The server's JSON API, typed.

use protocol::api::{CreateRoom, Failure, JoinRoom, RoomList, RoomSummary, Seat, SessionDescription};
use protocol::{ErrorNotice, RoomId};
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde::de::DeserializeOwned;
use thiserror::Error;
use url::Url;

use crate::http;

/// Why a request failed.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum ApiError {
    /// The server understood and said no; with the HTTP status.
    #[error("{}", .0.message)]
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
    /// Without one there is no TLS on this machine, and every request says so.
    http: Result<Client, String>,
}

impl Api {
    /// `server` is the root of the server; its path is ignored.
    pub fn new(server: Url) -> Self {
        let http = http::client(&server).build().map_err(|error| http::explain(&error));
        Self { server, http }
    }

    /// The public rooms, the most recently active first.
    pub async fn list_rooms(&self) -> Result<Vec<RoomSummary>, ApiError> {
        let list: RoomList = self.ask(self.request(Method::GET, "rooms")?).await?;
        Ok(list.rooms)
    }

    pub async fn create_room(&self, room: &CreateRoom) -> Result<RoomSummary, ApiError> {
        self.ask(self.request(Method::POST, "rooms")?.json(room)).await
    }

    pub async fn inspect(&self, room: &RoomId) -> Result<RoomSummary, ApiError> {
        self.ask(self.request(Method::GET, &format!("rooms/{}", room.to_path_segment()))?).await
    }

    /// `token`, where there is one, takes the seat over that it stands for.
    pub async fn join(&self, room: &RoomId, password: Option<&str>, token: Option<&str>) -> Result<Seat, ApiError> {
        let request = self.request(Method::POST, &format!("rooms/{}/join", room.to_path_segment()))?;
        let request = request.json(&JoinRoom { password: password.map(str::to_owned), ..JoinRoom::default() });
        self.ask(if let Some(token) = token { request.bearer_auth(token) } else { request }).await
    }

    /// Frees the seat that `token` stands for.
    pub async fn leave(&self, room: &RoomId, token: &str) -> Result<(), ApiError> {
        let request = self.request(Method::POST, &format!("rooms/{}/leave", room.to_path_segment()))?;
        self.send(request.bearer_auth(token)).await.map(|_| ())
    }

    /// Exchanges the offer of the data channel's connection for the server's answer.
    pub async fn offer(&self, room: &RoomId, token: &str, sdp: &str) -> Result<String, ApiError> {
        let request = self.request(Method::POST, &format!("rooms/{}/offer", room.to_path_segment()))?;
        let offer = SessionDescription { kind: "offer".into(), sdp: sdp.to_owned() };
        let answer: SessionDescription = self.ask(request.bearer_auth(token).json(&offer)).await?;
        Ok(answer.sdp)
    }

    fn request(&self, method: Method, path: &str) -> Result<RequestBuilder, ApiError> {
        let http = self.http.as_ref().map_err(|why| ApiError::Unreachable(why.clone()))?;
        let url = self
            .server
            .join(&format!("/api/v1/{path}"))
            .map_err(|error| ApiError::Unreachable(format!("this is no address of a server: {error}")))?;
        Ok(http.request(method, url))
    }

    async fn ask<T: DeserializeOwned>(&self, request: RequestBuilder) -> Result<T, ApiError> {
        let body = self.send(request).await?;
        // A page that is not JSON with a status of success: there is a server, but not this API.
        serde_json::from_slice(&body).map_err(|_| ApiError::Absent { status: StatusCode::OK.as_u16() })
    }

    async fn send(&self, request: RequestBuilder) -> Result<Vec<u8>, ApiError> {
        let response = request.send().await.map_err(|error| ApiError::Unreachable(http::explain(&error)))?;
        let (status, body) = http::read(response).await.map_err(ApiError::Unreachable)?;
        if status.is_success() {
            return Ok(body);
        }
        match serde_json::from_slice::<Failure>(&body) {
            Ok(failure) => Err(ApiError::Refused(failure.error, status.as_u16())),
            Err(_) if status.is_server_error() => {
                Err(ApiError::Unreachable(format!("it answers with status {status}")))
            }
            Err(_) => Err(ApiError::Absent { status: status.as_u16() }),
        }
    }
}
