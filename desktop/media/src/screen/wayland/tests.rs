//! A desktop of our own: a D-Bus, PipeWire with a picture that moves, and a portal whose person we are.

mod desktop;

use std::time::{Duration, Instant};

use crate::choice::{Region, ScreenChoice};
use crate::screen::{FPS, Share, wayland};
use crate::source::{FromSource, Source};
use desktop::{Answer, Desktop};

const PATIENCE: Duration = Duration::from_secs(20);

fn start(bus: &str, choice: ScreenChoice) -> Source {
    let (bus, share) = (bus.to_owned(), Share { choice, fps: FPS, display: None });
    Source::start("screen", move |outlet| wayland::run(outlet, &share, Some(&bus))).unwrap()
}

fn next(source: &Source) -> FromSource {
    let deadline = Instant::now() + PATIENCE;
    loop {
        source.pictures().bell().recv_deadline(deadline).expect("it says something");
        if let Some(found) = source.pictures().take() {
            return found;
        }
    }
}

#[track_caller]
fn failure(source: &Source) -> String {
    loop {
        match next(source) {
            FromSource::Failed(sentence) => return sentence,
            FromSource::Picture(_) => {}
            FromSource::Ended => panic!("nobody cancelled"),
            FromSource::Away(sentence) => panic!("a screen is not awaited: {sentence}"),
        }
    }
}

#[test]
fn what_the_person_allows_is_seen_until_the_desktop_ends_it() {
    let desktop = Desktop::start(Answer::Yes);
    desktop.show_pictures();
    let source = start(desktop.bus(), ScreenChoice::Screen);
    for _ in 0..5 {
        let FromSource::Picture(picture) = next(&source) else { panic!("no picture") };
        assert_eq!((picture.width(), picture.height()), (320, 240));
        // Colour bars: white at the left, blue at the right.
        assert!(picture.y()[10 * 320 + 10] > 150, "{}", picture.y()[10 * 320 + 10]);
        assert!(picture.u()[10 * 160 + 152] > 160, "{}", picture.u()[10 * 160 + 152]);
    }
    let asked = desktop.asked();
    // Screens and windows, the pointer drawn into them.
    assert_eq!((asked.kinds, asked.cursor), (Some(3), Some(2)));
    desktop.end_session();
    assert_eq!(failure(&source), "The desktop has ended the sharing of the screen.");
}

#[test]
fn a_stopped_share_is_told_to_the_desktop() {
    let desktop = Desktop::start(Answer::Yes);
    desktop.show_pictures();
    let source = start(desktop.bus(), ScreenChoice::Monitor("any".to_owned()));
    assert!(matches!(next(&source), FromSource::Picture(_)));
    assert_eq!(desktop.asked().kinds, Some(1));
    drop(source);
    assert!(desktop.asked().closed);
}

#[test]
fn whoever_cancels_in_the_desktops_dialog_hears_nothing_more() {
    let desktop = Desktop::start(Answer::No);
    assert!(matches!(next(&start(desktop.bus(), ScreenChoice::Screen)), FromSource::Ended));
}

#[test]
fn a_question_that_nobody_answers_can_be_given_up() {
    let desktop = Desktop::start(Answer::Never);
    let source = start(desktop.bus(), ScreenChoice::Screen);
    desktop.wait_until_asked();
    let start = Instant::now();
    drop(source);
    assert!(start.elapsed() < Duration::from_secs(2));
}

#[test]
fn without_a_portal_it_is_said_what_to_install() {
    let desktop = Desktop::without_portal();
    let sentence = failure(&start(desktop.bus(), ScreenChoice::Screen));
    assert!(sentence.contains("no desktop portal answers. Install xdg-desktop-portal"), "{sentence}");
    let sentence = failure(&start("unix:path=/nowhere/bus", ScreenChoice::Screen));
    assert!(sentence.contains("no desktop portal answers"), "{sentence}");
}

#[test]
fn a_part_of_the_screen_is_refused_in_words() {
    let part = Region { x: 0, y: 0, width: 64, height: 64 };
    let sentence = failure(&start("unix:path=/nowhere/bus", ScreenChoice::Region(part)));
    assert!(sentence.starts_with("A part of the screen cannot be shared in a Wayland session"), "{sentence}");
}
