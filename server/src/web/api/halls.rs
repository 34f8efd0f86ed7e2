//! Rooms: listed, looked at, created, changed, deleted.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Response};
use protocol::api::{CreateRoom, CreatedRoom, EditRoom, RoomDetails, RoomList, RoomSummary};
use protocol::{ErrorId, RoomId};
use rooms::{By, Reply, Request};

use super::description::Refusals;
use super::{Body, ask, authority, misunderstood, order, read, room_of};
use crate::web::App;
use crate::web::caller::{Caller, Token};
use crate::web::failure::Failure;

/// The public rooms, the most recently active first.
#[utoipa::path(
    get,
    path = "/api/v1/rooms",
    operation_id = "listRooms",
    responses((status = 200, description = "The rooms.", body = RoomList), Refusals),
)]
pub(super) async fn list(State(app): State<App>) -> Result<Json<RoomList>, Failure> {
    Ok(Json(RoomList { rooms: app.engine().list().await? }))
}

/// One room, public or not.
#[utoipa::path(
    get,
    path = "/api/v1/rooms/{room}",
    operation_id = "inspectRoom",
    params(("room" = RoomId, Path)),
    responses((status = 200, description = "The room.", body = RoomSummary), Refusals),
)]
pub(super) async fn inspect(State(app): State<App>, Path(room): Path<String>) -> Result<Json<RoomSummary>, Failure> {
    app.engine().inspect(room_of(&room)?).await?.map(Json).ok_or_else(Failure::unknown_room)
}

/// Creates a room. It expires when it has been empty for a while.
///
/// Whoever creates a room owns it: the session of the token or cookie, or the new one that the answer carries. An
/// administrator's rooms belong to nobody.
#[utoipa::path(
    post,
    path = "/api/v1/rooms",
    operation_id = "createRoom",
    request_body = CreateRoom,
    responses((status = 201, description = "The room exists.", body = CreatedRoom), Refusals),
    security((), ("token" = []), ("cookie" = []))
)]
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

/// Changes what is said; the rest stays. For the owner.
///
/// Whoever is inside stays inside. `kept` is for an administrator.
#[utoipa::path(
    patch,
    path = "/api/v1/rooms/{room}",
    operation_id = "editRoom",
    params(("room" = RoomId, Path)),
    request_body = EditRoom,
    responses((status = 200, description = "The room as it is now.", body = RoomDetails), Refusals),
    security(("token" = []), ("cookie" = []))
)]
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
    let Reply::Updated(details) = ask(&app, Request::Edit { room, by, change }).await? else {
        return Err(misunderstood());
    };
    Ok(Json(details))
}

/// Sends everybody away; the room and everything said in it is gone. For the owner.
#[utoipa::path(
    delete,
    path = "/api/v1/rooms/{room}",
    operation_id = "deleteRoom",
    params(("room" = RoomId, Path)),
    responses((status = 204, description = "The room is gone."), Refusals),
    security(("token" = []), ("cookie" = []))
)]
pub(super) async fn delete(
    State(app): State<App>,
    Path(room): Path<String>,
    caller: Caller,
) -> Result<StatusCode, Failure> {
    let room = room_of(&room)?;
    let by = authority(&app, &caller, &room)?;
    order(&app, Request::Delete { room, by }).await
}
