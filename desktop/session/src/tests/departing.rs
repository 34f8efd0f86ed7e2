//! Others come and go.

use std::time::Duration;

use protocol::OfferForm;
use serde_json::json;

use crate::testing::{Bench, ME, ours, page, plain, seconds};
use crate::{PeerEvent, PeerState};

const STRING: OfferForm = OfferForm::String;
const OBJECT: OfferForm = OfferForm::Object;

#[test]
fn left_tears_down_at_once() {
    let mut bench = Bench::with(&[ours("a")]);
    bench.forget();
    bench.server("left", ours("a"));
    assert_eq!(bench.orders(), ["close a#1"]);
    assert_eq!(bench.peer_states("a"), [PeerState::Closed]);
    assert_eq!(bench.roster_ids(), [ME]);
}

#[test]
fn a_list_without_someone_tears_down_at_once() {
    let mut bench = Bench::with(&[page("a", STRING), ours("b")]);
    bench.forget();
    bench.room_info(&[ours("b")]);
    assert_eq!(bench.orders(), ["close a#1"]);
    assert_eq!(bench.roster_ids(), ["b", ME]);
}

#[test]
fn a_bye_tears_down_at_once_even_what_works() {
    let mut bench = Bench::with(&[ours("a")]);
    bench.connect("a", 1, OBJECT, 7);
    bench.forget();
    bench.frame("a", ME, "bye", json!(null));
    assert_eq!(bench.orders(), ["close a#1"]);
    bench.server("left", ours("a"));
    assert_eq!(bench.roster_ids(), [ME]);
}

#[test]
fn a_connection_that_works_waits_a_second_for_its_owner_to_return() {
    let mut bench = Bench::with(&[ours("a")]);
    bench.connect("a", 1, OBJECT, 7);
    bench.forget();
    bench.server("left", ours("a"));
    bench.room_info(&[]);
    bench.wait(Duration::from_millis(900));
    bench.server("joined", ours("a"));
    bench.wait(seconds(10));
    assert!(bench.orders().is_empty());
    assert_eq!(bench.n_rosters(), 0);
    bench.server("left", ours("a"));
    bench.wait(seconds(1));
    assert_eq!(bench.orders(), ["close a#1"]);
    assert_eq!(bench.roster_ids(), [ME]);
}

#[test]
fn a_newcomer_is_expected_to_offer_and_else_we_do() {
    let mut bench = Bench::with(&[]);
    bench.server("joined", ours("a"));
    bench.server("joined", ours("b"));
    assert_eq!(bench.roster_ids(), [ME, "a", "b"]);
    bench.wait(seconds(4));
    bench.describe("a", "offer", OBJECT, 7);
    bench.answer_ready("a", 1);
    bench.peer("a", 1, PeerEvent::Connected);
    bench.forget();
    bench.wait(seconds(1));
    assert_eq!(bench.orders(), ["open b#2", "offer b#2"]);
}

#[test]
fn whoever_is_not_introduced_yet_is_expected_to_offer() {
    let mut bench = Bench::with(&[plain("a"), page("b", STRING)]);
    assert_eq!(bench.orders(), ["open b#1", "offer b#1 complete"]);
    bench.forget();
    bench.wait(seconds(5));
    assert!(bench.orders().contains(&"open a#2".to_owned()));
}

#[test]
fn on_a_server_of_the_first_version_an_offer_is_the_first_sign_of_a_newcomer() {
    let mut bench = Bench::classic(&[]);
    bench.forget();
    bench.describe("a", "offer", STRING, 7);
    assert_eq!(bench.orders(), ["open a#1", "answer a#1 complete"]);
    assert_eq!(bench.sent_kinds(), ["ground control get-room-info"]);
    assert_eq!(bench.roster()[1].username, "Major Tom");
    bench.room_info(&[plain("a")]);
    assert_eq!(bench.roster()[0].username, "A");
}

#[test]
fn on_a_server_of_the_first_version_a_dead_connection_decides_who_is_shown() {
    let mut bench = Bench::classic(&[plain("a")]);
    bench.connect("a", 1, STRING, 7);
    bench.wait(seconds(30));
    assert_eq!(bench.roster_ids(), ["a", ME]);
    bench.peer("a", 1, PeerEvent::Failed("ICE".into()));
    assert_eq!(bench.roster_ids(), [ME]);
    bench.room_info(&[plain("a")]);
    assert_eq!(bench.roster_ids(), [ME], "the server only repeats itself");
    bench.frame("a", "room", "text", json!({"text": "still here"}));
    assert_eq!(bench.roster_ids(), ["a", ME]);
}

#[test]
fn on_a_server_of_the_first_version_a_ghost_is_shown_until_its_silence_is_clear() {
    let mut bench = Bench::classic(&[plain("ghost"), plain("slow")]);
    bench.offer_ready("ghost", 1);
    bench.offer_ready("slow", 2);
    bench.wait(seconds(10));
    bench.frame("slow", "room", "text", json!({"text": "hi"}));
    bench.wait(seconds(5));
    assert_eq!(bench.roster_ids(), ["slow", ME]);
}

#[test]
fn on_a_server_of_ours_the_server_decides_who_is_shown() {
    let mut bench = Bench::with(&[ours("a")]);
    bench.connect("a", 1, OBJECT, 7);
    bench.peer("a", 1, PeerEvent::Failed("ICE".into()));
    assert_eq!(bench.roster_ids(), ["a", ME]);
}

#[test]
fn the_roster_is_shown_when_it_changes_and_only_then() {
    let mut bench = Bench::with(&[ours("a")]);
    bench.forget();
    bench.room_info(&[ours("a")]);
    bench.wait(seconds(3));
    assert_eq!(bench.n_rosters(), 0);
    let mut silent = ours("a");
    silent["unstable"] = json!(true);
    bench.room_info(&[silent]);
    assert_eq!(bench.n_rosters(), 1);
    assert!(bench.roster()[0].unstable);
}
