//! Rooms are changed, deleted, kept and brought back.

use protocol::{History, Role, api};
use serde_json::Value;

use crate::testing::{Bench, SERVER, client, create, join, room, seconds, with_password};
use crate::{By, Config, Reply, Request, RoomError};

fn change() -> api::EditRoom {
    api::EditRoom::default()
}

#[test]
fn the_owner_changes_what_is_named_and_nothing_else() {
    let mut bench = Bench::owned(History::Forever);
    let wish = api::EditRoom { public: Some(false), guest_limit: Some(3), ..change() };
    let Reply::Updated(details) = bench.edit("ann", wish) else { panic!() };
    assert_eq!((details.summary.public, details.summary.guest_limit), (false, 3));
    assert_eq!((details.history, details.owner), (History::Forever, Some(client("ann"))));
    assert_eq!(bench.edit("bo", change()), Reply::Refused(RoomError::Forbidden));
    assert_eq!(bench.edit("ann", api::EditRoom { kept: Some(true), ..change() }), Reply::Refused(RoomError::Forbidden));
}

#[test]
fn a_password_is_set_changed_and_removed() {
    let mut bench = Bench::owned(History::None);
    bench.edit("ann", api::EditRoom { password: Some("first".into()), ..change() });
    assert_eq!(bench.ask(join("bo", "demo")), Reply::Refused(RoomError::PasswordRequired));
    bench.edit("ann", api::EditRoom { password: Some("second".into()), ..change() });
    assert_eq!(bench.ask(with_password(join("bo", "demo"), "first")), Reply::Refused(RoomError::WrongPassword));
    assert!(matches!(bench.ask(with_password(join("bo", "demo"), "second")), Reply::Seated { .. }));
    bench.edit("ann", api::EditRoom { password: Some(String::new()), ..change() });
    assert!(matches!(bench.ask(join("cy", "demo")), Reply::Seated { .. }));
    let long = api::EditRoom { password: Some("x".repeat(513)), ..change() };
    assert_eq!(bench.edit("ann", long), Reply::Refused(RoomError::PasswordTooLong { limit: 512 }));
}

#[test]
fn a_password_is_changed_by_whoever_owns_the_room_when_it_is_hashed() {
    let mut bench = Bench::owned(History::None);
    bench.enter_ours("bo");
    let wish = api::EditRoom { password: Some("new".into()), ..change() };
    let by = By::Client(client("ann"));
    let id = bench.ask_later(Request::Edit { room: room("demo"), by: by.clone(), change: wish.clone() });
    let second = bench.ask_later(Request::Edit { room: room("demo"), by, change: wish });
    assert!(matches!(bench.replies[&second], Reply::Refused(RoomError::TooManyInRoom { .. })));
    bench.moderate("ann", "hand-over", "bo");
    bench.work();
    assert_eq!(bench.replies[&id], Reply::Refused(RoomError::Forbidden));
    assert!(bench.records[&room("demo")].password_hash.is_none());
}

#[test]
fn the_hours_of_a_history_are_bounded() {
    let mut bench = Bench::owned(History::None);
    for (hours, is_fine) in [(0, false), (1, true), (8_784, true), (8_785, false)] {
        let reply = bench.edit("ann", api::EditRoom { history: Some(History::Hours(hours)), ..change() });
        assert_eq!(matches!(reply, Reply::Updated(_)), is_fine, "{hours}");
    }
}

#[test]
fn from_a_deleted_room_everyone_hears_bye() {
    let mut bench = Bench::owned(History::Forever);
    bench.enter("bo");
    bench.ask(join("cy", "demo"));
    bench.write("bo", "hello");
    bench.work();
    bench.forget();
    let delete = |by| Request::Delete { room: room("demo"), by: By::Client(client(by)) };
    assert_eq!(bench.ask(delete("bo")), Reply::Refused(RoomError::Forbidden));
    assert_eq!(bench.ask(delete("ann")), Reply::Deleted);
    assert_eq!(bench.disconnected, [client("ann"), client("bo")]);
    assert_eq!(bench.heard_of("bo", "bye"), [Value::Null]);
    assert_eq!((bench.records.len(), bench.texts.len()), (0, 0));
    assert_eq!(bench.ask(delete("ann")), Reply::Refused(RoomError::UnknownRoom));
    assert!(matches!(bench.ask(create("demo", 0, None)), Reply::Created(_)));
    assert!(matches!(bench.ask(join("cy", "demo")), Reply::Seated { .. }));
    assert_eq!(bench.participants(), 1);
}

#[test]
fn an_expired_room_is_forgotten() {
    let mut bench = Bench::owned(History::None);
    assert!(bench.records.contains_key(&room("demo")));
    bench.leave("ann");
    bench.wait(seconds(300));
    assert!(bench.records.is_empty());
    assert_eq!(bench.rooms.poll_timeout(), None);
}

