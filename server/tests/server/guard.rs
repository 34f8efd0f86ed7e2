//! What keeps other origins out, and what every answer carries.

use reqwest::{Method, StatusCode};
use serde_json::json;

use super::support::{Site, Visitor};

#[tokio::test]
async fn a_page_of_another_origin_can_change_nothing() {
    let site = Site::start().await;
    let ann = Visitor::of(&site);
    let token = ann.get("/rtc").await.csrf_token().to_owned();
    let fields = [("csrf_token", token.as_str()), ("room_id", "trap"), ("guest_limit", "0")];
    let own_origin = site.url.clone();
    for (name, value) in [("origin", "http://evil.example"), ("origin", "null"), ("sec-fetch-site", "cross-site")] {
        let page = Visitor::of(&site).saying(name, value);
        for path in ["/rtc", "/rtc/demo"] {
            let refused = page.post_form(path, &fields).await;
            assert_eq!((refused.status, refused.error().as_str()), (StatusCode::FORBIDDEN, "cross-origin"));
        }
        for path in ["/api/v1/rooms", "/api/v1/rooms/demo/join", "/api/v1/rooms/demo/leave", "/rtc/demo/offer"] {
            assert_eq!(page.post_json(path, &json!({})).await.status, StatusCode::FORBIDDEN, "{path}");
        }
        for (method, path) in [
            (Method::POST, "/api/v1/session"),
            (Method::DELETE, "/api/v1/session"),
            (Method::POST, "/api/v1/account"),
            (Method::PATCH, "/api/v1/account"),
            (Method::DELETE, "/api/v1/account"),
        ] {
            let refused = page.send(method, path, |request| request.json(&json!({}))).await;
            assert_eq!(refused.refusal(), (403, "cross-origin".into()), "{path}");
        }
    }
    assert_eq!(ann.inspect("demo").await.participants, 0);
    assert_eq!(ann.saying("origin", &own_origin).post_form("/rtc", &fields).await.status, StatusCode::FOUND);
}

#[tokio::test]
async fn a_page_that_another_origin_loads_takes_no_seat() {
    let site = Site::start().await;
    let loads = [("no-cors", "image"), ("no-cors", "empty"), ("navigate", "iframe")];
    for (mode, dest) in loads {
        let victim = Visitor::of(&site)
            .saying("sec-fetch-site", "cross-site")
            .saying("sec-fetch-mode", mode)
            .saying("sec-fetch-dest", dest);
        assert_eq!(victim.get("/rtc/demo").await.status, StatusCode::FORBIDDEN, "{mode} {dest}");
    }
    let guest = Visitor::of(&site)
        .saying("sec-fetch-site", "cross-site")
        .saying("sec-fetch-mode", "navigate")
        .saying("sec-fetch-dest", "document");
    assert_eq!(guest.get("/rtc/demo").await.status, StatusCode::OK, "someone who follows a link");
    assert_eq!(guest.inspect("demo").await.participants, 1);
}

#[tokio::test]
async fn every_answer_carries_the_strict_headers() {
    let site = Site::start().await;
    let ann = Visitor::of(&site);
    let paths =
        ["/", "/rtc", "/rtc/demo", "/rtc/nowhere", "/nowhere", "/assets/nowhere.js", "/api/v1/rooms", "/api/v1/x"];
    let mut answers = vec![ann.post_text("/rtc/demo/offer", "x".repeat(70_000)).await];
    answers.push(ann.post_form("/rtc", &[]).await);
    for path in paths {
        answers.push(ann.get(path).await);
    }
    for answer in answers {
        let policy = answer.header("content-security-policy");
        for part in ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'"] {
            assert!(policy.contains(part), "{policy}");
        }
        assert!(!policy.contains("unsafe"));
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("referrer-policy"), "same-origin");
        assert!(!answer.text.contains("<script>") && !answer.text.contains("style="), "nothing inline");
    }
}

#[tokio::test]
async fn the_cookie_is_for_this_site_and_no_script() {
    let site = Site::start().await;
    let cookie = Visitor::of(&site).get("/rtc").await.header("set-cookie").to_owned();
    for part in ["rtc_chat_session=", "HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(!cookie.contains("Secure"), "not over plain HTTP");
    let proxied = Site::with(&["--behind-proxy"]).await;
    let page = Visitor::of(&proxied).saying("x-forwarded-proto", "https").get("/rtc").await;
    assert!(page.header("set-cookie").contains("Secure"));
    let forged = Visitor::of(&site).saying("cookie", "rtc_chat_session=nonsense").get("/rtc").await;
    assert!(forged.header("set-cookie").contains("rtc_chat_session="), "a cookie that is not ours is replaced");
}

#[tokio::test]
async fn a_body_over_its_limit_is_refused_unread() {
    let site = Site::start().await;
    let ann = Visitor::of(&site);
    ann.get("/rtc/demo").await;
    let offer = |bytes: usize| format!("{{\"type\":\"offer\",\"sdp\":\"{}\"}}", "x".repeat(bytes - 25));
    assert_eq!(offer(100).len(), 100);
    assert_eq!(ann.post_text("/rtc/demo/offer", offer(65_536)).await.error(), "invalid-offer");
    let refused = ann.post_text("/rtc/demo/offer", offer(65_537)).await;
    assert_eq!((refused.status, refused.error().as_str()), (StatusCode::PAYLOAD_TOO_LARGE, "too-large"));
    assert_eq!(ann.post_text("/api/v1/rooms", " ".repeat(8_192)).await.error(), "malformed");
    assert_eq!(ann.post_text("/api/v1/rooms", " ".repeat(8_193)).await.status, StatusCode::PAYLOAD_TOO_LARGE);
    let form = async |bytes: usize| {
        let body = format!("room_id={}", "x".repeat(bytes - 8));
        let filled = |request: reqwest::RequestBuilder| {
            request.header("content-type", "application/x-www-form-urlencoded").body(body)
        };
        ann.send(Method::POST, "/rtc", filled).await.status
    };
    assert_eq!(form(8_192).await, StatusCode::FORBIDDEN, "read, and without a token");
    assert_eq!(form(8_193).await, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn an_asset_is_kept_until_it_changes() {
    let assets = tempfile::tempdir().unwrap();
    std::fs::write(assets.path().join("a.js"), "one").unwrap();
    let site = Site::with(&["--assets", assets.path().to_str().unwrap()]).await;
    let ann = Visitor::of(&site);
    let first = ann.get("/assets/a.js").await;
    assert_eq!((first.text.as_str(), first.header("content-type")), ("one", "text/javascript; charset=utf-8"));
    let kept = Visitor::of(&site).saying("if-none-match", first.header("etag"));
    assert_eq!(kept.get("/assets/a.js").await.status, StatusCode::NOT_MODIFIED);
    std::fs::write(assets.path().join("a.js"), "two").unwrap();
    assert_eq!(kept.get("/assets/a.js").await.text, "two");
    assert_eq!(ann.get("/assets/%2e%2e/Cargo.toml").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_probe_sees_that_the_server_lives() {
    let site = Site::start().await;
    let health = Visitor::of(&site).get("/healthz").await;
    assert_eq!((health.status, health.text.as_str()), (StatusCode::OK, "ok"));
}
