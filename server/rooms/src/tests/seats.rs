//! Seats are leases: taken, connected to, taken over, given up.

use crate::testing::{Bench, SERVER, client, create, join, room, seconds, session};
use crate::{Reply, Request, RoomError};
use protocol::RoomId;
use serde_json::{Value, json};

fn is_seated(reply: &Reply) -> bool {
    matches!(reply, Reply::Seated { .. })
}

#[test]
fn a_seat_is_told_with_its_room_and_client() {
    let reply = Bench::new().ask(join("ann", "demo"));
    assert_eq!(reply, Reply::Seated { room: room("demo"), client: client("ann") });
}

#[test]
fn nobody_sits_in_a_room_that_is_not_there() {
    assert_eq!(Bench::new().ask(join("ann", "moon")), Reply::Refused(RoomError::UnknownRoom));
}

#[test]
fn a_seat_without_a_connection_is_free_after_15_seconds_and_not_before() {
    let mut bench = Bench::new();
    bench.ask(join("ann", "demo"));
    bench.wait(seconds(15) - std::time::Duration::from_nanos(1));
    assert!(bench.rooms.has_seat(&room("demo"), &session("ann")));
    bench.wait(std::time::Duration::from_nanos(1));
    assert!(!bench.rooms.has_seat(&room("demo"), &session("ann")));
    assert_eq!(bench.participants(), 0);
}

#[test]
fn who_connects_within_the_lease_keeps_the_seat() {
    let mut bench = Bench::new();
    bench.ask(join("ann", "demo"));
    bench.wait(seconds(14));
    bench.open_channel("ann");
    bench.wait(seconds(14));
    assert_eq!(bench.participants(), 1);
}

#[test]
fn who_connects_without_a_seat_is_disconnected() {
    let mut bench = Bench::new();
    bench.open_channel("ghost");
    assert_eq!(bench.disconnected, [client("ghost")]);
    assert!(bench.heard("ghost").is_empty());
}

#[test]
fn the_guest_limit_is_exact() {
    for limit in [1, 2, 5, 17] {
        let mut bench = Bench::limited(limit);
        let replies: Vec<_> = (0..200).map(|n| bench.ask(join(&format!("guest {n}"), "demo"))).collect();
        assert!(replies[..limit].iter().all(is_seated));
        assert!(replies[limit..].iter().all(|reply| *reply == Reply::Refused(RoomError::Full { limit })));
    }
}

#[test]
fn a_guest_limit_of_zero_is_none() {
    let mut bench = Bench::limited(0);
    assert!((0..500).all(|n| is_seated(&bench.ask(join(&format!("guest {n}"), "demo")))));
}

#[test]
fn a_seat_given_up_can_be_taken_in_a_full_room() {
    let mut bench = Bench::limited(1);
    bench.enter("ann");
    assert_eq!(bench.ask(join("bob", "demo")), Reply::Refused(RoomError::Full { limit: 1 }));
    bench.say("ann", SERVER, "bye", Value::Null);
    assert!(is_seated(&bench.ask(join("bob", "demo"))));
}

#[test]
fn a_page_reloaded_50_times_has_one_seat() {
    let mut bench = Bench::limited(2);
    for _ in 0..50 {
        assert!(is_seated(&bench.ask(join("ann", "demo"))));
        bench.wait(std::time::Duration::from_millis(100));
    }
    assert_eq!(bench.participants(), 1);
}

#[test]
fn a_second_join_begins_the_lease_anew() {
    let mut bench = Bench::new();
    bench.ask(join("ann", "demo"));
    bench.wait(seconds(10));
    bench.ask(join("ann", "demo"));
    bench.wait(seconds(10));
    assert_eq!(bench.participants(), 1);
    bench.wait(seconds(5));
    assert_eq!(bench.participants(), 0);
}

#[test]
fn a_session_takes_its_seat_over_even_when_the_room_is_full_or_locked() {
    let mut bench = Bench::locked(1);
    assert!(is_seated(&bench.ask(crate::testing::with_password(join("ann", "demo"), "right"))));
    assert!(is_seated(&bench.ask(join("ann", "demo"))));
    assert_eq!(bench.participants(), 1);
}

#[test]
fn the_goodbye_of_a_page_that_is_being_reloaded_does_not_cost_the_new_page_its_seat() {
    let mut bench = Bench::new();
    bench.enter("ann");
    bench.ask(join("ann", "demo"));
    bench.say("ann", SERVER, "bye", Value::Null);
    assert_eq!(bench.leave("ann"), Reply::Left);
    bench.lose("ann");
    assert_eq!(bench.disconnected, [client("ann")]);
    assert!(bench.rooms.authorize(&room("demo"), &session("ann")).is_ok());
    bench.open_channel("ann");
    assert_eq!(bench.roster("ann"), ["ann"]);
}

#[test]
fn a_seat_taken_again_and_not_connected_to_is_free_after_the_old_connection_ended() {
    let mut bench = Bench::new();
    bench.enter("ann");
    bench.ask(join("ann", "demo"));
    bench.say("ann", SERVER, "bye", Value::Null);
    bench.wait(seconds(15));
    assert_eq!(bench.participants(), 0);
}

