//! Doors with a password: slow verdicts, late verdicts, guesses.

use std::time::Duration;

use crate::testing::{Bench, create, from_address, join, room, seconds, with_password};
use crate::{Config, Effect, Reply, RequestId, RoomError};

fn knock(name: &str, password: &str) -> crate::Request {
    with_password(join(name, "demo"), password)
}

fn is_seated(reply: &Reply) -> bool {
    matches!(reply, Reply::Seated { .. })
}

fn answered(bench: &mut Bench, request: RequestId) -> Option<Reply> {
    bench.replies.remove(&request)
}

#[test]
fn a_room_with_a_password_exists_when_it_is_hashed_and_its_name_is_taken_before() {
    let mut bench = Bench::new();
    let first = bench.ask_later(create("moon", 0, Some("secret")));
    assert_eq!(bench.rooms.inspect(&room("moon"), bench.now), None);
    assert_eq!(bench.ask(join("ann", "moon")), Reply::Refused(RoomError::UnknownRoom));
    let second = bench.ask_later(create("moon", 0, None));
    assert_eq!(answered(&mut bench, second), Some(Reply::Refused(RoomError::RoomExists)));
    bench.work();
    assert!(matches!(answered(&mut bench, first), Some(Reply::Created(summary)) if summary.has_password));
}

#[test]
fn an_empty_password_is_none() {
    let mut bench = Bench::new();
    bench.ask(create("moon", 0, Some("")));
    assert!(bench.jobs.is_empty());
    assert!(is_seated(&bench.ask(join("ann", "moon"))));
}

#[test]
fn the_right_password_opens_and_the_wrong_one_does_not() {
    let mut bench = Bench::locked(0);
    assert_eq!(bench.ask(join("ann", "demo")), Reply::Refused(RoomError::PasswordRequired));
    assert_eq!(bench.ask(knock("ann", "")), Reply::Refused(RoomError::PasswordRequired));
    assert_eq!(bench.ask(knock("ann", "wrong")), Reply::Refused(RoomError::WrongPassword));
    assert!(is_seated(&bench.ask(knock("ann", "right"))));
}

#[test]
fn a_password_of_512_bytes_is_hashed_and_a_longer_one_is_not() {
    let mut bench = Bench::new();
    let (long, longer) = ("x".repeat(512), "x".repeat(513));
    let refused = Reply::Refused(RoomError::PasswordTooLong { limit: 512 });
    assert!(matches!(bench.ask(create("moon", 0, Some(&long))), Reply::Created(_)));
    assert_eq!(bench.ask(create("mars", 0, Some(&longer))), refused);
    assert!(is_seated(&bench.ask(with_password(join("ann", "moon"), &long))));
    assert_eq!(bench.ask(with_password(join("bob", "moon"), &longer)), refused);
}

#[test]
fn the_guest_limit_is_exact_while_200_passwords_are_checked() {
    let mut bench = Bench::locked(5);
    let requests: Vec<_> =
        (0..200).map(|n| bench.ask_later(from_address(knock(&format!("guest {n}"), "right"), [10, 0, 0, n]))).collect();
    bench.work();
    let replies: Vec<_> = requests.iter().map(|id| answered(&mut bench, *id).expect("an answer")).collect();
    assert_eq!(replies.iter().filter(|reply| is_seated(reply)).count(), 5);
    assert_eq!(replies.iter().filter(|reply| **reply == Reply::Refused(RoomError::Full { limit: 5 })).count(), 195);
    assert_eq!(bench.participants(), 5);
}

#[test]
fn a_verdict_that_comes_when_the_room_is_full_seats_nobody() {
    let mut bench = Bench::locked(1);
    let first = bench.ask_later(knock("ann", "right"));
    let second = bench.ask_later(knock("bob", "right"));
    bench.work();
    assert!(is_seated(&answered(&mut bench, first).unwrap()));
    assert_eq!(answered(&mut bench, second), Some(Reply::Refused(RoomError::Full { limit: 1 })));
}

#[test]
fn a_verdict_for_a_room_that_has_vanished_seats_nobody() {
    let mut bench = Bench::without_rooms(Config::default());
    bench.ask(create("demo", 0, Some("right")));
    bench.wait(seconds(299));
    let request = bench.ask_later(knock("ann", "right"));
    bench.wait(seconds(1));
    bench.work();
    assert_eq!(answered(&mut bench, request), Some(Reply::Refused(RoomError::UnknownRoom)));
}

#[test]
fn a_verdict_for_an_earlier_room_of_the_same_name_seats_nobody() {
    let mut bench = Bench::without_rooms(Config::default());
    bench.ask(create("demo", 0, Some("old")));
    bench.wait(seconds(299));
    let request = bench.ask_later(knock("ann", "old"));
    let verdict = bench.jobs.pop().unwrap();
    bench.wait(seconds(1));
    bench.ask(create("demo", 0, Some("new")));
    bench.jobs.push(verdict);
    bench.work();
    assert_eq!(answered(&mut bench, request), Some(Reply::Refused(RoomError::UnknownRoom)));
    assert_eq!(bench.participants(), 0);
}

