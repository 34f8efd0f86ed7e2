//! What stands before every handler: pages of other origins are kept out, and every answer carries the strict headers.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use protocol::ErrorId;

use super::failure::Failure;

/// Nothing but the server's own files; no inline script or style.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: \
     data:; media-src 'self' blob:; connect-src 'self'; font-src 'self'; manifest-src 'self'; base-uri 'none'; \
     form-action 'self'; frame-ancestors 'none'";

const HEADERS: &[(&str, &str)] = &[
    ("content-security-policy", CONTENT_SECURITY_POLICY),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    // `no-referrer` would make a browser hide the origin of our own forms too.
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=(self), microphone=(self), display-capture=(self), geolocation=()"),
];

/// Adds the headers of every answer. What a handler set itself stays.
pub(crate) async fn add_headers(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for &(name, value) in HEADERS {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// Refuses whatever changes something and was sent from a page of another origin.
pub(crate) async fn refuse_cross_origin(request: Request, next: Next) -> Response {
    let is_safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if is_safe || is_same_origin(request.headers()) {
        return next.run(request).await;
    }
    Failure::new(ErrorId::CrossOrigin, "this was sent from a page of another origin").into_response()
}

/// A page of ours, or a program: programs send neither header. An `Origin` of `null` is nobody's.
fn is_same_origin(headers: &HeaderMap) -> bool {
    if let Some(site) = headers.get("sec-fetch-site")
        && site != "same-origin"
        && site != "none"
    {
        return false;
    }
    let Some(origin) = headers.get(header::ORIGIN) else { return true };
    let origin_host = origin.to_str().ok().and_then(|origin| origin.split_once("://")).map(|(_, host)| host);
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    origin_host.is_some() && origin_host == host
}

/// Whether a page was asked for by a person who follows a link or types an address, not by a page of another origin that
/// loads it as an image, a frame or a `fetch`. Only the former takes a seat.
pub(crate) fn is_visit(headers: &HeaderMap) -> bool {
    let says = |name: &str, values: &[&str]| headers.get(name).is_none_or(|value| values.iter().any(|v| value == v));
    says("sec-fetch-site", &["same-origin", "none"])
        || (says("sec-fetch-mode", &["navigate"]) && says("sec-fetch-dest", &["document"]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse().unwrap(), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn only_our_pages_and_programs_may_change_something() {
        assert!(is_same_origin(&headers(&[("host", "a:1")])));
        assert!(is_same_origin(&headers(&[("host", "a:1"), ("origin", "http://a:1")])));
        assert!(is_same_origin(&headers(&[("host", "a"), ("origin", "https://a"), ("sec-fetch-site", "same-origin")])));
        for bad in [
            &[("host", "a:1"), ("origin", "http://a:2")][..],
            &[("host", "a:1"), ("origin", "http://b:1")],
            &[("host", "a:1"), ("origin", "null")],
            &[("origin", "http://a:1")],
            &[("host", "a:1"), ("sec-fetch-site", "cross-site")],
            &[("host", "a:1"), ("sec-fetch-site", "same-site")],
        ] {
            assert!(!is_same_origin(&headers(bad)), "{bad:?}");
        }
    }

    #[test]
    fn a_seat_is_for_visitors_not_for_foreign_pages() {
        let asked = |site, mode, dest| {
            is_visit(&headers(&[("sec-fetch-site", site), ("sec-fetch-mode", mode), ("sec-fetch-dest", dest)]))
        };
        assert!(is_visit(&headers(&[])));
        assert!(asked("none", "navigate", "document"));
        assert!(asked("cross-site", "navigate", "document"));
        assert!(asked("same-origin", "cors", "empty"));
        assert!(!asked("cross-site", "no-cors", "image"));
        assert!(!asked("cross-site", "navigate", "iframe"));
        assert!(!asked("same-site", "no-cors", "empty"));
    }
}
