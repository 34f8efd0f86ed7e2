//! Offers and answers with peers of every version.

use protocol::{Address, Description, Message, OfferForm};
use serde_json::json;

use crate::testing::{Bench, ME, ours, page, plain, sdp, seconds};
use crate::{PeerEvent, PeerState};

const STRING: OfferForm = OfferForm::String;
const OBJECT: OfferForm = OfferForm::Object;

/// The descriptions that went out, with their receiver.
fn described(bench: &Bench) -> Vec<(String, &'static str, OfferForm)> {
    let form = |description: &Description| description.form;
    let sent = bench.sent().into_iter().filter_map(|(to, message)| match (to, message) {
        (Address::Client(to), Message::Offer(offer)) => Some((to.to_string(), "offer", form(&offer))),
        (Address::Client(to), Message::Answer(answer)) => Some((to.to_string(), "answer", form(&answer))),
        _ => None,
    });
    sent.collect()
}

#[test]
fn whoever_comes_offers_to_everyone_in_the_form_that_each_understands() {
    let mut bench = Bench::with(&[ours("a"), page("b", STRING), page("c", OBJECT)]);
    let expected = ["open a#1", "offer a#1", "open b#2", "offer b#2 complete", "open c#3", "offer c#3"];
    assert_eq!(bench.orders(), expected);
    for (client, generation) in [("a", 1), ("b", 2), ("c", 3)] {
        bench.offer_ready(client, generation);
        assert_eq!(bench.peer_states(client), [PeerState::Connecting]);
    }
    let offers = [("a".into(), "offer", OBJECT), ("b".into(), "offer", STRING), ("c".into(), "offer", OBJECT)];
    assert_eq!(described(&bench), offers);
}

#[test]
fn an_offer_is_answered_in_the_form_that_it_came_in() {
    for (entry, form, order) in [
        (ours("z"), OBJECT, "answer z#1"),
        (ours("z"), STRING, "answer z#1 complete"),
        (page("z", STRING), STRING, "answer z#1 complete"),
        (page("z", OBJECT), OBJECT, "answer z#1"),
    ] {
        let mut bench = Bench::with(&[]);
        bench.server("joined", entry);
        bench.describe("z", "offer", form, 7);
        assert_eq!(bench.orders(), ["open z#1", order]);
        bench.answer_ready("z", 1);
        assert_eq!(described(&bench), [("z".into(), "answer", form)]);
    }
}

#[test]
fn to_a_page_of_the_first_version_we_give_way_whatever_our_ids() {
    for other in ["a", "z"] {
        let mut bench = Bench::with(&[page(other, STRING)]);
        bench.offer_ready(other, 1);
        bench.forget();
        bench.describe(other, "offer", STRING, 7);
        assert_eq!(bench.orders(), [format!("answer {other}#1 rollback complete")]);
        bench.answer_ready(other, 1);
        assert_eq!(described(&bench), [(other.into(), "answer", STRING)]);
    }
}

#[test]
fn among_ours_the_smaller_id_gives_way() {
    for entry in [ours as fn(&str) -> _, |id| page(id, OBJECT)] {
        let mut bench = Bench::with(&[entry("a"), entry("z")]);
        bench.offer_ready("a", 1);
        bench.offer_ready("z", 2);
        bench.forget();
        bench.describe("a", "offer", OBJECT, 7);
        assert!(bench.orders().is_empty(), "m is the larger of a and m");
        bench.describe("z", "offer", OBJECT, 8);
        assert_eq!(bench.orders(), ["answer z#2 rollback"]);
        bench.describe("a", "answer", OBJECT, 7);
        assert_eq!(bench.orders().last().unwrap(), "accept a#1");
    }
}

#[test]
fn an_offer_that_nobody_has_seen_is_given_up_without_dispute() {
    let mut bench = Bench::with(&[ours("a")]);
    bench.forget();
    bench.describe("a", "offer", OBJECT, 7);
    assert_eq!(bench.orders(), ["answer a#1 rollback"]);
    bench.offer_ready("a", 1);
    assert!(described(&bench).is_empty(), "it is not sent when it is ready at last");
    bench.answer_ready("a", 1);
    assert_eq!(described(&bench), [("a".into(), "answer", OBJECT)]);
}

#[test]
fn when_both_gave_way_the_larger_id_offers_again_and_else_the_smaller() {
    for (other, at_once) in [("a", true), ("z", false)] {
        let mut bench = Bench::classic(&[plain(other)]);
        bench.offer_ready(other, 1);
        bench.describe(other, "offer", STRING, 7);
        bench.answer_ready(other, 1);
        bench.forget();
        bench.describe(other, "answer", STRING, 7);
        assert_eq!(bench.orders()[0], format!("close {other}#1"));
        assert_eq!(bench.orders().len() > 1, at_once);
        bench.wait(seconds(2));
        assert_eq!(bench.orders()[1..], [format!("open {other}#2"), format!("offer {other}#2 complete")]);
    }
}

#[test]
fn a_description_of_another_connection_means_that_the_other_side_has_started_anew() {
    let mut bench = Bench::with(&[ours("a")]);
    bench.connect("a", 1, OBJECT, 7);
    bench.forget();
    bench.describe("a", "offer", OBJECT, 7);
    assert_eq!(bench.orders(), ["answer a#1"], "a renegotiation stays on its connection");
    bench.answer_ready("a", 1);
    bench.forget();
    bench.describe("a", "offer", OBJECT, 8);
    assert_eq!(bench.orders(), ["close a#1", "open a#2", "answer a#2"]);
}

#[test]
fn what_a_stale_generation_reports_is_ignored() {
    let mut bench = Bench::with(&[ours("a")]);
    bench.connect("a", 1, OBJECT, 7);
    bench.describe("a", "offer", OBJECT, 8);
    bench.forget();
    for event in [PeerEvent::Failed("late".into()), PeerEvent::Closed, PeerEvent::Connected, PeerEvent::Disconnected] {
        bench.peer("a", 1, event);
    }
    bench.answer_ready("a", 1);
    assert!(bench.effects.is_empty());
    bench.answer_ready("a", 2);
    assert_eq!(described(&bench), [("a".into(), "answer", OBJECT)]);
}

#[test]
fn an_answer_that_nobody_waits_for_is_ignored() {
    let mut bench = Bench::with(&[ours("a")]);
    bench.describe("a", "answer", OBJECT, 7);
    bench.frame("stranger", ME, "answer", json!({"type": "answer", "sdp": sdp(9)}));
    bench.connect("a", 1, OBJECT, 7);
    bench.forget();
    bench.describe("a", "answer", OBJECT, 7);
    assert!(bench.orders().is_empty());
}

#[test]
fn a_form_that_was_heard_is_remembered() {
    let mut bench = Bench::classic(&[plain("a")]);
    bench.offer_ready("a", 1);
    bench.describe("a", "offer", OBJECT, 7);
    assert!(bench.orders().contains(&"answer a#1 rollback".to_owned()), "the second version cannot read a string");
    bench.answer_ready("a", 1);
    bench.peer("a", 1, PeerEvent::Connected);
    bench.peer("a", 1, PeerEvent::Failed("ICE".into()));
    bench.forget();
    bench.wait(seconds(20));
    assert_eq!(bench.orders(), ["open a#2", "offer a#2"]);
}
