//! Who sends a request: the address, and the session in a cookie or a bearer token.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use axum_extra::extract::cookie::{Cookie, CookieJar, SameSite};
use percent_encoding::percent_decode_str;
use protocol::Username;
use rooms::SessionId;

use super::App;
use crate::credentials::Verdict;
use crate::keys::Keys;

const COOKIE: &str = "rtc_chat_session";
/// How its person wants to be called, as the page keeps it: percent-encoded, and no secret.
const NAME_COOKIE: &str = "rtc_chat_name";
/// 64 characters of four bytes, each byte written as `%F0`.
const NAME_COOKIE_BYTES: usize = 64 * 4 * 3;

/// What a request carries of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Token {
    Absent,
    /// Not one that this installation signed.
    Invalid,
    Session(SessionId),
    /// The administrator's own.
    Administrator,
}

/// The sender of a request.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub from: IpAddr,
    pub cookie: Token,
    pub bearer: Token,
    /// A browser, not a program: it keeps its session in the cookie, out of any script's reach.
    pub is_browser: bool,
    /// The name that the browser keeps for its person.
    pub kept_name: Option<Username>,
    is_secure: bool,
    /// As what the sender knows us.
    host: Option<String>,
}

impl Token {
    fn read(token: Option<&str>, keys: &Keys) -> Self {
        match token.map(|token| keys.open_session(token)) {
            None => Self::Absent,
            Some(None) => Self::Invalid,
            Some(Some(session)) => Self::Session(session),
        }
    }

    pub(crate) fn session(self) -> Option<SessionId> {
        match self {
            Self::Session(session) => Some(session),
            Self::Absent | Self::Invalid | Self::Administrator => None,
        }
    }
}

impl Caller {
    /// What the request is to be judged by: the bearer token where there is one, else the cookie.
    pub(crate) fn token(&self) -> Token {
        if self.bearer == Token::Absent { self.cookie } else { self.bearer }
    }

    /// The session of the bearer token, else that of the cookie, else a new one.
    pub(crate) fn session_or_new(&self, keys: &Keys) -> SessionId {
        match self.bearer {
            Token::Session(session) => session,
            // Stale, as after a reinstallation: the password decides anew.
            Token::Invalid | Token::Administrator => keys.new_session(),
            Token::Absent => self.cookie_session(keys),
        }
    }

    /// How the sender gets a session: a program in the body, a browser in a cookie, where no script can read it.
    pub(crate) fn hand_out(&self, session: &SessionId, keys: &Keys) -> (String, Option<HeaderValue>) {
        let by_cookie = self.bearer == Token::Absent && (self.is_browser || self.cookie != Token::Absent);
        if by_cookie {
            (String::new(), Some(self.set_cookie(session, keys)))
        } else {
            (keys.session_token(session), None)
        }
    }

    /// The beginning of our addresses as the sender knows us; empty where it did not say.
    pub(crate) fn origin(&self) -> String {
        let scheme = if self.is_secure { "https" } else { "http" };
        self.host.as_ref().map(|host| format!("{scheme}://{host}")).unwrap_or_default()
    }

    /// The session of the cookie, or a new one.
    pub(crate) fn cookie_session(&self, keys: &Keys) -> SessionId {
        self.cookie.session().unwrap_or_else(|| keys.new_session())
    }

    /// The header that puts a session into the cookie.
    pub(crate) fn set_cookie(&self, session: &SessionId, keys: &Keys) -> HeaderValue {
        self.cookie_header(Cookie::new(COOKIE, keys.session_token(session)))
    }

    /// The header that empties the cookie.
    pub(crate) fn remove_cookie(&self) -> HeaderValue {
        let mut cookie = Cookie::new(COOKIE, "");
        cookie.make_removal();
        self.cookie_header(cookie)
    }

    fn cookie_header(&self, mut cookie: Cookie<'static>) -> HeaderValue {
        cookie.set_path("/");
        cookie.set_http_only(true);
        cookie.set_same_site(SameSite::Lax);
        cookie.set_secure(self.is_secure);
        HeaderValue::from_str(&cookie.to_string()).expect("a token is base64url")
    }
}

impl FromRequestParts<App> for Caller {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        let headers = &parts.headers;
        let from = address(parts, app);
        let jar = CookieJar::from_headers(headers);
        let bearer = headers.get(header::AUTHORIZATION).map(|value| bearer_token(value).unwrap_or_default());
        Ok(Self {
            host: headers.get(header::HOST).and_then(|host| host.to_str().ok()).map(str::to_owned),
            from,
            cookie: Token::read(jar.get(COOKIE).map(Cookie::value), app.keys()),
            bearer: match (bearer, Token::read(bearer, app.keys())) {
                // What has the form of a session is a stale one, not a guess at the administrator's token.
                (Some(token), Token::Invalid) if !Keys::is_session_shaped(token) => match app.judge(token, from) {
                    Verdict::Right => Token::Administrator,
                    Verdict::Wrong | Verdict::TooMany | Verdict::Nobody => Token::Invalid,
                },
                (_, token) => token,
            },
            kept_name: jar.get(NAME_COOKIE).and_then(|cookie| read_name(cookie.value())),
            is_browser: headers.contains_key("sec-fetch-site") || headers.contains_key(header::ORIGIN),
            is_secure: app.0.tls.is_some()
                || app.0.behind_proxy && headers.get("x-forwarded-proto").is_some_and(|proto| proto == "https"),
        })
    }
}

/// What cannot be a name is none: a person cannot mend a cookie.
fn read_name(value: &str) -> Option<Username> {
    if value.len() > NAME_COOKIE_BYTES {
        return None;
    }
    Username::parse(&percent_decode_str(value).decode_utf8().ok()?).ok()
}

/// Where a request comes from.
pub(crate) fn address(parts: &Parts, app: &App) -> IpAddr {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip().to_canonical());
    let forwarded = app.0.behind_proxy.then(|| forwarded_for(&parts.headers)).flatten();
    forwarded.or(peer).unwrap_or(IpAddr::from([0, 0, 0, 0]))
}

/// The token of an `Authorization: Bearer …`.
pub(crate) fn bearer_token(value: &HeaderValue) -> Option<&str> {
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// The address that our own proxy saw: the last one. What stands before it anybody can write.
fn forwarded_for(headers: &HeaderMap) -> Option<IpAddr> {
    let last = headers.get_all("x-forwarded-for").iter().next_back()?;
    let address: IpAddr = last.to_str().ok()?.rsplit(',').next()?.trim().parse().ok()?;
    Some(address.to_canonical())
}