#[test]
fn an_old_connection_lives_on_when_the_new_one_never_comes() {
    let mut bench = Bench::new();
    bench.enter("ann");
    bench.ask(join("ann", "demo"));
    for _ in 0..4 {
        bench.wait(seconds(5));
        bench.alive("ann");
    }
    assert_eq!(bench.roster("ann"), ["ann"]);
    bench.say("ann", SERVER, "bye", Value::Null);
    assert_eq!(bench.participants(), 0, "this goodbye is meant");
}

#[test]
fn a_new_connection_of_a_seat_looks_to_the_others_like_leaving_and_coming() {
    let mut bench = Bench::new();
    bench.enter_new("ann");
    bench.enter("bob");
    bench.forget();
    bench.ask(join("bob", "demo"));
    bench.open_channel("bob");
    bench.say("bob", SERVER, "get-room-info", Value::Null);
    let heard: Vec<_> = bench.heard("ann").iter().map(|frame| frame["type"].clone()).collect();
    assert_eq!(heard, ["left", "room-info", "joined"]);
    let heard: Vec<_> = bench.heard("bob").iter().map(|frame| frame["type"].clone()).collect();
    assert_eq!(heard, ["greeting", "room-info"]);
}

#[test]
fn a_name_outlives_a_reload() {
    let mut bench = Bench::new();
    bench.enter("ann");
    bench.say("ann", SERVER, "profile", json!({"username": "Ann"}));
    bench.enter("ann");
    assert_eq!(bench.heard_of("ann", "room-info").pop().unwrap()["clients"][0]["username"], "Ann");
}

#[test]
fn who_leaves_by_request_is_gone_and_disconnected() {
    let mut bench = Bench::new();
    bench.enter("ann");
    assert_eq!(bench.leave("ann"), Reply::Left);
    assert_eq!((bench.participants(), bench.disconnected.clone()), (0, vec![client("ann")]));
    assert_eq!(bench.leave("ann"), Reply::Refused(RoomError::UnknownClient));
}

#[test]
fn who_leaves_before_connecting_frees_the_seat_at_once() {
    let mut bench = Bench::new();
    bench.ask(join("ann", "demo"));
    assert_eq!(bench.leave("ann"), Reply::Left);
    assert_eq!((bench.participants(), bench.disconnected.len()), (0, 0));
}

#[test]
fn a_lost_connection_frees_the_seat_at_once() {
    let mut bench = Bench::new();
    bench.enter("ann");
    bench.lose("ann");
    assert_eq!(bench.participants(), 0);
}

#[test]
fn a_connection_that_fails_before_it_opens_leaves_the_lease_alone() {
    let mut bench = Bench::new();
    bench.ask(join("ann", "demo"));
    bench.lose("ann");
    assert_eq!(bench.participants(), 1);
}

#[test]
fn only_a_seat_in_this_room_lets_one_connect() {
    let mut bench = Bench::new();
    bench.ask(create("moon", 0, None));
    bench.ask(join("ann", "demo"));
    let may = |bench: &Bench, name: &str, room: &RoomId| bench.rooms.authorize(room, &session(name));
    assert_eq!(may(&bench, "ann", &room("demo")), Ok(client("ann")));
    assert_eq!(may(&bench, "ann", &room("moon")), Err(RoomError::WrongRoom));
    assert_eq!(may(&bench, "ann", &room("mars")), Err(RoomError::UnknownRoom));
    assert_eq!(may(&bench, "bob", &room("demo")), Err(RoomError::UnknownClient));
}

#[test]
fn one_session_may_sit_in_two_rooms() {
    let mut bench = Bench::new();
    bench.ask(create("moon", 0, None));
    bench.ask(join("ann", "demo"));
    bench.ask(join("ann", "moon"));
    assert_eq!(bench.leave("ann"), Reply::Left);
    assert_eq!(bench.rooms.authorize(&room("moon"), &session("ann")), Ok(client("ann@moon")));
    assert_eq!(bench.rooms.authorize(&room("demo"), &session("ann")), Err(RoomError::WrongRoom));
}

#[test]
fn a_client_id_of_someone_else_is_refused() {
    let mut bench = Bench::new();
    bench.ask(join("ann", "demo"));
    let mut thief = join("ann", "demo");
    let Request::Join { session: stolen_by, .. } = &mut thief else { unreachable!() };
    *stolen_by = session("eve");
    assert_eq!(bench.ask(thief), Reply::Refused(RoomError::SeatTaken));
}

#[test]
fn a_client_of_ours_hears_that_it_is_elsewhere_now_and_one_of_an_earlier_version_nothing_new() {
    let mut bench = Bench::new();
    bench.ask(join("ann", "demo"));
    assert_eq!(bench.rooms.last_words(&client("ann")), None, "nobody to tell");
    bench.open_channel("ann");
    assert_eq!(bench.rooms.last_words(&client("ann")), None);
    bench.introduce("ann");
    let words = bench.rooms.last_words(&client("ann")).expect("a frame");
    let words: Value = serde_json::from_str(&words).unwrap();
    assert_eq!(
        (&words["sender"], &words["receiver"], &words["type"]),
        (&json!(SERVER), &json!("ann"), &json!("error"))
    );
    assert!(words["data"].as_str().unwrap().starts_with("elsewhere: "), "{words}");
}
