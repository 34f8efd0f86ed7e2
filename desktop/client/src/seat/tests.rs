//! Taking a seat on stand-ins of our server and of the earlier versions.

use protocol::{RoomId, Username};
use url::Url;

use super::*;
use crate::stand_in::{Answer, Request, StandIn};

const LOBBY: &str = r#"<form method="post"><input type="hidden" name="csrf_token" value="T1">
    <input name="room_id"><input type="number" name="guest_limit"><input type="password" name="x"></form>"#;
const PASSWORD_FORM: &str = r#"<p>Say it</p><form method="post"><input name="csrf_token" type="hidden" value="T2">
    <input name="room_id" type="hidden" value="r"><input name="password" type="password"></form>"#;
const ROOM: &str = r#"<main id="room">Hello</main>"#;

fn options(server: &Url, password: Option<&str>, create: bool) -> Options {
    Options {
        server: server.clone(),
        trust: None,
        room: RoomId::parse("my room").unwrap(),
        password: password.map(str::to_owned),
        invite: None,
        token: None,
        username: Username::default(),
        loopback: false,
        create,
    }
}

async fn join(server: &StandIn, password: Option<&str>, create: bool) -> Result<(Joined, Seat), JoinFailure> {
    enter(&Entrance::new(options(&server.url, password, create)), None).await
}

/// What the server answers, with the seat where there is one.
async fn enter(entrance: &Entrance, before: Option<Seat>) -> Result<(Joined, Seat), JoinFailure> {
    let Outcome { answer, seat, .. } = entrance.join(before).await;
    answer.map(|joined| (joined, seat.unwrap()))
}

fn page(body: &str) -> Answer {
    (200, vec![("content-type", "text/html".into())], body.into())
}

fn not_found() -> Answer {
    (404, Vec::new(), "<h1>Not Found</h1>".into())
}

fn json(status: u16, body: &str) -> Answer {
    (status, vec![("content-type", "application/json".into())], body.into())
}

