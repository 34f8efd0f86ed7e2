//! Chat lines that the room keeps: durable before they are heard, read again, changed and taken back.

use protocol::{History, api};
use serde_json::{Value, json};

use crate::testing::{Bench, ROOM, SERVER, client, room, seconds};

/// `ann` owns the room, `bo` understands numbers too, `page` does not.
fn company(history: History) -> Bench {
    let mut bench = Bench::owned(history);
    bench.enter_ours("bo");
    bench.enter("page");
    bench.forget();
    bench
}

fn lines(bench: &mut Bench, asker: &str, question: Value) -> (Vec<String>, bool) {
    bench.forget();
    bench.say(asker, SERVER, "get-chat", question);
    bench.work();
    let chat = bench.heard_of(asker, "chat").pop().expect("an answer");
    let texts = chat["messages"].as_array().unwrap().iter().map(|line| line["text"].as_str().unwrap().to_owned());
    (texts.collect(), chat["more"] == true)
}

fn ids(bench: &mut Bench, of: &str) -> Vec<u64> {
    let texts = bench.heard(of).into_iter().filter(|frame| frame["type"] == "text");
    texts.map(|frame| frame["id"].as_str().unwrap().parse().unwrap()).collect()
}

#[test]
fn a_line_has_a_number_for_those_who_asked_for_it_and_the_others_hear_what_they_always_heard() {
    let mut bench = company(History::None);
    bench.say("page", ROOM, "text", json!({"from": "p", "time": 1, "text": "hi"}));
    let plain =
        json!({"sender": "page", "receiver": "room", "type": "text", "data": {"from": "p", "time": 1, "text": "hi"}});
    let mut numbered = plain.clone();
    assert_eq!(bench.heard("page"), [plain]);
    numbered["id"] = json!("1");
    assert_eq!(bench.heard("bo"), [numbered]);
}

#[test]
fn a_number_that_a_client_writes_itself_goes_nowhere() {
    let mut bench = company(History::None);
    for receiver in ["room", "bo"] {
        let frame = json!({"receiver": receiver, "type": "wave", "data": 1, "id": "7"});
        bench.say_raw("ann", frame.to_string().as_bytes());
    }
    let frame = json!({"receiver": "bo", "type": "text", "data": {"text": "psst"}, "id": "7"});
    bench.say_raw("ann", frame.to_string().as_bytes());
    assert!(bench.heard("bo").iter().all(|frame| frame.get("id").is_none()));
}

#[test]
fn numbers_rise_also_after_a_restart() {
    for history in [History::None, History::Forever] {
        let mut bench = company(history);
        let mut last = 0;
        for round in 0..5 {
            for _ in 0..10 {
                bench.wait(seconds(1));
                bench.write("ann", "x");
                bench.say("bo", SERVER, "ping", Value::Null);
                bench.work();
            }
            let heard = ids(&mut bench, "bo");
            assert_eq!(heard.len(), 10, "round {round}");
            assert!(heard[0] > last && heard.is_sorted_by(|a, b| a < b), "{heard:?} after {last}");
            last = heard[9];
            bench.restart();
            bench.enter_ours("ann");
            bench.enter_ours("bo");
            bench.forget();
        }
        assert_eq!(bench.saves, 1 + 5, "a block of numbers at a time");
    }
}

#[test]
fn where_lines_are_kept_nobody_hears_one_before_it_is_durable() {
    let mut bench = company(History::Forever);
    bench.write("ann", "one");
    bench.write("bo", "two");
    for name in ["ann", "bo", "page"] {
        assert_eq!(bench.heard(name), Vec::<Value>::new(), "{name}");
    }
    bench.jobs.swap(0, 1);
    bench.work_once();
    assert_eq!(bench.heard("page"), Vec::<Value>::new(), "the first comes first");
    bench.work_once();
    let heard = bench.heard_of("page", "text");
    assert_eq!(heard.iter().map(|data| data["text"].as_str().unwrap()).collect::<Vec<_>>(), ["one", "two"]);
}

#[test]
fn a_line_that_cannot_be_stored_is_heard_by_nobody_and_its_author_is_told() {
    let mut bench = company(History::Forever);
    bench.write("ann", "one");
    bench.write("bo", "two");
    bench.fail_once();
    bench.work();
    assert_eq!(bench.errors("ann"), ["internal"]);
    assert_eq!(bench.heard_of("page", "text").len(), 1);
    assert_eq!(lines(&mut bench, "bo", json!({})), (vec!["two".to_owned()], false));
}

