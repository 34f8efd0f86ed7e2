//! Who says nothing is unstable, then gone. An earlier version lives as long as its connection does.

use std::time::Duration;

use serde_json::{Value, json};

use crate::Config;
use crate::testing::{Bench, SERVER, client, join, seconds};

const NANO: Duration = Duration::from_nanos(1);

fn trio() -> Bench {
    let mut bench = Bench::new();
    bench.enter_new("ann");
    bench.enter_new("bob");
    bench.enter("old");
    bench.forget();
    bench
}

/// Everyone but `bob` gives signs of life while time passes.
fn wait_with(bench: &mut Bench, time: Duration, who: &[&str]) {
    let mut left = time;
    while !left.is_zero() {
        let step = left.min(seconds(1));
        bench.wait(step);
        for name in who {
            bench.alive(name);
            bench.say(name, SERVER, "pong", Value::Null);
        }
        left -= step;
    }
}

#[test]
fn six_seconds_of_silence_are_shown_to_clients_with_events_and_to_nobody_else() {
    let mut bench = trio();
    wait_with(&mut bench, seconds(6) - NANO, &["ann", "old"]);
    assert!(bench.heard("ann").is_empty());
    bench.wait(NANO);
    let infos = bench.heard_of("ann", "room-info");
    assert_eq!((infos.len(), &infos[0]["clients"][1]["unstable"]), (1, &json!(true)));
    assert_eq!(infos[0]["clients"][0].get("unstable"), None);
    assert!(bench.heard("old").is_empty());
}

#[test]
fn a_shorter_patience_holds_from_when_it_is_set() {
    let mut bench = trio();
    bench.wait(seconds(4));
    let config = Config { silence_unstable: seconds(2), silence_gone: seconds(4), ..Config::default() };
    bench.configure(config);
    assert!(bench.heard_of("ann", "bye").len() == 1 && bench.heard_of("bob", "bye").len() == 1);
}

#[test]
fn one_word_makes_a_client_stable_again() {
    let mut bench = trio();
    wait_with(&mut bench, seconds(7), &["ann", "old"]);
    bench.forget();
    bench.say("bob", SERVER, "pong", Value::Null);
    let infos = bench.heard_of("ann", "room-info");
    assert_eq!((infos.len(), infos[0]["clients"][1].get("unstable")), (1, None));
    assert!(bench.heard("old").is_empty());
    wait_with(&mut bench, seconds(6), &["ann", "old"]);
    assert_eq!(bench.heard_of("ann", "room-info").len(), 1, "and may be unstable again");
}

#[test]
fn fifteen_seconds_of_silence_and_a_client_is_gone() {
    let mut bench = trio();
    wait_with(&mut bench, seconds(15) - NANO, &["ann", "old"]);
    assert_eq!(bench.participants(), 3);
    bench.forget();
    bench.wait(NANO);
    assert_eq!(bench.participants(), 2);
    assert_eq!(bench.heard_of("ann", "left")[0]["id"], "bob");
    assert_eq!(bench.heard("bob").last().unwrap()["type"], "bye");
    assert_eq!(bench.disconnected, [client("bob")]);
}

#[test]
fn a_connection_that_lives_does_not_replace_the_ping_of_a_client_with_events() {
    let mut bench = trio();
    for _ in 0..15 {
        bench.wait(seconds(1));
        bench.alive("ann");
        bench.alive("old");
    }
    assert_eq!(bench.participants(), 1);
    assert_eq!(bench.roster("old"), ["old"]);
}

#[test]
fn a_client_of_an_earlier_version_may_say_nothing_for_an_hour() {
    let mut bench = Bench::new();
    bench.enter("old");
    bench.forget();
    for _ in 0..720 {
        bench.wait(seconds(5));
        bench.alive("old");
    }
    assert_eq!((bench.participants(), bench.heard("old").len()), (1, 0));
}

#[test]
fn a_client_of_an_earlier_version_whose_connection_is_dead_is_gone_after_15_seconds() {
    let mut bench = Bench::new();
    bench.enter("old");
    bench.wait(seconds(10));
    bench.alive("old");
    bench.wait(seconds(15) - NANO);
    assert_eq!(bench.participants(), 1);
    bench.wait(NANO);
    assert_eq!(bench.participants(), 0);
}

#[test]
fn a_client_of_an_earlier_version_is_never_shown_as_unstable() {
    let mut bench = trio();
    wait_with(&mut bench, seconds(14), &["ann", "bob"]);
    assert!(bench.heard_of("ann", "room-info").is_empty());
}

#[test]
fn a_silent_client_whose_page_is_being_reloaded_keeps_its_seat() {
    let mut bench = trio();
    wait_with(&mut bench, seconds(10), &["ann", "old"]);
    bench.ask(join("bob", "demo"));
    wait_with(&mut bench, seconds(5), &["ann", "old"]);
    assert_eq!((bench.participants(), bench.roster("ann")), (3, vec!["ann".into(), "old".into()]));
    wait_with(&mut bench, seconds(10), &["ann", "old"]);
    assert_eq!(bench.participants(), 2);
}
