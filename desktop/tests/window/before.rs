//! What the app knows from before: rooms to go back to, and servers that have to show the same certificate again.

use client::{Fingerprint, UNTRUSTED, Untrusted};
use desktop::{Command, Doubt, Event};
use eframe::egui;
use egui_kittest::kittest::{NodeT, Queryable};
use protocol::{ErrorId, ErrorNotice, RoomId};
use url::Url;

use crate::bench::Bench;

fn url(text: &str) -> Url {
    Url::parse(text).unwrap()
}

fn room(name: &str) -> RoomId {
    RoomId::parse(name).unwrap()
}

fn join(name: &str) -> Command {
    Command::Join { room: room(name), password: None, invite: None }
}

fn here() -> Url {
    url("http://127.0.0.1:5000")
}

/// The server shows the certificate `found`, and perhaps should show another.
fn doubt(found: &[u8], expected: Option<&[u8]>) -> Event {
    let untrusted = Untrusted { found: Fingerprint::of(found), expected: expected.map(Fingerprint::of), why: None };
    Event::Untrusted(Doubt { server: here(), untrusted })
}

fn failure() -> Event {
    Event::LobbyFailed(ErrorNotice::new(ErrorId::Other(UNTRUSTED.to_owned()), "nobody vouches for it"))
}

fn trust(found: &[u8]) -> Command {
    Command::Trust { server: here(), fingerprint: Fingerprint::of(found) }
}

#[test]
fn a_room_of_before_is_a_click_away_also_on_another_server() {
    let mut bench = Bench::new();
    assert!(bench.sees("Where you were") && bench.sees("you own it") && bench.sees("chat.lan:5000"));
    bench.click("Go back to demo");
    assert_eq!(bench.commands(), [join("demo")]);
    let mut bench = Bench::new();
    bench.click("Go back to Allotment society");
    let there = Command::SetServer(url("https://chat.lan:5000"));
    assert_eq!(bench.commands()[..2], [there, join("Allotment society")]);
}

#[test]
fn a_room_of_ones_own_is_not_forgotten_by_accident() {
    let mut bench = Bench::new();
    bench.click("Forget quiet corner");
    let forget = |name: &str| Command::ForgetRoom { server: here(), room: room(name) };
    assert_eq!(bench.commands(), [forget("quiet corner")]);
    assert!(!bench.sees("Go back to quiet corner"));
    bench.click("Forget demo");
    assert_eq!(bench.commands(), []);
    assert!(bench.sees("You own this room"));
    bench.press(egui::Key::Escape);
    assert!(!bench.sees("You own this room") && bench.sees("Go back to demo"));
    bench.click("Forget demo");
    bench.click("Forget it");
    assert_eq!(bench.commands(), [forget("demo")]);
    assert!(!bench.sees("Go back to demo"));
}

#[test]
fn a_stranger_is_trusted_only_after_a_look_at_its_certificate() {
    let mut bench = Bench::new();
    bench.tell([doubt(b"x", None), failure()]);
    let fingerprint = Fingerprint::of(b"x").to_string();
    assert!(
        bench.sees("Is this the right server?") && bench.sees(&fingerprint[..47]) && bench.sees(&fingerprint[48..])
    );
    bench.click("Cancel");
    assert_eq!(bench.commands(), []);
    bench.tell([doubt(b"x", None), failure()]);
    assert!(!bench.sees("Is this the right server?"), "asked once, not every five seconds");
    bench.click("Compare the certificate…");
    bench.click("It is the same: trust it");
    assert_eq!(bench.commands(), [trust(b"x")]);
    assert!(!bench.sees("Is this the right server?"));
}

#[test]
fn who_was_kept_from_a_room_by_doubt_goes_in_after_it() {
    let mut bench = Bench::new();
    bench.type_into("Name or address of the room", "https://stranger.invalid/rtc/demo");
    bench.click("Join by name or address");
    bench.commands();
    assert!(bench.sees("Is this the right server?") && bench.sees("stranger.invalid:443"));
    bench.click("It is the same: trust it");
    let commands = bench.commands();
    assert!(matches!(&commands[..], [Command::Trust { .. }, again] if *again == join("demo")), "{commands:?}");
    bench.wait(500);
    assert!(bench.sees("Connected"));
}

#[test]
fn a_changed_certificate_is_a_warning_that_takes_two_steps() {
    let mut bench = Bench::new();
    bench.tell([doubt(b"new", Some(b"old")), failure()]);
    assert!(bench.sees("This may not be your server") && bench.sees("You trusted"));
    assert!(bench.window.get_by_label("Trust the new one").accesskit_node().is_disabled());
    bench.click("I was told that this is its new certificate");
    bench.click("Trust the new one");
    assert_eq!(bench.commands(), [trust(b"new")]);
}

#[test]
fn no_notice_covers_what_a_dialog_warns_of() {
    let mut bench = Bench::new();
    let long = |n: u32| format!("{n}: {}", "Something else that is less important. ".repeat(6).trim_end());
    let notice = |n: u32| Event::Notice(long(n));
    bench.tell([doubt(b"new", Some(b"old")), failure(), notice(1), notice(2)]);
    let warning = bench.window.get_by_label("This may not be your server").rect();
    for n in [1, 2] {
        let notice = bench.window.get_by_label(&long(n)).rect();
        assert!(!notice.expand(8.0).intersects(warning), "{notice} {warning}");
    }
}

#[test]
fn why_there_is_no_list_is_told_in_short_where_the_server_is_doubted() {
    let mut bench = Bench::new();
    let untrusted = Untrusted { found: Fingerprint::of(b"x"), expected: Some(Fingerprint::of(b"y")), why: None };
    let notice = ErrorNotice::new(ErrorId::Other(UNTRUSTED.to_owned()), untrusted.to_string());
    bench.tell([Event::LobbyFailed(notice)]);
    assert!(bench.sees("could not prove who it is") && !bench.sees(&Fingerprint::of(b"x").to_string()[..20]));
}

#[test]
fn trust_can_be_taken_back() {
    let mut bench = Bench::new();
    bench.click("Settings");
    bench.click("Forget chat.lan:5000…");
    assert!(bench.sees("compare its certificate again"));
    bench.click("Keep it");
    assert_eq!(bench.commands(), []);
    assert!(bench.sees("Servers that you trust"), "the settings are still open");
    bench.click("Forget chat.lan:5000…");
    bench.press(egui::Key::Escape);
    assert_eq!(bench.commands(), []);
    assert!(bench.sees("Servers that you trust"), "only the question was closed");
    bench.click("Forget chat.lan:5000…");
    bench.click("Forget it");
    assert_eq!(bench.commands(), [Command::Distrust("chat.lan:5000".to_owned())]);
    assert!(!bench.sees("Servers that you trust"));
}
