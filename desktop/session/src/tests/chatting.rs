//! What people write.

use protocol::{Address, ClientId, Message};
use serde_json::json;

use crate::Command;
use crate::testing::{Bench, EPOCH_MS, ME, ours, plain, seconds};

fn say(bench: &mut Bench, to: Address, text: &str) {
    bench.command(Command::Say { to, text: text.to_owned() });
}

#[test]
fn ones_own_line_is_shown_when_it_comes_back() {
    let mut bench = Bench::with(&[ours("a")]);
    bench.wait(seconds(2));
    bench.forget();
    say(&mut bench, Address::Room, "hello");
    assert!(bench.chat().is_empty());
    let [(Address::Room, Message::Text(line))] = &bench.sent()[..] else { panic!("one line goes out") };
    assert_eq!((line.from.as_str(), line.time, line.text.as_str()), ("Ann", EPOCH_MS as f64 + 2_000.0, "hello"));
    bench.frame(ME, "room", "text", json!(line));
    let [shown] = &bench.chat()[..] else { panic!("one line is shown") };
    assert!(shown.mine && !shown.private);
    assert_eq!((shown.name.as_str(), shown.time_ms), ("Ann", EPOCH_MS + 2_000));
}

#[test]
fn a_line_of_another_names_its_sender() {
    let mut bench = Bench::with(&[ours("a")]);
    bench.frame("a", "room", "text", json!({"from": "Alice", "time": 5, "text": "hi"}));
    bench.frame("a", "room", "text", json!({"text": "no name"}));
    bench.frame("a", ME, "text", json!({"from": "Alice", "time": 7, "text": "psst"}));
    let lines = bench.chat();
    assert_eq!(lines.iter().map(|line| line.name.as_str()).collect::<Vec<_>>(), ["Alice", "A", "Alice"]);
    assert_eq!(lines.iter().map(|line| line.private).collect::<Vec<_>>(), [false, false, true]);
    assert!(lines.iter().all(|line| !line.mine && line.from == ClientId::new("a")));
}

#[test]
fn a_private_line_of_ones_own_is_shown_once_on_every_server() {
    for mut bench in [Bench::with(&[ours("a")]), Bench::classic(&[plain("a")])] {
        say(&mut bench, ClientId::new("a").into(), "psst");
        let line = bench.sent().into_iter().find_map(|(to, message)| match message {
            Message::Text(line) if to == ClientId::new("a").into() => Some(line),
            _ => None,
        });
        bench.frame(ME, "a", "text", json!(line.unwrap()));
        let [shown] = &bench.chat()[..] else { panic!("shown {:?}", bench.chat()) };
        assert!(shown.mine && shown.private);
    }
}

#[test]
fn a_private_line_on_a_server_of_the_first_version_does_not_wait_for_an_echo() {
    let mut bench = Bench::classic(&[plain("a")]);
    say(&mut bench, ClientId::new("a").into(), "psst");
    assert_eq!(bench.chat().len(), 1);
}

#[test]
fn what_cannot_be_sent_is_said_so() {
    let mut bench = Bench::with(&[]);
    say(&mut bench, Address::Room, "");
    say(&mut bench, Address::Room, &"x".repeat(4_001));
    say(&mut bench, ClientId::new("nobody").into(), "hello?");
    say(&mut bench, Address::GroundControl, "hello?");
    assert_eq!(bench.notices(), ["invalid-text", "invalid-text", "unknown-receiver", "unknown-receiver"]);
    assert!(bench.sent().iter().all(|(_, message)| message.kind() != "text"));
    bench.forget();
    say(&mut bench, Address::Room, &"x".repeat(4_000));
    assert!(bench.notices().is_empty());
    let mut bench = Bench::classic(&[]);
    bench.link_down();
    say(&mut bench, Address::Room, "hello?");
    assert_eq!(bench.notices(), ["offline"], "nobody there would know a line that is said twice");
}

