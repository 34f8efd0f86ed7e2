//! Seats: taken, waited for, given up.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Response};
use protocol::RoomId;
use protocol::api::{JoinRoom, Seat, Waiting};
use protocol::limits::KNOCK_EVERY;
use rooms::{Reply, Request};

use super::description::Refusals;
use super::{Body, ask, misunderstood, order, read_or_default, room_of};
use crate::web::App;
use crate::web::caller::Caller;
use crate::web::door::Shown;
use crate::web::failure::Failure;

/// Takes a seat, or the same seat again. It is free again after 15 s unless its holder connects.
///
/// A session that has a seat in the room keeps it: the same client id, no second seat, no password. Without a session a
/// new one is made. A browser gets its session in the cookie only; its `token` is empty. An invite or a join token
/// opens password, lobby and lock. At a room with a lobby one knocks: 202, and the client asks again with its token
/// until it has a seat or is refused.
#[utoipa::path(
    post,
    path = "/api/v1/rooms/{room}/join",
    operation_id = "joinRoom",
    params(("room" = RoomId, Path)),
    request_body = Option<JoinRoom>,
    responses((status = 200, description = "The seat.", body = Seat), (status = 202, description = "Someone inside has to open first. Whoever does not ask again within 15 s has gone.", body = Waiting), Refusals),
    security((), ("token" = []), ("cookie" = []))
)]
pub(super) async fn join(
    State(app): State<App>,
    Path(room): Path<String>,
    caller: Caller,
    body: Body,
) -> Result<Response, Failure> {
    let wish: JoinRoom = read_or_default(&body?)?;
    let room = room_of(&room)?;
    let shown = Shown { invite: wish.invite, join_token: wish.join_token, name: wish.name };
    let (pass, name) = shown.at_the_door(&app, &caller, &room)?;
    let keys = app.keys();
    let session = caller.session_or_new(keys);
    let request = Request::Join {
        client: keys.client_id(&session, &room),
        mark: keys.address_mark(caller.from),
        room,
        session,
        password: wish.password,
        from: caller.from,
        offers: None,
        pass,
        name,
    };
    let reply = ask(&app, request).await?;
    let (token, cookie) = caller.hand_out(&session, keys);
    let cookie = AppendHeaders(cookie.map(|cookie| (header::SET_COOKIE, cookie)));
    match reply {
        Reply::Seated { room, client } => {
            Ok((cookie, Json(Seat { room_id: room, client_id: client, token })).into_response())
        }
        Reply::Waiting { client, .. } => {
            let retry_after_ms = u64::try_from(KNOCK_EVERY.as_millis()).unwrap_or(u64::MAX);
            let waiting = Waiting { knocking: true, client_id: client, token, retry_after_ms };
            Ok((StatusCode::ACCEPTED, cookie, Json(waiting)).into_response())
        }
        Reply::Created(_)
        | Reply::Left
        | Reply::Updated(_)
        | Reply::Deleted
        | Reply::Done
        | Reply::Invited(_)
        | Reply::Invites(_)
        | Reply::Bans(_)
        | Reply::Refused(_) => Err(misunderstood()),
    }
}

/// Frees the seat and closes its connection.
#[utoipa::path(
    post,
    path = "/api/v1/rooms/{room}/leave",
    operation_id = "leaveRoom",
    params(("room" = RoomId, Path)),
    responses((status = 204, description = "The seat is free."), Refusals),
    security(("token" = []), ("cookie" = []))
)]
pub(super) async fn leave(
    State(app): State<App>,
    Path(room): Path<String>,
    caller: Caller,
) -> Result<StatusCode, Failure> {
    let room = room_of(&room)?;
    let session = caller.token().session().ok_or_else(Failure::no_session)?;
    order(&app, Request::Leave { room, session }).await
}
