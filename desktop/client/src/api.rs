//! The server's JSON API, typed.

mod accounts;
mod admin;
#[cfg(test)]
mod tests;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use protocol::api::{
    Ban, BanList, CreateInvite, CreateRoom, CreatedInvite, CreatedRoom, EditRoom, Failure, Invite, InviteList,
    JoinRoom, RoomDetails, RoomList, RoomSummary, Seat, SessionDescription, Waiting,
};
use protocol::{ClientId, ErrorId, ErrorNotice, RoomId};
use reqwest::{Client, Method, RequestBuilder, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use thiserror::Error;
use url::Url;

use crate::http;
use crate::trust::{Fingerprint, Untrusted};

/// Why a request failed.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum ApiError {
    /// The server understood and said no; with the HTTP status.
    #[error("{}", .0.message)]
    Refused(ErrorNotice, u16),
    /// There is a server, but it has no such API: perhaps one of the first version.
    #[error("the server has no API for programs (status {status})")]
    Absent { status: u16 },
    /// It may be somebody else's server.
    #[error(transparent)]
    Untrusted(#[from] Untrusted),
    /// No answer, or one that makes no sense.
    #[error("the server cannot be reached: {0}")]
    Unreachable(String),
}

impl ApiError {
    /// The stable identifier of a refusal.
    pub fn id(&self) -> Option<&ErrorId> {
        match self {
            Self::Refused(notice, _) => Some(&notice.id),
            Self::Absent { .. } | Self::Untrusted(_) | Self::Unreachable(_) => None,
        }
    }
}

/// What a wish for a seat leads to.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum Admission {
    /// Someone inside has to open first.
    Waiting(Waiting),
    Seated(Seat),
}

/// One server's API.
#[derive(Debug, Clone)]
pub struct Api {
    server: Url,
    /// Without one there is no TLS on this machine, and every request says so.
    http: Result<Client, String>,
}

/// The API's own description, as the server makes it.
pub type Description = serde_json::Value;

impl Api {
    /// `server` is the root of the server; its path is ignored. Over TLS it has to show exactly the certificate `trust`,
    /// or without one a certificate that an authority vouches for.
    pub fn new(server: Url, trust: Option<Fingerprint>) -> Self {
        let http = http::client(&server, trust);
        let http = http.and_then(|http| http.build().map_err(|error| http::explain(&error)));
        Self { server, http }
    }

    /// The public rooms, the most recently active first.
    pub async fn list_rooms(&self) -> Result<Vec<RoomSummary>, ApiError> {
        let list: RoomList = self.ask(self.request(Method::GET, "rooms")?).await?;
        Ok(list.rooms)
    }

    /// Whoever joins with the room's token owns it. `token`: an administrator's, for a room that never expires.
    pub async fn create_room(&self, room: &CreateRoom, token: Option<&str>) -> Result<CreatedRoom, ApiError> {
        self.ask(carrying(self.request(Method::POST, "rooms")?.json(room), token)).await
    }

    pub async fn inspect(&self, room: &RoomId) -> Result<RoomSummary, ApiError> {
        self.ask(self.request(Method::GET, &path(room, ""))?).await
    }

    /// Sets the room differently. For its owner.
    pub async fn edit_room(&self, room: &RoomId, token: &str, edit: &EditRoom) -> Result<RoomDetails, ApiError> {
        self.ask(self.request(Method::PATCH, &path(room, ""))?.bearer_auth(token).json(edit)).await
    }

    /// Ends the room for everyone. For its owner.
    pub async fn delete_room(&self, room: &RoomId, token: &str) -> Result<(), ApiError> {
        self.order(Method::DELETE, &path(room, ""), token).await
    }

    /// `token`, where there is one, takes the seat over that it stands for, or asks again after the knock.
    pub async fn join(&self, room: &RoomId, pass: &JoinRoom, token: Option<&str>) -> Result<Admission, ApiError> {
        let request = self.request(Method::POST, &path(room, "/join"))?.json(pass);
        self.ask(carrying(request, token)).await
    }

    /// Frees the seat that `token` stands for, or withdraws the knock.
    pub async fn leave(&self, room: &RoomId, token: &str) -> Result<(), ApiError> {
        self.order(Method::POST, &path(room, "/leave"), token).await
    }

    /// Exchanges the offer of the data channel's connection for the server's answer.
    pub async fn offer(&self, room: &RoomId, token: &str, sdp: &str) -> Result<String, ApiError> {
        let request = self.request(Method::POST, &path(room, "/offer"))?;
        let offer = SessionDescription { kind: "offer".into(), sdp: sdp.to_owned() };
        let answer: SessionDescription = self.ask(request.bearer_auth(token).json(&offer)).await?;
        Ok(answer.sdp)
    }

    /// The invites that still open the room. For moderators.
    pub async fn list_invites(&self, room: &RoomId, token: &str) -> Result<Vec<Invite>, ApiError> {
        let request = self.request(Method::GET, &path(room, "/invites"))?.bearer_auth(token);
        let list: InviteList = self.ask(request).await?;
        Ok(list.invites)
    }

    /// For moderators.
    pub async fn create_invite(
        &self,
        room: &RoomId,
        token: &str,
        wish: &CreateInvite,
    ) -> Result<CreatedInvite, ApiError> {
        self.ask(self.request(Method::POST, &path(room, "/invites"))?.bearer_auth(token).json(wish)).await
    }

    /// From now on the invite opens nothing. For moderators.
    pub async fn revoke_invite(&self, room: &RoomId, token: &str, id: &str) -> Result<(), ApiError> {
        self.order(Method::DELETE, &path(room, &format!("/invites/{}", segment(id))), token).await
    }

    /// Who may not come in. For moderators.
    pub async fn list_bans(&self, room: &RoomId, token: &str) -> Result<Vec<Ban>, ApiError> {
        let request = self.request(Method::GET, &path(room, "/bans"))?.bearer_auth(token);
        let list: BanList = self.ask(request).await?;
        Ok(list.bans)
    }

    /// From now on the client may come in again. For moderators.
    pub async fn lift_ban(&self, room: &RoomId, token: &str, client: &ClientId) -> Result<(), ApiError> {
        self.order(Method::DELETE, &path(room, &format!("/bans/{}", segment(client.as_str()))), token).await
    }

    /// What the API offers, as OpenAPI describes it.
    pub async fn describe(&self) -> Result<Description, ApiError> {
        self.ask(self.request(Method::GET, "openapi.json")?).await
    }

    /// What is answered with nothing.
    async fn order(&self, method: Method, path: &str, token: &str) -> Result<(), ApiError> {
        self.send(self.request(method, path)?.bearer_auth(token)).await.map(|_| ())
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
        let response = request.send().await.map_err(|error| http::failure(&error))?;
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

/// A room's own route, or one below it.
fn path(room: &RoomId, below: &str) -> String {
    format!("rooms/{}{below}", room.to_path_segment())
}

fn segment(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

fn carrying(request: RequestBuilder, token: Option<&str>) -> RequestBuilder {
    if let Some(token) = token { request.bearer_auth(token) } else { request }
}