#[test]
fn so_much_of_one_client_may_wait_and_no_more() {
    let mut bench = company(History::Forever);
    for n in 0..65 {
        bench.write("ann", &n.to_string());
        bench.wait(seconds(1));
        bench.say("bo", SERVER, "ping", Value::Null);
    }
    assert_eq!(bench.jobs.len(), 64);
    assert_eq!(bench.errors("ann"), ["too-many"]);
    bench.write("bo", "mine");
    assert_eq!(bench.errors("bo"), Vec::<String>::new());
    bench.work();
    bench.write("ann", "again");
    bench.work();
    assert_eq!(bench.heard_of("bo", "text").len(), 66);
}

#[test]
fn who_comes_later_reads_what_was_said() {
    let mut bench = company(History::Forever);
    for n in 0..120 {
        bench.wait(seconds(1));
        bench.write("ann", &n.to_string());
        bench.say("bo", SERVER, "ping", Value::Null);
        bench.work();
    }
    let (last, more) = lines(&mut bench, "bo", Value::Null);
    assert_eq!((last.len(), last[0].as_str(), last[49].as_str(), more), (50, "70", "119", true));
    let (last, more) = lines(&mut bench, "bo", json!({"limit": 100}));
    assert_eq!((last.len(), more), (100, true));
    assert_eq!(lines(&mut bench, "bo", json!({"limit": 101})).0.len(), 100);
    let (first, more) = lines(&mut bench, "bo", json!({"before": "3"}));
    assert_eq!((first, more), (vec!["0".to_owned(), "1".to_owned()], false));
    bench.wait(seconds(1));
    bench.restart();
    bench.enter_ours("bo");
    assert_eq!(lines(&mut bench, "bo", json!({"limit": 1})), (vec!["119".to_owned()], true));
}

#[test]
fn a_line_that_was_read_names_its_author_and_its_time() {
    let mut bench = company(History::Forever);
    bench.wait(seconds(2));
    bench.write("ann", "hello");
    bench.work();
    bench.say("bo", SERVER, "get-chat", Value::Null);
    bench.work();
    let chat = bench.heard_of("bo", "chat").pop().unwrap();
    let line = json!({"id": "1", "client": "ann", "name": "ann", "time": 1_000_002_000u64, "text": "hello"});
    assert_eq!(chat, json!({"messages": [line], "more": false}));
}

#[test]
fn an_answer_of_many_long_lines_fits_into_a_frame() {
    let mut bench = company(History::Forever);
    for _ in 0..30 {
        bench.wait(seconds(1));
        bench.write("ann", &"é".repeat(3_900));
        bench.say("bo", SERVER, "ping", Value::Null);
        bench.work();
    }
    let (texts, more) = lines(&mut bench, "bo", Value::Null);
    assert_eq!((texts.len(), more), (8, true));
}

#[test]
fn where_nothing_is_kept_there_is_nothing_to_read() {
    let mut bench = company(History::None);
    bench.write("ann", "hello");
    assert_eq!(lines(&mut bench, "bo", Value::Null), (Vec::new(), false));
    assert!(bench.texts.is_empty());
}

#[test]
fn an_answer_is_never_older_than_what_was_heard_before_it() {
    let mut bench = company(History::Forever);
    bench.write("ann", "hello");
    bench.say("bo", SERVER, "get-chat", Value::Null);
    assert_eq!(bench.jobs.len(), 1, "the question waits for the line");
    bench.work();
    let kinds: Vec<_> = bench.heard("bo").iter().map(|frame| frame["type"].as_str().unwrap().to_owned()).collect();
    assert_eq!(kinds, ["text", "chat"]);
}

#[test]
fn two_questions_of_one_client_may_wait_and_no_more() {
    let mut bench = company(History::Forever);
    for _ in 0..3 {
        bench.say("bo", SERVER, "get-chat", Value::Null);
    }
    assert_eq!(bench.errors("bo"), ["too-many"]);
    bench.fail_once();
    assert_eq!(bench.errors("bo"), ["internal"]);
    bench.work();
    assert_eq!(bench.heard_of("bo", "chat").len(), 1);
}

