//! What was written: links lead to where they say, reading back loses no place, and nothing is deleted by accident.

use desktop::{Command, Event};
use eframe::egui::{self, Key, OutputCommand};
use egui_kittest::kittest::{NodeT, Queryable};
use protocol::{ClientId, TextId};
use session::{ChatLine, Event as Session};

use crate::bench::{Bench, line, said};

fn kept(id: u64, text: &str) -> ChatLine {
    ChatLine { id: Some(TextId(id)), from: ClientId::new(format!("p{}", id / 3)), time_ms: id * 1_000, ..line(text) }
}

fn earlier(ids: std::ops::Range<u64>, more: bool) -> Event {
    Event::Session(Session::History { lines: ids.map(|id| kept(id, &format!("line {id}."))).collect(), more })
}

/// In a quiet room with the chat open.
fn chatting() -> Bench {
    let mut bench = Bench::in_company(1);
    bench.click("Chat");
    bench.commands();
    bench
}

/// Alone with what was said before.
fn reading() -> Bench {
    let mut bench = Bench::with_size(1_180.0, 1_000.0);
    bench.click("Join quiet corner");
    bench.wait(1_000);
    bench.click("Chat");
    bench
}

/// Where the browser is sent by these events.
fn opened(bench: &mut Bench, events: impl IntoIterator<Item = egui::Event>) -> Vec<String> {
    let mut urls = Vec::new();
    for event in events {
        bench.window.event(event);
        bench.window.step();
        let commands = bench.window.output().platform_output.commands.iter();
        urls.extend(commands.filter_map(|command| match command {
            OutputCommand::OpenUrl(open) => Some(open.url.clone()),
            _ => None,
        }));
    }
    bench.window.run();
    urls
}

fn clicked(pos: egui::Pos2) -> impl Iterator<Item = egui::Event> {
    let button = move |pressed| egui::Event::PointerButton {
        pos,
        button: egui::PointerButton::Primary,
        pressed,
        modifiers: egui::Modifiers::NONE,
    };
    [egui::Event::PointerMoved(pos), button(true), button(false)].into_iter()
}

fn pressed(key: Key) -> impl Iterator<Item = egui::Event> {
    let press = move |pressed| egui::Event::Key {
        key,
        physical_key: None,
        pressed,
        repeat: false,
        modifiers: egui::Modifiers::NONE,
    };
    [press(true), press(false)].into_iter()
}

/// As far up as there is something, with the wheel.
fn to_the_top(bench: &mut Bench) {
    bench.window.event(egui::Event::MouseWheel {
        unit: egui::MouseWheelUnit::Point,
        delta: egui::vec2(0.0, 50_000.0),
        phase: egui::TouchPhase::Move,
        source: egui::MouseWheelSource::Unknown,
        modifiers: egui::Modifiers::NONE,
    });
    // The wheel turns smoothly.
    for _ in 0..10 {
        bench.window.run();
    }
}

/// Where the line stands on the screen.
#[track_caller]
fn top_of(bench: &Bench, text: &str) -> f32 {
    bench.window.get_by_label(text).rect().bottom()
}

#[test]
fn a_link_says_where_it_leads_and_leads_there() {
    let mut bench = chatting();
    bench.tell([said(line("see https://bank.example@evil.example/x, or javascript:alert(1) and file:///etc/passwd"))]);
    let link = "Opens evil.example in the browser:\nhttps://bank.example@evil.example/x";
    assert_eq!(bench.window.query_all_by_label_contains("Opens ").count(), 1, "nothing but the web is linked");
    let node = bench.window.get_by_label(link);
    assert_eq!(node.accesskit_node().role(), egui::accesskit::Role::Link);
    let middle = node.rect().center();
    assert_eq!(opened(&mut bench, clicked(middle)), ["https://bank.example@evil.example/x"]);
    bench.window.get_by_label(link).focus();
    bench.window.run();
    assert_eq!(opened(&mut bench, pressed(Key::Enter)), ["https://bank.example@evil.example/x"], "by keyboard too");
}

#[test]
fn a_long_address_stays_inside_the_panel_and_every_row_of_it_leads_there() {
    let mut bench = chatting();
    let address = format!("https://a.example/{}", "x".repeat(300));
    bench.tell([said(line(&address))]);
    let text = bench.window.get_by_label(&address).rect();
    assert!(text.right() <= 1_180.0 && text.height() > 50.0, "{text}");
    for y in [text.top() + 8.0, text.bottom() - 8.0] {
        let at = egui::pos2(text.left() + 20.0, y);
        assert_eq!(opened(&mut bench, clicked(at)), [address.as_str()], "at {at}");
    }
}

#[test]
fn what_one_reads_stays_where_it_is_when_earlier_lines_come() {
    let mut bench = reading();
    bench.tell([earlier(1_000..1_060, true)]);
    // To the top of what is there.
    let middle = bench.window.get_by_label("line 1059.").rect().center();
    bench.window.hover_at(middle);
    to_the_top(&mut bench);
    for (ids, more) in [(900..1_000, true), (890..900, true), (880..890, false)] {
        let first = format!("line {}.", ids.end);
        let before = (top_of(&bench, &first), bench.sees("Load earlier"));
        bench.tell([earlier(ids.clone(), more)]);
        assert_eq!(bench.sees("Load earlier"), more);
        let moved = top_of(&bench, &first) - before.0;
        assert!(moved.abs() < 1.0, "{first} moved by {moved} of {before:?}");
        // Up again, to the new first line.
        to_the_top(&mut bench);
    }
}

#[test]
fn whoever_is_at_the_end_follows_what_is_said_also_when_earlier_lines_come() {
    let mut bench = reading();
    bench.tell([earlier(1_000..1_060, true)]);
    bench.tell([earlier(900..1_000, true)]);
    let bottom = top_of(&bench, "line 1059.");
    bench.tell([said(kept(1_060, "the newest."))]);
    bench.wait(100);
    assert!((top_of(&bench, "the newest.") - bottom).abs() < 40.0);
}

#[test]
fn a_line_is_deleted_only_after_a_question() {
    let mut bench = chatting();
    bench.type_into("Message", "oh no");
    bench.press(Key::Enter);
    let [Command::Say { .. }] = &bench.commands()[..] else { panic!("it is said") };
    for answer in ["Cancel", "Delete"] {
        bench.click("Change the message: oh no");
        bench.click("Delete…");
        assert!(bench.sees("Delete your message?") && bench.sees("“oh no”"));
        assert_eq!(bench.commands(), []);
        bench.click(answer);
    }
    assert!(matches!(bench.commands()[..], [Command::DeleteText(_)]));
    assert!(!bench.sees("Delete your message?") && !bench.sees("Change the message: oh no"));
}

#[test]
fn a_question_about_a_line_that_is_gone_is_withdrawn() {
    let mut bench = chatting();
    bench.tell([said(kept(500, "by Alice"))]);
    bench.click("Change the message: by Alice");
    bench.click("Delete…");
    assert!(bench.sees("Delete this message of Alice?"));
    bench.tell([Event::Session(Session::TextDeleted { id: TextId(500), by: ClientId::new("alice") })]);
    assert!(!bench.sees("Delete this message of Alice?"));
}
