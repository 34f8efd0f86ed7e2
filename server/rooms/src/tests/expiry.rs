//! Rooms come and go.

use std::time::Duration;

use crate::testing::{Bench, create, from_address, join, room, seconds};
use crate::{Config, Reply, Request, RoomError};

fn bench() -> Bench {
    Bench::without_rooms(Config::default())
}

fn exists(bench: &Bench, name: &str) -> bool {
    bench.rooms.inspect(&room(name), bench.now).is_some()
}

#[test]
fn a_created_room_is_told_as_it_is() {
    let mut bench = bench();
    let Reply::Created(summary) = bench.ask(create("moon", 3, Some("secret"))) else { panic!("refused") };
    assert_eq!((summary.id, summary.participants, summary.guest_limit), (room("moon"), 0, 3));
    assert!(summary.has_password && summary.public && summary.idle_seconds == 0);
}

#[test]
fn one_name_is_one_room() {
    let mut bench = bench();
    bench.ask(create("moon", 0, None));
    assert_eq!(bench.ask(create("moon", 0, None)), Reply::Refused(RoomError::RoomExists));
}

#[test]
fn an_empty_room_expires_after_300_seconds_and_not_before() {
    let mut bench = bench();
    bench.ask(create("moon", 0, None));
    bench.wait(seconds(300) - Duration::from_nanos(1));
    assert!(exists(&bench, "moon"));
    bench.wait(Duration::from_nanos(1));
    assert!(!exists(&bench, "moon"));
    assert!(matches!(bench.ask(create("moon", 0, None)), Reply::Created(_)));
}

#[test]
fn a_room_lives_for_300_seconds_after_the_last_one_left() {
    let mut bench = bench();
    bench.ask(create("demo", 0, None));
    bench.wait(seconds(200));
    bench.enter("ann");
    for _ in 0..100 {
        bench.wait(seconds(10));
        bench.alive("ann");
    }
    bench.leave("ann");
    bench.wait(seconds(299));
    assert!(exists(&bench, "demo"));
    bench.wait(seconds(1));
    assert!(!exists(&bench, "demo"));
}

#[test]
fn a_seat_without_a_connection_keeps_the_room_for_its_lease() {
    let mut bench = bench();
    bench.ask(create("demo", 0, None));
    bench.wait(seconds(299));
    bench.ask(join("ann", "demo"));
    bench.wait(seconds(15 + 299));
    assert!(exists(&bench, "demo"));
    bench.wait(seconds(1));
    assert!(!exists(&bench, "demo"));
}

#[test]
fn a_kept_room_never_expires() {
    let mut bench = Bench::new();
    bench.enter("ann");
    bench.leave("ann");
    bench.wait(seconds(1_000_000));
    assert!(exists(&bench, "demo"));
    assert_eq!(bench.rooms.poll_timeout(), None);
}

#[test]
fn a_kept_room_opened_twice_stays_as_it_was() {
    let mut bench = Bench::limited(2);
    bench.rooms.open_kept_room(room("demo"), true, 9, None, bench.now);
    assert_eq!(bench.rooms.inspect(&room("demo"), bench.now).unwrap().guest_limit, 2);
}

#[test]
fn twenty_rooms_an_address_are_free_and_five_more_an_hour() {
    let mut bench = bench();
    for n in 0..20 {
        assert!(matches!(bench.ask(create(&format!("r{n}"), 0, None)), Reply::Created(_)));
    }
    assert_eq!(bench.ask(create("r20", 0, None)), Reply::Refused(RoomError::TooManyRooms));
    assert!(matches!(bench.ask(from_address(create("x", 0, None), [192, 0, 2, 2])), Reply::Created(_)));
    bench.wait(seconds(720) - Duration::from_nanos(1));
    assert_eq!(bench.ask(create("r20", 0, None)), Reply::Refused(RoomError::TooManyRooms));
    bench.wait(Duration::from_nanos(1));
    assert!(matches!(bench.ask(create("r20", 0, None)), Reply::Created(_)));
}

#[test]
fn a_room_that_was_refused_counts_for_nothing() {
    let mut bench = bench();
    bench.ask(create("moon", 0, None));
    for _ in 0..50 {
        bench.ask(create("moon", 0, None));
    }
    assert!(matches!(bench.ask(create("mars", 0, None)), Reply::Created(_)));
}

#[test]
fn the_list_has_the_public_rooms_the_most_recently_active_first() {
    let mut bench = Bench::new();
    for name in ["a", "b", "c"] {
        bench.wait(seconds(1));
        bench.ask(create(name, 0, None));
    }
    let mut private = create("private", 0, None);
    let Request::Create { public, .. } = &mut private else { unreachable!() };
    *public = false;
    bench.ask(private);
    bench.wait(seconds(1));
    bench.ask(join("ann", "b"));
    bench.wait(seconds(7));
    let list: Vec<_> =
        bench.rooms.list(bench.now).into_iter().map(|room| (room.id.to_string(), room.idle_seconds)).collect();
    assert_eq!(list, [("b".into(), 7), ("c".into(), 8), ("a".into(), 10), ("demo".into(), 11)]);
}

#[test]
fn writing_and_leaving_make_a_room_active() {
    let mut bench = Bench::new();
    let idle = |bench: &Bench| bench.rooms.inspect(&room("demo"), bench.now).unwrap().idle_seconds;
    bench.enter("ann");
    bench.wait(seconds(9));
    assert_eq!(idle(&bench), 9);
    bench.write("ann", "hello");
    assert_eq!(idle(&bench), 0);
    bench.wait(seconds(9));
    bench.say("ann", "ground control", "ping", serde_json::Value::Null);
    assert_eq!(idle(&bench), 9, "a ping is no activity");
    bench.leave("ann");
    assert_eq!(idle(&bench), 0);
}

#[test]
fn no_configuration_makes_time_stand_still() {
    let none = Duration::ZERO;
    let config = Config {
        empty_room: none,
        seat_unconnected: none,
        silence_unstable: none,
        silence_gone: none,
        knock: none,
        comeback: none,
        ..Config::default()
    };
    let mut bench = Bench::without_rooms(config.clone());
    bench.ask(create("gone", 0, None));
    bench.rooms.open_kept_room(room("demo"), true, 0, None, bench.now);
    bench.ask(join("ann", "demo"));
    bench.open_channel("ann");
    // The bench sees to it that time moves forward.
    bench.wait(seconds(10));
    assert_eq!((bench.participants(), bench.rooms.inspect(&room("gone"), bench.now)), (0, None));
    // Unstable from the beginning, and for a while.
    let mut bench = Bench::without_rooms(Config { silence_gone: seconds(15), ..config });
    bench.rooms.open_kept_room(room("demo"), true, 0, None, bench.now);
    bench.enter_new("ann");
    bench.wait(seconds(10));
    assert_eq!(bench.participants(), 1);
}