#[test]
fn a_password_sent_twice_gives_one_seat() {
    let mut bench = Bench::locked(2);
    let requests = [bench.ask_later(knock("ann", "right")), bench.ask_later(knock("ann", "right"))];
    bench.work();
    assert!(requests.iter().all(|id| is_seated(&answered(&mut bench, *id).unwrap())));
    assert_eq!(bench.participants(), 1);
}

#[test]
fn a_verdict_on_an_unknown_job_is_ignored() {
    let mut bench = Bench::locked(0);
    bench.ask_later(knock("ann", "right"));
    let Some(Effect::VerifyPassword { job, .. }) = bench.jobs.first().cloned() else { unreachable!() };
    bench.work();
    bench.rooms.handle_verified(job, true, bench.now);
    bench.rooms.handle_hashed(job, "x".into(), bench.now);
    assert_eq!((bench.participants(), bench.rooms.poll_effect()), (1, None));
}

#[test]
fn five_wrong_passwords_an_address_and_not_six() {
    let mut bench = Bench::locked(0);
    for _ in 0..5 {
        assert_eq!(bench.ask(knock("eve", "wrong")), Reply::Refused(RoomError::WrongPassword));
    }
    assert_eq!(bench.ask(knock("eve", "right")), Reply::Refused(RoomError::TooManyPasswords));
    assert!(is_seated(&bench.ask(from_address(knock("ann", "right"), [192, 0, 2, 2]))));
    bench.wait(seconds(12) - Duration::from_nanos(1));
    assert_eq!(bench.ask(knock("eve", "wrong")), Reply::Refused(RoomError::TooManyPasswords));
    bench.wait(Duration::from_nanos(1));
    assert_eq!(bench.ask(knock("eve", "wrong")), Reply::Refused(RoomError::WrongPassword));
}

#[test]
fn thirty_wrong_passwords_a_room_and_not_thirty_one() {
    let mut bench = Bench::locked(0);
    let mut guess = |n: u8| bench.ask(from_address(knock("eve", "wrong"), [10, 0, 0, n]));
    assert!((0..30).all(|n| guess(n) == Reply::Refused(RoomError::WrongPassword)));
    assert_eq!(guess(30), Reply::Refused(RoomError::TooManyPasswords));
}

#[test]
fn guessing_in_parallel_gives_no_further_guesses() {
    let mut bench = Bench::locked(0);
    let requests: Vec<_> = (0..100).map(|_| bench.ask_later(knock("eve", "wrong"))).collect();
    assert_eq!(bench.jobs.len(), 5);
    bench.work();
    let replies: Vec<_> = requests.iter().map(|id| answered(&mut bench, *id).expect("an answer")).collect();
    assert_eq!(replies.iter().filter(|reply| **reply == Reply::Refused(RoomError::WrongPassword)).count(), 5);
    assert_eq!(replies.iter().filter(|reply| **reply == Reply::Refused(RoomError::TooManyPasswords)).count(), 95);
}

#[test]
fn a_school_class_with_the_right_password_comes_in_at_once_from_one_address() {
    let mut bench = Bench::locked(0);
    let requests: Vec<_> = (0..200).map(|n| bench.ask_later(knock(&format!("pupil {n}"), "right"))).collect();
    bench.work();
    assert!(requests.iter().all(|id| is_seated(&answered(&mut bench, *id).expect("an answer"))));
}

#[test]
fn only_so_many_wait_at_the_door() {
    let mut bench = Bench::without_rooms(Config { waiting_attempts: 3, ..Config::default() });
    bench.rooms.open_kept_room(room("demo"), true, 0, Some("right".into()), bench.now);
    let requests: Vec<_> = (0..9).map(|n| bench.ask_later(knock(&format!("pupil {n}"), "right"))).collect();
    assert_eq!(answered(&mut bench, requests[8]), Some(Reply::Refused(RoomError::TooManyPasswords)));
    bench.work();
    assert!(requests[..8].iter().all(|id| is_seated(&answered(&mut bench, *id).expect("an answer"))));
}

#[test]
fn whoever_waits_is_answered_when_the_room_fills_up_or_vanishes() {
    let mut bench = Bench::locked(2);
    let requests: Vec<_> = (0..9).map(|n| bench.ask_later(knock(&format!("pupil {n}"), "right"))).collect();
    bench.work_once();
    bench.work_once();
    assert_eq!(answered(&mut bench, requests[8]), Some(Reply::Refused(RoomError::Full { limit: 2 })));

    let mut bench = Bench::without_rooms(Config::default());
    bench.ask(create("demo", 0, Some("right")));
    bench.wait(seconds(299));
    let requests: Vec<_> = (0..9).map(|n| bench.ask_later(knock(&format!("pupil {n}"), "right"))).collect();
    bench.wait(seconds(1));
    assert_eq!(answered(&mut bench, requests[8]), Some(Reply::Refused(RoomError::UnknownRoom)));
}

#[test]
fn no_password_is_ever_printed() {
    let mut bench = Bench::locked(0);
    bench.ask_later(knock("ann", "hunter2"));
    for _ in 0..9 {
        bench.ask_later(knock("bob", "hunter2"));
    }
    let printed = format!("{:?} {:?}", bench.rooms, bench.jobs);
    assert!(!printed.contains("hunter2"));
}
