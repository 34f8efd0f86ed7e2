//! Waiting at the door until someone opens.

use std::time::Duration;

use protocol::{ClientId, ErrorId, ErrorNotice};

use crate::testing::{Bench, ME, seconds};
use crate::{Command, Effect, JoinFailure, Status};

fn millis(n: u64) -> Duration {
    Duration::from_millis(n)
}

fn knocks(bench: &mut Bench, retry_after: Duration) {
    bench.take(|effect| *effect == Effect::Join);
    bench.refuse(JoinFailure::Knocking { retry_after });
}

fn joins(bench: &mut Bench) -> usize {
    bench.take(|effect| *effect == Effect::Join)
}

#[test]
fn whoever_knocks_asks_again_as_often_as_it_was_told_until_it_is_let_in() {
    let mut bench = Bench::new();
    bench.forget();
    for _ in 0..30 {
        knocks(&mut bench, seconds(2));
        bench.wait_in_silence(millis(1_999));
        assert_eq!(joins(&mut bench), 0);
        bench.wait_in_silence(millis(1));
        assert_eq!(joins(&mut bench), 1);
    }
    assert_eq!(bench.statuses(), [Status::Knocking], "told once");
    bench.seat();
    bench.link_up();
    bench.room_info(&[]);
    assert_eq!(bench.statuses(), [Status::Knocking, Status::Connecting, Status::Joined { me: ClientId::new(ME) }]);
}

#[test]
fn a_server_decides_how_often_within_reason() {
    for (told, kept) in [(0, 500), (60_000, 8_000)] {
        let mut bench = Bench::new();
        knocks(&mut bench, millis(told));
        bench.wait_in_silence(millis(kept - 1));
        assert_eq!(joins(&mut bench), 0);
        bench.wait_in_silence(millis(1));
        assert_eq!(joins(&mut bench), 1);
    }
}

#[test]
fn whoever_is_denied_or_banned_while_knocking_asks_no_more() {
    for id in [ErrorId::Denied, ErrorId::Banned, ErrorId::UnknownRoom] {
        let mut bench = Bench::new();
        knocks(&mut bench, seconds(2));
        bench.wait_in_silence(seconds(2));
        let no = ErrorNotice::new(id, "no");
        bench.refuse(JoinFailure::Refused(no.clone()));
        assert_eq!(bench.statuses().last(), Some(&Status::Refused(no)));
        bench.forget();
        bench.wait_in_silence(seconds(60));
        assert!(bench.effects.is_empty());
    }
}

#[test]
fn whoever_gives_up_knocking_asks_no_more() {
    let mut bench = Bench::new();
    knocks(&mut bench, seconds(2));
    bench.command(Command::Leave);
    assert_eq!(bench.statuses().last(), Some(&Status::Left));
    bench.forget();
    bench.wait_in_silence(seconds(60));
    bench.seat();
    assert!(bench.effects.is_empty());
}

#[test]
fn a_knock_survives_a_server_that_is_away_for_a_while() {
    let mut bench = Bench::new();
    knocks(&mut bench, seconds(2));
    bench.wait_in_silence(seconds(2));
    bench.refuse(JoinFailure::Unreachable("no route".into()));
    bench.wait_in_silence(seconds(1));
    bench.forget();
    knocks(&mut bench, seconds(2));
    assert_eq!(bench.statuses(), [Status::Knocking], "told anew");
}

#[test]
fn whoever_returns_to_a_room_with_a_lobby_may_have_to_knock() {
    let mut bench = Bench::with(&[]);
    bench.link_down();
    bench.wait_in_silence(seconds(1));
    bench.forget();
    knocks(&mut bench, seconds(2));
    bench.wait_in_silence(seconds(2));
    assert_eq!(joins(&mut bench), 1);
    bench.seat();
    bench.link_up();
    bench.room_info(&[]);
    assert_eq!(bench.statuses().last(), Some(&Status::Joined { me: ClientId::new(ME) }));
}
