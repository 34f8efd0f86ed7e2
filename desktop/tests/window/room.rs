//! In a room: controls, chat, people, stage.

use desktop::{Command, Event};
use eframe::egui::{Key, Modifiers};
use protocol::limits::TEXT_CHARS;
use protocol::{Address, ClientId};
use session::Status;

use crate::bench::{self, Bench};

fn say(text: &str) -> Command {
    Command::Say { to: Address::Room, text: text.to_owned() }
}

fn line(text: &str) -> Event {
    bench::said(bench::line(text))
}

#[test]
fn controls_switch_what_is_sent_and_show_it() {
    let mut bench = Bench::in_company(1);
    for (name, off, on) in [
        ("Microphone", Command::SetMicrophone(false), Command::SetMicrophone(true)),
        ("Camera", Command::SetCamera(false), Command::SetCamera(true)),
    ] {
        assert!(bench.is_on(name));
        bench.click(name);
        assert_eq!(bench.commands(), [off]);
        assert!(!bench.is_on(name));
        bench.click(name);
        assert_eq!(bench.commands(), [on]);
    }
    assert!(!bench.is_on("Hand"));
    bench.click("Hand");
    assert_eq!(bench.commands(), [Command::SetHand(true)]);
    assert!(bench.is_on("Hand"));
}

#[test]
fn the_button_of_a_camera_that_is_awaited_ends_the_wait() {
    let mut bench = Bench::in_company(1);
    bench.tell([
        Event::Sending { camera: false, microphone: true, screen: false, hand: false },
        Event::CameraAwaited(true),
    ]);
    assert!(!bench.is_on("Camera"));
    bench.click("Camera");
    bench.press(Key::V);
    assert_eq!(bench.commands(), [Command::SetCamera(false), Command::SetCamera(false)]);
    bench.tell([Event::CameraAwaited(false)]);
    bench.click("Camera");
    assert_eq!(bench.commands(), [Command::SetCamera(true)]);
}

#[test]
fn whoever_speaks_muted_is_told_until_the_microphone_is_on() {
    const HINT: &str = "You are muted";
    let mut bench = Bench::in_company(1);
    bench.tell([Event::Unheard]);
    assert!(!bench.sees(HINT), "a hint that comes too late is none");
    bench.press(Key::M);
    bench.tell([Event::Unheard]);
    assert!(bench.sees(HINT));
    bench.press(Key::M);
    assert!(!bench.sees(HINT));
}

#[test]
fn shortcuts_switch_unless_text_is_typed() {
    let mut bench = Bench::in_company(1);
    bench.press(Key::M);
    bench.press(Key::V);
    bench.press(Key::H);
    bench.press(Key::S);
    let switched =
        [Command::SetMicrophone(false), Command::SetCamera(false), Command::SetHand(true), Command::ListScreens];
    assert_eq!(bench.commands(), switched);
    bench.press(Key::Escape);

    bench.press(Key::C);
    assert!(bench.sees("Close the panel"));
    bench.type_into("Message", "m");
    for key in [Key::M, Key::V, Key::S, Key::H, Key::C] {
        bench.press(key);
    }
    assert_eq!(bench.commands(), []);
    assert!(bench.sees("Close the panel"));
}

#[test]
fn a_shortcut_with_a_modifier_is_someone_elses() {
    let mut bench = Bench::in_company(1);
    bench.window.key_press_modifiers(Modifiers::CTRL, Key::C);
    bench.window.key_press_modifiers(Modifiers::ALT, Key::M);
    bench.window.run();
    assert!(!bench.sees("Close the panel"));
    assert_eq!(bench.commands(), []);
}

#[test]
fn enter_sends_shift_enter_breaks_the_line_and_nothing_is_not_sent() {
    let mut bench = Bench::in_company(1);
    bench.click("Chat");
    bench.type_into("Message", "first");
    bench.window.key_press_modifiers(Modifiers::SHIFT, Key::Enter);
    bench.window.run();
    bench.type_into("Message", "second");
    bench.press(Key::Enter);
    assert_eq!(bench.commands(), [say("first\nsecond")]);
    assert_eq!(bench.text_of("Message"), "");
    assert!(bench.sees("first\nsecond"), "shown when it comes back");
    bench.press(Key::Enter);
    bench.click("Send");
    assert_eq!(bench.commands(), []);
}

#[test]
fn a_long_text_is_counted_and_ends_at_the_limit() {
    let mut bench = Bench::in_company(1);
    bench.click("Chat");
    bench.type_into("Message", &"word ".repeat(600));
    assert!(!bench.sees("of 4000 characters"));
    bench.type_into("Message", &"word ".repeat(140));
    assert!(bench.sees("3700 of 4000 characters"));
    bench.type_into("Message", &"word ".repeat(600));
    assert!(bench.sees("4000 of 4000 characters"));
    bench.press(Key::Enter);
    let [Command::Say { text, .. }] = &bench.commands()[..] else { panic!("one line is sent") };
    assert!(text.chars().count() <= TEXT_CHARS);
}

#[test]
fn unread_lines_are_counted_while_the_chat_is_closed() {
    let mut bench = Bench::in_company(0);
    bench.wait(500);
    bench.tell([line("one"), line("two")]);
    assert!(bench.sees("Chat, 2 new messages"));
    bench.click("Chat, 2 new messages");
    assert!(bench.sees("one") && bench.sees("two"));
    bench.tell([line("three")]);
    bench.click("Close the panel");
    assert!(!bench.sees("new message"));
    bench.tell([line("four")]);
    assert!(bench.sees("Chat, 1 new message"));
}

