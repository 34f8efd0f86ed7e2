//! From the start into the room.

use protocol::limits::RETRY_MAX;
use protocol::{ClientId, ErrorId, ErrorNotice, Message, OfferForm};
use serde_json::json;

use crate::testing::{Bench, ME, ours, plain, seconds};
use crate::{Command, Effect, Event, JoinFailure, Status};

fn refused(id: ErrorId) -> JoinFailure {
    JoinFailure::Refused(ErrorNotice::new(id, "no"))
}

#[test]
fn a_session_joins_connects_introduces_itself_and_is_in_the_room() {
    let mut bench = Bench::new();
    assert_eq!(bench.effects, [Effect::Join, Effect::Event(Event::Status(Status::Joining))]);
    bench.seat();
    assert!(bench.effects.contains(&Effect::Connect));
    bench.forget();
    bench.link_up();
    let expected = ["greeting", "get-ice-servers", "profile", "get-room-info"];
    assert_eq!(bench.sent_kinds(), expected.map(|kind| format!("ground control {kind}")));
    bench.forget();
    bench.room_info(&[]);
    assert_eq!(bench.statuses(), [Status::Joined { me: ClientId::new(ME) }]);
    assert_eq!(bench.roster_ids(), [ME]);
    assert!(bench.roster()[0].me);
}

#[test]
fn ice_servers_are_known_before_the_first_peer_connection() {
    let mut bench = Bench::linked();
    bench.server("ice-servers", json!([{"urls": ["stun:192.0.2.1"]}]));
    bench.room_info(&[ours("a")]);
    let position = |wanted: fn(&Effect) -> bool| bench.effects.iter().position(wanted).unwrap();
    let servers = position(|effect| matches!(effect, Effect::SetIceServers(_)));
    assert!(servers < position(|effect| matches!(effect, Effect::OpenPeer { .. })));
}

#[test]
fn a_server_of_the_first_version_is_asked_for_nothing_that_it_does_not_know() {
    let mut bench = Bench::classic(&[plain("a")]);
    bench.offer_ready("a", 1);
    bench.wait(seconds(1));
    let unknown = ["get-ice-servers", "media-state", "ice-candidate"];
    for (_, message) in bench.sent() {
        assert!(!unknown.contains(&message.kind()), "said {}", message.kind());
        if let Message::Profile(profile) = message {
            assert!(profile.capabilities.is_empty());
        }
    }
}

#[test]
fn on_a_server_of_the_first_version_the_pong_tells_who_we_are() {
    let mut bench = Bench::classic(&[plain("a"), plain(ME)]);
    assert_eq!(bench.statuses().last(), Some(&Status::Joined { me: ClientId::new(ME) }));
    assert_eq!(bench.orders(), ["open a#1", "offer a#1 complete"], "nobody calls itself");
    bench.forget();
    bench.room_info(&[plain("a")]);
    assert!(bench.orders().is_empty());
}

#[test]
fn on_a_server_of_the_first_version_the_name_waits_until_our_offers_are_out() {
    let mut bench = Bench::classic(&[plain("a")]);
    assert!(!bench.sent_kinds().contains(&"ground control profile".to_owned()));
    bench.offer_ready("a", 1);
    let kinds = bench.sent_kinds();
    assert_eq!(kinds[kinds.len() - 2..], ["a offer", "ground control profile"]);
}

#[test]
fn a_refusal_is_final() {
    for id in [ErrorId::UnknownRoom, ErrorId::RoomFull, ErrorId::WrongPassword, ErrorId::TooMany] {
        let mut bench = Bench::new();
        bench.refuse(refused(id.clone()));
        assert_eq!(bench.statuses().last(), Some(&Status::Refused(ErrorNotice::new(id, "no"))));
        assert_eq!(bench.session.poll_timeout(), None);
    }
}

#[test]
fn a_server_that_stops_or_does_not_answer_is_tried_again() {
    let unreachable = JoinFailure::Unreachable("no route".into());
    for failure in [unreachable, refused(ErrorId::ShuttingDown), refused(ErrorId::Internal)] {
        let mut bench = Bench::new();
        for attempt in 1..=4 {
            bench.forget();
            bench.refuse(failure.clone());
            let statuses = bench.statuses();
            assert!(matches!(statuses[..], [Status::Reconnecting { attempt: n, .. }] if n == attempt));
            bench.wait_in_silence(RETRY_MAX);
            assert_eq!(bench.take(|effect| *effect == Effect::Join), 1);
        }
    }
}

#[test]
fn a_link_that_does_not_open_is_given_up_and_tried_again() {
    let mut bench = Bench::new();
    bench.seat();
    bench.forget();
    bench.wait_in_silence(seconds(15));
    assert_eq!(bench.effects[0], Effect::HangUp);
    bench.wait_in_silence(seconds(1));
    assert_eq!(bench.take(|effect| *effect == Effect::Join), 1);
}

#[test]
fn whoever_leaves_says_bye_to_each_and_to_the_server_and_closes_everything() {
    let mut bench = Bench::with(&[ours("a"), ours("b")]);
    bench.connect("a", 1, OfferForm::Object, 7);
    bench.forget();
    bench.command(Command::Leave);
    assert_eq!(bench.sent_kinds(), ["a bye", "b bye", "ground control bye"]);
    assert_eq!(bench.orders(), ["close a#1", "close b#2"]);
    assert_eq!(bench.take(|effect| *effect == Effect::HangUp), 1);
    assert_eq!(bench.statuses(), [Status::Left]);
    bench.forget();
    bench.room_info(&[ours("a")]);
    bench.link_down();
    bench.wait(seconds(60));
    assert!(bench.effects.is_empty(), "it is over: {:?}", bench.effects);
}

#[test]
fn leaving_before_the_room_was_entered_ends_it_too() {
    let mut bench = Bench::new();
    bench.command(Command::Leave);
    assert_eq!(bench.statuses().last(), Some(&Status::Left));
    bench.forget();
    bench.seat();
    assert!(bench.effects.is_empty());
}

#[test]
fn nothing_that_a_server_sends_breaks_a_session() {
    let mut bench = Bench::with(&[ours("a")]);
    bench.forget();
    let nonsense = ["", "{}", "[", "null", r#"{"receiver":"m","type":"offer","data":7}"#, r#"{"type":"ping"}"#];
    for frame in nonsense {
        bench.raw(frame);
    }
    for kind in protocol::KINDS {
        for sender in ["ground control", "a", "stranger", ME, "room"] {
            bench.frame(sender, ME, kind, json!(null));
            bench.frame(sender, "room", kind, json!([["x"]]));
        }
        if *kind == "bye" {
            bench.come_back();
            bench.room_info(&[ours("a")]);
        }
    }
    bench.room_info(&[ours("a"), ours("b")]);
    assert_eq!(bench.roster_ids(), ["a", "b", ME]);
}
