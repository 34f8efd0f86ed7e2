//! `POST …/offer`: the way from a seat to a connection.

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use protocol::api::SessionDescription;
use protocol::{ErrorId, RoomId};
use rooms::{RoomError, SessionId};

use super::App;
use super::api::Refusals;
use super::caller::Caller;
use super::failure::Failure;
use crate::engine::Offer;

type Answer = Result<Json<SessionDescription>, Failure>;
type Body = Result<Bytes, BytesRejection>;

/// `POST /rtc/<room>/offer`, by cookie.
pub(crate) async fn classic(State(app): State<App>, Path(room): Path<String>, caller: Caller, body: Body) -> Answer {
    let room = RoomId::parse(&room).map_err(|_| Failure::unknown_room())?;
    // Who has no session is told first that there is no such room.
    let Some(session) = caller.cookie.session() else {
        app.engine().inspect(room).await?.ok_or_else(Failure::unknown_room)?;
        return Err(Failure::from(RoomError::UnknownClient));
    };
    answer(&app, room, session, &caller, body).await
}

/// Connects to the seat: an offer with one data channel, answered at once and completely.
///
/// At most 64 KiB, 2000 lines, 32 media sections and 64 candidates. Candidates in the offer are ignored: the client
/// makes the checks. An older connection of the seat is closed when the new one opens its channel.
#[utoipa::path(
    post,
    path = "/api/v1/rooms/{room}/offer",
    operation_id = "offer",
    params(("room" = RoomId, Path)),
    request_body = SessionDescription,
    responses((status = 200, description = "The answer.", body = SessionDescription), Refusals),
    security(("token" = []), ("cookie" = []))
)]
pub(crate) async fn api(State(app): State<App>, Path(room): Path<String>, caller: Caller, body: Body) -> Answer {
    let room = RoomId::parse(&room).map_err(|_| Failure::unknown_room())?;
    let session = caller.token().session().ok_or_else(Failure::no_session)?;
    answer(&app, room, session, &caller, body).await
}

async fn answer(app: &App, room: RoomId, session: SessionId, caller: &Caller, body: Body) -> Answer {
    let body = body?;
    let offer: SessionDescription =
        serde_json::from_slice(&body).map_err(|_| Failure::malformed("the body is not {\"type\", \"sdp\"}"))?;
    if offer.kind != "offer" {
        return Err(Failure::new(ErrorId::InvalidOffer, "only an offer can be answered"));
    }
    let offer = Offer { room, session, from: caller.from, sdp: offer.sdp };
    let sdp = app.engine().offer(offer).await??;
    Ok(Json(SessionDescription { kind: "answer".to_owned(), sdp }))
}