#[test]
fn a_private_line_goes_to_one_person_and_is_marked() {
    let mut bench = Bench::in_company(7);
    bench.click("People");
    bench.click("Write to Bob only");
    bench.type_into("Message", "just you");
    bench.press(Key::Enter);
    let to = Address::Client(ClientId::new("bob"));
    assert_eq!(bench.commands(), [Command::Say { to, text: "just you".to_owned() }]);
    assert!(bench.sees("private"));
}

#[test]
fn whoever_leaves_is_no_recipient_any_more() {
    let mut bench = Bench::in_company(1);
    bench.click("People");
    use egui_kittest::kittest::Queryable;
    bench.window.get_by_label("Write to Dave only").focus();
    bench.window.run();
    bench.press(Key::Enter);
    bench.wait(40_000);
    assert!(bench.sees("Dave left") && !bench.sees("To Dave only"));
    bench.type_into("Message", "all");
    bench.press(Key::Enter);
    assert_eq!(bench.commands(), [say("all")]);
}

#[test]
fn escape_closes_the_panel() {
    let mut bench = Bench::in_company(1);
    bench.click("People");
    assert!(bench.sees("People (5)"));
    bench.press(Key::Escape);
    assert!(!bench.sees("People (5)"));
}

#[test]
fn a_volume_is_set_per_person_from_the_keyboard() {
    let mut bench = Bench::in_company(1);
    bench.click("People");
    use egui_kittest::kittest::Queryable;
    bench.window.get_by_label("Volume of Alice").focus();
    bench.window.run();
    bench.press(Key::ArrowRight);
    let client = ClientId::new("alice");
    assert_eq!(bench.commands(), [Command::SetVolume { client, volume: 1.05 }]);
}

#[test]
fn tiles_tell_who_is_muted_off_speaking_raising_a_hand_or_badly_connected() {
    let mut bench = Bench::in_company(0);
    bench.wait(500);
    assert!(bench.sees("Carol, connecting."));
    bench.wait(1_000);
    assert!(bench.sees("Alice, moderator, speaking."));
    assert!(bench.sees("Bob, microphone off."));
    assert!(bench.sees("Dave, camera off."));
    assert!(bench.sees("Major Tom (you), owner."));
    bench.wait(8_000);
    assert!(bench.sees("Alice, moderator, hand raised."));
    assert!(bench.sees("Bob, microphone off, connection interrupted."));
    bench.wait(8_000);
    assert!(bench.sees("Carol, shares the screen, speaking. Show large"), "the camera's picture stays in sight");
    assert!(bench.sees("Carol’s screen. Show everyone at the same size"), "it has the large place");
    bench.wait(22_000);
    assert!(!bench.sees("Dave, camera off"));
}

#[test]
fn a_tile_is_made_large_and_small_again_by_keyboard() {
    use egui_kittest::kittest::Queryable;
    let mut bench = Bench::in_company(1);
    let small = "Alice, moderator, speaking. Show large";
    bench.window.get_by_label(small).focus();
    bench.window.run();
    bench.press(Key::Enter);
    assert!(bench.sees("Alice, moderator, speaking. Show everyone at the same size"));
    bench.press(Key::Escape);
    assert!(bench.sees(small));
}

#[test]
fn whoever_is_made_large_is_told_once_how_high_its_picture_is_shown() {
    use egui_kittest::kittest::Queryable;
    let mut bench = Bench::in_company(1);
    let alice = |sights: &[(String, u32)]| sights.iter().rfind(|(client, _)| client == "alice").map(|sight| sight.1);
    bench.window.run();
    assert_eq!(bench.sights(), [], "nothing has changed");
    bench.window.get_by_label("Alice, moderator, speaking. Show large").focus();
    bench.window.run();
    bench.press(Key::Enter);
    let large = alice(&bench.sights()).expect("a larger picture was not asked for");
    bench.window.run();
    assert_eq!(bench.sights(), [], "told again and again");
    bench.press(Key::Escape);
    let small = alice(&bench.sights()).expect("a smaller picture was not asked for");
    assert!(large > small, "{large} is not more than {small}");
}

#[test]
fn a_lost_server_is_told_with_a_countdown_and_the_call_stays() {
    let mut bench = Bench::in_company(30);
    assert!(bench.sees("The connection to the server is lost") && bench.sees("Reconnecting in 3 s"));
    bench.wait(1_500);
    assert!(bench.sees("Reconnecting in 2 s") && bench.sees("Alice"));
    bench.wait(2_000);
    assert!(bench.sees("Connected") && !bench.sees("is lost"));
}

#[test]
fn a_notice_is_shown_for_a_while_or_dismissed() {
    let mut bench = Bench::in_company(1);
    bench.tell([Event::Notice("No camera was found.".to_owned())]);
    assert!(bench.sees("No camera was found."));
    bench.click("Dismiss");
    assert!(!bench.sees("No camera was found."));
}

#[test]
fn alone_one_is_told_how_others_get_in() {
    let mut bench = Bench::new();
    bench.click("Join quiet corner");
    bench.wait(500);
    assert!(bench.sees("http://127.0.0.1:5000/rtc/quiet%20corner"));
}

#[test]
fn a_second_visit_starts_with_a_clean_room() {
    let mut bench = Bench::in_company(7);
    bench.click("Chat, 5 new messages");
    bench.click("Leave");
    bench.click("Join demo");
    bench.wait(300);
    assert!(!bench.sees("Close the panel") && !bench.sees("new message"));
    bench.tell([Event::Session(session::Event::Status(Status::Connecting))]);
    assert!(bench.sees("Connecting…"));
}
