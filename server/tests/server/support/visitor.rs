//! Someone with a browser's manners and no script: cookies kept, redirects looked at, forms sent with their tokens.

use protocol::api::{Failure, RoomSummary, Seat, SessionDescription};
use reqwest::header::{HeaderMap, HeaderName};
use reqwest::{Certificate, Client, ClientBuilder, Method, StatusCode, redirect};
use serde::de::DeserializeOwned;

use super::Site;

/// One browser, or one program.
pub(crate) struct Visitor {
    client: Client,
    url: String,
    headers: HeaderMap,
}

/// An answer, read whole.
pub(crate) struct Page {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Page {
    pub(crate) fn json<T: DeserializeOwned>(&self) -> T {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error} in {} {}", self.status, self.text))
    }

    /// The status and the identifier of the error that this is.
    pub(crate) fn refusal(&self) -> (u16, String) {
        (self.status.as_u16(), self.error())
    }

    /// The identifier of the error that this is.
    pub(crate) fn error(&self) -> String {
        self.json::<Failure>().error.id.to_string()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("a readable header"))
    }

    /// The value of an attribute's first occurrence.
    pub(crate) fn attribute(&self, name: &str) -> &str {
        let (_, rest) =
            self.text.split_once(&format!("{name}=\"")).unwrap_or_else(|| panic!("no {name} in {}", self.text));
        rest.split_once('"').expect("a closing quote").0
    }

    pub(crate) fn csrf_token(&self) -> &str {
        let (_, rest) = self.text.split_once("name=\"csrf_token\" value=\"").expect("a form");
        rest.split_once('"').expect("a closing quote").0
    }
}

impl Visitor {
    /// Keeps cookies.
    pub(crate) fn of(site: &Site) -> Self {
        Self::at(&site.url)
    }

    pub(crate) fn at(url: &str) -> Self {
        Self::with(url, Client::builder())
    }

    /// Trusts the server's own certificate, and no other.
    pub(crate) fn trusting(site: &Site, certificate: &[u8]) -> Self {
        let certificate = Certificate::from_pem(certificate).expect("a certificate");
        Self::with(&site.url, Client::builder().tls_certs_only([certificate]))
    }

    fn with(url: &str, builder: ClientBuilder) -> Self {
        let builder = builder.cookie_store(true).redirect(redirect::Policy::none());
        Self { client: builder.build().expect("a client"), url: url.to_owned(), headers: HeaderMap::new() }
    }

    /// Sends this header with everything from now on.
    pub(crate) fn saying(mut self, name: &'static str, value: &str) -> Self {
        self.headers.insert(HeaderName::from_static(name), value.parse().expect("a header"));
        self
    }

    /// What is sent with everything under this name.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("a readable header"))
    }

    /// Goes on with another server, as after a restart.
    pub(crate) fn moving_to(mut self, site: &Site) -> Self {
        self.url.clone_from(&site.url);
        self
    }

    pub(crate) async fn get(&self, path: &str) -> Page {
        self.send(Method::GET, path, |request| request).await
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        fill: impl FnOnce(reqwest::RequestBuilder) -> reqwest::RequestBuilder,
    ) -> Page {
        let request = self.client.request(method, format!("{}{path}", self.url)).headers(self.headers.clone());
        let response = fill(request).send().await.expect("an answer");
        Page {
            status: response.status(),
            headers: response.headers().clone(),
            text: response.text().await.expect("a body in UTF-8"),
        }
    }

    pub(crate) async fn post_form(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        self.send(Method::POST, path, |request| request.form(fields)).await
    }

    pub(crate) async fn post_json(&self, path: &str, body: &serde_json::Value) -> Page {
        self.send(Method::POST, path, |request| request.json(body)).await
    }

    pub(crate) async fn post_text(&self, path: &str, body: String) -> Page {
        self.send(Method::POST, path, |request| request.body(body)).await
    }

    /// A program that shows this token.
    pub(crate) fn bearing(site: &Site, token: &str) -> Self {
        Self::of(site).saying("authorization", &format!("Bearer {token}"))
    }

    /// A seat through the API; from then on its token is shown.
    pub(crate) async fn with_session(self, room: &str) -> Self {
        let token = self.join(room).await.token;
        self.saying("authorization", &format!("Bearer {token}"))
    }

    pub(crate) async fn patch(&self, path: &str, body: &serde_json::Value) -> Page {
        self.send(Method::PATCH, path, |request| request.json(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Page {
        self.send(Method::DELETE, path, |request| request).await
    }

    /// Creates a room as a program does, and speaks as its owner from then on.
    pub(crate) async fn owning(site: &Site, wish: &serde_json::Value) -> Self {
        Self::bearing(site, &Self::founding(site, wish).await)
    }

    /// Creates a room as a program does; the owner's token.
    pub(crate) async fn founding(site: &Site, wish: &serde_json::Value) -> String {
        let created = Self::of(site).post_json("/api/v1/rooms", wish).await;
        assert_eq!(created.status, StatusCode::CREATED, "{}", created.text);
        created.json::<protocol::api::CreatedRoom>().token
    }

    /// Asks for a seat through the API, however that ends.
    pub(crate) async fn try_join(&self, room: &str, wish: &serde_json::Value) -> Page {
        self.post_json(&format!("/api/v1/rooms/{room}/join"), wish).await
    }

    /// Creates a room as a person does: opens the lobby, fills in the form.
    pub(crate) async fn create(&self, room: &str, more: &[(&str, &str)]) -> Page {
        let lobby = self.get("/rtc").await;
        let token = lobby.csrf_token();
        let fields = [&[("csrf_token", token), ("room_id", room), ("guest_limit", "0")], more].concat();
        // A later field of the same name replaces the earlier one.
        let mut once: Vec<(&str, &str)> = Vec::new();
        for (name, value) in fields {
            once.retain(|(known, _)| *known != name);
            once.push((name, value));
        }
        self.post_form("/rtc", &once).await
    }

    /// Takes a seat through the API.
    pub(crate) async fn join(&self, room: &str) -> Seat {
        let page = self.post_json(&format!("/api/v1/rooms/{room}/join"), &serde_json::json!({})).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.text);
        page.json()
    }

    pub(crate) async fn inspect(&self, room: &str) -> RoomSummary {
        self.get(&format!("/api/v1/rooms/{room}")).await.json()
    }

    /// Posts an offer to `path` (without `/offer`); the answer's SDP.
    pub(crate) async fn offer(&self, path: &str, sdp: &str) -> Result<String, Page> {
        let body = serde_json::json!({"type": "offer", "sdp": sdp});
        let page = self.post_json(&format!("{path}/offer"), &body).await;
        if page.status != StatusCode::OK {
            return Err(page);
        }
        let answer: SessionDescription = page.json();
        assert_eq!(answer.kind, "answer");
        Ok(answer.sdp)
    }
}
