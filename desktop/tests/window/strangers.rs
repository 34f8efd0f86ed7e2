//! What strangers write does not break the window.

use desktop::Event;
use eframe::egui;
use protocol::{ClientId, MediaState};
use session::{ChatLine, Participant};

use crate::bench::{Bench, line, said};

/// Names and texts that layouts trip over.
fn nasty() -> Vec<String> {
    vec![
        "x".repeat(4_000),
        "\u{202e}desrever\u{202d}".to_owned(),
        format!("Z{}", "\u{336}\u{301}\u{327}".repeat(1_300)),
        "\n".repeat(4_000),
        "🏳\u{fe0f}\u{200d}🌈".repeat(300),
        "<b>bold</b> {} %s \\ \0 \u{7}".to_owned(),
        "ﷺ".repeat(200),
        "\u{2066}".repeat(2_000),
        String::new(),
    ]
}

/// What no font here has is shown as a box.
fn tolerate_missing_glyphs(bench: &Bench) {
    bench.window.ctx.set_missing_glyph_policy(egui::MissingGlyphPolicy::Tofu);
}

fn bench_with(events: Vec<Event>) -> Bench {
    let mut bench = Bench::in_company(1);
    tolerate_missing_glyphs(&bench);
    bench.click("Chat");
    bench.tell(events);
    bench
}

#[test]
fn nasty_lines_stay_inside_the_chat() {
    let lines = nasty().into_iter().enumerate().map(|(i, text)| {
        let from = ClientId::new(i.to_string());
        said(ChatLine { from, name: text.clone(), time_ms: u64::MAX, private: i % 2 == 0, ..line(&text) })
    });
    let bench = bench_with(lines.collect());
    let window = egui::Rect::from_min_size(egui::Pos2::ZERO, egui::vec2(1_180.0, 760.0));
    for node in bench.nodes() {
        let label = egui_kittest::kittest::NodeT::accesskit_node(&node).value().unwrap_or_default();
        if label.starts_with('x') {
            assert!(node.rect().width() < 360.0, "a long word is broken");
            assert!(node.rect().right() <= window.right());
        }
    }
}

#[test]
fn nasty_names_do_not_move_the_tiles() {
    let roster = |names: &[String]| {
        let me = std::iter::once(("me", "Me".to_owned()));
        let others = ["a", "b", "c", "d", "e", "f", "g", "h", "i"].into_iter().zip(names.iter().cloned());
        let people = me.chain(others).map(|(id, username)| Participant {
            id: ClientId::new(id),
            username,
            me: id == "me",
            unstable: true,
            media: Some(MediaState { hand: true, ..MediaState::default() }),
            ours: true,
            role: protocol::Role::Guest,
        });
        Event::Session(session::Event::Roster(people.collect()))
    };
    let tiles = |bench: &Bench| -> Vec<_> {
        use egui_kittest::kittest::NodeT;
        let is_tile = |name: &str| name.contains("Show large");
        let nodes = bench.nodes().into_iter();
        nodes.filter(|n| n.accesskit_node().label().is_some_and(|l| is_tile(&l))).map(|n| n.rect()).collect()
    };
    let mut plain = Bench::in_company(1);
    plain.tell([roster(&vec!["Someone".to_owned(); 9])]);
    let mut bad = Bench::in_company(1);
    tolerate_missing_glyphs(&bad);
    bad.tell([roster(&nasty())]);
    assert_eq!(tiles(&plain).len(), 10);
    assert_eq!(tiles(&plain), tiles(&bad));
}

#[test]
fn a_thousand_lines_are_shown_without_laying_out_each() {
    let lines = (0..1_500).map(|i| said(ChatLine { time_ms: i, ..line(&format!("line {i}")) }));
    let mut bench = bench_with(lines.collect());
    bench.wait(100);
    assert!(bench.sees("line 1499"), "the newest is in sight");
    let shown = bench.nodes().len();
    assert!(shown < 400, "{shown} nodes");
}
