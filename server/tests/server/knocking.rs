//! The lobby: newcomers knock and wait, in the API and on the pages.

use protocol::api::{Seat, Waiting};
use protocol::{Action, ClientId, Knocking, Message};
use reqwest::StatusCode;
use serde_json::json;

use super::support::{Peer, Site, Visitor};

async fn guarded(site: &Site, more: serde_json::Value) -> Peer {
    let mut wish = json!({"id": "hall", "lobby": true});
    for (name, value) in more.as_object().expect("an object") {
        wish[name] = value.clone();
    }
    Peer::enter(&Visitor::owning(site, &wish).await, "hall", "Owner").await
}

/// Who knocks, when it is this many.
async fn knocking(owner: &mut Peer, count: usize) -> Knocking {
    loop {
        let said = owner.next_of("knocking").await;
        let Ok(Message::Knocking(knocking)) = Message::read(&said.kind, &said.data) else { panic!("{said:?}") };
        if knocking.clients.len() == count {
            return knocking;
        }
    }
}

#[tokio::test]
async fn whoever_is_let_in_has_a_seat_at_the_next_question() {
    let site = Site::with(&[]).await;
    let mut owner = guarded(&site, json!({})).await;
    let answer = Visitor::of(&site).try_join("hall", &json!({"name": " Ann\u{202e} "})).await;
    assert_eq!(answer.status, StatusCode::ACCEPTED);
    let waiting: Waiting = answer.json();
    assert!(waiting.knocking && waiting.retry_after_ms == 2000);
    let knocks = knocking(&mut owner, 1).await;
    assert_eq!((&knocks.clients[0].id, knocks.clients[0].username.as_str()), (&waiting.client_id, "Ann"));
    let guest = Visitor::bearing(&site, &waiting.token);
    assert_eq!(guest.try_join("hall", &json!({})).await.status, StatusCode::ACCEPTED, "not yet");
    owner.moderate(Action::Admit, Some(&waiting.client_id), false).await;
    let seat: Seat = guest.try_join("hall", &json!({})).await.json();
    assert_eq!((seat.client_id, seat.token), (waiting.client_id, waiting.token));
}

#[tokio::test]
async fn one_knocks_at_once_under_the_name_that_the_browser_keeps() {
    let site = Site::with(&[]).await;
    let mut owner = guarded(&site, json!({})).await;
    let kept = |name: &str| Visitor::of(&site).saying("cookie", &format!("rtc_chat_name={name}"));
    let too_long = "%F0%9F%98%80".repeat(65);
    let tries = [
        ("Bea%20%26%20%C3%89va", "/rtc/hall", "Bea & Éva"),
        ("Bea", "/rtc/hall?name=Cleo", "Cleo"),
        ("%F0%9F%98%80", "/rtc/hall", "😀"),
        ("%FF", "/rtc/hall", "Major Tom"),
        ("%E2%80%8B", "/rtc/hall", "Major Tom"),
        (&too_long, "/rtc/hall", "Major Tom"),
    ];
    for (n, (cookie, path, name)) in tries.into_iter().enumerate() {
        assert_eq!(kept(cookie).get(path).await.status, StatusCode::ACCEPTED, "{cookie}");
        let knocks = knocking(&mut owner, n + 1).await;
        assert_eq!(knocks.clients[n].username, name, "{cookie}");
    }
}

#[tokio::test]
async fn whoever_is_denied_is_told() {
    let site = Site::with(&[]).await;
    let mut owner = guarded(&site, json!({})).await;
    let waiting: Waiting = Visitor::of(&site).try_join("hall", &json!({})).await.json();
    knocking(&mut owner, 1).await;
    owner.moderate(Action::Deny, Some(&waiting.client_id), false).await;
    let guest = Visitor::bearing(&site, &waiting.token);
    assert_eq!(guest.try_join("hall", &json!({})).await.refusal(), (403, "denied".into()));
    assert_eq!(guest.inspect("hall").await.participants, 1);
}

