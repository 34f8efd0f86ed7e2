//! Who is told what we send.

use protocol::{MediaState, OfferForm};
use serde_json::json;

use crate::Command;
use crate::testing::{Bench, ME, ours, page, plain, seconds};

fn told(bench: &Bench) -> Vec<String> {
    bench.sent_kinds().into_iter().filter(|kind| kind.ends_with("media-state")).collect()
}

const CAMERA: MediaState = MediaState { microphone: false, camera: true, screen: false, hand: false };

#[test]
fn the_room_is_told_on_arrival_and_on_every_change() {
    let mut bench = Bench::with(&[ours("a"), ours("b")]);
    assert_eq!(told(&bench), ["room media-state"]);
    bench.forget();
    bench.command(Command::SetMedia(CAMERA));
    bench.command(Command::SetMedia(CAMERA));
    assert_eq!(told(&bench), ["room media-state"]);
    assert_eq!(bench.roster().last().unwrap().media, Some(CAMERA));
}

fn view(height: u32) -> protocol::View {
    protocol::View { height, screen: None }
}

#[test]
fn whoever_understands_it_is_told_how_its_picture_is_shown_once() {
    let mut bench = Bench::with(&[ours("a"), page("b", OfferForm::Object)]);
    let views =
        |bench: &Bench| bench.sent_kinds().into_iter().filter(|kind| kind.ends_with("view")).collect::<Vec<_>>();
    for client in ["a", "b", "nobody"] {
        bench.command(Command::ShowAt { client: protocol::ClientId::new(client), view: view(180) });
    }
    bench.command(Command::ShowAt { client: protocol::ClientId::new("a"), view: view(180) });
    assert_eq!(views(&bench), ["a view"]);
    bench.command(Command::ShowAt { client: protocol::ClientId::new("a"), view: view(0) });
    assert_eq!(views(&bench), ["a view", "a view"]);
}

#[test]
fn a_newcomer_is_told_and_nobody_else() {
    let mut bench = Bench::with(&[ours("a"), ours("b")]);
    bench.forget();
    bench.server("joined", ours("c"));
    bench.describe("c", "offer", OfferForm::Object, 7);
    bench.room_info(&[ours("a"), ours("b"), ours("c")]);
    assert_eq!(told(&bench), ["c media-state"]);
}

#[test]
fn whoever_starts_anew_is_told_again() {
    let mut bench = Bench::with(&[ours("a")]);
    bench.connect("a", 1, OfferForm::Object, 7);
    bench.forget();
    bench.describe("a", "offer", OfferForm::Object, 8);
    assert_eq!(told(&bench), ["a media-state"]);
    bench.forget();
    bench.server("joined", ours("a"));
    assert_eq!(told(&bench), ["a media-state"]);
}

#[test]
fn pages_of_earlier_versions_are_left_in_peace() {
    for mut bench in [Bench::with(&[page("a", OfferForm::String)]), Bench::classic(&[plain("a")])] {
        bench.command(Command::SetMedia(CAMERA));
        bench.wait(seconds(5));
        assert!(told(&bench).is_empty());
    }
    let bench = Bench::with(&[page("a", OfferForm::Object), ours("b")]);
    assert_eq!(told(&bench), ["b media-state"]);
}

#[test]
fn everyone_is_told_again_on_a_new_link() {
    let mut bench = Bench::with(&[ours("a"), ours("b")]);
    bench.link_down();
    bench.come_back();
    bench.forget();
    bench.room_info(&[ours("a"), ours("b")]);
    assert_eq!(told(&bench), ["room media-state"]);
}

#[test]
fn what_others_send_is_in_the_roster() {
    let mut bench = Bench::with(&[ours("a"), page("b", OfferForm::String)]);
    bench.frame("a", "room", "media-state", json!({"camera": true}));
    let roster = bench.roster();
    assert_eq!((roster[0].media, roster[0].ours), (Some(CAMERA), true));
    assert_eq!((roster[1].media, roster[1].ours), (None, false));
    bench.frame(ME, "room", "media-state", json!({"hand": true}));
    assert!(!bench.roster()[2].media.unwrap().hand, "an echo tells nothing new");
}
