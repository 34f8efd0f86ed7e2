//! Candidates follow the description that they belong to.

use protocol::limits::SDP_CANDIDATES;
use protocol::{IceCandidate, OfferForm};
use serde_json::json;

use crate::PeerEvent;
use crate::testing::{Bench, ME, ours, page};

const OBJECT: OfferForm = OfferForm::Object;

fn candidate() -> IceCandidate {
    serde_json::from_value(json!({"candidate": "candidate:1 1 udp 1 192.0.2.1 9 typ host", "sdpMid": "0"})).unwrap()
}

#[test]
fn ours_wait_until_the_description_is_out() {
    let mut bench = Bench::with(&[ours("a")]);
    bench.peer("a", 1, PeerEvent::Candidate(candidate()));
    bench.forget();
    bench.offer_ready("a", 1);
    bench.peer("a", 1, PeerEvent::Candidate(candidate()));
    assert_eq!(bench.sent_kinds(), ["a offer", "a ice-candidate", "a ice-candidate"]);
}

#[test]
fn they_are_spelled_as_the_other_side_knows_them() {
    for (entry, expected) in [
        (ours("a"), vec!["a offer", "a ice-candidate"]),
        (page("a", OBJECT), vec!["a offer", "a icecandidate"]),
        (page("a", OfferForm::String), vec!["a offer"]),
    ] {
        let mut bench = Bench::with(&[entry]);
        bench.forget();
        bench.offer_ready("a", 1);
        bench.peer("a", 1, PeerEvent::Candidate(candidate()));
        assert_eq!(bench.sent_kinds(), expected);
    }
}

#[test]
fn those_of_a_given_up_offer_are_not_sent() {
    let mut bench = Bench::with(&[ours("z")]);
    bench.peer("z", 1, PeerEvent::Candidate(candidate()));
    bench.describe("z", "offer", OBJECT, 7);
    bench.forget();
    bench.answer_ready("z", 1);
    assert_eq!(bench.sent_kinds(), ["z answer"]);
}

#[test]
fn those_of_the_other_side_are_added_once_its_description_is_set() {
    let mut bench = Bench::with(&[ours("a")]);
    bench.offer_ready("a", 1);
    bench.forget();
    bench.frame("a", ME, "ice-candidate", json!(candidate()));
    assert!(bench.orders().is_empty());
    bench.describe("a", "answer", OBJECT, 7);
    bench.frame("a", ME, "ice-candidate", json!(candidate()));
    bench.frame("a", ME, "icecandidate", json!(candidate()));
    assert_eq!(bench.orders(), ["accept a#1", "candidate a#1", "candidate a#1"]);
}

#[test]
fn those_of_an_ignored_offer_are_ignored_too() {
    let mut bench = Bench::with(&[ours("a")]);
    bench.connect("a", 1, OBJECT, 7);
    bench.peer("a", 1, PeerEvent::Disconnected);
    bench.wait(crate::testing::seconds(5));
    bench.offer_ready("a", 1);
    bench.forget();
    bench.describe("a", "offer", OBJECT, 7);
    bench.frame("a", ME, "ice-candidate", json!(candidate()));
    assert!(bench.orders().is_empty());
    bench.describe("a", "answer", OBJECT, 7);
    bench.frame("a", ME, "ice-candidate", json!(candidate()));
    assert_eq!(bench.orders(), ["accept a#1", "candidate a#1"]);
}

#[test]
fn nobody_floods_us_with_candidates() {
    let mut bench = Bench::with(&[ours("a")]);
    bench.connect("a", 1, OBJECT, 7);
    bench.forget();
    for _ in 0..SDP_CANDIDATES + 1 {
        bench.frame("a", ME, "ice-candidate", json!(candidate()));
    }
    assert_eq!(bench.orders().len(), SDP_CANDIDATES);
}
