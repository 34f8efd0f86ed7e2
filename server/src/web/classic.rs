//! The pages and the form flow of the first version, under `/rtc`; the second version has them under `/chat`.

use axum::Router;
use axum::extract::rejection::{FormRejection, QueryRejection};
use axum::extract::{Form, Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{AppendHeaders, IntoResponse, Response};
use axum::routing::get;
use protocol::limits::GUEST_LIMITS;
use protocol::{ClientId, ErrorId, History, OfferForm, RoomId};
use rooms::{Reply, Request, RoomError, SessionId};
use serde::Deserialize;

use super::caller::Caller;
use super::door::Shown;
use super::failure::Failure;
use super::pages::{self, Knocked, Lobby, Password, Room, Wish};
use super::{App, guard, unix_time};

/// Under which prefix a page was asked for: what its clients understand.
#[derive(Debug, Clone, Copy)]
struct Flavour {
    prefix: &'static str,
    name_field: &'static str,
    offers: OfferForm,
}

const FIRST: Flavour = Flavour { prefix: "/rtc", name_field: "room_id", offers: OfferForm::String };
const SECOND: Flavour = Flavour { prefix: "/chat", name_field: "room_name", offers: OfferForm::Object };

const STALE_FORM: &str = "This form was open for too long. Please send it once more.";

#[derive(Debug, Deserialize)]
struct CreateForm {
    room_id: Option<String>,
    room_name: Option<String>,
    #[serde(default)]
    password: String,
    public: Option<String>,
    guest_limit: Option<String>,
    #[serde(default)]
    csrf_token: String,
}

#[derive(Debug, Deserialize)]
struct PasswordForm {
    #[serde(default)]
    password: String,
    #[serde(default)]
    csrf_token: String,
}

/// A request for a page: who asks, with which session, and where.
struct Visit {
    app: App,
    caller: Caller,
    session: SessionId,
    flavour: Flavour,
}

/// What became of someone who came to a room's door.
enum Entrance {
    Seated(ClientId),
    /// Someone inside has to open.
    Knocking,
}

/// The lobby and the rooms under `prefix`.
pub(crate) fn routes(prefix: &'static str) -> Router<App> {
    let flavour = if prefix == SECOND.prefix { SECOND } else { FIRST };
    let visit =
        move |app: App, caller: Caller| Visit { session: caller.cookie_session(app.keys()), app, caller, flavour };
    let lobby = get(async move |State(app): State<App>, caller: Caller| visit(app, caller).lobby().await).post(
        async move |State(app): State<App>, caller: Caller, form: Result<Form<CreateForm>, FormRejection>| {
            visit(app, caller).create(form).await
        },
    );
    let room = get(
        async move |State(app): State<App>,
                    caller: Caller,
                    Path(room): Path<String>,
                    behind: Result<Query<Shown>, QueryRejection>,
                    headers: HeaderMap| {
            // What cannot be read shows nothing.
            let shown = behind.map(|Query(shown)| shown).unwrap_or_default();
            visit(app, caller).enter(&room, shown, &headers).await
        },
    )
    // `HEAD` must not take a seat.
    .head(async move |State(app): State<App>, Path(room): Path<String>| peek(&app, &room).await)
    .post(
        async move |State(app): State<App>,
                    caller: Caller,
                    Path(room): Path<String>,
                    form: Result<Form<PasswordForm>, FormRejection>| {
            visit(app, caller).enter_with_password(&room, form).await
        },
    );
    Router::new().route(prefix, lobby).route(&format!("{prefix}/{{room}}"), room)
}

/// `GET /reset`: forgets the session.
pub(crate) async fn reset(caller: Caller) -> Response {
    (
        StatusCode::FOUND,
        [(header::LOCATION, HeaderValue::from_static("/rtc")), (header::SET_COOKIE, caller.remove_cookie())],
    )
        .into_response()
}

async fn peek(app: &App, room: &str) -> StatusCode {
    let Ok(room) = RoomId::parse(room) else { return StatusCode::NOT_FOUND };
    match app.engine().inspect(room).await {
        Ok(Some(_)) => StatusCode::OK,
        Ok(None) => StatusCode::NOT_FOUND,
        Err(_) => StatusCode::SERVICE_UNAVAILABLE,
    }
}

impl Visit {
    async fn lobby(self) -> Response {
        self.show_lobby(StatusCode::OK, None, Wish::default()).await
    }

    async fn create(self, form: Result<Form<CreateForm>, FormRejection>) -> Response {
        let form = match form {
            Ok(Form(form)) => form,
            Err(rejection) => return self.refuse(failure_of(&rejection)),
        };
        let wish = Wish {
            room: form.room_id.or(form.room_name).unwrap_or_default(),
            public: form.public.is_some(),
            guest_limit: form.guest_limit.as_deref().unwrap_or("0").trim().parse().unwrap_or(usize::MAX),
        };
        if !self.is_own_form(&form.csrf_token) {
            return self.show_lobby(StatusCode::FORBIDDEN, Some(STALE_FORM.to_owned()), wish).await;
        }
        match self.make_room(&wish, form.password).await {
            Ok(room) => self.redirect(StatusCode::FOUND, &room),
            Err(failure) => {
                // As the first version does: a wish that cannot be granted shows the form again.
                let status = match failure.notice.id {
                    ErrorId::TooMany | ErrorId::ShuttingDown => failure.status,
                    _ => StatusCode::OK,
                };
                self.show_lobby(status, Some(pages::sentence(&failure.notice.message)), wish).await
            }
        }
    }

    async fn make_room(&self, wish: &Wish, password: String) -> Result<RoomId, Failure> {
        let room = RoomId::parse(&wish.room)?;
        if !GUEST_LIMITS.contains(&wish.guest_limit) {
            return Err(Failure::malformed("the guest limit is not one of those to choose from"));
        }
        let request = Request::Create {
            owner: Some(self.client_id(&room)),
            room: room.clone(),
            password: Some(password).filter(|password| !password.is_empty()),
            public: wish.public,
            guest_limit: wish.guest_limit,
            from: self.caller.from,
            lobby: false,
            history: History::None,
            kept: false,
        };
        match self.app.engine().request(request).await? {
            Reply::Created(_) => Ok(room),
            Reply::Refused(error) => Err(error.into()),
            _ => Err(Failure::new(ErrorId::Internal, "the room was not created")),
        }
    }

    /// `GET` of a room: a seat at once, the form for its password, or the page that waits until someone opens.
    async fn enter(self, room: &str, shown: Shown, headers: &HeaderMap) -> Response {
        if !guard::is_visit(headers) {
            return self.refuse(Failure::new(ErrorId::CrossOrigin, "a page of another origin cannot take a seat"));
        }
        let Ok(room) = RoomId::parse(room) else { return self.refuse(Failure::unknown_room()) };
        match self.take_seat(&room, None, shown).await {
            Ok(Ok(entrance)) => self.let_in(&room, entrance).await,
            Ok(Err(RoomError::PasswordRequired)) => self.ask_password(StatusCode::OK, &room, None).await,
            Ok(Err(error)) => self.refuse(error.into()),
            Err(failure) => self.refuse(failure),
        }
    }

    async fn enter_with_password(self, room: &str, form: Result<Form<PasswordForm>, FormRejection>) -> Response {
        let form = match form {
            Ok(Form(form)) => form,
            Err(rejection) => return self.refuse(failure_of(&rejection)),
        };
        let Ok(room) = RoomId::parse(room) else { return self.refuse(Failure::unknown_room()) };
        if !self.is_own_form(&form.csrf_token) {
            return self.ask_password(StatusCode::FORBIDDEN, &room, Some(STALE_FORM.to_owned())).await;
        }
        let again = |error: &RoomError| Some(pages::sentence(&error.to_string()));
        match self.take_seat(&room, Some(form.password), Shown::default()).await {
            // The page that waits asks again by `GET`, which needs no password any more.
            Ok(Ok(Entrance::Knocking)) => self.redirect(StatusCode::SEE_OTHER, &room),
            Ok(Ok(entrance)) => self.let_in(&room, entrance).await,
            Ok(Err(
                error @ (RoomError::WrongPassword | RoomError::PasswordRequired | RoomError::PasswordTooLong { .. }),
            )) => self.ask_password(StatusCode::OK, &room, again(&error)).await,
            Ok(Err(error @ RoomError::TooManyPasswords)) => {
                self.ask_password(StatusCode::TOO_MANY_REQUESTS, &room, again(&error)).await
            }
            Ok(Err(error)) => self.refuse(error.into()),
            Err(failure) => self.refuse(failure),
        }
    }

    async fn take_seat(
        &self,
        room: &RoomId,
        password: Option<String>,
        shown: Shown,
    ) -> Result<Result<Entrance, RoomError>, Failure> {
        let (pass, name) = shown.at_the_door(&self.app, &self.caller, room)?;
        let request = Request::Join {
            room: room.clone(),
            session: self.session,
            client: self.client_id(room),
            password,
            from: self.caller.from,
            offers: Some(self.flavour.offers),
            mark: self.app.keys().address_mark(self.caller.from),
            pass,
            name,
        };
        match self.app.engine().request(request).await? {
            Reply::Seated { client, .. } => Ok(Ok(Entrance::Seated(client))),
            Reply::Waiting { .. } => Ok(Ok(Entrance::Knocking)),
            Reply::Refused(error) => Ok(Err(error)),
            _ => Err(Failure::new(ErrorId::Internal, "there is no seat")),
        }
    }

    async fn let_in(&self, room: &RoomId, entrance: Entrance) -> Response {
        let Entrance::Seated(client) = entrance else { return self.show_waiting(room).await };
        self.show_room(room, &client)
    }

    fn client_id(&self, room: &RoomId) -> ClientId {
        self.app.keys().client_id(&self.session, room)
    }

    fn is_own_form(&self, token: &str) -> bool {
        self.caller.cookie.session().is_some_and(|session| self.app.keys().is_form_token(token, &session, unix_time()))
    }

    fn csrf_token(&self) -> String {
        self.app.keys().form_token(&self.session, unix_time())
    }

    /// Sets the cookie where the browser does not have this session yet.
    fn cookie(&self) -> Option<HeaderValue> {
        self.caller.cookie.session().is_none().then(|| self.caller.set_cookie(&self.session, self.app.keys()))
    }

    async fn show_lobby(&self, status: StatusCode, notice: Option<String>, wish: Wish) -> Response {
        let rooms = match self.app.engine().list().await {
            Ok(rooms) => rooms.into_iter().map(Into::into).collect(),
            Err(error) => return self.refuse(error.into()),
        };
        let Flavour { prefix, name_field, .. } = self.flavour;
        let page = Lobby { prefix, name_field, csrf_token: self.csrf_token(), notice, wish, rooms };
        pages::show(status, &page, self.cookie())
    }

    async fn ask_password(&self, status: StatusCode, room: &RoomId, notice: Option<String>) -> Response {
        let (who, more) = self.who_is_inside(room).await;
        let page = Password {
            prefix: self.flavour.prefix,
            room: room.to_string(),
            segment: room.to_path_segment(),
            csrf_token: self.csrf_token(),
            notice,
            who,
            more,
        };
        pages::show(status, &page, self.cookie())
    }

    async fn show_waiting(&self, room: &RoomId) -> Response {
        let (who, more) = self.who_is_inside(room).await;
        let page = Knocked { prefix: self.flavour.prefix, room: room.to_string(), who, more };
        pages::show(StatusCode::ACCEPTED, &page, self.cookie())
    }

    /// The names that are shown outside, and how many more there are; nothing of a room that is not public.
    async fn who_is_inside(&self, room: &RoomId) -> (Vec<String>, usize) {
        match self.app.engine().inspect(room.clone()).await {
            Ok(Some(room)) => {
                let more = pages::not_named(room.participants, &room.who);
                (room.who, more)
            }
            Ok(None) | Err(_) => (Vec::new(), 0),
        }
    }

    fn show_room(&self, room: &RoomId, client: &ClientId) -> Response {
        let page = Room { prefix: self.flavour.prefix, room: room.to_string(), client: client.to_string() };
        pages::show(StatusCode::OK, &page, self.cookie())
    }

    fn redirect(&self, status: StatusCode, room: &RoomId) -> Response {
        let place = format!("{}/{}", self.flavour.prefix, room.to_path_segment());
        let cookie = self.cookie().map(|cookie| (header::SET_COOKIE, cookie));
        (status, AppendHeaders(cookie), [(header::LOCATION, place)]).into_response()
    }

    fn refuse(&self, failure: Failure) -> Response {
        pages::refuse(failure, self.flavour.prefix)
    }
}

fn failure_of(rejection: &FormRejection) -> Failure {
    match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Failure::new(ErrorId::TooLarge, "the form is too large"),
        _ => Failure::malformed("the form cannot be read"),
    }
}
