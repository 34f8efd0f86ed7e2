//! The administrator's API under `/api/v1/admin`, for whoever holds the administrator's token; off where there is none.

use axum::extract::{FromRequestParts, Path, State};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use protocol::admin::RoomOverviews;
use protocol::{Action, ClientId, ErrorId, Moderate, RoomId};
use rooms::{By, Request};

use super::App;
use super::api::{Refusals, order};
use super::caller::{self, bearer_token};
use super::failure::Failure;
use crate::credentials::Verdict;

pub(super) mod accounts;

/// Proof that the request carried the administrator's token.
pub(super) struct Administrator;

/// The routes, without their prefix.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/rooms", get(list))
        .route("/rooms/{room}", delete(close))
        .route("/rooms/{room}/clients/{client}", delete(kick))
        .route("/accounts", get(accounts::list))
        .route("/accounts/{name}", delete(accounts::remove))
        .route("/accounts/{name}/password", post(accounts::reset))
}

/// Every room, and who is inside. For the administrator, as everything under `admin`.
#[utoipa::path(
    get,
    path = "/api/v1/admin/rooms",
    operation_id = "listAllRooms",
    responses((status = 200, description = "The rooms, by name.", body = RoomOverviews), Refusals),
    security(("token" = []))
)]
pub(super) async fn list(State(app): State<App>, _: Administrator) -> Result<Json<RoomOverviews>, Failure> {
    Ok(Json(RoomOverviews { rooms: app.engine().overview().await? }))
}

/// Sends everybody away; the room is gone.
#[utoipa::path(
    delete,
    path = "/api/v1/admin/rooms/{room}",
    operation_id = "closeRoom",
    params(("room" = RoomId, Path)),
    responses((status = 204, description = "The room is gone."), Refusals),
    security(("token" = []))
)]
pub(super) async fn close(
    State(app): State<App>,
    _: Administrator,
    Path(room): Path<String>,
) -> Result<StatusCode, Failure> {
    let room = RoomId::parse(&room).map_err(|_| Failure::unknown_room())?;
    order(&app, Request::Delete { room, by: By::Administrator }).await
}

/// Sends one client away; it may come back.
#[utoipa::path(
    delete,
    path = "/api/v1/admin/rooms/{room}/clients/{client}",
    operation_id = "kickClient",
    params(("room" = RoomId, Path), ("client" = String, Path)),
    responses((status = 204, description = "The client is gone."), Refusals),
    security(("token" = []))
)]
pub(super) async fn kick(
    State(app): State<App>,
    _: Administrator,
    Path((room, client)): Path<(String, String)>,
) -> Result<StatusCode, Failure> {
    let room = RoomId::parse(&room).map_err(|_| Failure::unknown_room())?;
    let deed = Moderate { action: Action::Kick, client: Some(ClientId::new(client)), address: false };
    order(&app, Request::Moderate { room, by: By::Administrator, deed }).await
}

impl FromRequestParts<App> for Administrator {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Failure> {
        let given = parts.headers.get(header::AUTHORIZATION).and_then(bearer_token).unwrap_or_default();
        match app.judge(given, caller::address(parts, app)) {
            Verdict::Right => Ok(Self),
            Verdict::Wrong => {
                Err(Failure::new(ErrorId::UnknownClient, "the administrator's token is missing or wrong")
                    .with_status(StatusCode::UNAUTHORIZED))
            }
            Verdict::TooMany => Err(Failure::new(
                ErrorId::TooMany,
                "too many wrong administrator's tokens from this address; try again in a moment",
            )),
            Verdict::Nobody => {
                Err(Failure::malformed("this server has no administrator").with_status(StatusCode::NOT_FOUND))
            }
        }
    }
}
