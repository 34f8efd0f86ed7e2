//! Knocking, being let in, and a locked door.

use protocol::{History, api};
use serde_json::{Value, json};

use crate::testing::{Bench, SERVER, client, from_address, join, room, seconds, session, with_password};
use crate::{Reply, Request, RoomError};

/// `ann` owns the room and lets people in herself.
fn lobby() -> Bench {
    let mut bench = Bench::owned(History::None);
    bench.edit("ann", api::EditRoom { lobby: Some(true), ..api::EditRoom::default() });
    bench.forget();
    bench
}

fn waiting(name: &str) -> Reply {
    Reply::Waiting { room: room("demo"), client: client(name) }
}

fn named(mut request: Request, called: &str) -> Request {
    if let Request::Join { name, .. } = &mut request {
        *name = Some(called.parse().unwrap());
    }
    request
}

#[test]
fn who_knocks_waits_until_someone_opens() {
    let mut bench = lobby();
    assert_eq!(bench.ask(named(join("bo", "demo"), "Bo")), waiting("bo"));
    assert_eq!(bench.heard_of("ann", "knocking"), [json!({"clients": [{"id": "bo", "username": "Bo"}]})]);
    bench.wait(seconds(2));
    assert_eq!(bench.ask(named(join("bo", "demo"), "Bo")), waiting("bo"));
    assert_eq!(bench.heard_of("ann", "knocking"), Vec::<Value>::new());
    bench.moderate("ann", "admit", "bo");
    assert_eq!(bench.heard_of("ann", "knocking"), [json!({"clients": []})]);
    assert!(matches!(bench.ask(join("bo", "demo")), Reply::Seated { .. }));
    bench.introduce("bo");
    assert_eq!(bench.roster("ann"), ["ann", "bo"]);
}

#[test]
fn a_knock_that_is_not_renewed_is_withdrawn() {
    let mut bench = lobby();
    bench.ask(join("bo", "demo"));
    for _ in 0..7 {
        bench.wait(seconds(2));
        bench.say("ann", SERVER, "ping", Value::Null);
    }
    bench.forget();
    bench.wait(seconds(1));
    assert_eq!(bench.heard_of("ann", "knocking"), [json!({"clients": []})]);
    bench.moderate("ann", "admit", "bo");
    assert_eq!(bench.errors("ann"), ["unknown-receiver"]);
}

#[test]
fn who_was_denied_is_told_so_and_may_knock_again_later() {
    let mut bench = lobby();
    bench.ask(join("bo", "demo"));
    bench.moderate("ann", "deny", "bo");
    assert_eq!(bench.ask(join("bo", "demo")), Reply::Refused(RoomError::Denied));
    bench.wait(seconds(14));
    assert_eq!(bench.ask(join("bo", "demo")), Reply::Refused(RoomError::Denied));
    bench.wait(seconds(1));
    assert_eq!(bench.ask(join("bo", "demo")), waiting("bo"));
}

#[test]
fn who_leaves_the_door_is_no_longer_listed() {
    let mut bench = lobby();
    bench.ask(join("bo", "demo"));
    bench.forget();
    assert_eq!(bench.leave("bo"), Reply::Left);
    assert_eq!(bench.heard_of("ann", "knocking"), [json!({"clients": []})]);
    assert_eq!(bench.leave("bo"), Reply::Refused(RoomError::UnknownClient));
}

#[test]
fn those_who_keep_order_and_those_inside_do_not_knock() {
    let mut bench = lobby();
    assert!(matches!(bench.ask(join("ann", "demo")), Reply::Seated { .. }));
    bench.ask(join("bo", "demo"));
    bench.moderate("ann", "admit", "bo");
    bench.ask(join("bo", "demo"));
    bench.introduce("bo");
    assert!(matches!(bench.ask(join("bo", "demo")), Reply::Seated { .. }));
    bench.moderate("ann", "promote", "bo");
    bench.say("bo", SERVER, "bye", Value::Null);
    bench.wait(seconds(60));
    assert!(matches!(bench.ask(join("bo", "demo")), Reply::Seated { .. }));
}

