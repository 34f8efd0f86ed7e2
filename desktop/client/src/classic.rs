//! Joining a server of an earlier version: its forms, its cookies, its statuses.

use protocol::api::SessionDescription;
use protocol::{ErrorId, ErrorNotice, RoomId};
use reqwest::header::LOCATION;
use reqwest::{Client, RequestBuilder, StatusCode};
use scraper::{Html, Selector};
use url::Url;

use crate::api::ApiError;
use crate::http;
use crate::trust::Fingerprint;

/// Where the first and the second version keep their rooms.
const PREFIXES: [&str; 2] = ["rtc", "chat"];
/// Hops from a form to the page that it leads to.
const REDIRECTS_MAX: usize = 5;

/// One browser-like visitor of one server: the cookies say who it is.
#[derive(Debug, Clone)]
pub(crate) struct Classic {
    server: Url,
    http: Result<Client, String>,
}

/// A seat taken through the pages. The session cookie stands for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ClassicSeat {
    prefix: &'static str,
}

/// A page, as far as it matters here.
struct Page {
    status: StatusCode,
    csrf_token: Option<String>,
    wants_password: bool,
}

impl Classic {
    pub(crate) fn new(server: Url, trust: Option<Fingerprint>) -> Self {
        let http = http::client(&server, trust)
            .and_then(|http| http.cookie_store(true).build().map_err(|error| http::explain(&error)));
        Self { server, http }
    }

    /// Takes a seat. `create`: make the room if there is none of that name.
    pub(crate) async fn join(
        &self,
        room: &RoomId,
        password: Option<&str>,
        create: bool,
    ) -> Result<ClassicSeat, ApiError> {
        let mut absent = StatusCode::NOT_FOUND;
        for prefix in PREFIXES {
            let lobby = self.get(prefix).await?;
            if lobby.status != StatusCode::OK {
                absent = lobby.status;
                continue;
            }
            let address = format!("{prefix}/{}", room.to_path_segment());
            let mut page = self.get(&address).await?;
            if page.status == StatusCode::NOT_FOUND && create {
                self.create(prefix, &lobby, room, password).await?;
                page = self.get(&address).await?;
            }
            if page.status == StatusCode::OK && page.wants_password {
                page = self.unlock(&address, &page, room, password).await?;
            }
            return seated(page, prefix);
        }
        Err(ApiError::Absent { status: absent.as_u16() })
    }

    /// Exchanges the offer of the data channel's connection for the server's answer.
    pub(crate) async fn offer(&self, seat: &ClassicSeat, room: &RoomId, sdp: &str) -> Result<String, ApiError> {
        let address = format!("{}/{}/offer", seat.prefix, room.to_path_segment());
        let offer = SessionDescription { kind: "offer".into(), sdp: sdp.to_owned() };
        let response = self.http()?.post(self.url(&address)?).json(&offer).send().await.map_err(unreachable)?;
        let (status, body) = http::read(response).await.map_err(ApiError::Unreachable)?;
        match status {
            StatusCode::NOT_FOUND => {
                Err(refused(ErrorId::UnknownClient, "the server does not know us any more", status))
            }
            StatusCode::UNAUTHORIZED => Err(refused(ErrorId::WrongRoom, "our seat is in another room", status)),
            _ => serde_json::from_slice::<SessionDescription>(&body)
                .map(|answer| answer.sdp)
                .map_err(|_| ApiError::Unreachable(format!("it answers our offer with status {status}"))),
        }
    }

    async fn create(&self, prefix: &str, lobby: &Page, room: &RoomId, password: Option<&str>) -> Result<(), ApiError> {
        // The second version calls the name otherwise; a form ignores what it does not know.
        let mut form = vec![("room_id", room.as_str()), ("room_name", room.as_str()), ("guest_limit", "0")];
        form.extend(password.map(|password| ("password", password)));
        form.extend(lobby.csrf_token.as_deref().map(|token| ("csrf_token", token)));
        // Whether it worked, or somebody else was faster, the room's own page tells.
        self.load(self.http()?.post(self.url(prefix)?).form(&form)).await.map(|_| ())
    }

    async fn unlock(
        &self,
        address: &str,
        form: &Page,
        room: &RoomId,
        password: Option<&str>,
    ) -> Result<Page, ApiError> {
        let Some(password) = password else {
            return Err(refused(ErrorId::PasswordRequired, "the room wants a password", StatusCode::UNAUTHORIZED));
        };
        let mut fields = vec![("room_id", room.as_str()), ("password", password)];
        fields.extend(form.csrf_token.as_deref().map(|token| ("csrf_token", token)));
        let page = self.load(self.http()?.post(self.url(address)?).form(&fields)).await?;
        if page.status == StatusCode::OK && page.wants_password {
            return Err(refused(ErrorId::WrongPassword, "the password is wrong", StatusCode::UNAUTHORIZED));
        }
        Ok(page)
    }

    async fn get(&self, path: &str) -> Result<Page, ApiError> {
        self.load(self.http()?.get(self.url(path)?)).await
    }

    /// Sends a request and follows where it leads, on the same server.
    async fn load(&self, request: RequestBuilder) -> Result<Page, ApiError> {
        let mut response = request.send().await.map_err(unreachable)?;
        for _ in 0..REDIRECTS_MAX {
            if !response.status().is_redirection() {
                break;
            }
            let Some(target) = response.headers().get(LOCATION).and_then(|value| value.to_str().ok()) else { break };
            let target = response.url().join(target).map_err(|error| ApiError::Unreachable(error.to_string()))?;
            if target.origin() != self.server.origin() {
                return Err(ApiError::Unreachable("it leads to another server".into()));
            }
            response = self.http()?.get(target).send().await.map_err(unreachable)?;
        }
        let (status, body) = http::read(response).await.map_err(ApiError::Unreachable)?;
        Ok(Page::read(status, &String::from_utf8_lossy(&body)))
    }

    fn http(&self) -> Result<&Client, ApiError> {
        self.http.as_ref().map_err(|why| ApiError::Unreachable(why.clone()))
    }

    fn url(&self, path: &str) -> Result<Url, ApiError> {
        self.server.join(&format!("/{path}")).map_err(|error| ApiError::Unreachable(error.to_string()))
    }
}

impl Page {
    fn read(status: StatusCode, html: &str) -> Self {
        let html = Html::parse_document(html);
        let token = selector("input[name=csrf_token]");
        let csrf_token = html.select(&token).find_map(|input| input.value().attr("value")).map(str::to_owned);
        let wants_password = html.select(&selector("form input[name=password]")).next().is_some();
        Self { status, csrf_token, wants_password }
    }
}

fn selector(text: &'static str) -> Selector {
    Selector::parse(text).expect("our own selectors are well-formed")
}

fn seated(page: Page, prefix: &'static str) -> Result<ClassicSeat, ApiError> {
    match page.status {
        StatusCode::OK => Ok(ClassicSeat { prefix }),
        StatusCode::IM_A_TEAPOT => Err(refused(ErrorId::RoomFull, "the room is full", page.status)),
        StatusCode::NOT_FOUND => Err(refused(ErrorId::UnknownRoom, "there is no room of this name", page.status)),
        status => Err(ApiError::Unreachable(format!("it answers with status {status}"))),
    }
}

fn refused(id: ErrorId, message: &str, status: StatusCode) -> ApiError {
    ApiError::Refused(ErrorNotice::new(id, message), status.as_u16())
}

fn unreachable(error: reqwest::Error) -> ApiError {
    http::failure(&error)
}