fn failure_body(id: &str) -> String {
    format!(r#"{{"error": {{"id": "{id}", "message": "no"}}}}"#)
}

/// A server of the first version with one room that has a password; it knows its visitors by a cookie.
fn first_version(request: &Request) -> Answer {
    let cookie = request.header("cookie").is_some_and(|cookie| cookie.contains("session=abc"));
    match (request.method.as_str(), request.path.as_str()) {
        ("GET", "/rtc") => page(LOBBY),
        ("GET", "/rtc/my%20room") => {
            (200, vec![("set-cookie", "session=abc; HttpOnly; Path=/".into())], PASSWORD_FORM.into())
        }
        ("POST", "/rtc/my%20room") if cookie && request.field("csrf_token").as_deref() == Some("T2") => {
            page(if request.field("password").as_deref() == Some("right") { ROOM } else { PASSWORD_FORM })
        }
        ("POST", "/rtc/my%20room/offer") if cookie => json(200, r#"{"type": "answer", "sdp": "v=0 answer"}"#),
        ("POST", "/rtc/my%20room/offer") => (404, Vec::new(), String::new()),
        _ => not_found(),
    }
}

fn refusal(result: Result<(Joined, Seat), JoinFailure>) -> ErrorId {
    match result {
        Err(JoinFailure::Refused(notice)) => notice.id,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_password_goes_through_the_form_and_the_cookie_stays() {
    let server = StandIn::start(first_version).await;
    let entrance = Entrance::new(options(&server.url, Some("right"), false));
    let (joined, seat) = enter(&entrance, None).await.unwrap();
    assert_eq!(joined, Joined { client_id: None, ours: false });
    assert_eq!(entrance.offer(&seat, "v=0 offer").await.unwrap(), "v=0 answer");
    assert_eq!(server.last().body, r#"{"type":"offer","sdp":"v=0 offer"}"#);
    // And once more, as after a lost link: no second attempt at the API.
    enter(&entrance, Some(seat)).await.unwrap();
    assert_eq!(server.asked().iter().filter(|asked| asked.contains("/api/")).count(), 1);
}

#[tokio::test]
async fn what_the_first_version_refuses_is_said_clearly() {
    let server = StandIn::start(first_version).await;
    assert_eq!(refusal(join(&server, Some("wrong"), false).await), ErrorId::WrongPassword);
    assert_eq!(refusal(join(&server, None, false).await), ErrorId::PasswordRequired);
    let full = StandIn::start(|request| match request.path.as_str() {
        "/rtc" => page(LOBBY),
        "/rtc/my%20room" => (418, Vec::new(), "I'm a teapot".into()),
        _ => not_found(),
    });
    assert_eq!(refusal(join(&full.await, None, false).await), ErrorId::RoomFull);
    let empty = StandIn::start(|request| if request.path == "/rtc" { page(LOBBY) } else { not_found() });
    assert_eq!(refusal(join(&empty.await, None, false).await), ErrorId::UnknownRoom);
}

#[tokio::test]
async fn a_room_that_is_not_there_is_created_through_the_form() {
    let created = std::sync::atomic::AtomicBool::new(false);
    let server = StandIn::start(move |request| {
        use std::sync::atomic::Ordering::Relaxed;
        match (request.method.as_str(), request.path.as_str()) {
            ("GET", "/rtc") => page(LOBBY),
            ("POST", "/rtc") => {
                assert_eq!(request.field("csrf_token").as_deref(), Some("T1"));
                assert_eq!(request.field("room_id").as_deref(), Some("my room"));
                assert_eq!(request.field("guest_limit").as_deref(), Some("0"));
                assert_eq!(request.field("public"), None);
                created.store(true, Relaxed);
                (302, vec![("location", "/rtc/my%20room".into())], String::new())
            }
            ("GET", "/rtc/my%20room") if created.load(Relaxed) => page(ROOM),
            _ => not_found(),
        }
    })
    .await;
    join(&server, None, true).await.unwrap();
}

#[tokio::test]
async fn the_second_version_lives_under_another_prefix() {
    let server = StandIn::start(|request| match request.path.as_str() {
        "/chat" => page(LOBBY),
        "/chat/my%20room" => page(ROOM),
        "/chat/my%20room/offer" => json(200, r#"{"type": "answer", "sdp": "v=0"}"#),
        _ => not_found(),
    })
    .await;
    let entrance = Entrance::new(options(&server.url, None, false));
    let (_, seat) = enter(&entrance, None).await.unwrap();
    assert_eq!(entrance.offer(&seat, "v=0").await.unwrap(), "v=0");
}

#[tokio::test]
async fn a_form_that_leads_to_another_server_is_not_followed() {
    let server = StandIn::start(|request| match request.path.as_str() {
        "/rtc" => (302, vec![("location", "http://192.0.2.1/rtc".into())], String::new()),
        _ => not_found(),
    })
    .await;
    assert!(matches!(join(&server, None, false).await, Err(JoinFailure::Unreachable(_))));
}

#[tokio::test]
async fn our_server_is_joined_with_the_token_of_before() {
    let server = StandIn::start(|request| {
        let token = request.header("authorization").unwrap_or("Bearer new").trim_start_matches("Bearer ").to_owned();
        json(200, &format!(r#"{{"room_id": "my room", "client_id": "c-{token}", "token": "{token}"}}"#))
    })
    .await;
    let entrance = Entrance::new(options(&server.url, Some("secret"), false));
    let (joined, seat) = enter(&entrance, None).await.unwrap();
    assert_eq!(joined, Joined { client_id: Some(protocol::ClientId::new("c-new")), ours: true });
    assert_eq!(server.last().body, r#"{"password":"secret","name":"Major Tom"}"#);
    assert_eq!(server.asked(), ["POST /api/v1/rooms/my%20room/join"]);
    enter(&entrance, Some(seat)).await.unwrap();
    assert_eq!(server.last().header("authorization"), Some("Bearer new"));
}

#[tokio::test]
async fn a_token_that_the_server_has_forgotten_is_given_up() {
    let server = StandIn::start(|request| match request.header("authorization") {
        Some(_) => json(401, &failure_body("unknown-client")),
        None => json(200, r#"{"room_id": "my room", "client_id": "c", "token": "fresh"}"#),
    })
    .await;
    let entrance = Entrance::new(options(&server.url, None, false));
    let (_, seat) = enter(&entrance, Some(Seat::Token("stale".into()))).await.unwrap();
    assert!(matches!(seat, Seat::Token(token) if token == "fresh"));
}

#[tokio::test]
async fn a_room_of_ours_is_created_only_on_demand() {
    let answer = |request: &Request| match request.path.as_str() {
        "/api/v1/rooms" => json(409, &failure_body("room-exists")),
        _ => json(404, &failure_body("unknown-room")),
    };
    let server = StandIn::start(answer).await;
    assert_eq!(refusal(join(&server, None, false).await), ErrorId::UnknownRoom);
    assert_eq!(server.asked().len(), 1);
    // Somebody creates it at the same time: it is joined all the same.
    assert_eq!(refusal(join(&server, Some("p"), true).await), ErrorId::UnknownRoom);
    assert_eq!(server.asked()[2..], ["POST /api/v1/rooms", "POST /api/v1/rooms/my%20room/join"]);
}

#[tokio::test]
async fn what_time_heals_is_tried_again() {
    for (status, id) in [(429, "too-many"), (503, "shutting-down"), (500, "internal")] {
        let server = StandIn::start(move |_| json(status, &failure_body(id))).await;
        assert!(matches!(join(&server, None, false).await, Err(JoinFailure::Unreachable(_))), "{id}");
    }
    let broken = StandIn::start(|_| (502, Vec::new(), "Bad Gateway".into())).await;
    assert!(matches!(join(&broken, None, false).await, Err(JoinFailure::Unreachable(_))));
    let endless = StandIn::start(|_| page(&"x".repeat(2 * 1024 * 1024))).await;
    assert!(matches!(join(&endless, None, false).await, Err(JoinFailure::Unreachable(_))));
    let gone = endless.url.clone();
    drop(endless);
    let entrance = Entrance::new(options(&gone, None, false));
    assert!(matches!(enter(&entrance, None).await, Err(JoinFailure::Unreachable(_))));
}

#[tokio::test]
async fn the_api_tells_a_refusal_from_an_absence() {
    let server = StandIn::start(|request| match request.path.as_str() {
        "/api/v1/rooms" if request.method == "GET" => json(200, r#"{"rooms": []}"#),
        "/api/v1/rooms" => json(409, &failure_body("room-exists")),
        "/api/v1/rooms/my%20room/leave" => (204, Vec::new(), String::new()),
        _ => not_found(),
    })
    .await;
    let api = Api::new(server.url.clone(), None);
    let room = RoomId::parse("my room").unwrap();
    assert_eq!(api.list_rooms().await, Ok(Vec::new()));
    let wanted = CreateRoom { id: "my room".into(), public: true, guest_limit: 2, ..CreateRoom::default() };
    let Err(ApiError::Refused(notice, 409)) = api.create_room(&wanted, None).await else { panic!() };
    assert_eq!(notice.id, ErrorId::RoomExists);
    assert_eq!(api.leave(&room, "t").await, Ok(()));
    assert_eq!(api.inspect(&room).await, Err(ApiError::Absent { status: 404 }));
}

#[tokio::test]
async fn whoever_knocks_asks_again_with_the_token_of_the_knock_until_someone_opens() {
    let waiting = r#"{"knocking": true, "client_id": "c", "token": "knock", "retry_after_ms": 2000}"#;
    let n_asked = std::sync::atomic::AtomicUsize::new(0);
    let server = StandIn::start(move |_| match n_asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed) {
        0 | 1 => json(202, waiting),
        _ => json(200, r#"{"room_id": "my room", "client_id": "c", "token": "knock"}"#),
    })
    .await;
    let entrance = Entrance::new(options(&server.url, None, false));
    let mut seat = None;
    for _ in 0..2 {
        let Outcome { answer, seat: stands, .. } = entrance.join(seat).await;
        assert_eq!(answer, Err(JoinFailure::Knocking { retry_after: Duration::from_secs(2) }));
        seat = stands;
    }
    let Outcome { answer, .. } = entrance.join(seat).await;
    assert!(answer.is_ok());
    assert_eq!(server.last().header("authorization"), Some("Bearer knock"));
}

#[tokio::test]
async fn an_invite_goes_along_and_one_that_is_used_up_does_not_keep_out_who_was_inside() {
    let server = StandIn::start(|request| match request.body.contains("invite") {
        true => json(403, &failure_body("invalid-invite")),
        false => json(200, r#"{"room_id": "my room", "client_id": "c", "token": "t"}"#),
    })
    .await;
    let options = Options { invite: Some("s3cret".into()), ..options(&server.url, None, false) };
    let entrance = Entrance::new(options);
    let Outcome { answer, .. } = entrance.join(None).await;
    assert!(matches!(answer, Err(JoinFailure::Refused(notice)) if notice.id == ErrorId::InvalidInvite));
    assert_eq!(server.last().body, r#"{"invite":"s3cret","name":"Major Tom"}"#);
    let Outcome { answer, .. } = entrance.join(Some(Seat::Token("t".into()))).await;
    assert!(answer.is_ok());
}

#[tokio::test]
async fn whoever_creates_a_room_joins_it_as_its_owner() {
    let created = std::sync::atomic::AtomicBool::new(false);
    let room = r#"{"id": "my room", "participants": 0, "guest_limit": 0, "has_password": false, "public": false,
        "idle_seconds": 0, "token": "owner"}"#;
    let server = StandIn::start(move |request| match request.path.as_str() {
        "/api/v1/rooms" => {
            created.store(true, std::sync::atomic::Ordering::Relaxed);
            json(201, room)
        }
        _ if created.load(std::sync::atomic::Ordering::Relaxed) => {
            json(200, r#"{"room_id": "my room", "client_id": "c", "token": "owner"}"#)
        }
        _ => json(404, &failure_body("unknown-room")),
    })
    .await;
    assert!(join(&server, None, true).await.is_ok());
    assert_eq!(server.last().header("authorization"), Some("Bearer owner"));
}
