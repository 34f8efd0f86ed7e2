//! Chat lines that the room keeps: reading them later, changing them, taking them back.

use protocol::{Address, ClientId, DeleteText, EditText, GetChat, Message, TextId};
use serde_json::{Value, json};

use crate::testing::{Bench, ME, ours, plain};
use crate::{Command, Event};

fn keeps(bench: &mut Bench) {
    bench.server(
        "room-settings",
        json!({"locked": false, "lobby": false, "public": true, "has_password": false, "guest_limit": 0,
               "history": "forever"}),
    );
}

fn said(id: u64, sender: &str, text: &str) -> String {
    json!({"sender": sender, "receiver": "room", "type": "text", "id": id.to_string(),
           "data": {"from": sender, "time": 5, "text": text}})
    .to_string()
}

fn kept(id: u64, client: &str, text: &str) -> Value {
    json!({"id": id.to_string(), "client": client, "name": client.to_uppercase(), "time": 7, "text": text})
}

fn chat(bench: &mut Bench, messages: &[Value], more: bool) {
    bench.server("chat", json!({"messages": messages, "more": more}));
}

fn questions(bench: &Bench) -> Vec<GetChat> {
    let asked = bench.sent().into_iter().filter_map(|(_, message)| match message {
        Message::GetChat(question) => Some(question),
        _ => None,
    });
    asked.collect()
}

#[test]
fn a_line_has_the_number_that_it_can_be_changed_by() {
    let mut bench = Bench::with(&[ours("a")]);
    bench.raw(&said(7, "a", "hi"));
    bench.raw(&said(8, ME, "hello"));
    bench.frame("a", ME, "text", json!({"from": "A", "time": 6, "text": "psst"}));
    let ids: Vec<_> = bench.chat().into_iter().map(|line| (line.id, line.to)).collect();
    assert_eq!(ids, [(Some(TextId(7)), None), (Some(TextId(8)), None), (None, Some(ClientId::new(ME)))]);
}

#[test]
fn the_last_lines_are_asked_for_once_where_the_room_keeps_some() {
    let mut bench = Bench::linked();
    keeps(&mut bench);
    assert!(questions(&bench).is_empty(), "not before one is in the room");
    bench.room_info(&[]);
    keeps(&mut bench);
    assert_eq!(questions(&bench), [GetChat::default()]);
    chat(&mut bench, &[kept(3, "a", "old"), kept(4, ME, "mine")], true);
    let Some(Event::History { lines, more: true }) = bench.told().pop() else { panic!("it is told") };
    let lines: Vec<_> = lines.into_iter().map(|line| (line.id, line.name, line.time_ms, line.mine)).collect();
    assert_eq!(lines, [(Some(TextId(3)), "A".into(), 7, false), (Some(TextId(4)), "M".into(), 7, true)]);
    assert_eq!(questions(&bench).len(), 1);
    let mut bench = Bench::with(&[]);
    assert!(questions(&bench).is_empty(), "a room that keeps nothing is not asked");
    keeps(&mut bench);
    assert_eq!(questions(&bench).len(), 1, "until it does");
}

#[test]
fn earlier_lines_come_one_question_at_a_time() {
    let mut bench = Bench::with(&[]);
    keeps(&mut bench);
    chat(&mut bench, &[kept(30, "a", "x")], true);
    bench.forget();
    for _ in 0..3 {
        bench.command(Command::LoadEarlier { before: TextId(30) });
    }
    assert_eq!(questions(&bench), [GetChat { before: Some(TextId(30)), ..GetChat::default() }]);
    chat(&mut bench, &[kept(20, "a", "x")], true);
    bench.command(Command::LoadEarlier { before: TextId(20) });
    assert_eq!(questions(&bench).len(), 2);
    bench.server("error", json!("too-many: slower, please"));
    bench.command(Command::LoadEarlier { before: TextId(20) });
    assert_eq!(questions(&bench).len(), 3, "a refusal is an answer");
}

#[test]
fn whoever_returns_reads_all_that_was_missed() {
    let mut bench = Bench::with(&[ours("a")]);
    keeps(&mut bench);
    chat(&mut bench, &[], false);
    bench.raw(&said(10, "a", "heard"));
    bench.link_down();
    bench.come_back();
    bench.forget();
    bench.room_info(&[ours("a")]);
    assert_eq!(questions(&bench), [GetChat::default()]);
    chat(&mut bench, &[kept(40, "a", "x"), kept(41, "a", "x")], true);
    chat(&mut bench, &[kept(20, "a", "x")], true);
    assert_eq!(
        questions(&bench)[1..].iter().map(|q| q.before).collect::<Vec<_>>(),
        [Some(TextId(40)), Some(TextId(20))]
    );
    chat(&mut bench, &[kept(9, "a", "x"), kept(10, "a", "heard")], true);
    assert_eq!(questions(&bench).len(), 3, "the gap is closed");
}

