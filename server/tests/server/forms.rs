//! The form flow of the first version, as its pages and programs use it.

use reqwest::{Method, StatusCode};

use super::support::{Site, Visitor};

#[tokio::test]
async fn a_created_room_can_be_entered() {
    let site = Site::start().await;
    let ann = Visitor::of(&site);
    let created = ann.create("Tea & cake", &[("public", "y"), ("guest_limit", "3")]).await;
    assert_eq!((created.status, created.header("location")), (StatusCode::FOUND, "/rtc/Tea%20%26%20cake"));
    let page = ann.get("/rtc/Tea%20%26%20cake").await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(page.text.contains(r#"data-room-id="Tea &#38; cake""#), "{}", page.text);
    assert_eq!(page.attribute("data-client-id").len(), 16);
    let lobby = Visitor::of(&site).get("/rtc").await;
    assert!(lobby.text.contains("Tea &#38; cake") && lobby.text.contains("1 / 3"), "{}", lobby.text);
}

#[tokio::test]
async fn the_second_version_finds_its_pages_under_chat() {
    let site = Site::start().await;
    let bob = Visitor::of(&site);
    let lobby = bob.get("/chat").await;
    assert!(lobby.text.contains(r#"name="room_name""#));
    let fields = [("csrf_token", lobby.csrf_token()), ("room_name", "b"), ("guest_limit", "0")];
    let created = bob.post_form("/chat", &fields).await;
    assert_eq!((created.status, created.header("location")), (StatusCode::FOUND, "/chat/b"));
    assert_eq!(bob.get("/chat/b").await.attribute("data-room-id"), "b");
    assert_eq!(bob.get("/rtc/b").await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_landing_page_has_two_addresses() {
    let site = Site::start().await;
    let ann = Visitor::of(&site);
    assert_eq!(ann.get("/").await.text, ann.get("/index").await.text);
}

#[tokio::test]
async fn a_taken_name_shows_the_lobby_again() {
    let site = Site::start().await;
    let again = Visitor::of(&site).create("demo", &[]).await;
    assert_eq!(again.status, StatusCode::OK);
    assert!(again.text.contains("A room of this name exists already."), "{}", again.text);
    assert!(again.text.contains(r#"value="demo""#), "what was written stays in the form");
}

#[tokio::test]
async fn a_name_or_limit_that_is_not_allowed_creates_nothing() {
    let site = Site::start().await;
    let ann = Visitor::of(&site);
    for (room, limit) in [("a/b", "0"), ("", "0"), (&*"x".repeat(65), "0"), ("ok", "1"), ("ok", "6"), ("ok", "-1")] {
        let answer = ann.create(room, &[("guest_limit", limit)]).await;
        assert_eq!(answer.status, StatusCode::OK, "{room} {limit}");
        assert!(answer.text.contains(r#"role="alert""#), "{room} {limit}");
    }
    assert_eq!(ann.get("/rtc/ok").await.status, StatusCode::NOT_FOUND);
    assert_eq!(ann.create(&"x".repeat(64), &[("guest_limit", "5")]).await.status, StatusCode::FOUND);
}

#[tokio::test]
async fn a_password_is_asked_for_and_checked() {
    let site = Site::start().await;
    let ann = Visitor::of(&site);
    assert_eq!(ann.create("vault", &[("password", "open sesame"), ("public", "y")]).await.status, StatusCode::FOUND);
    let bob = Visitor::of(&site);
    let form = bob.get("/rtc/vault").await;
    assert_eq!(form.status, StatusCode::OK);
    assert!(form.text.contains(r#"type="password""#) && !form.text.contains("data-client-id"));
    let token = form.csrf_token().to_owned();
    let enter = async |password| {
        let fields = [("csrf_token", token.as_str()), ("room_id", "ignored"), ("password", password)];
        bob.post_form("/rtc/vault", &fields).await
    };
    for wrong in ["open", ""] {
        let refused = enter(wrong).await;
        assert_eq!(refused.status, StatusCode::OK);
        assert!(refused.text.contains(r#"role="alert""#) && !refused.text.contains("data-client-id"));
    }
    let page = enter("open sesame").await;
    assert_eq!((page.status, page.attribute("data-room-id")), (StatusCode::OK, "vault"));
    let again = bob.get("/rtc/vault").await;
    assert_eq!(again.attribute("data-client-id"), page.attribute("data-client-id"), "a seat needs no password again");
}

#[tokio::test]
async fn a_full_room_answers_418_to_both_ways_in() {
    let site = Site::start().await;
    let ann = Visitor::of(&site);
    ann.create("two", &[("guest_limit", "2"), ("password", "p")]).await;
    for _ in 0..2 {
        let guest = Visitor::of(&site);
        let token = guest.get("/rtc/two").await.csrf_token().to_owned();
        let page = guest.post_form("/rtc/two", &[("csrf_token", &token), ("password", "p")]).await;
        assert!(page.text.contains("data-client-id"));
    }
    let late = Visitor::of(&site);
    assert_eq!(late.get("/rtc/two").await.status, StatusCode::IM_A_TEAPOT);
    let token = late.get("/rtc").await.csrf_token().to_owned();
    let refused = late.post_form("/rtc/two", &[("csrf_token", &token), ("password", "p")]).await;
    assert_eq!(refused.status, StatusCode::IM_A_TEAPOT);
}

#[tokio::test]
async fn an_unknown_room_is_not_found() {
    let site = Site::start().await;
    let ann = Visitor::of(&site);
    for path in ["/rtc/nowhere", "/chat/nowhere", "/rtc/a%2Fb", "/rtc/..%5Cx", "/rtc/%20", "/nowhere"] {
        assert_eq!(ann.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    let token = ann.get("/rtc").await.csrf_token().to_owned();
    let answer = ann.post_form("/rtc/nowhere", &[("csrf_token", &token), ("password", "")]).await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_form_without_its_own_token_changes_nothing() {
    let site = Site::start().await;
    let (ann, eve) = (Visitor::of(&site), Visitor::of(&site));
    ann.get("/rtc").await;
    let foreign = eve.get("/rtc").await.csrf_token().to_owned();
    for token in ["", "nonsense", &foreign] {
        let fields = [("csrf_token", token), ("room_id", "trap"), ("guest_limit", "0")];
        assert_eq!(ann.post_form("/rtc", &fields).await.status, StatusCode::FORBIDDEN);
        let fields = [("csrf_token", token), ("password", "")];
        let page = ann.post_form("/rtc/demo", &fields).await;
        assert!(page.status == StatusCode::FORBIDDEN && !page.text.contains("data-client-id"));
    }
    assert_eq!(ann.get("/rtc/trap").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn reset_forgets_the_session() {
    let site = Site::start().await;
    let ann = Visitor::of(&site);
    let before = ann.get("/rtc/demo").await.attribute("data-client-id").to_owned();
    let reset = ann.get("/reset").await;
    assert_eq!((reset.status, reset.header("location")), (StatusCode::FOUND, "/rtc"));
    assert_ne!(ann.get("/rtc/demo").await.attribute("data-client-id"), before);
}

#[tokio::test]
async fn a_page_shows_markup_in_a_name_as_it_is() {
    let site = Site::start().await;
    let ann = Visitor::of(&site);
    let name = r#"<img src=x onerror="alert(1)">"#;
    assert_eq!(ann.create(name, &[("public", "y")]).await.status, StatusCode::FOUND);
    let lobby = ann.get("/rtc").await;
    assert!(!lobby.text.contains("<img") && lobby.text.contains("&#60;img"), "{}", lobby.text);
}

#[tokio::test]
async fn a_head_request_takes_no_seat() {
    let site = Site::start().await;
    let ann = Visitor::of(&site);
    ann.create("two", &[("guest_limit", "2")]).await;
    for _ in 0..3 {
        let peek = Visitor::of(&site).send(Method::HEAD, "/rtc/two", |request| request).await;
        assert_eq!(peek.status, StatusCode::OK);
    }
    assert_eq!(ann.get("/rtc/two").await.status, StatusCode::OK);
    assert_eq!(ann.send(Method::HEAD, "/rtc/nowhere", |request| request).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn passwords_can_be_guessed_only_so_often() {
    let site = Site::with(&["--wrong-passwords-per-address", "2"]).await;
    let ann = Visitor::of(&site);
    ann.create("vault", &[("password", "right")]).await;
    let token = ann.get("/rtc").await.csrf_token().to_owned();
    let guess = async |password| {
        ann.post_form("/rtc/vault", &[("csrf_token", token.as_str()), ("password", password)]).await.status
    };
    assert_eq!((guess("a").await, guess("b").await), (StatusCode::OK, StatusCode::OK));
    assert_eq!(guess("right").await, StatusCode::TOO_MANY_REQUESTS, "not even the right one");
}

#[tokio::test]
async fn an_address_creates_only_so_many_rooms() {
    let site = Site::with(&["--rooms-burst", "2", "--rooms-per-hour", "1"]).await;
    let ann = Visitor::of(&site);
    for room in ["a", "b"] {
        assert_eq!(ann.create(room, &[]).await.status, StatusCode::FOUND);
    }
    assert_eq!(ann.create("c", &[]).await.status, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn behind_a_proxy_the_address_is_the_one_that_the_proxy_saw() {
    let site = Site::with(&["--rooms-burst", "1", "--rooms-per-hour", "1", "--behind-proxy"]).await;
    let from = |list: &str| Visitor::of(&site).saying("x-forwarded-for", list);
    assert_eq!(from("192.0.2.1").create("a", &[]).await.status, StatusCode::FOUND);
    assert_eq!(from("192.0.2.2").create("b", &[]).await.status, StatusCode::FOUND);
    let forged = from("198.51.100.9, 192.0.2.1").create("c", &[]).await;
    assert_eq!(forged.status, StatusCode::TOO_MANY_REQUESTS, "what the client wrote before it does not count");
}
