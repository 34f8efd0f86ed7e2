//! What whoever runs the server sees, and what is reported outside.

use crate::testing::{Bench, create, join, room, seconds};
use crate::{By, Census, Config, Event, Request};

fn events(bench: &mut Bench) -> Vec<String> {
    std::iter::from_fn(|| bench.rooms.poll_event())
        .map(|event| match event {
            Event::RoomOpened { room } => format!("{room} opened"),
            Event::RoomClosed { room } => format!("{room} closed"),
            Event::Joined { client, .. } => format!("{client} joined"),
            Event::Left { client, .. } => format!("{client} left"),
        })
        .collect()
}

#[test]
fn an_administrator_sees_every_room_and_everyone_inside() {
    let mut bench = Bench::new();
    bench.enter("ann");
    bench.ask(join("ben", "demo"));
    let rooms = bench.rooms.overview(bench.now);
    let inside: Vec<_> = rooms[0].clients.iter().map(|client| (client.id.as_str(), client.connected)).collect();
    assert_eq!(inside, [("ann", true), ("ben", false)]);
    assert!(rooms[0].kept && rooms.len() == 1);
    assert_eq!(bench.rooms.census(), Census { rooms: 1, public: 1, seats: 2, connected: 1 });
}

#[test]
fn every_coming_and_going_is_reported_once() {
    let mut bench = Bench::without_rooms(Config::default());
    bench.rooms.report_events();
    bench.ask(create("demo", 0, None));
    bench.enter("ann");
    bench.enter("ann");
    bench.enter("ben");
    bench.ask(join("eve", "demo"));
    bench.leave("ann");
    bench.lose("ben");
    bench.wait(seconds(1_000));
    let expected =
        ["demo opened", "ann joined", "ann left", "ann joined", "ben joined", "ann left", "ben left", "demo closed"];
    assert_eq!(events(&mut bench), expected);
}

#[test]
fn everyone_in_a_closed_room_is_reported_to_have_left() {
    let mut bench = Bench::new();
    bench.enter("ann");
    bench.ask(join("ben", "demo"));
    bench.rooms.report_events();
    bench.ask(Request::Delete { room: room("demo"), by: By::Administrator });
    assert_eq!(events(&mut bench), ["ann left", "demo closed"]);
}

#[test]
fn nothing_is_kept_of_what_nobody_wants_to_hear() {
    let mut bench = Bench::new();
    bench.enter("ann");
    assert_eq!(bench.rooms.poll_event(), None);
}