#[test]
fn a_long_absence_is_caught_up_with_in_bounds() {
    let mut bench = Bench::with(&[]);
    keeps(&mut bench);
    chat(&mut bench, &[kept(1, "a", "x")], false);
    bench.link_down();
    bench.come_back();
    bench.forget();
    bench.room_info(&[]);
    for id in (0..100).rev() {
        chat(&mut bench, &[kept(1_000 + id, "a", "x")], true);
    }
    assert_eq!(questions(&bench).len(), 10);
}

#[test]
fn a_line_that_the_room_kept_though_its_echo_was_lost_is_not_said_again() {
    let mut bench = Bench::with(&[]);
    keeps(&mut bench);
    chat(&mut bench, &[], false);
    for text in ["kept", "lost"] {
        bench.command(Command::Say { to: Address::Room, text: text.into() });
    }
    bench.link_down();
    bench.come_back();
    bench.forget();
    bench.room_info(&[]);
    assert!(bench.texts_sent().is_empty(), "first one looks");
    chat(&mut bench, &[kept(5, ME, "kept")], false);
    assert_eq!(bench.texts_sent(), ["lost"]);
}

#[test]
fn a_question_that_is_refused_holds_nothing_up() {
    let mut bench = Bench::linked();
    keeps(&mut bench);
    bench.room_info(&[]);
    bench.command(Command::Say { to: Address::Room, text: "hello".into() });
    assert!(bench.texts_sent().is_empty());
    bench.server("error", json!("internal: the store is away"));
    assert_eq!(bench.texts_sent(), ["hello"]);
}

#[test]
fn lines_are_changed_and_taken_back() {
    let mut bench = Bench::with(&[ours("a")]);
    bench.forget();
    bench.command(Command::EditText { id: TextId(7), text: "better".into() });
    bench.command(Command::DeleteText(TextId(8)));
    let edit = Message::EditText(EditText { id: TextId(7), text: "better".into() });
    let delete = Message::DeleteText(DeleteText { id: TextId(8) });
    assert_eq!(bench.sent(), [(Address::GroundControl, edit), (Address::GroundControl, delete)]);
    bench.server("text-edited", json!({"id": "7", "client": ME, "text": "better", "time": 9}));
    bench.server("text-deleted", json!({"id": "8", "client": "a"}));
    let told = [
        Event::TextEdited { id: TextId(7), text: "better".into() },
        Event::TextDeleted { id: TextId(8), by: ClientId::new("a") },
    ];
    assert_eq!(bench.told(), told);
}

#[test]
fn a_change_that_cannot_be_is_said_so() {
    let mut bench = Bench::with(&[]);
    bench.forget();
    bench.command(Command::EditText { id: TextId(7), text: String::new() });
    bench.command(Command::EditText { id: TextId(7), text: "x".repeat(4_001) });
    assert_eq!(bench.notices(), ["invalid-text", "invalid-text"]);
    let mut bench = Bench::classic(&[plain("a")]);
    bench.command(Command::DeleteText(TextId(7)));
    assert_eq!(bench.notices(), ["unknown-type"]);
}

#[test]
fn a_line_without_a_number_waits_until_it_is_known_whether_it_is_read_in_the_history_too() {
    for (history, shown) in [("none", 2), ("forever", 0)] {
        let mut bench = Bench::linked();
        bench.command(Command::Say { to: Address::Room, text: "mine".into() });
        for (sender, text) in [("a", "early"), (ME, "own")] {
            let data = json!({"from": sender, "time": 5, "text": text, "key": text});
            let frame = json!({"sender": sender, "receiver": "room", "type": "text", "data": data});
            bench.raw(&frame.to_string());
        }
        assert!(bench.chat().is_empty());
        let settings = json!({"locked": false, "lobby": false, "public": true, "has_password": false, "guest_limit": 0,
                              "history": history});
        bench.server("room-settings", settings.clone());
        bench.server("room-settings", settings);
        assert_eq!(bench.chat().len(), shown, "{history}");
        bench.raw(&said(9, "a", "numbered"));
        assert_eq!(bench.chat().len(), shown + 1, "{history}");
    }
}
