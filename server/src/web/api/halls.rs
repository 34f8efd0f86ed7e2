//! Rooms: listed, looked at, created, changed, deleted.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Response};
use protocol::api::{CreateRoom, CreatedRoom, EditRoom, RoomDetails, RoomList, RoomSummary};
use protocol::{ErrorId, RoomId};
use rooms::{By, Reply, Request};

use super::{Body, ask, authority, misunderstood, read, room_of};
use crate::web::App;
use crate::web::caller::{Caller, Token};
use crate::web::failure::Failure;

pub(super) async fn list(State(app): State<App>) -> Result<Json<RoomList>, Failure> {
    Ok(Json(RoomList { rooms: app.engine().list().await? }))
}

pub(super) async fn inspect(State(app): State<App>, Path(room): Path<String>) -> Result<Json<RoomSummary>, Failure> {
    app.engine().inspect(room_of(&room)?).await?.map(Json).ok_or_else(Failure::unknown_room)
}

/// Whoever creates a room owns it, by the session that the answer carries. An administrator's rooms belong to nobody.
pub(super) async fn create(State(app): State<App>, caller: Caller, body: Body) -> Result<Response, Failure> {
    let wish: CreateRoom = read(&body?)?;
    let room = RoomId::parse(&wish.id)?;
    let is_administrator = caller.bearer == Token::Administrator;
    if wish.kept && !is_administrator {
        return Err(Failure::new(ErrorId::Forbidden, "only an administrator keeps a room for ever"));
    }
    let keys = app.keys();
    let session = caller.session_or_new(keys);
    let request = Request::Create {
        history: wish.history(),
        owner: (!is_administrator).then(|| keys.client_id(&session, &room)),
        room,
        password: wish.password,
        public: wish.public,
        guest_limit: wish.guest_limit,
        from: caller.from,
        lobby: wish.lobby,
        kept: wish.kept,
    };
    let Reply::Created(summary) = ask(&app, request).await? else { return Err(misunderstood()) };
    let (token, cookie) = match is_administrator {
        true => (String::new(), None),
        false => caller.hand_out(&session, keys),
    };
    let cookie = cookie.map(|cookie| (header::SET_COOKIE, cookie));
    Ok((StatusCode::CREATED, AppendHeaders(cookie), Json(CreatedRoom { summary, token })).into_response())
}

pub(super) async fn edit(
    State(app): State<App>,
    Path(room): Path<String>,
    caller: Caller,
    body: Body,
) -> Result<Json<RoomDetails>, Failure> {
    let body = body?;
    let room = room_of(&room)?;
    let by = authority(&app, &caller, &room)?;
    let change: EditRoom = read(&body)?;
    if change.kept.is_some() && by != By::Administrator {
        return Err(Failure::new(ErrorId::Forbidden, "only an administrator keeps a room for ever"));
    }
    match ask(&app, Request::Edit { room, by, change }).await? {
        Reply::Updated(details) => Ok(Json(details)),
        _ => Err(misunderstood()),
    }
}

pub(super) async fn delete(
    State(app): State<App>,
    Path(room): Path<String>,
    caller: Caller,
) -> Result<StatusCode, Failure> {
    let room = room_of(&room)?;
    let by = authority(&app, &caller, &room)?;
    match ask(&app, Request::Delete { room, by }).await? {
        Reply::Deleted => Ok(StatusCode::NO_CONTENT),
        _ => Err(misunderstood()),
    }
}
