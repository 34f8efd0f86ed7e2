//! The JSON API under `/api/v1`; its bodies are `protocol::api`.

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::http::StatusCode;
use axum::routing::{delete, get, post};
use protocol::{ErrorId, RoomId};
use rooms::{By, Reply, Request};
use serde::de::DeserializeOwned;

use super::App;
use super::caller::{Caller, Token};
use super::failure::Failure;

mod accounts;
mod bans;
mod description;
mod halls;
mod invites;
mod seats;

pub(super) use accounts::ask as ask_accounts;
pub(super) use description::{Refusals, page};

type Body = Result<Bytes, BytesRejection>;

/// The routes, without their prefix. Offers are elsewhere, they have a limit of their own.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/openapi.json", get(description::document))
        .route(
            "/account",
            get(accounts::inspect).post(accounts::create).patch(accounts::change).delete(accounts::delete),
        )
        .route("/session", post(accounts::sign_in).delete(accounts::sign_out))
        .route("/rooms", get(halls::list).post(halls::create))
        .route("/rooms/{room}", get(halls::inspect).patch(halls::edit).delete(halls::delete))
        .route("/rooms/{room}/join", post(seats::join))
        .route("/rooms/{room}/leave", post(seats::leave))
        .route("/rooms/{room}/invites", get(invites::list).post(invites::create))
        .route("/rooms/{room}/invites/{id}", delete(invites::revoke))
        .route("/rooms/{room}/bans", get(bans::list))
        .route("/rooms/{room}/bans/{client}", delete(bans::lift))
        .fallback(|| async { Failure::malformed("there is no such route").with_status(StatusCode::NOT_FOUND) })
}

/// The room that an address names.
fn room_of(segment: &str) -> Result<RoomId, Failure> {
    RoomId::parse(segment).map_err(|_| Failure::unknown_room())
}

/// In whose name something is asked of a room: by a bearer token, else by the cookie.
fn authority(app: &App, caller: &Caller, room: &RoomId) -> Result<By, Failure> {
    match caller.token() {
        Token::Administrator => Ok(By::Administrator),
        Token::Session(session) => Ok(By::Client(app.keys().client_id(&session, room))),
        Token::Absent | Token::Invalid => Err(Failure::no_session()),
    }
}

/// Asks the rooms; a refusal is a failure.
async fn ask(app: &App, request: Request) -> Result<Reply, Failure> {
    match app.engine().request(request).await? {
        Reply::Refused(error) => Err(error.into()),
        reply => Ok(reply),
    }
}

/// Asks the rooms for what is answered with nothing.
pub(super) async fn order(app: &App, request: Request) -> Result<StatusCode, Failure> {
    match ask(app, request).await? {
        Reply::Left | Reply::Deleted | Reply::Done => Ok(StatusCode::NO_CONTENT),
        Reply::Created(_)
        | Reply::Seated { .. }
        | Reply::Waiting { .. }
        | Reply::Updated(_)
        | Reply::Invited(_)
        | Reply::Invites(_)
        | Reply::Bans(_)
        | Reply::Refused(_) => Err(misunderstood()),
    }
}

/// The engine answered something that was not asked.
pub(super) fn misunderstood() -> Failure {
    Failure::new(ErrorId::Internal, "the engine answered something else")
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Failure> {
    // A list would be taken for the values of an object without their names.
    if body.trim_ascii_start().first() != Some(&b'{') {
        return Err(Failure::malformed("the body is no JSON object"));
    }
    serde_json::from_slice(body).map_err(|error| Failure::malformed(format!("the body is not as documented: {error}")))
}

/// As [`read`], where nothing is as good as an empty object.
fn read_or_default<T: DeserializeOwned + Default>(body: &[u8]) -> Result<T, Failure> {
    if body.is_empty() { Ok(T::default()) } else { read(body) }
}
