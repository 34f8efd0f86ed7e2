//! Who may do what to whom, and who hears of it.

use protocol::{Action, History, Moderate, Role, api};
use serde_json::{Value, json};

use crate::testing::{Bench, SERVER, client, join, room, seconds};
use crate::{By, Reply, Request, RoomError};

const TO_ONE: [&str; 5] = ["kick", "ban", "mute", "lower-hand", "promote"];

/// `ann` owns the room, `mo` and `max` are moderators, `bo` and `cy` are guests.
fn company() -> Bench {
    let mut bench = Bench::owned(History::None);
    for name in ["mo", "max", "bo", "cy"] {
        bench.enter_ours(name);
    }
    bench.moderate("ann", "promote", "mo");
    bench.moderate("ann", "promote", "max");
    bench.forget();
    bench
}

#[test]
fn who_creates_a_room_owns_it() {
    let mut bench = Bench::owned(History::None);
    bench.enter_ours("bo");
    assert_eq!([bench.role("ann"), bench.role("bo")], [Role::Owner, Role::Guest]);
    bench.forget();
    bench.say("bo", SERVER, "get-room-info", Value::Null);
    let info = bench.heard_of("bo", "room-info").pop().unwrap();
    assert_eq!(info["clients"][0]["role"], "owner");
    assert_eq!(info["clients"][1].get("role"), None);
}

#[test]
fn a_guest_may_nothing() {
    let mut bench = company();
    let room_wide = ["mute-all", "lock", "unlock"];
    for action in TO_ONE.iter().chain(&["unban", "admit", "deny", "demote", "hand-over"]).chain(&room_wide) {
        bench.moderate("bo", action, "cy");
        assert_eq!(bench.errors("bo"), ["forbidden"], "{action}");
    }
    assert_eq!(bench.roster("cy"), ["ann", "mo", "max", "bo", "cy"]);
}

#[test]
fn moderators_leave_each_other_and_the_owner_alone() {
    let mut bench = company();
    for whom in ["ann", "max", "mo"] {
        for action in ["kick", "ban", "demote"] {
            bench.moderate("mo", action, whom);
            assert_eq!(bench.errors("mo"), ["forbidden"], "{action} {whom}");
        }
    }
    assert_eq!(bench.disconnected, []);
    bench.moderate("ann", "kick", "max");
    assert_eq!(bench.disconnected, [client("max")]);
}

#[test]
fn only_the_owner_gives_roles() {
    let mut bench = company();
    for action in ["promote", "demote", "hand-over"] {
        bench.moderate("mo", action, "bo");
        assert_eq!(bench.errors("mo"), ["forbidden"], "{action}");
    }
    bench.moderate("ann", "demote", "mo");
    bench.moderate("ann", "hand-over", "bo");
    assert_eq!(["ann", "mo", "bo"].map(|name| bench.role(name)), [Role::Moderator, Role::Guest, Role::Owner]);
    bench.moderate("ann", "promote", "mo");
    assert_eq!(bench.errors("ann"), ["forbidden"]);
}

#[test]
fn a_role_outlives_the_seat() {
    let mut bench = company();
    bench.say("mo", SERVER, "bye", Value::Null);
    assert_eq!(bench.role("mo"), Role::Moderator);
    bench.enter_ours("mo");
    bench.moderate("mo", "kick", "bo");
    assert_eq!(bench.disconnected.last(), Some(&client("bo")));
}

#[test]
fn a_kicked_client_hears_why_then_bye_and_its_seat_is_free() {
    let mut bench = company();
    bench.moderate("mo", "kick", "bo");
    let heard: Vec<_> =
        bench.heard("bo").into_iter().map(|frame| (frame["type"].clone(), frame["data"].clone())).collect();
    let why = json!({"action": "kick", "by": "mo", "client": "bo"});
    assert_eq!(heard, [(json!("moderated"), why), (json!("bye"), Value::Null)]);
    assert_eq!(bench.heard_of("cy", "left").len(), 1);
    assert_eq!(bench.roster("cy"), ["ann", "mo", "max", "cy"]);
    bench.enter_ours("bo");
}

#[test]
fn a_page_that_is_reloading_is_kicked_too() {
    let mut bench = company();
    bench.ask(join("bo", "demo"));
    bench.moderate("mo", "kick", "bo");
    assert!(!bench.rooms.has_seat(&room("demo"), &crate::testing::session("bo")));
    bench.ask(join("bo", "demo"));
    bench.moderate("mo", "kick", "bo");
    assert_eq!(bench.participants(), 4);
}