#[test]
fn an_administrator_keeps_a_room_and_lets_it_expire() {
    let mut bench = Bench::owned(History::None);
    bench.leave("ann");
    let edit = |kept| Request::Edit {
        room: room("demo"),
        by: By::Administrator,
        change: api::EditRoom { kept: Some(kept), ..change() },
    };
    bench.ask(edit(true));
    bench.wait(seconds(1_000));
    assert!(bench.rooms.inspect(&room("demo"), bench.now).is_some());
    bench.ask(edit(false));
    bench.wait(seconds(299));
    assert!(bench.rooms.inspect(&room("demo"), bench.now).is_some());
    bench.wait(seconds(1));
    assert!(bench.rooms.inspect(&room("demo"), bench.now).is_none());
}

#[test]
fn a_room_is_the_same_after_a_restart() {
    let mut bench = Bench::owned(History::Hours(24));
    bench.enter_ours("bo");
    bench.enter_ours("cy");
    bench.moderate("ann", "promote", "bo");
    bench.moderate("ann", "ban", "cy");
    bench.edit("ann", api::EditRoom { guest_limit: Some(9), locked: Some(true), ..change() });
    let before = bench.records[&room("demo")].clone();
    bench.restart();
    assert_eq!([bench.role("ann"), bench.role("bo")], [Role::Owner, Role::Moderator]);
    assert_eq!(bench.ask(join("cy", "demo")), Reply::Refused(RoomError::Banned));
    assert_eq!(bench.ask(join("di", "demo")), Reply::Refused(RoomError::Locked));
    assert_eq!(bench.records[&room("demo")], before);
    assert_eq!(bench.participants(), 0);
    bench.wait(seconds(300));
    assert!(bench.rooms.inspect(&room("demo"), bench.now).is_none());
}

#[test]
fn who_was_inside_before_a_restart_comes_back_for_a_while_as_if_nothing_had_been() {
    let mut bench = Bench::owned(History::None);
    bench.enter_ours("bo");
    bench.enter_ours("cy");
    bench.enter_ours("di");
    bench.edit("ann", api::EditRoom { password: Some("p".into()), lobby: Some(true), ..change() });
    bench.say("di", SERVER, "bye", Value::Null);
    bench.restart();
    assert_eq!(bench.ask(join("di", "demo")), Reply::Refused(RoomError::PasswordRequired));
    assert!(matches!(bench.ask(join("bo", "demo")), Reply::Seated { .. }));
    bench.restart();
    assert!(matches!(bench.ask(join("bo", "demo")), Reply::Seated { .. }));
    assert!(matches!(bench.ask(join("cy", "demo")), Reply::Seated { .. }));
    bench.restart();
    bench.wait(seconds(119));
    assert!(matches!(bench.ask(join("bo", "demo")), Reply::Seated { .. }));
    bench.wait(seconds(1));
    assert_eq!(bench.ask(join("cy", "demo")), Reply::Refused(RoomError::PasswordRequired));
    assert_eq!(bench.records[&room("demo")].inside, [client("bo")]);
}

#[test]
fn of_an_open_room_it_is_not_kept_who_comes_and_goes() {
    let mut bench = Bench::owned(History::None);
    let saves = bench.saves;
    for n in 0..20 {
        bench.enter(&format!("g{n}"));
    }
    assert_eq!(bench.saves, saves);
}

#[test]
fn a_record_is_written_before_the_reply_that_tells_of_it() {
    let mut bench = Bench::without_rooms(Config::default());
    bench.rooms.handle_request(crate::RequestId(1), create("demo", 0, None), bench.now);
    assert!(matches!(bench.rooms.poll_effect(), Some(crate::Effect::SaveRoom(_))));
    assert!(matches!(bench.rooms.poll_effect(), Some(crate::Effect::Reply { .. })));
}

#[test]
fn outside_it_is_shown_who_is_inside_unless_the_room_is_private() {
    let mut bench = Bench::owned(History::None);
    for n in 0..25 {
        bench.enter_ours(&format!("g{n}"));
    }
    let summary = bench.rooms.inspect(&room("demo"), bench.now).unwrap();
    assert_eq!((summary.who.len(), summary.who[0].as_str(), summary.participants), (20, "ann", 26));
    bench.edit("ann", api::EditRoom { public: Some(false), ..change() });
    assert!(bench.rooms.inspect(&room("demo"), bench.now).unwrap().who.is_empty());
}

#[test]
fn of_two_hundred_who_come_at_once_as_many_get_in_as_fit_a_hundred_times() {
    for round in 0..100usize {
        let (limit, is_locked) = (1 + round * 2, round % 2 == 0);
        let mut bench = if is_locked { Bench::locked(limit) } else { Bench::limited(limit) };
        let ids: Vec<_> = (0..200u8)
            .map(|n| {
                let knock = with_password(join(&format!("g{n}"), "demo"), "right");
                bench.ask_later(crate::testing::from_address(knock, [192, 0, 2, n % 10]))
            })
            .collect();
        // Passwords are checked in an order of their own.
        while !bench.jobs.is_empty() {
            let at = (round * 31) % bench.jobs.len();
            bench.jobs.swap(0, at);
            bench.work_once();
        }
        let seated = ids.iter().filter(|id| matches!(bench.replies[id], Reply::Seated { .. })).count();
        let full = ids.iter().filter(|id| matches!(bench.replies[id], Reply::Refused(RoomError::Full { .. }))).count();
        assert_eq!((seated, full), (limit.min(200), 200 - limit.min(200)), "round {round}");
        assert_eq!(bench.participants(), seated);
    }
}
