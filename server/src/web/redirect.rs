//! The way from HTTP to the same page on HTTPS, and what a certificate authority reads on the way.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::guard;
use crate::tls::Tls;

/// The port that means HTTPS where none is said.
const HTTPS: u16 = 443;

#[derive(Clone)]
struct Way {
    port: u16,
    tls: Option<Tls>,
}

/// Answers everything with the address that it has on HTTPS, on `port`.
pub(crate) fn router(port: u16, tls: Option<Tls>) -> Router {
    Router::new()
        .route("/.well-known/acme-challenge/{token}", get(prove))
        .fallback(redirect)
        .layer(axum::middleware::from_fn(guard::add_headers))
        .with_state(Way { port, tls })
}

/// RFC 8555, section 8.3; a token that is not ours may be that of somebody behind us.
async fn prove(way: State<Way>, Path(token): Path<String>, headers: HeaderMap, uri: Uri) -> Response {
    match way.tls.as_ref().and_then(|tls| tls.proof(&token)) {
        Some(text) => ([(header::CONTENT_TYPE, "application/octet-stream")], text).into_response(),
        None => redirect(way, headers, uri).await,
    }
}

/// 308: a form is sent again as it was, to where it is safe.
async fn redirect(State(way): State<Way>, headers: HeaderMap, uri: Uri) -> Response {
    match target(&headers, &uri, way.port) {
        Some(target) => (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, target)]).into_response(),
        None => (StatusCode::BAD_REQUEST, "this server speaks HTTPS").into_response(),
    }
}

fn target(headers: &HeaderMap, uri: &Uri, port: u16) -> Option<String> {
    let host: Authority = headers.get(header::HOST)?.to_str().ok()?.parse().ok()?;
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    // A request for `*` has no page.
    let path = if path.starts_with('/') { path } else { "/" };
    let host = host.host();
    Some(if port == HTTPS { format!("https://{host}{path}") } else { format!("https://{host}:{port}{path}") })
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    #[test]
    fn the_same_page_on_https_and_never_another_host() {
        let target = |host: &'static str, uri: &'static str, port| {
            let headers = HeaderMap::from_iter([(header::HOST, HeaderValue::from_static(host))]);
            target(&headers, &Uri::from_static(uri), port)
        };
        assert_eq!(target("a.example", "/rtc/b?c=d", 443).as_deref(), Some("https://a.example/rtc/b?c=d"));
        assert_eq!(target("a.example:80", "/", 8443).as_deref(), Some("https://a.example:8443/"));
        assert_eq!(target("[::1]:80", "/", 443).as_deref(), Some("https://[::1]/"));
        assert_eq!(
            target("user@a.example", "//evil.example/", 443).as_deref(),
            Some("https://a.example//evil.example/")
        );
        assert_eq!(target("a b", "/", 443), None);
    }
}
