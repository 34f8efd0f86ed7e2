//! The choice of what is shared of the screen.

use desktop::{Command, Event};
use eframe::egui::Key;
use media::{ScreenChoice, Screens, Sight, WindowChoice};

use crate::bench::Bench;

const QUESTION: &str = "What do you want to share?";
const SOUND: &str = "Share the sound too";
const SMOOTH: &str = "Smooth motion";
const SLIDES: &str = "Launch plan — Slides";

fn slides() -> ScreenChoice {
    ScreenChoice::Window(WindowChoice::Id(0x40_0001))
}

fn asking() -> Bench {
    let mut bench = Bench::in_company(1);
    bench.click("Screen");
    assert_eq!(bench.commands(), [Command::ListScreens]);
    bench
}

#[test]
fn what_is_shared_is_chosen_and_stopped_with_the_same_button() {
    let mut bench = asking();
    assert!(bench.sees(QUESTION) && bench.is_on("Whole screen"));
    bench.click(SLIDES);
    assert!(bench.is_on(SLIDES) && !bench.is_on("Whole screen"));
    bench.click("Share");
    assert_eq!(bench.commands(), [Command::ShareScreen(slides())]);
    assert!(!bench.sees(QUESTION) && bench.is_on("Screen"));
    bench.click("Screen");
    assert_eq!(bench.commands(), [Command::SetScreen(false)]);
    assert!(!bench.sees(QUESTION) && !bench.is_on("Screen"));
    // The choice is proposed again.
    bench.click("Screen");
    assert!(bench.is_on(SLIDES));
}

#[test]
fn a_cancelled_choice_shares_nothing() {
    let mut bench = asking();
    bench.click("Cancel");
    assert!(!bench.sees(QUESTION));
    bench.click("Screen");
    bench.press(Key::Escape);
    assert!(!bench.sees(QUESTION));
    assert_eq!(bench.commands(), [Command::ListScreens]);
    assert!(!bench.is_on("Screen"));
}

#[test]
fn the_choice_is_made_with_the_keyboard_alone() {
    let mut bench = Bench::in_company(1);
    bench.press(Key::S);
    bench.press(Key::Tab);
    bench.press(Key::Tab);
    bench.press(Key::Space);
    assert!(bench.is_on("Monitor HDMI-1"));
    bench.press(Key::Enter);
    let shared = Command::ShareScreen(ScreenChoice::Monitor("HDMI-1".to_owned()));
    assert_eq!(bench.commands(), [Command::ListScreens, shared]);
}

#[test]
fn a_window_that_is_gone_is_not_proposed_again() {
    let mut bench = asking();
    bench.click(SLIDES);
    let choice = ScreenChoice::Screen;
    let rest = Sight { choice, name: "Whole screen".to_owned(), size: (640, 360), preview: None };
    bench.tell([Event::Screens(Ok(Screens::Listed(vec![rest])))]);
    assert!(!bench.sees(SLIDES) && bench.is_on("Whole screen"));
}

#[test]
fn where_nothing_can_be_shared_it_is_said_and_can_be_tried_again() {
    let mut bench = asking();
    bench.tell([Event::Screens(Err("The screen cannot be shared: no display answers.".to_owned()))]);
    assert!(bench.sees("no display answers"));
    bench.tell([Event::Screens(Ok(Screens::Listed(Vec::new())))]);
    assert!(bench.sees("There is nothing that can be shared."));
    bench.click("Look again");
    assert_eq!(bench.commands(), [Command::ListScreens]);
    assert!(bench.is_on("Whole screen"));
}

#[test]
fn where_the_desktop_asks_itself_only_that_is_said() {
    let mut bench = asking();
    bench.tell([Event::Screens(Ok(Screens::Asked))]);
    assert!(bench.sees("Your desktop asks"));
    bench.click("Choose…");
    assert_eq!(bench.commands(), [Command::ShareScreen(ScreenChoice::Screen)]);
}

#[test]
fn the_sound_of_other_programs_goes_along_once_it_is_ticked() {
    let mut bench = asking();
    assert!(!bench.is_on(SOUND), "off until somebody wants it");
    bench.click(SOUND);
    assert!(bench.is_on(SOUND));
    bench.click("Share");
    assert_eq!(bench.commands(), [Command::SetScreenSound(true), Command::ShareScreen(ScreenChoice::Screen)]);
    bench.click("Screen");
    bench.click("Screen");
    assert!(bench.is_on(SOUND), "as it was the last time");
    bench.click(SOUND);
    bench.click("Cancel");
    bench.click("Screen");
    assert!(bench.is_on(SOUND), "what was cancelled changes nothing");
    bench.commands();
    bench.click("Share");
    assert_eq!(bench.commands(), [Command::ShareScreen(ScreenChoice::Screen)]);
}

#[test]
fn a_film_is_shared_smoothly_once_that_is_ticked() {
    let mut bench = asking();
    assert!(!bench.is_on(SMOOTH), "text is what most people share");
    bench.click(SMOOTH);
    bench.click("Share");
    assert_eq!(bench.commands(), [Command::SetScreenMotion(true), Command::ShareScreen(ScreenChoice::Screen)]);
    bench.click("Screen");
    bench.click("Screen");
    assert!(bench.is_on(SMOOTH), "as it was the last time");
}

#[test]
fn where_other_programs_cannot_be_heard_it_is_said_and_nobody_can_tick_it() {
    let mut bench = asking();
    let missing = Some("There is no sound server.".to_owned());
    bench.tell([Event::ScreenSound { wished: true, missing }]);
    assert!(bench.sees("There is no sound server.") && bench.is_disabled(SOUND) && !bench.is_on(SOUND));
    bench.tell([Event::Screens(Ok(Screens::Asked))]);
    assert!(bench.sees("There is no sound server.") && bench.is_disabled(SOUND));
    bench.click("Choose…");
    assert_eq!(bench.commands(), [Command::ShareScreen(ScreenChoice::Screen)]);
}

#[test]
fn leaving_the_room_ends_the_choice() {
    let mut bench = asking();
    bench.tell([Event::Left]);
    assert!(!bench.sees(QUESTION));
}