#[test]
fn one_changes_one_s_own_lines_and_a_moderator_takes_back_anyone_s() {
    for history in [History::None, History::Forever] {
        let mut bench = company(history);
        for text in ["one", "two"] {
            bench.write("bo", text);
            bench.work();
        }
        bench.forget();
        let say = |bench: &mut Bench, who: &str, kind: &str, data: Value| {
            bench.say(who, SERVER, kind, data);
            bench.work();
        };
        say(&mut bench, "bo", "edit-text", json!({"id": "1", "text": "uno"}));
        let edited = json!({"id": "1", "client": "bo", "text": "uno", "time": 1_000_000_000});
        assert_eq!(bench.heard_of("ann", "text-edited"), [edited]);
        say(&mut bench, "ann", "edit-text", json!({"id": "1", "text": "dos"}));
        say(&mut bench, "page", "delete-text", json!({"id": "1"}));
        assert_eq!([bench.errors("ann"), bench.errors("page")], [["forbidden"], ["forbidden"]]);
        say(&mut bench, "bo", "edit-text", json!({"id": "9", "text": "x"}));
        assert_eq!(bench.errors("bo"), ["unknown-text"]);
        say(&mut bench, "bo", "edit-text", json!({"id": "1", "text": ""}));
        say(&mut bench, "bo", "edit-text", json!({"id": "1", "text": "x".repeat(4_001)}));
        assert_eq!(bench.errors("bo"), ["invalid-text", "invalid-text"]);
        say(&mut bench, "ann", "delete-text", json!({"id": "2"}));
        assert_eq!(bench.heard_of("bo", "text-deleted"), [json!({"id": "2", "client": "ann"})]);
        say(&mut bench, "bo", "delete-text", json!({"id": "2"}));
        assert_eq!(bench.errors("bo"), ["unknown-text"]);
        assert_eq!(bench.heard("page"), Vec::<Value>::new());
        let kept = if history == History::None { vec![] } else { vec!["uno".to_owned()] };
        assert_eq!(lines(&mut bench, "bo", Value::Null).0, kept);
    }
}

#[test]
fn a_line_from_before_a_restart_can_still_be_changed_by_its_author_alone() {
    let mut bench = company(History::Forever);
    bench.write("bo", "one");
    bench.work();
    bench.restart();
    bench.enter_ours("ann");
    bench.enter_ours("bo");
    bench.forget();
    bench.say("ann", SERVER, "edit-text", json!({"id": "1", "text": "mine now"}));
    bench.work();
    assert_eq!(bench.errors("ann"), ["unknown-text"]);
    bench.say("bo", SERVER, "edit-text", json!({"id": "1", "text": "uno"}));
    bench.work();
    assert_eq!(bench.heard_of("ann", "text-edited").len(), 1);
    bench.say("ann", SERVER, "delete-text", json!({"id": "1"}));
    bench.work();
    assert_eq!(lines(&mut bench, "bo", Value::Null).0, Vec::<String>::new());
}

#[test]
fn a_room_without_history_remembers_two_hundred_lines() {
    let mut bench = company(History::None);
    for n in 0..201 {
        bench.wait(seconds(1));
        bench.write("bo", &n.to_string());
        bench.say("ann", SERVER, "ping", Value::Null);
    }
    bench.forget();
    bench.say("bo", SERVER, "delete-text", json!({"id": "1"}));
    assert_eq!(bench.errors("bo"), ["unknown-text"]);
    bench.say("bo", SERVER, "delete-text", json!({"id": "2"}));
    assert_eq!(bench.heard_of("ann", "text-deleted").len(), 1);
}

#[test]
fn a_private_line_is_not_kept() {
    let mut bench = company(History::Forever);
    bench.say("ann", "bo", "text", json!({"text": "psst"}));
    assert_eq!(bench.heard_of("bo", "text").len(), 1);
    assert!(bench.jobs.is_empty() && bench.texts.is_empty());
}

#[test]
fn lines_are_gone_when_their_hours_are_over() {
    let mut bench = company(History::Hours(1));
    bench.enter("page");
    bench.write("ann", "old");
    bench.work();
    for _ in 0..(61 * 30) {
        bench.wait(seconds(2));
        for name in ["ann", "bo"] {
            bench.say(name, SERVER, "ping", Value::Null);
        }
    }
    assert_eq!(lines(&mut bench, "bo", Value::Null).0, Vec::<String>::new());
    for _ in 0..(60 * 30) {
        bench.wait(seconds(2));
        for name in ["ann", "bo"] {
            bench.say(name, SERVER, "ping", Value::Null);
        }
    }
    assert!(bench.texts.is_empty());
}

#[test]
fn what_a_room_no_longer_keeps_is_dropped_at_once() {
    let mut bench = company(History::Forever);
    bench.write("ann", "one");
    bench.work();
    bench.edit("ann", api::EditRoom { history: Some(History::None), ..api::EditRoom::default() });
    assert!(bench.texts.is_empty());
    bench.say("ann", SERVER, "edit-text", json!({"id": "1", "text": "still heard"}));
    assert_eq!(bench.heard_of("bo", "text-edited").len(), 1);
}

#[test]
fn what_waits_when_the_room_is_deleted_goes_with_it() {
    let mut bench = company(History::Forever);
    bench.write("ann", "one");
    bench.ask_later(crate::Request::Delete { room: room("demo"), by: crate::By::Client(client("ann")) });
    bench.forget();
    bench.work();
    assert_eq!(bench.heard("bo"), Vec::<Value>::new());
}
