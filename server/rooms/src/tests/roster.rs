//! Who is told what of who is there.

use serde_json::{Value, json};

use crate::testing::{Bench, SERVER, create, ids, join, seconds};
use crate::{Config, Reply};

fn types(frames: &[Value]) -> Vec<String> {
    frames.iter().map(|frame| frame["type"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_newcomer_is_greeted_first() {
    let mut bench = Bench::new();
    bench.ask(join("ann", "demo"));
    bench.open_channel("ann");
    let heard = bench.heard("ann");
    assert_eq!(types(&heard), ["greeting"]);
    assert_eq!((&heard[0]["sender"], &heard[0]["receiver"]), (&json!("ground control"), &json!("ann")));
}

#[test]
fn room_info_lists_everyone_connected_in_join_order_the_asker_included() {
    let mut bench = Bench::new();
    bench.ask(join("zoe", "demo"));
    bench.enter("ann");
    bench.ask(join("never connects", "demo"));
    bench.enter("bob");
    bench.open_channel("zoe");
    bench.forget();
    bench.say("bob", SERVER, "get-room-info", Value::Null);
    let info = bench.heard_of("bob", "room-info").remove(0);
    assert_eq!((ids(&info), &info["room_id"]), (vec!["zoe".into(), "ann".into(), "bob".into()], &json!("demo")));
    assert_eq!(info["clients"][1], json!({"id": "ann", "username": "Major Tom", "offers": "string"}));
}

#[test]
fn a_join_pushes_nothing_to_a_client_of_an_earlier_version() {
    let mut bench = Bench::new();
    bench.enter("old");
    bench.forget();
    bench.enter("another");
    assert!(bench.heard("old").is_empty());
}

#[test]
fn a_newcomer_is_announced_once_and_only_to_clients_with_events() {
    let mut bench = Bench::new();
    bench.enter_new("new");
    bench.enter("old");
    bench.forget();
    bench.enter("bob");
    bench.say("bob", SERVER, "get-room-info", Value::Null);
    let heard = bench.heard("new");
    assert_eq!(types(&heard), ["joined"]);
    assert_eq!(heard[0]["data"], json!({"id": "bob", "username": "Major Tom", "offers": "string"}));
    assert!(bench.heard("old").is_empty());
}

#[test]
fn a_newcomer_is_announced_when_it_has_spoken_and_not_before() {
    let mut bench = Bench::new();
    bench.enter_new("new");
    bench.forget();
    bench.ask(join("bob", "demo"));
    bench.open_channel("bob");
    bench.say("bob", SERVER, "ping", Value::Null);
    assert!(bench.heard("new").is_empty());
    bench.say("bob", SERVER, "profile", json!({"username": "Bob", "capabilities": ["events"]}));
    let heard = bench.heard("new");
    assert_eq!(types(&heard), ["joined", "room-info"]);
    assert_eq!(heard[0]["data"], json!({"id": "bob", "username": "Bob", "capabilities": ["events"]}));
}

#[test]
fn a_newcomer_is_not_announced_to_itself() {
    let mut bench = Bench::new();
    bench.enter_new("new");
    assert_eq!(types(&bench.heard("new")), ["greeting", "room-info", "room-info"]);
}

#[test]
fn a_profile_is_told_to_the_whole_room() {
    let mut bench = Bench::new();
    for name in ["ann", "bob"] {
        bench.enter(name);
    }
    bench.forget();
    bench.say("bob", SERVER, "profile", json!({"username": "Bob"}));
    for name in ["ann", "bob"] {
        let info = bench.heard_of(name, "room-info").remove(0);
        assert_eq!(info["clients"][1]["username"], "Bob");
    }
}

#[test]
fn an_empty_name_changes_nothing() {
    let mut bench = Bench::new();
    bench.enter("ann");
    bench.say("ann", SERVER, "profile", json!({"username": "Ann"}));
    for nothing in [json!({"username": ""}), json!({}), Value::Null, json!("")] {
        bench.forget();
        bench.say("ann", SERVER, "profile", nothing);
        assert_eq!(bench.heard_of("ann", "room-info").remove(0)["clients"][0]["username"], "Ann");
    }
}

#[test]
fn a_name_has_64_characters_and_not_65() {
    let mut bench = Bench::new();
    bench.enter("ann");
    bench.forget();
    bench.say("ann", SERVER, "profile", json!({"username": "x".repeat(64)}));
    assert!(bench.errors("ann").is_empty());
    bench.say("ann", SERVER, "profile", json!({"username": "y".repeat(65)}));
    let heard = bench.heard("ann");
    assert_eq!(types(&heard), ["room-info", "error"]);
    assert_eq!(heard[0]["data"]["clients"][0]["username"], "x".repeat(64), "the name before stays");
    assert!(heard[1]["data"].as_str().unwrap().starts_with("invalid-name: "));
}

#[test]
fn capabilities_are_repeated_in_reason() {
    let mut bench = Bench::new();
    bench.enter("ann");
    let many: Vec<_> = (0..100).map(|n| format!("x-{n}")).chain(["events".into(), "z".repeat(33)]).collect();
    bench.forget();
    bench.say("ann", SERVER, "profile", json!({"capabilities": many}));
    let info = bench.heard_of("ann", "room-info").remove(0);
    let kept = info["clients"][0]["capabilities"].as_array().unwrap();
    assert_eq!((kept.len(), kept.contains(&json!("events"))), (16, true));
    assert_eq!(info["clients"][0].get("offers"), None, "it says itself what it understands");
}

#[test]
fn a_departure_is_told_to_everyone_who_stays() {
    let mut bench = Bench::new();
    bench.enter_new("new");
    bench.enter("old");
    bench.enter("bob");
    bench.forget();
    bench.say("bob", SERVER, "bye", Value::Null);
    let heard = bench.heard("new");
    assert_eq!(types(&heard), ["left", "room-info"]);
    assert_eq!((&heard[0]["data"]["id"], ids(&heard[1]["data"])), (&json!("bob"), vec!["new".into(), "old".into()]));
    let heard = bench.heard("old");
    assert_eq!(types(&heard), ["room-info"]);
    assert!(bench.heard("bob").is_empty(), "who said bye needs no answer");
}

#[test]
fn whoever_was_not_announced_does_not_leave() {
    let mut bench = Bench::new();
    bench.enter_new("new");
    bench.ask(join("bob", "demo"));
    bench.open_channel("bob");
    bench.forget();
    bench.lose("bob");
    assert_eq!(types(&bench.heard("new")), ["room-info"]);
}

#[test]
fn a_seat_that_nobody_connected_to_expires_in_silence() {
    let mut bench = Bench::new();
    bench.enter("ann");
    bench.ask(join("bob", "demo"));
    bench.forget();
    bench.wait(seconds(14));
    bench.alive("ann");
    bench.wait(seconds(1));
    assert_eq!(bench.participants(), 1);
    assert!(bench.heard("ann").is_empty());
}

#[test]
fn an_old_page_reads_of_a_newcomer_of_this_version_behind_its_offer() {
    let mut bench = Bench::new();
    bench.enter("old");
    bench.forget();
    bench.enter_new("new");
    assert!(bench.heard("old").is_empty(), "it would offer at once");
    bench.say("new", "old", "offer", json!("v=0"));
    let heard = bench.heard("old");
    assert_eq!(types(&heard), ["offer", "room-info"]);
    assert_eq!(ids(&heard[1]["data"]), ["old", "new"]);
    bench.wait(seconds(10));
    assert!(bench.heard("old").is_empty(), "once is enough");
}

#[test]
fn an_old_page_reads_of_a_newcomer_that_does_not_offer_after_3_seconds() {
    let mut bench = Bench::new();
    bench.enter("old");
    bench.forget();
    bench.enter_new("new");
    bench.wait(seconds(3) - std::time::Duration::from_nanos(1));
    assert!(bench.heard("old").is_empty());
    bench.wait(std::time::Duration::from_nanos(1));
    assert_eq!(types(&bench.heard("old")), ["room-info"]);
}

#[test]
fn an_old_page_hears_a_later_profile_at_once() {
    let mut bench = Bench::new();
    bench.enter("old");
    bench.enter_new("new");
    bench.forget();
    bench.say("new", SERVER, "profile", json!({"username": "New"}));
    assert_eq!(types(&bench.heard("old")), ["room-info"]);
    bench.wait(seconds(10));
    assert!(bench.heard("old").is_empty());
}

#[test]
fn the_patience_with_newcomers_can_be_switched_off() {
    let mut bench =
        Bench::without_rooms(Config { newcomer_offers_within: std::time::Duration::ZERO, ..Config::default() });
    assert!(matches!(bench.ask(create("demo", 0, None)), Reply::Created(_)));
    bench.enter("old");
    bench.forget();
    bench.enter_new("new");
    assert_eq!(types(&bench.heard("old")), ["room-info"]);
}
