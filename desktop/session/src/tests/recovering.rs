//! Connections fail, and others take their place.

use std::time::Duration;

use protocol::OfferForm;

use crate::testing::{Bench, ours, page, plain, seconds};
use crate::{PeerEvent, PeerState};

const STRING: OfferForm = OfferForm::String;
const OBJECT: OfferForm = OfferForm::Object;

fn millis(n: u64) -> Duration {
    Duration::from_millis(n)
}

#[test]
fn an_offer_without_an_answer_is_given_up_after_15_s_and_made_anew_among_ours() {
    let mut bench = Bench::with(&[ours("a")]);
    bench.offer_ready("a", 1);
    bench.forget();
    bench.wait(millis(14_900));
    assert!(bench.orders().is_empty());
    bench.wait(millis(200));
    assert_eq!(bench.orders(), ["close a#1"]);
    bench.wait(seconds(1));
    assert_eq!(bench.orders()[1..], ["open a#2", "offer a#2"]);
}

#[test]
fn an_engine_that_never_finishes_is_given_up_too() {
    let mut bench = Bench::with(&[ours("a")]);
    bench.forget();
    bench.wait(seconds(15));
    assert_eq!(bench.orders(), ["close a#1"]);
}

#[test]
fn descriptions_without_a_connection_are_given_up_after_20_s() {
    let mut bench = Bench::with(&[ours("a")]);
    bench.offer_ready("a", 1);
    bench.describe("a", "answer", OBJECT, 7);
    bench.forget();
    bench.wait(millis(19_900));
    assert!(bench.orders().is_empty());
    bench.wait(millis(200));
    assert_eq!(bench.orders(), ["close a#1"]);
}

#[test]
fn a_failed_connection_is_offered_again_by_the_one_who_offered() {
    let mut bench = Bench::with(&[ours("a")]);
    bench.connect("a", 1, OBJECT, 7);
    bench.forget();
    bench.peer("a", 1, PeerEvent::Failed("DTLS".into()));
    assert_eq!(bench.peer_states("a"), [PeerState::Closed]);
    bench.wait(seconds(1));
    assert_eq!(bench.orders(), ["close a#1", "open a#2", "offer a#2"]);
}

#[test]
fn the_one_who_answered_waits_longer() {
    let mut bench = Bench::with(&[]);
    bench.server("joined", ours("a"));
    bench.describe("a", "offer", OBJECT, 7);
    bench.answer_ready("a", 1);
    bench.peer("a", 1, PeerEvent::Connected);
    bench.peer("a", 1, PeerEvent::Closed);
    bench.forget();
    bench.wait(seconds(5));
    assert!(bench.orders().is_empty());
    bench.wait(seconds(1));
    assert_eq!(bench.orders(), ["open a#2", "offer a#2"]);
}

#[test]
fn retries_become_rarer_and_end_when_the_other_leaves() {
    let mut bench = Bench::with(&[ours("a")]);
    let mut offers = Vec::new();
    let start = bench.now;
    while offers.len() < 8 {
        bench.wait(millis(500));
        if bench.orders().iter().any(|order| order.starts_with("offer")) {
            offers.push((bench.now - start).as_secs());
        }
        bench.forget();
    }
    let pauses: Vec<u64> = offers.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(pauses[0] <= 17 && pauses[6] >= 30, "{pauses:?}");
    bench.server("left", ours("a"));
    bench.forget();
    bench.wait(seconds(120));
    assert!(bench.orders().is_empty());
}

#[test]
fn an_interruption_of_5_s_restarts_ice_where_the_other_side_takes_it() {
    let mut bench = Bench::with(&[ours("a")]);
    bench.connect("a", 1, OBJECT, 7);
    bench.forget();
    bench.peer("a", 1, PeerEvent::Disconnected);
    assert_eq!(bench.peer_states("a"), [PeerState::Interrupted]);
    bench.wait(millis(4_900));
    assert!(bench.orders().is_empty());
    bench.wait(millis(200));
    assert_eq!(bench.orders(), ["offer a#1 restart"]);
    bench.offer_ready("a", 1);
    bench.describe("a", "answer", OBJECT, 7);
    bench.peer("a", 1, PeerEvent::Connected);
    bench.wait(seconds(60));
    assert_eq!(bench.orders(), ["offer a#1 restart", "accept a#1"]);
    assert_eq!(bench.peer_states("a"), [PeerState::Interrupted, PeerState::Connected]);
}

