//! Whoever cannot see the window, or has no mouse, can use all of it.

use std::collections::BTreeSet;

use eframe::egui::Key;
use eframe::egui::accessibility::is_input;
use egui_kittest::kittest::NodeT;

use crate::bench::Bench;

/// Every scene in which something can be done.
fn scenes() -> Vec<(&'static str, Bench)> {
    let opened = |mut bench: Bench, names: &[&str]| {
        for name in names {
            bench.click(name);
        }
        bench
    };
    vec![
        ("lobby", Bench::new()),
        ("narrow lobby", Bench::with_size(400.0, 1_400.0)),
        ("settings", opened(Bench::new(), &["Settings"])),
        ("door", opened(Bench::new(), &["Join vault"])),
        ("waiting", opened(Bench::new(), &["Join demo"])),
        ("room", Bench::in_company(2)),
        ("chat", opened(Bench::in_company(1), &["Chat"])),
        ("people", opened(Bench::in_company(2), &["People"])),
        ("screen", Bench::in_company(20)),
        ("room settings", opened(Bench::in_company(2), &["Settings"])),
        ("door of the room", opened(Bench::in_company(23), &["People, 1 waits to be let in"])),
        ("owner's settings", opened(Bench::in_company(2), &["People", "Room settings"])),
        ("invites", opened(Bench::in_company(2), &["People", "Invites", "Make an invite"])),
    ]
}

#[test]
fn everything_that_can_be_used_has_a_name() {
    for (scene, mut bench) in scenes() {
        bench.wait(300);
        let inputs: Vec<_> = bench
            .nodes()
            .into_iter()
            .map(|node| node.accesskit_node())
            .filter(|node| is_input(node.role()) && !node.is_hidden())
            .collect();
        assert!(!inputs.is_empty(), "{scene}");
        for node in inputs {
            let name = node.label().unwrap_or_default();
            assert!(!name.trim().is_empty(), "{scene}: {:?} without a name", node.role());
        }
    }
}

#[test]
fn everything_that_can_be_used_is_reached_by_tab() {
    for (scene, mut bench) in scenes() {
        bench.wait(300);
        let inside_dialog =
            matches!(scene, "settings" | "door" | "waiting" | "room settings" | "owner's settings" | "invites");
        let wanted: BTreeSet<String> = bench
            .nodes()
            .into_iter()
            .map(|node| node.accesskit_node())
            .filter(|node| is_input(node.role()) && !node.is_hidden() && !node.is_disabled())
            .filter_map(|node| node.label())
            .collect();
        let mut reached = BTreeSet::new();
        for _ in 0..wanted.len() + 5 {
            bench.press(Key::Tab);
            reached.extend(
                bench
                    .nodes()
                    .into_iter()
                    .filter(|node| node.is_focused())
                    .filter_map(|node| node.accesskit_node().label()),
            );
        }
        if inside_dialog {
            assert!(reached.len() >= 2 || scene == "waiting", "{scene}: {reached:?}");
            assert!(reached.iter().all(|name| !name.starts_with("Join ")), "{scene}: {reached:?} behind the dialog");
        } else {
            let missed: Vec<_> = wanted.difference(&reached).collect();
            assert!(missed.is_empty(), "{scene}: {missed:?}");
        }
    }
}

#[test]
fn a_switch_can_be_pressed_by_space_and_enter() {
    use egui_kittest::kittest::Queryable;
    let mut bench = Bench::in_company(1);
    for key in [Key::Space, Key::Enter] {
        let before = bench.is_on("Hand");
        bench.window.get_by_label("Hand").focus();
        bench.window.run();
        bench.press(key);
        assert_ne!(bench.is_on("Hand"), before, "{key:?}");
    }
}