#[tokio::test]
async fn the_waiting_page_asks_again_by_itself() {
    let site = Site::with(&[]).await;
    let mut owner = guarded(&site, json!({"public": true})).await;
    let guest = Visitor::of(&site);
    let page = guest.get("/rtc/hall?name=Bea").await;
    assert_eq!(page.status, StatusCode::ACCEPTED);
    assert!(page.text.contains(r#"<meta http-equiv="refresh" content="3">"#), "{}", page.text);
    assert!(page.text.contains("<bdi>Owner</bdi>"), "who is inside: {}", page.text);
    let knocks = knocking(&mut owner, 1).await;
    assert_eq!(knocks.clients[0].username, "Bea");
    owner.moderate(Action::Admit, Some(&knocks.clients[0].id), false).await;
    let page = guest.get("/rtc/hall?name=Bea").await;
    assert_eq!(page.status, StatusCode::OK);
    assert_eq!(ClientId::new(page.attribute("data-client-id")), knocks.clients[0].id);
}

#[tokio::test]
async fn a_password_is_asked_for_before_one_knocks_and_not_again() {
    let site = Site::with(&[]).await;
    let mut owner = guarded(&site, json!({"password": "sesame"})).await;
    let guest = Visitor::of(&site);
    let form = guest.get("/rtc/hall").await;
    assert_eq!(form.status, StatusCode::OK);
    let fields = [("csrf_token", form.csrf_token()), ("password", "sesame")];
    let knocked = guest.post_form("/rtc/hall", &fields).await;
    assert_eq!((knocked.status, knocked.header("location")), (StatusCode::SEE_OTHER, "/rtc/hall"));
    assert_eq!(guest.get("/rtc/hall").await.status, StatusCode::ACCEPTED);
    let knocks = knocking(&mut owner, 1).await;
    owner.moderate(Action::Admit, Some(&knocks.clients[0].id), false).await;
    assert!(guest.get("/rtc/hall").await.text.contains("data-client-id"));
}

#[tokio::test]
async fn a_foreign_page_does_not_knock() {
    let site = Site::with(&[]).await;
    let _owner = guarded(&site, json!({})).await;
    let led = Visitor::of(&site).saying("sec-fetch-site", "cross-site").saying("sec-fetch-dest", "image");
    assert_eq!(led.try_join("hall", &json!({})).await.refusal(), (403, "cross-origin".into()));
    assert_eq!(led.get("/rtc/hall").await.status, StatusCode::FORBIDDEN);
    assert_eq!(Visitor::of(&site).try_join("hall", &json!({"name": ""})).await.status, StatusCode::ACCEPTED);
    assert_eq!(
        Visitor::of(&site).try_join("hall", &json!({"name": "x".repeat(65)})).await.refusal(),
        (400, "invalid-name".into())
    );
}

#[tokio::test]
async fn so_many_knock_and_not_one_more() {
    let site = Site::with(&["--behind-proxy", "--knocks=3", "--knocks-per-address=2"]).await;
    let _owner = guarded(&site, json!({})).await;
    let at = |address: &str| Visitor::of(&site).saying("x-forwarded-for", address);
    let tries = [("192.0.2.1", 202), ("192.0.2.1", 202), ("192.0.2.1", 429), ("192.0.2.2", 202), ("192.0.2.3", 429)];
    for (address, status) in tries {
        let answer = at(address).try_join("hall", &json!({})).await;
        assert_eq!(answer.status.as_u16(), status, "{address} {}", answer.text);
    }
}

#[tokio::test]
async fn a_knock_that_is_not_renewed_is_withdrawn() {
    let site = Site::with(&["--knock-seconds=0.3"]).await;
    let mut owner = guarded(&site, json!({})).await;
    let waiting: Waiting = Visitor::of(&site).try_join("hall", &json!({})).await.json();
    knocking(&mut owner, 1).await;
    knocking(&mut owner, 0).await;
    let guest = Visitor::bearing(&site, &waiting.token);
    assert_eq!(guest.try_join("hall", &json!({})).await.status, StatusCode::ACCEPTED, "one may knock again");
    knocking(&mut owner, 1).await;
}

#[tokio::test]
async fn whoever_leaves_does_not_knock_any_more() {
    let site = Site::with(&["--knock-seconds=300"]).await;
    let mut owner = guarded(&site, json!({})).await;
    let waiting: Waiting = Visitor::of(&site).try_join("hall", &json!({})).await.json();
    knocking(&mut owner, 1).await;
    let guest = Visitor::bearing(&site, &waiting.token);
    assert_eq!(guest.post_json("/api/v1/rooms/hall/leave", &json!({})).await.status, StatusCode::NO_CONTENT);
    knocking(&mut owner, 0).await;
}

#[tokio::test]
async fn who_is_inside_is_shown_outside_of_public_rooms_only() {
    let site = Site::with(&[]).await;
    for (room, public) in [("open", true), ("quiet", false)] {
        let wish = json!({"id": room, "public": public, "password": "sesame"});
        let _inside = Peer::enter(&Visitor::owning(&site, &wish).await, room, "<b>Ann").await;
        let visitor = Visitor::of(&site);
        let form = visitor.get(&format!("/rtc/{room}")).await.text;
        assert_eq!(form.contains("&#60;b&#62;Ann") || form.contains("&lt;b&gt;Ann"), public, "{form}");
        assert_eq!(visitor.inspect(room).await.who.len(), usize::from(public));
        let lobby = visitor.get("/rtc").await.text;
        assert!(!lobby.contains("<b>Ann"));
        if public {
            assert!(lobby.contains("room-who"), "{lobby}");
        }
    }
}
