//! Bans: listed and lifted. They are made on the data channel, where those are who misbehave.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use protocol::api::BanList;
use protocol::{Action, ClientId, Moderate, RoomId};
use rooms::{Reply, Request};

use super::description::Refusals;
use super::{ask, authority, misunderstood, order, room_of};
use crate::web::App;
use crate::web::caller::Caller;
use crate::web::failure::Failure;

/// Who may not come in. For moderators.
#[utoipa::path(
    get,
    path = "/api/v1/rooms/{room}/bans",
    operation_id = "listBans",
    params(("room" = RoomId, Path)),
    responses((status = 200, description = "The bans, the oldest first.", body = BanList), Refusals),
    security(("token" = []), ("cookie" = []))
)]
pub(super) async fn list(
    State(app): State<App>,
    Path(room): Path<String>,
    caller: Caller,
) -> Result<Json<BanList>, Failure> {
    let room = room_of(&room)?;
    let by = authority(&app, &caller, &room)?;
    let Reply::Bans(bans) = ask(&app, Request::ListBans { room, by }).await? else { return Err(misunderstood()) };
    Ok(Json(BanList { bans }))
}

/// Whoever was banned may come in again. For moderators.
#[utoipa::path(
    delete,
    path = "/api/v1/rooms/{room}/bans/{client}",
    operation_id = "liftBan",
    params(("room" = RoomId, Path), ("client" = String, Path)),
    responses((status = 204, description = "The ban is lifted."), Refusals),
    security(("token" = []), ("cookie" = []))
)]
pub(super) async fn lift(
    State(app): State<App>,
    Path((room, client)): Path<(String, String)>,
    caller: Caller,
) -> Result<StatusCode, Failure> {
    let room = room_of(&room)?;
    let by = authority(&app, &caller, &room)?;
    let deed = Moderate { action: Action::Unban, client: Some(ClientId::new(client)), address: false };
    order(&app, Request::Moderate { room, by, deed }).await
}
