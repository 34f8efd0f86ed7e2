//! What machines see that watch the server.

use reqwest::StatusCode;
use serde_json::json;

use super::support::{Peer, Site, Visitor};

#[tokio::test]
async fn metrics_are_told_on_their_own_address_only_and_name_nobody() {
    let site = Site::with(&["--room", "secret-plans", "--metrics-listen", "127.0.0.1:0"]).await;
    let ann = Visitor::of(&site);
    ann.get("/rtc/secret-plans").await;
    let mut peer = Peer::connect(&ann, "/rtc/secret-plans").await;
    peer.greeted().await;
    let seat = ann.join("secret-plans").await;
    ann.get("/rtc/no-such-room").await;
    ann.get("/no/such/page").await;
    ann.post_json("/api/v1/rooms/secret-plans/join", &json!({"password": 5})).await;
    assert_eq!(ann.get("/metrics").await.status, StatusCode::NOT_FOUND);
    let page = Visitor::at(site.metrics.as_deref().unwrap()).get("/metrics").await;
    assert!(page.header("content-type").starts_with("application/openmetrics-text"));
    for line in [
        "rtc_chat_rooms 1",
        "rtc_chat_seats 1",
        "rtc_chat_clients 1",
        "rtc_chat_connections 1",
        "rtc_chat_connections_half_open 0",
        "rtc_chat_http_connections 1",
        r#"rtc_chat_offers_total{outcome="ok"} 1"#,
        r#"rtc_chat_room_requests_total{outcome="seated"} 2"#,
        r#"rtc_chat_http_requests_total{method="GET",route="/rtc/{room}",status="404"} 1"#,
        r#"rtc_chat_http_requests_total{method="GET",route="none",status="404"} 2"#,
        r#"rtc_chat_http_requests_total{method="POST",route="/api/v1/rooms/{room}/join",status="400"} 1"#,
        "# EOF",
    ] {
        assert!(page.text.lines().any(|known| known == line), "{line} in {}", page.text);
    }
    for personal in ["secret-plans", "no-such-room", seat.client_id.as_str(), "127.0.0.1", "Major"] {
        assert!(!page.text.contains(personal), "{personal}");
    }
}

#[tokio::test]
async fn a_drained_server_lives_takes_nobody_new_and_keeps_who_is_there() {
    let site = Site::with(&["--room", "demo", "--metrics-listen", "127.0.0.1:0"]).await;
    let ann = Visitor::of(&site);
    let probe = Visitor::at(site.metrics.as_deref().unwrap());
    for visitor in [&ann, &probe] {
        let ready = visitor.get("/readyz").await;
        assert_eq!((ready.status, ready.text.as_str()), (StatusCode::OK, "ready"));
    }
    ann.get("/rtc/demo").await;
    let mut peer = Peer::connect(&ann, "/rtc/demo").await;
    peer.greeted().await;
    let controls = site.controls.clone();
    let mut draining = Box::pin(controls.drain());
    let poll = tokio::select! {
        biased;
        () = &mut draining => "done",
        page = probe.get("/readyz") => if page.text == "draining" { "draining" } else { "ready" },
    };
    assert_eq!(poll, "draining");
    assert_eq!(probe.get("/healthz").await.status, StatusCode::OK);
    assert_eq!(ann.get("/readyz").await.status, StatusCode::SERVICE_UNAVAILABLE);
    let ben = Visitor::of(&site);
    for (path, body) in [("/api/v1/rooms/demo/join", json!({})), ("/api/v1/rooms", json!({"id": "new"}))] {
        let refused = ben.post_json(path, &body).await;
        assert_eq!((refused.status, refused.error().as_str()), (StatusCode::SERVICE_UNAVAILABLE, "shutting-down"));
    }
    assert_eq!(ben.get("/rtc/demo").await.status, StatusCode::SERVICE_UNAVAILABLE);
    ann.join("demo").await;
    assert_eq!(ann.inspect("demo").await.participants, 1, "who is there may come back");
    peer.close().await;
    draining.await;
}
