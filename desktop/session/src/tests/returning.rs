//! The link to the server is lost, and comes back.

use protocol::limits::SERVER_SILENCE;
use protocol::{ErrorId, ErrorNotice, Message, OfferForm};
use serde_json::json;

use crate::testing::{Bench, ME, ours, plain, seconds};
use crate::{Effect, JoinFailure, PeerEvent, PeerState, Status};

const OBJECT: OfferForm = OfferForm::Object;

/// In a room with `a`, connected to it.
fn with_a_friend() -> Bench {
    let mut bench = Bench::with(&[ours("a")]);
    bench.connect("a", 1, OBJECT, 7);
    bench.forget();
    bench
}

#[test]
fn a_silent_server_is_left_after_two_pings_in_vain() {
    let mut bench = with_a_friend();
    bench.wait_in_silence(SERVER_SILENCE);
    assert_eq!(bench.take(|effect| *effect == Effect::HangUp), 1);
    assert!(matches!(bench.statuses()[..], [Status::Reconnecting { attempt: 1, .. }]));
    let pings = bench.sent().iter().filter(|(_, message)| matches!(message, Message::Ping(_))).count();
    assert_eq!(pings, 2);
}

#[test]
fn connections_outlive_the_link() {
    let mut bench = with_a_friend();
    bench.link_down();
    bench.wait(seconds(1));
    bench.come_back();
    bench.room_info(&[ours("a")]);
    assert!(bench.orders().is_empty(), "{:?}", bench.orders());
    assert!(bench.peer_states("a").is_empty());
    assert!(matches!(bench.statuses()[..], [Status::Reconnecting { .. }, Status::Joined { .. }]));
}

#[test]
fn an_exchange_that_the_lost_link_cut_short_begins_anew() {
    let mut bench = Bench::with(&[ours("a")]);
    bench.offer_ready("a", 1);
    bench.forget();
    bench.link_down();
    assert_eq!(bench.orders(), ["close a#1"]);
    bench.come_back();
    bench.forget();
    bench.room_info(&[ours("a")]);
    assert_eq!(bench.orders(), ["open a#2", "offer a#2"]);
}

#[test]
fn whoever_is_missing_after_a_return_is_kept_15_s_while_the_connection_lives() {
    let mut bench = with_a_friend();
    bench.link_down();
    bench.come_back();
    bench.room_info(&[]);
    bench.wait(seconds(14));
    assert_eq!(bench.n_rosters(), 0, "the tile stays");
    bench.wait(seconds(1));
    assert_eq!(bench.roster_ids(), [ME]);
    assert_eq!(bench.orders(), ["close a#1"]);
}

#[test]
fn whoever_is_missing_after_a_return_goes_with_its_connection() {
    let mut bench = with_a_friend();
    bench.link_down();
    bench.come_back();
    bench.room_info(&[]);
    bench.peer("a", 1, PeerEvent::Failed("ICE".into()));
    assert_eq!(bench.roster_ids(), [ME]);
}

#[test]
fn whoever_returns_later_has_one_tile_and_the_same_connection() {
    let mut bench = with_a_friend();
    bench.link_down();
    bench.come_back();
    bench.room_info(&[]);
    bench.wait(seconds(3));
    bench.server("joined", ours("a"));
    bench.room_info(&[ours("a")]);
    bench.wait(seconds(30));
    assert_eq!(bench.n_rosters(), 0);
    assert!(bench.orders().is_empty());
}

#[test]
fn a_connection_that_broke_meanwhile_is_offered_again_on_return() {
    let mut bench = with_a_friend();
    bench.link_down();
    bench.peer("a", 1, PeerEvent::Failed("ICE".into()));
    assert_eq!(bench.peer_states("a"), [PeerState::Closed]);
    bench.come_back();
    bench.forget();
    bench.room_info(&[ours("a")]);
    assert_eq!(bench.orders(), ["open a#2", "offer a#2"]);
}

#[test]
fn a_bye_of_the_server_is_a_lost_link() {
    let mut bench = with_a_friend();
    bench.server("bye", json!(null));
    assert_eq!(bench.take(|effect| *effect == Effect::HangUp), 1);
    assert!(matches!(bench.statuses()[..], [Status::Reconnecting { .. }]));
    bench.come_back();
    bench.room_info(&[ours("a")]);
    assert!(bench.orders().is_empty());
}

#[test]
fn a_refused_return_ends_everything() {
    let mut bench = with_a_friend();
    bench.link_down();
    while bench.take(|effect| *effect == Effect::Join) == 0 {
        bench.wait(seconds(1));
    }
    bench.refuse(JoinFailure::Refused(ErrorNotice::new(ErrorId::TooMany, "wait")));
    assert!(matches!(bench.statuses().last(), Some(Status::Reconnecting { attempt: 2, .. })));
    while bench.take(|effect| *effect == Effect::Join) == 0 {
        bench.wait(seconds(1));
    }
    bench.refuse(JoinFailure::Refused(ErrorNotice::new(ErrorId::RoomFull, "full")));
    assert!(matches!(bench.statuses().last(), Some(Status::Refused(_))));
    assert_eq!(bench.orders(), ["close a#1"]);
}

#[test]
fn under_another_id_everything_begins_anew_and_the_former_self_is_nobody() {
    let mut bench = Bench::classic(&[plain("a")]);
    bench.connect("a", 1, OfferForm::String, 7);
    bench.link_down();
    bench.come_back();
    bench.forget();
    bench.frame("ground control", "n", "pong", json!(2));
    assert_eq!(bench.orders(), ["close a#1"]);
    bench.frame("ground control", "n", "room-info", json!({"clients": [plain("a"), plain(ME), plain("n")]}));
    assert_eq!(bench.roster_ids(), ["a", "n"]);
    assert_eq!(bench.orders(), ["close a#1", "open a#2", "offer a#2 complete"]);
}

#[test]
fn what_a_dead_link_still_reports_is_ignored() {
    let mut bench = with_a_friend();
    bench.link_down();
    bench.forget();
    bench.link_down();
    bench.link_up();
    bench.room_info(&[]);
    bench.server("left", ours("a"));
    assert!(bench.effects.is_empty());
}