#[test]
fn mute_reaches_the_one_and_mute_all_everyone_else() {
    let mut bench = company();
    bench.enter_new("old");
    bench.forget();
    bench.moderate("mo", "mute", "bo");
    bench.moderate("mo", "lower-hand", "bo");
    let heard = bench.heard_of("bo", "moderated");
    assert_eq!(heard[0], json!({"action": "mute", "by": "mo", "client": "bo"}));
    assert_eq!(heard[1], json!({"action": "lower-hand", "by": "mo", "client": "bo"}));
    assert_eq!(bench.heard_of("cy", "moderated"), Vec::<Value>::new());
    bench.say("mo", SERVER, "moderate", json!({"action": "mute-all"}));
    for name in ["ann", "max", "bo", "cy"] {
        assert_eq!(bench.heard_of(name, "moderated"), [json!({"action": "mute-all", "by": "mo"})], "{name}");
    }
    assert_eq!(bench.heard("mo").len() + bench.heard("old").len(), 0);
}

#[test]
fn whom_nobody_knows_nothing_is_done_to() {
    let mut bench = company();
    for action in TO_ONE.iter().chain(&["unban", "admit", "deny", "demote", "hand-over"]) {
        bench.moderate("ann", action, "nobody");
        assert_eq!(bench.errors("ann"), ["unknown-receiver"], "{action}");
        bench.say("ann", SERVER, "moderate", json!({"action": action}));
        assert_eq!(bench.errors("ann"), ["malformed"], "{action}");
    }
    bench.say("ann", SERVER, "moderate", json!({"action": "defenestrate", "client": "bo"}));
    assert_eq!(bench.errors("ann"), ["malformed"]);
}

#[test]
fn settings_are_told_once_after_the_first_profile_and_on_each_change() {
    let mut bench = company();
    bench.enter_ours("di");
    let told = bench.heard_of("di", "room-settings");
    let expected = json!({"locked": false, "lobby": false, "public": true, "has_password": false, "guest_limit": 0,
        "history": "none", "role": "guest"});
    assert_eq!(told, [expected]);
    bench.say("di", SERVER, "profile", json!({"username": "Di"}));
    assert_eq!(bench.heard_of("di", "room-settings"), Vec::<Value>::new());
    bench.moderate("mo", "lock", "");
    bench.moderate("mo", "lock", "");
    assert_eq!(bench.heard_of("di", "room-settings").len(), 1);
    bench.moderate("ann", "promote", "di");
    assert_eq!(bench.heard_of("di", "room-settings")[0]["role"], "moderator");
    bench.edit("ann", api::EditRoom { password: Some("x".into()), lobby: Some(true), ..api::EditRoom::default() });
    let told = bench.heard_of("di", "room-settings");
    assert_eq!((told.len(), &told[0]["has_password"], &told[0]["lobby"]), (1, &json!(true), &json!(true)));
}

#[test]
fn clients_that_did_not_ask_for_it_hear_nothing_new() {
    let mut bench = company();
    bench.enter("page");
    bench.enter_new("new");
    bench.write("ann", "hello");
    bench.moderate("ann", "lock", "");
    bench.moderate("ann", "promote", "new");
    bench.moderate("ann", "mute", "page");
    for name in ["page", "new"] {
        let heard = bench.heard(name);
        let known = ["greeting", "room-info", "joined", "left", "text"];
        assert!(heard.iter().all(|frame| known.contains(&frame["type"].as_str().unwrap())), "{heard:?}");
        assert!(heard.iter().all(|frame| frame.get("id").is_none()), "{heard:?}");
    }
}

#[test]
fn an_administrator_may_what_an_owner_may_and_more() {
    let mut bench = company();
    let ask = |bench: &mut Bench, action, whom: &str| {
        let deed = Moderate { action, client: Some(client(whom)), address: false };
        bench.ask(Request::Moderate { room: room("demo"), by: By::Administrator, deed })
    };
    assert_eq!(ask(&mut bench, Action::Mute, "bo"), Reply::Done);
    assert_eq!(bench.heard_of("bo", "moderated")[0]["by"], SERVER);
    assert_eq!(ask(&mut bench, Action::Kick, "ann"), Reply::Done);
    assert_eq!(ask(&mut bench, Action::Kick, "ann"), Reply::Refused(RoomError::UnknownReceiver));
    assert_eq!(ask(&mut bench, Action::HandOver, "bo"), Reply::Done);
    assert_eq!([bench.role("ann"), bench.role("bo")], [Role::Moderator, Role::Owner]);
}

#[test]
fn a_room_has_so_many_moderators_and_no_more() {
    let mut bench = Bench::owned(History::None);
    for n in 0..65 {
        let name = format!("g{n}");
        bench.enter_ours(&name);
        bench.wait(seconds(1));
        bench.moderate("ann", "promote", &name);
        for n in 0..=n {
            bench.say(&format!("g{n}"), SERVER, "ping", Value::Null);
        }
    }
    assert_eq!(bench.errors("ann"), ["too-many"]);
    assert_eq!([bench.role("g63"), bench.role("g64")], [Role::Moderator, Role::Guest]);
}
