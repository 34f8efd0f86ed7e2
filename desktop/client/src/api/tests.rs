//! What goes over the wire, and what comes of the answers, on a stand-in.

use protocol::{ChangePassword, Credentials, DeleteAccount, History, Role};

use super::*;
use crate::stand_in::{Answer, Request, StandIn};

const SUMMARY: &str = r#""id": "my room", "participants": 1, "guest_limit": 5, "has_password": true, "public": false,
    "idle_seconds": 3, "lobby": true, "locked": false, "who": []"#;

fn room() -> RoomId {
    RoomId::parse("my room").unwrap()
}

fn answer(request: &Request) -> Answer {
    let (status, body) = match (request.method.as_str(), request.path.as_str()) {
        ("POST", "/api/v1/rooms") => (201, format!(r#"{{{SUMMARY}, "token": "owner"}}"#)),
        ("PATCH", "/api/v1/rooms/my%20room") => {
            (200, format!(r#"{{{SUMMARY}, "kept": false, "history": {{"hours": 2}}, "owner": "c", "moderators": []}}"#))
        }
        ("GET", "/api/v1/rooms/my%20room/invites") => {
            (200, r#"{"invites": [{"id": "i1", "created": 5, "uses_left": 3}]}"#.into())
        }
        ("POST", "/api/v1/rooms/my%20room/invites") => (
            201,
            r#"{"id": "i2", "created": 6, "role": "moderator", "token": "s3cret", "url": "http://h/rtc/my%20room"}"#
                .into(),
        ),
        ("GET", "/api/v1/rooms/my%20room/bans") => {
            (200, r#"{"bans": [{"client": "b", "name": "Bo", "address": true, "since": 9}]}"#.into())
        }
        ("POST", "/api/v1/account") => (201, r#"{"name": "Ann", "token": "t1"}"#.into()),
        ("POST", "/api/v1/session") => (200, r#"{"name": "Ann", "token": "t1"}"#.into()),
        ("PATCH", "/api/v1/account") => (200, r#"{"name": "Ann", "token": "t2"}"#.into()),
        ("GET", "/api/v1/account") => (200, r#"{"registration": "open", "name": "Ann"}"#.into()),
        ("GET", "/api/v1/admin/accounts") => (200, r#"{"accounts": [{"name": "Zoë / Z", "created": 7}]}"#.into()),
        ("POST", "/api/v1/admin/accounts/Zo%C3%AB%20%2F%20Z/password") => (200, r#"{"password": "chosen"}"#.into()),
        ("DELETE", _) => (204, String::new()),
        _ => (403, r#"{"error": {"id": "forbidden", "message": "no"}}"#.into()),
    };
    (status, Vec::new(), body)
}

async fn api() -> (StandIn, Api) {
    let server = StandIn::start(answer).await;
    let api = Api::new(server.url.clone(), None);
    (server, api)
}

#[tokio::test]
async fn whoever_creates_a_room_gets_its_token() {
    let (server, api) = api().await;
    let wish = CreateRoom { id: "my room".into(), lobby: true, ..CreateRoom::default() };
    assert_eq!(api.create_room(&wish, None).await.unwrap().token, "owner");
    assert_eq!(server.last().header("authorization"), None);
    api.create_room(&CreateRoom { kept: true, ..wish }, Some("admin")).await.unwrap();
    assert_eq!(server.last().header("authorization"), Some("Bearer admin"));
}

#[tokio::test]
async fn only_what_is_to_be_different_is_sent() {
    let (server, api) = api().await;
    let edit = EditRoom { password: Some(String::new()), history: Some(History::Hours(2)), ..EditRoom::default() };
    let details = api.edit_room(&room(), "owner", &edit).await.unwrap();
    assert_eq!(server.last().body, r#"{"password":"","history":{"hours":2}}"#);
    assert_eq!(server.last().header("authorization"), Some("Bearer owner"));
    assert_eq!((details.history, details.owner), (History::Hours(2), Some(ClientId::new("c"))));
    assert!(details.summary.lobby);
    api.delete_room(&room(), "owner").await.unwrap();
    assert_eq!(server.asked()[1..], ["DELETE /api/v1/rooms/my%20room"]);
}

#[tokio::test]
async fn invites_are_listed_made_and_revoked() {
    let (server, api) = api().await;
    assert_eq!(api.list_invites(&room(), "t").await.unwrap()[0].uses_left, Some(3));
    let wish = CreateInvite { uses: Some(1), role: Role::Moderator, ..CreateInvite::default() };
    let made = api.create_invite(&room(), "t", &wish).await.unwrap();
    assert_eq!(server.last().body, r#"{"uses":1,"role":"moderator"}"#);
    assert_eq!((made.invite.role, made.token.as_str()), (Role::Moderator, "s3cret"));
    api.revoke_invite(&room(), "t", "../i 2").await.unwrap();
    assert_eq!(server.asked()[2..], ["DELETE /api/v1/rooms/my%20room/invites/%2E%2E%2Fi%202"]);
}

#[tokio::test]
async fn bans_are_listed_and_lifted() {
    let (server, api) = api().await;
    let bans = api.list_bans(&room(), "t").await.unwrap();
    assert_eq!((bans[0].client.as_str(), bans[0].by.as_ref()), ("b", None));
    api.lift_ban(&room(), "t", &bans[0].client).await.unwrap();
    assert_eq!(server.asked()[1..], ["DELETE /api/v1/rooms/my%20room/bans/b"]);
}

#[tokio::test]
async fn a_refusal_is_known_by_its_stable_identifier() {
    let (_server, api) = api().await;
    let refusal = api.leave(&room(), "t").await.unwrap_err();
    assert_eq!(refusal.id(), Some(&ErrorId::Forbidden));
    assert_eq!(ApiError::Unreachable("x".into()).id(), None);
    assert_eq!(ApiError::Absent { status: 404 }.id(), None);
}

#[tokio::test]
async fn a_knock_is_told_from_a_seat() {
    let waiting = r#"{"knocking": true, "client_id": "c", "token": "k", "retry_after_ms": 2000}"#;
    let server = StandIn::start(|request| match request.header("authorization") {
        None => (202, Vec::new(), waiting.into()),
        Some(_) => (200, Vec::new(), r#"{"room_id": "my room", "client_id": "c", "token": "k"}"#.into()),
    })
    .await;
    let api = Api::new(server.url.clone(), None);
    let Admission::Waiting(knock) = api.join(&room(), &JoinRoom::default(), None).await.unwrap() else { panic!() };
    assert_eq!((knock.token.as_str(), knock.retry_after_ms), ("k", 2000));
    let seat = api.join(&room(), &JoinRoom::default(), Some(&knock.token)).await.unwrap();
    assert!(matches!(seat, Admission::Seated(seat) if seat.token == "k"));
}

#[tokio::test]
async fn an_account_is_made_used_and_ended_with_the_token_of_the_moment() {
    let (server, api) = api().await;
    let login = Credentials { name: "Ann".into(), password: "right right".into() };
    assert_eq!(api.create_account(&login, Some("t0")).await.unwrap().token, "t1");
    assert_eq!(server.last().header("authorization"), Some("Bearer t0"));
    assert_eq!(server.last().body, r#"{"name":"Ann","password":"right right"}"#);
    assert_eq!(api.sign_in(&login).await.unwrap().name, "Ann");
    assert_eq!(server.last().header("authorization"), None);
    assert_eq!(api.account(Some("t1")).await.unwrap().name.as_deref(), Some("Ann"));
    let change = ChangePassword { old_password: "right right".into(), password: "other other".into() };
    assert_eq!(api.change_password(&change, "t1").await.unwrap().token, "t2");
    api.sign_out_everywhere("t2").await.unwrap();
    assert_eq!(server.last().header("authorization"), Some("Bearer t2"));
    api.delete_account(&DeleteAccount { password: "other other".into() }, "t2").await.unwrap();
    assert_eq!(server.last().body, r#"{"password":"other other"}"#);
    let asked = server.asked();
    assert_eq!(asked[asked.len() - 2..], ["DELETE /api/v1/session?everywhere=true", "DELETE /api/v1/account"]);
}

#[tokio::test]
async fn an_administrator_lists_removes_and_helps_accounts_of_any_name() {
    let (server, api) = api().await;
    assert_eq!(api.list_accounts("admin").await.unwrap()[0].name, "Zoë / Z");
    assert_eq!(api.reset_password("Zoë / Z", "admin").await.unwrap(), "chosen");
    api.remove_account("Zoë / Z", "admin").await.unwrap();
    assert_eq!(server.last().header("authorization"), Some("Bearer admin"));
    let path = "/api/v1/admin/accounts/Zo%C3%AB%20%2F%20Z";
    assert_eq!(server.asked()[1..], [format!("POST {path}/password"), format!("DELETE {path}")]);
}
