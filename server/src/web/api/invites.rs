//! Invites: made, listed, revoked. Their secret is shown once, to who made them.

use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use protocol::RoomId;
use protocol::api::{CreateInvite, CreatedInvite, InviteList};
use rooms::{InviteId, NewInvite, Reply, Request};

use super::description::Refusals;
use super::{Body, ask, authority, misunderstood, order, read_or_default, room_of};
use crate::web::App;
use crate::web::caller::Caller;
use crate::web::door::Invitation;
use crate::web::failure::Failure;

/// The invites that still open the room, without their secrets. For moderators.
#[utoipa::path(
    get,
    path = "/api/v1/rooms/{room}/invites",
    operation_id = "listInvites",
    params(("room" = RoomId, Path)),
    responses((status = 200, description = "The invites, the oldest first.", body = InviteList), Refusals),
    security(("token" = []), ("cookie" = []))
)]
pub(super) async fn list(
    State(app): State<App>,
    Path(room): Path<String>,
    caller: Caller,
) -> Result<Json<InviteList>, Failure> {
    let room = room_of(&room)?;
    let by = authority(&app, &caller, &room)?;
    let Reply::Invites(invites) = ask(&app, Request::ListInvites { room, by }).await? else {
        return Err(misunderstood());
    };
    Ok(Json(InviteList { invites }))
}

/// Makes an invite: a link that opens password, lobby and lock, but neither a ban nor the limit. For moderators; with a
/// role, for the owner.
#[utoipa::path(
    post,
    path = "/api/v1/rooms/{room}/invites",
    operation_id = "createInvite",
    params(("room" = RoomId, Path)),
    request_body = Option<CreateInvite>,
    responses((status = 201, description = "The invite, with the secret that is shown this once.", body = CreatedInvite), Refusals),
    security(("token" = []), ("cookie" = []))
)]
pub(super) async fn create(
    State(app): State<App>,
    Path(room): Path<String>,
    caller: Caller,
    body: Body,
) -> Result<(StatusCode, Json<CreatedInvite>), Failure> {
    let body = body?;
    let room = room_of(&room)?;
    let by = authority(&app, &caller, &room)?;
    let wish: CreateInvite = read_or_default(&body)?;
    let invitation = Invitation::draw();
    let invite = NewInvite {
        hash: invitation.hash(),
        role: wish.role,
        expires_in: wish.expires_in_seconds.map(Duration::from_secs),
        uses: wish.uses,
    };
    let place = format!("{}/rtc/{}", caller.origin(), room.to_path_segment());
    let Reply::Invited(invite) = ask(&app, Request::Invite { room, by, invite }).await? else {
        return Err(misunderstood());
    };
    let token = invitation.token();
    let url = format!("{place}?invite={token}");
    Ok((StatusCode::CREATED, Json(CreatedInvite { invite, token, url })))
}

/// From now on the invite opens nothing; whoever came with it stays. For moderators.
#[utoipa::path(
    delete,
    path = "/api/v1/rooms/{room}/invites/{id}",
    operation_id = "revokeInvite",
    params(("room" = RoomId, Path), ("id" = String, Path)),
    responses((status = 204, description = "The invite is revoked."), Refusals),
    security(("token" = []), ("cookie" = []))
)]
pub(super) async fn revoke(
    State(app): State<App>,
    Path((room, id)): Path<(String, String)>,
    caller: Caller,
) -> Result<StatusCode, Failure> {
    let room = room_of(&room)?;
    let by = authority(&app, &caller, &room)?;
    order(&app, Request::Revoke { room, by, invite: InviteId::new(id) }).await
}