#[test]
fn the_password_comes_before_the_knock_and_is_asked_once() {
    let mut bench = lobby();
    bench.edit("ann", api::EditRoom { password: Some("right".into()), ..api::EditRoom::default() });
    bench.forget();
    assert_eq!(bench.ask(join("bo", "demo")), Reply::Refused(RoomError::PasswordRequired));
    assert_eq!(bench.ask(with_password(join("bo", "demo"), "wrong")), Reply::Refused(RoomError::WrongPassword));
    assert_eq!(bench.heard_of("ann", "knocking"), Vec::<Value>::new());
    assert_eq!(bench.ask(with_password(join("bo", "demo"), "right")), waiting("bo"));
    assert_eq!(bench.ask(join("bo", "demo")), waiting("bo"));
    bench.moderate("ann", "admit", "bo");
    assert!(matches!(bench.ask(join("bo", "demo")), Reply::Seated { .. }));
}

#[test]
fn when_the_lobby_is_opened_those_who_wait_come_in() {
    let mut bench = lobby();
    bench.ask(join("bo", "demo"));
    bench.edit("ann", api::EditRoom { lobby: Some(false), ..api::EditRoom::default() });
    assert!(matches!(bench.ask(join("bo", "demo")), Reply::Seated { .. }));
}

#[test]
fn so_many_may_knock_and_no_more() {
    let mut bench = lobby();
    for n in 0..64 {
        assert_eq!(bench.ask(join(&format!("a{n}"), "demo")), waiting(&format!("a{n}")));
    }
    assert_eq!(bench.ask(join("a64", "demo")), Reply::Refused(RoomError::TooManyKnocks));
    for n in 0..64 {
        let knock = from_address(join(&format!("b{n}"), "demo"), [192, 0, 2, 2]);
        assert_eq!(bench.ask(knock), waiting(&format!("b{n}")));
    }
    let knock = from_address(join("c0", "demo"), [192, 0, 2, 3]);
    assert_eq!(bench.ask(knock), Reply::Refused(RoomError::TooManyKnocks));
    assert_eq!(bench.ask(join("a0", "demo")), waiting("a0"));
}

#[test]
fn into_a_locked_room_nobody_new_comes() {
    let mut bench = Bench::owned(History::None);
    bench.enter_ours("bo");
    bench.moderate("ann", "promote", "bo");
    bench.enter_ours("cy");
    bench.moderate("bo", "lock", "");
    assert_eq!(bench.ask(join("di", "demo")), Reply::Refused(RoomError::Locked));
    assert!(matches!(bench.ask(join("cy", "demo")), Reply::Seated { .. }));
    bench.say("bo", SERVER, "bye", Value::Null);
    assert!(matches!(bench.ask(join("bo", "demo")), Reply::Seated { .. }));
    bench.moderate("ann", "unlock", "");
    assert!(matches!(bench.ask(join("di", "demo")), Reply::Seated { .. }));
}

#[test]
fn a_lock_that_falls_while_a_password_is_checked_holds() {
    let mut bench = Bench::owned(History::None);
    bench.edit("ann", api::EditRoom { password: Some("right".into()), ..api::EditRoom::default() });
    let id = bench.ask_later(with_password(join("bo", "demo"), "right"));
    bench.moderate("ann", "lock", "");
    bench.work();
    assert_eq!(bench.replies.remove(&id), Some(Reply::Refused(RoomError::Locked)));
}

#[test]
fn an_admitted_guest_still_has_to_fit_in() {
    let mut bench = lobby();
    bench.ask(join("bo", "demo"));
    bench.moderate("ann", "admit", "bo");
    bench.edit("ann", api::EditRoom { guest_limit: Some(1), ..api::EditRoom::default() });
    assert_eq!(bench.ask(join("bo", "demo")), Reply::Refused(RoomError::Full { limit: 1 }));
    assert!(!bench.rooms.has_seat(&room("demo"), &session("bo")));
}
