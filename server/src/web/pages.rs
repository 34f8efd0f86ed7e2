//! The pages as templates; they work without any script but the room itself.

use askama::Template;
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::response::{AppendHeaders, Html, IntoResponse, Response};
use protocol::ErrorId;
use protocol::api::RoomSummary;
use protocol::limits::GUEST_LIMITS;

use super::failure::Failure;

#[derive(Template)]
#[template(path = "landing.html")]
struct Landing;

/// The rooms, and the form to make one.
#[derive(Template)]
#[template(path = "lobby.html")]
pub(crate) struct Lobby {
    /// `/rtc` or `/chat`.
    pub prefix: &'static str,
    /// What the form calls the room's name under this prefix.
    pub name_field: &'static str,
    pub csrf_token: String,
    pub notice: Option<String>,
    pub wish: Wish,
    pub rooms: Vec<RoomRow>,
}

/// What the person wrote into the form; shown again when it was refused.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wish {
    pub room: String,
    pub public: bool,
    pub guest_limit: usize,
}

/// A public room in the lobby.
pub(crate) struct RoomRow {
    pub name: String,
    /// The name as it stands in an address.
    pub segment: String,
    pub participants: usize,
    /// 0: no limit.
    pub guest_limit: usize,
    pub has_password: bool,
    pub idle_minutes: u64,
    pub lobby: bool,
    pub locked: bool,
    pub who: Vec<String>,
    /// Inside, but not named.
    pub more: usize,
}

/// Asks for a room's password.
#[derive(Template)]
#[template(path = "password.html")]
pub(crate) struct Password {
    pub prefix: &'static str,
    pub room: String,
    pub segment: String,
    pub csrf_token: String,
    pub notice: Option<String>,
    pub who: Vec<String>,
    /// Inside, but not named.
    pub more: usize,
}

/// Asks again by itself until someone inside has opened.
#[derive(Template)]
#[template(path = "waiting.html")]
pub(crate) struct Knocked {
    pub prefix: &'static str,
    pub room: String,
    pub who: Vec<String>,
    /// Inside, but not named.
    pub more: usize,
}

/// The room itself.
#[derive(Template)]
#[template(path = "room.html")]
pub(crate) struct Room {
    pub prefix: &'static str,
    pub room: String,
    pub client: String,
}

/// A refusal, for a person.
#[derive(Template)]
#[template(path = "notice.html")]
struct Notice {
    title: &'static str,
    message: String,
    lobby: &'static str,
}

impl Lobby {
    /// The limits to choose from; 0 stands for none.
    fn guest_limits(&self) -> [usize; 5] {
        GUEST_LIMITS
    }
}

impl From<RoomSummary> for RoomRow {
    fn from(room: RoomSummary) -> Self {
        Self {
            segment: room.id.to_path_segment(),
            name: room.id.into(),
            participants: room.participants,
            guest_limit: room.guest_limit,
            has_password: room.has_password,
            idle_minutes: room.idle_seconds / 60,
            lobby: room.lobby,
            locked: room.locked,
            more: not_named(room.participants, &room.who),
            who: room.who,
        }
    }
}

/// How many are inside beside those who are named; where nobody is, nothing is said at all.
pub(crate) fn not_named(participants: usize, who: &[String]) -> usize {
    participants.saturating_sub(who.len())
}

/// A page, and the cookie that goes with it.
pub(crate) fn show(status: StatusCode, page: &impl Template, cookie: Option<HeaderValue>) -> Response {
    let cookie = cookie.map(|cookie| (header::SET_COOKIE, cookie));
    match page.render() {
        Ok(html) => (status, AppendHeaders(cookie), Html(html)).into_response(),
        Err(error) => {
            tracing::error!(%error, "a page could not be rendered");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// A refusal as a page.
pub(crate) fn refuse(failure: Failure, lobby: &'static str) -> Response {
    let title = match (&failure.notice.id, failure.status) {
        (ErrorId::Banned, _) => "You are banned from this room",
        (ErrorId::Locked, _) => "The room is locked",
        (ErrorId::Denied, _) => "You were not let in",
        (ErrorId::InvalidInvite, _) => "This invite does not work",
        (_, StatusCode::NOT_FOUND) => "Not found",
        (_, StatusCode::IM_A_TEAPOT) => "The room is full",
        (_, StatusCode::TOO_MANY_REQUESTS) => "Too many attempts",
        (_, StatusCode::SERVICE_UNAVAILABLE) => "Please try again",
        _ => "That did not work",
    };
    show(failure.status, &Notice { title, message: sentence(&failure.notice.message), lobby }, None)
}

/// An error's message as a sentence for a page.
pub(crate) fn sentence(message: &str) -> String {
    let mut letters = message.chars();
    match letters.next() {
        Some(first) => format!("{}{}.", first.to_uppercase(), letters.as_str()),
        None => String::new(),
    }
}

pub(crate) async fn landing() -> Response {
    show(StatusCode::OK, &Landing, None)
}

pub(crate) async fn not_found(uri: Uri) -> Response {
    let failure = Failure::malformed("there is no such page").with_status(StatusCode::NOT_FOUND);
    if uri.path().starts_with("/api/") { failure.into_response() } else { refuse(failure, "/rtc") }
}
