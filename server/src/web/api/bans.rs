//! Bans: listed and lifted. They are made on the data channel, where those are who misbehave.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use protocol::api::BanList;
use protocol::{Action, ClientId, Moderate};
use rooms::{Reply, Request};

use super::{ask, authority, misunderstood, room_of};
use crate::web::App;
use crate::web::caller::Caller;
use crate::web::failure::Failure;

pub(super) async fn list(
    State(app): State<App>,
    Path(room): Path<String>,
    caller: Caller,
) -> Result<Json<BanList>, Failure> {
    let room = room_of(&room)?;
    let by = authority(&app, &caller, &room)?;
    match ask(&app, Request::ListBans { room, by }).await? {
        Reply::Bans(bans) => Ok(Json(BanList { bans })),
        _ => Err(misunderstood()),
    }
}

pub(super) async fn lift(
    State(app): State<App>,
    Path((room, client)): Path<(String, String)>,
    caller: Caller,
) -> Result<StatusCode, Failure> {
    let room = room_of(&room)?;
    let by = authority(&app, &caller, &room)?;
    let deed = Moderate { action: Action::Unban, client: Some(ClientId::new(client)), address: false };
    match ask(&app, Request::Moderate { room, by, deed }).await? {
        Reply::Done => Ok(StatusCode::NO_CONTENT),
        _ => Err(misunderstood()),
    }
}
