//! The JSON API under `/api/v1`; its bodies are `protocol::api`.

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use protocol::api::{CreateRoom, JoinRoom, RoomList, RoomSummary, Seat};
use protocol::{ErrorId, RoomId, Username};
use rooms::{AddressMark, Pass, Reply, Request, SessionId};
use serde::de::DeserializeOwned;

use super::App;
use super::caller::{Caller, Token};
use super::failure::Failure;

type Body = Result<Bytes, BytesRejection>;

/// The routes, without their prefix. Offers are elsewhere, they have a limit of their own.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/openapi.json", get(describe))
        .route("/rooms", get(list).post(create))
        .route("/rooms/{room}", get(inspect))
        .route("/rooms/{room}/join", post(join))
        .route("/rooms/{room}/leave", post(leave))
        .fallback(|| async { Failure::malformed("there is no such route").with_status(StatusCode::NOT_FOUND) })
}

/// The API in OpenAPI's words.
async fn describe() -> Response {
    ([(header::CONTENT_TYPE, "application/json")], include_str!("../../openapi.json")).into_response()
}

async fn list(State(app): State<App>) -> Result<Json<RoomList>, Failure> {
    Ok(Json(RoomList { rooms: app.engine().list().await? }))
}

async fn inspect(State(app): State<App>, Path(room): Path<String>) -> Result<Json<RoomSummary>, Failure> {
    let room = RoomId::parse(&room).map_err(|_| Failure::unknown_room())?;
    app.engine().inspect(room).await?.map(Json).ok_or_else(Failure::unknown_room)
}

async fn create(State(app): State<App>, caller: Caller, body: Body) -> Result<Response, Failure> {
    let wish: CreateRoom = read(&body?)?;
    let request = Request::Create {
        room: RoomId::parse(&wish.id)?,
        history: wish.history(),
        password: wish.password,
        public: wish.public,
        guest_limit: wish.guest_limit,
        from: caller.from,
        owner: None,
        lobby: wish.lobby,
        kept: false,
    };
    match app.engine().request(request).await? {
        Reply::Created(summary) => Ok((StatusCode::CREATED, Json(summary)).into_response()),
        Reply::Refused(error) => Err(error.into()),
        _ => Err(Failure::new(ErrorId::Internal, "the room was not created")),
    }
}

/// A bearer token or a cookie brings its session; without one a new session is made.
///
/// A program gets its token in the body. A browser gets it in the cookie only, where no script can read it.
async fn join(
    State(app): State<App>,
    Path(room): Path<String>,
    caller: Caller,
    body: Body,
) -> Result<Response, Failure> {
    let body = body?;
    let wish: JoinRoom = if body.is_empty() { JoinRoom::default() } else { read(&body)? };
    let room = RoomId::parse(&room).map_err(|_| Failure::unknown_room())?;
    let name = wish.name.as_deref().map(Username::parse).transpose()?;
    let keys = app.keys();
    let session = match caller.bearer {
        Token::Session(session) => session,
        // Stale, as after a reinstallation: the password decides anew.
        Token::Invalid => keys.new_session(),
        Token::Absent => caller.cookie_session(keys),
    };
    let by_cookie = caller.bearer == Token::Absent && (caller.is_browser || caller.cookie != Token::Absent);
    let client_id = seat(&app, &room, session, wish.password, name, &caller).await?;
    let token = if by_cookie { String::new() } else { keys.session_token(&session) };
    let cookie = by_cookie.then(|| (header::SET_COOKIE, caller.set_cookie(&session, keys)));
    Ok((AppendHeaders(cookie), Json(Seat { room_id: room, client_id, token })).into_response())
}

async fn seat(
    app: &App,
    room: &RoomId,
    session: SessionId,
    password: Option<String>,
    name: Option<Username>,
    caller: &Caller,
) -> Result<protocol::ClientId, Failure> {
    let client = app.keys().client_id(&session, room);
    let request = Request::Join {
        room: room.clone(),
        session,
        client,
        password,
        from: caller.from,
        offers: None,
        mark: AddressMark::default(),
        pass: Pass::None,
        name,
    };
    Ok(app.engine().join(request).await??)
}

/// Also what a page sends as it closes (`navigator.sendBeacon`), which can carry nothing but the cookie.
async fn leave(State(app): State<App>, Path(room): Path<String>, caller: Caller) -> Result<StatusCode, Failure> {
    let room = RoomId::parse(&room).map_err(|_| Failure::unknown_room())?;
    let token = if caller.bearer == Token::Absent { caller.cookie } else { caller.bearer };
    let session = token.session().ok_or_else(|| {
        Failure::new(ErrorId::UnknownClient, "the session token is missing or not one of ours")
            .with_status(StatusCode::UNAUTHORIZED)
    })?;
    match app.engine().request(Request::Leave { room, session }).await? {
        Reply::Refused(error) => Err(error.into()),
        _ => Ok(StatusCode::NO_CONTENT),
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Failure> {
    serde_json::from_slice(body).map_err(|error| Failure::malformed(format!("the body is not as documented: {error}")))
}