#[test]
fn what_did_not_come_back_is_said_again_on_return_with_the_same_time() {
    let mut bench = Bench::with(&[]);
    say(&mut bench, Address::Room, "heard");
    let heard = bench.sent().pop().map(|(_, message)| message.write_data()).unwrap();
    bench.frame(ME, "room", "text", heard);
    bench.wait(seconds(1));
    say(&mut bench, Address::Room, "lost");
    let lost = bench.sent().pop().unwrap();
    bench.link_down();
    say(&mut bench, Address::Room, "offline");
    bench.come_back();
    bench.forget();
    bench.room_info(&[]);
    assert_eq!(bench.texts_sent(), ["lost", "offline"]);
    assert!(bench.sent().contains(&lost));
}

#[test]
fn lines_wait_until_those_who_were_here_are_back() {
    let mut bench = Bench::with(&[ours("a")]);
    bench.connect("a", 1, protocol::OfferForm::Object, 7);
    bench.link_down();
    say(&mut bench, Address::Room, "hello");
    bench.come_back();
    bench.room_info(&[]);
    say(&mut bench, Address::Room, "again");
    assert!(bench.texts_sent().is_empty());
    bench.server("joined", ours("a"));
    assert_eq!(bench.texts_sent(), ["hello", "again"]);
    say(&mut bench, Address::Room, "and again");
    assert_eq!(bench.texts_sent().len(), 3);
}

#[test]
fn a_line_that_is_said_again_is_shown_once() {
    let mut bench = Bench::with(&[ours("a")]);
    for _ in 0..2 {
        bench.frame("a", "room", "text", json!({"from": "A", "time": 5, "text": "hi"}));
        bench.frame(ME, "room", "text", json!({"from": "Ann", "time": 5, "text": "hi"}));
    }
    assert_eq!(bench.chat().len(), 2);
}

#[test]
fn a_refusal_of_the_server_is_shown_but_not_that_someone_has_just_left() {
    let mut bench = Bench::with(&[]);
    bench.server("error", json!("too-many: slower, please"));
    bench.server("error", json!("unknown-receiver: nobody of this id is in the room"));
    assert_eq!(bench.notices(), ["too-many"]);
}

#[test]
fn a_ping_is_answered_with_the_very_same_data() {
    let mut bench = Bench::with(&[ours("a")]);
    bench.forget();
    bench.server("ping", json!({"n": [1, null]}));
    bench.frame("a", ME, "ping", json!(7));
    let expected = [
        (Address::GroundControl, Message::Pong(json!({"n": [1, null]}))),
        (ClientId::new("a").into(), Message::Pong(json!(7))),
    ];
    assert_eq!(bench.sent(), expected);
}

#[test]
fn every_line_has_a_key_of_its_own_and_keeps_it_when_it_is_said_again() {
    let mut bench = Bench::with(&[ours("a")]);
    let keys = |bench: &Bench| -> Vec<String> {
        let sent = bench.sent().into_iter().filter_map(|(_, message)| match message {
            Message::Text(line) => Some(line.key.expect("a key")),
            _ => None,
        });
        sent.collect()
    };
    say(&mut bench, Address::Room, "same");
    say(&mut bench, Address::Room, "same");
    say(&mut bench, ClientId::new("a").into(), "same");
    let first = keys(&bench);
    let distinct: std::collections::BTreeSet<_> = first.iter().collect();
    assert_eq!(distinct.len(), 3);
    bench.link_down();
    bench.come_back();
    bench.forget();
    bench.room_info(&[ours("a")]);
    assert_eq!(keys(&bench), first);
}

#[test]
fn a_line_is_known_by_its_key_whatever_else_it_says() {
    let mut bench = Bench::with(&[ours("a")]);
    for (key, time) in [("k", 5), ("k", 6), ("l", 6)] {
        bench.frame("a", "room", "text", json!({"from": "A", "time": time, "text": "hi", "key": key}));
    }
    bench.frame(ME, "room", "text", json!({"from": "Ann", "time": 5, "text": "hi", "key": "k"}));
    assert_eq!(bench.chat().len(), 3);
}

#[test]
fn a_server_of_the_first_version_is_told_no_key() {
    let mut bench = Bench::classic(&[plain("a")]);
    say(&mut bench, Address::Room, "hello");
    let Some((_, Message::Text(line))) = bench.sent().pop() else { panic!("one line goes out") };
    assert_eq!(line.key, None);
}
