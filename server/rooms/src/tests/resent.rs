//! Lines that are said again after a broken link: they stand once.

use protocol::History;
use protocol::limits::{TEXT_KEY_CHARS, TEXT_KEYS};
use serde_json::{Value, json};

use crate::testing::{Bench, ROOM, SERVER, seconds};

/// `ann` owns the room, `bo` understands numbers too, `page` does not.
fn company(history: History) -> Bench {
    let mut bench = Bench::owned(history);
    bench.enter_ours("bo");
    bench.enter("page");
    bench.forget();
    bench
}

fn say(bench: &mut Bench, from: &str, to: &str, text: &str, key: &str) {
    bench.say(from, to, "text", json!({"from": from, "time": 1, "text": text, "key": key}));
}

/// Of the lines that this one has heard: what they say, and their numbers.
fn lines(bench: &mut Bench, of: &str) -> Vec<(String, Option<u64>)> {
    let texts = bench.heard(of).into_iter().filter(|frame| frame["type"] == "text");
    let line = |frame: Value| {
        let id = frame["id"].as_str().map(|id| id.parse().unwrap());
        (frame["data"]["text"].as_str().unwrap().to_owned(), id)
    };
    texts.map(line).collect()
}

fn line(text: &str, id: impl Into<Option<u64>>) -> (String, Option<u64>) {
    (text.to_owned(), id.into())
}

#[test]
fn a_line_that_is_said_again_stands_once_and_its_author_hears_the_same_number() {
    for history in [History::None, History::Forever] {
        let mut bench = company(history);
        for _ in 0..3 {
            say(&mut bench, "ann", ROOM, "one", "k1");
            say(&mut bench, "page", ROOM, "two", "k1");
            bench.work();
        }
        assert_eq!(lines(&mut bench, "ann"), [line("one", 1), line("two", 2), line("one", 1), line("one", 1)]);
        assert_eq!(
            lines(&mut bench, "page"),
            [line("one", None), line("two", None), line("two", None), line("two", None)]
        );
        assert_eq!(lines(&mut bench, "bo"), [line("one", 1), line("two", 2)], "{history:?}");
    }
}

#[test]
fn a_private_line_that_is_said_again_comes_once_also_when_whom_it_was_for_has_left() {
    let mut bench = company(History::Forever);
    say(&mut bench, "ann", "bo", "psst", "k");
    bench.leave("bo");
    say(&mut bench, "ann", "bo", "psst", "k");
    assert_eq!(lines(&mut bench, "bo"), [line("psst", None)]);
    let heard = bench.heard("ann");
    let echoes: Vec<_> = heard.iter().filter(|frame| frame["type"] == "text").collect();
    assert!(echoes.len() == 2 && echoes[0] == echoes[1], "{echoes:?}");
    assert!(heard.iter().all(|frame| frame["type"] != "error"));
}

#[test]
fn a_line_that_waits_for_the_store_is_not_stored_twice() {
    let mut bench = company(History::Forever);
    say(&mut bench, "ann", ROOM, "one", "k");
    say(&mut bench, "ann", ROOM, "one", "k");
    assert_eq!((bench.jobs.len(), lines(&mut bench, "ann")), (1, vec![]));
    bench.open_channel("ann");
    say(&mut bench, "ann", ROOM, "one", "k");
    bench.work();
    assert_eq!(lines(&mut bench, "ann").len(), 1, "its author hears it where it is now");
    assert_eq!(lines(&mut bench, "bo"), [line("one", 1)]);
}

#[test]
fn a_line_that_could_not_be_stored_can_be_said_again() {
    let mut bench = company(History::Forever);
    say(&mut bench, "ann", ROOM, "one", "k");
    bench.fail_once();
    assert_eq!(lines(&mut bench, "bo"), []);
    say(&mut bench, "ann", ROOM, "one", "k");
    bench.work();
    assert_eq!(lines(&mut bench, "bo"), [line("one", 2)]);
}

#[test]
fn whoever_comes_back_after_a_broken_link_is_still_known() {
    for history in [History::None, History::Forever] {
        let mut bench = company(history);
        say(&mut bench, "ann", ROOM, "one", "k");
        bench.work();
        bench.lose("ann");
        bench.wait(seconds(5));
        bench.enter_ours("ann");
        say(&mut bench, "ann", ROOM, "one", "k");
        bench.work();
        assert_eq!(lines(&mut bench, "bo"), [line("one", 1)]);
        assert_eq!(lines(&mut bench, "ann"), [line("one", 1), line("one", 1)]);
    }
}

#[test]
fn a_kept_line_is_known_also_after_a_restart() {
    let mut bench = company(History::Forever);
    say(&mut bench, "ann", ROOM, "one", "k");
    bench.work();
    bench.restart();
    bench.enter_ours("ann");
    bench.enter_ours("bo");
    bench.forget();
    for _ in 0..2 {
        say(&mut bench, "ann", ROOM, "one", "k");
        bench.work();
    }
    say(&mut bench, "bo", ROOM, "mine", "k");
    bench.work();
    let [one, again, mine] = &lines(&mut bench, "ann")[..] else { panic!("three lines") };
    assert_eq!([one, again], [&line("one", 1); 2]);
    assert_eq!(lines(&mut bench, "bo"), std::slice::from_ref(mine));
    assert_eq!(bench.texts.len(), 2);
}

#[test]
fn so_many_keys_are_remembered_and_an_older_one_is_a_new_line() {
    let mut bench = company(History::None);
    for n in 0..=TEXT_KEYS {
        say(&mut bench, "ann", ROOM, "x", &n.to_string());
        bench.wait(seconds(1));
        bench.say("bo", SERVER, "ping", Value::Null);
    }
    bench.forget();
    say(&mut bench, "ann", ROOM, "x", "1");
    assert_eq!(lines(&mut bench, "bo").len(), 0);
    say(&mut bench, "ann", ROOM, "x", "0");
    assert_eq!(lines(&mut bench, "bo").len(), 1);
}

#[test]
fn a_key_has_1_to_64_characters_and_what_is_no_string_is_no_key() {
    let mut bench = company(History::None);
    for _ in 0..2 {
        say(&mut bench, "ann", ROOM, "fits", &"ü".repeat(TEXT_KEY_CHARS));
        bench.say("ann", ROOM, "text", json!({"from": "ann", "time": 1, "text": "number", "key": 7}));
    }
    assert_eq!(lines(&mut bench, "bo"), [line("fits", 1), line("number", 2), line("number", 3)]);
    for key in [String::new(), "x".repeat(TEXT_KEY_CHARS + 1)] {
        say(&mut bench, "ann", ROOM, "no", &key);
    }
    assert_eq!(lines(&mut bench, "bo"), []);
    assert_eq!(bench.errors("ann"), ["invalid-text", "invalid-text"]);
}