#[test]
fn an_interruption_that_passes_by_itself_changes_nothing() {
    let mut bench = Bench::with(&[ours("a")]);
    bench.connect("a", 1, OBJECT, 7);
    bench.forget();
    bench.peer("a", 1, PeerEvent::Disconnected);
    bench.wait(seconds(4));
    bench.peer("a", 1, PeerEvent::Connected);
    bench.wait(seconds(60));
    assert!(bench.orders().is_empty());
}

#[test]
fn a_restart_that_does_not_help_ends_in_a_new_connection() {
    let mut bench = Bench::with(&[ours("a")]);
    bench.connect("a", 1, OBJECT, 7);
    bench.peer("a", 1, PeerEvent::Disconnected);
    bench.wait(seconds(5));
    bench.offer_ready("a", 1);
    bench.describe("a", "answer", OBJECT, 7);
    bench.forget();
    bench.wait(seconds(17));
    assert_eq!(bench.orders(), ["close a#1", "open a#2", "offer a#2"]);
}

#[test]
fn the_one_who_answered_restarts_only_if_the_other_does_not() {
    let mut bench = Bench::with(&[]);
    bench.server("joined", ours("a"));
    bench.describe("a", "offer", OBJECT, 7);
    bench.answer_ready("a", 1);
    bench.peer("a", 1, PeerEvent::Connected);
    bench.peer("a", 1, PeerEvent::Disconnected);
    bench.forget();
    bench.wait(millis(7_900));
    assert!(bench.orders().is_empty());
    bench.describe("a", "offer", OBJECT, 7);
    bench.answer_ready("a", 1);
    bench.wait(seconds(10));
    assert_eq!(bench.orders(), ["answer a#1"]);
}

#[test]
fn a_page_of_an_earlier_version_is_never_renegotiated_with() {
    let mut bench = Bench::with(&[page("a", STRING), page("b", OBJECT)]);
    bench.connect("a", 1, STRING, 7);
    bench.connect("b", 2, OBJECT, 8);
    bench.forget();
    bench.peer("a", 1, PeerEvent::Disconnected);
    bench.peer("b", 2, PeerEvent::Disconnected);
    bench.wait(millis(29_900));
    assert!(bench.orders().is_empty());
    bench.wait(millis(200));
    assert_eq!(bench.orders(), ["close a#1", "close b#2"]);
}

#[test]
fn a_page_of_the_first_version_is_told_bye_before_a_new_offer_and_not_often() {
    let mut bench = Bench::classic(&[plain("a")]);
    bench.offer_ready("a", 1);
    bench.forget();
    let (mut generation, mut n_offers) = (1, 0);
    for _ in 0..300 {
        bench.wait(seconds(1));
        if bench.orders().iter().any(|order| order.starts_with("open")) {
            generation += 1;
            n_offers += 1;
            bench.offer_ready("a", generation);
            let kinds = bench.sent_kinds();
            assert_eq!(kinds[kinds.len() - 2..], ["a bye", "a offer"]);
        }
        bench.forget();
    }
    assert!((3..=8).contains(&n_offers), "{n_offers} offers in five minutes");
}

#[test]
fn after_a_bye_only_our_offer_counts() {
    let mut bench = Bench::classic(&[plain("z")]);
    bench.connect("z", 1, STRING, 7);
    bench.peer("z", 1, PeerEvent::Failed("ICE".into()));
    bench.wait(seconds(10));
    bench.offer_ready("z", 2);
    bench.forget();
    bench.describe("z", "offer", STRING, 8);
    assert!(bench.orders().is_empty(), "the page dropped this offer when it read our bye");
    bench.describe("z", "answer", STRING, 9);
    assert_eq!(bench.orders(), ["accept z#2"]);
}

#[test]
fn a_page_that_closed_its_end_itself_needs_no_bye() {
    let mut bench = Bench::classic(&[plain("z")]);
    bench.connect("z", 1, STRING, 7);
    bench.peer("z", 1, PeerEvent::Closed);
    bench.wait(seconds(10));
    bench.forget();
    bench.offer_ready("z", 2);
    assert_eq!(bench.sent_kinds(), ["z offer"]);
}

#[test]
fn an_answer_from_elsewhere_is_no_answer() {
    let mut bench = Bench::with(&[ours("a")]);
    bench.connect("a", 1, OBJECT, 7);
    bench.peer("a", 1, PeerEvent::Disconnected);
    bench.wait(seconds(5));
    bench.offer_ready("a", 1);
    bench.forget();
    bench.describe("a", "answer", OBJECT, 8);
    assert_eq!(bench.orders(), ["close a#1"]);
    bench.wait(seconds(1));
    assert_eq!(bench.orders()[1..], ["open a#2", "offer a#2"]);
}
