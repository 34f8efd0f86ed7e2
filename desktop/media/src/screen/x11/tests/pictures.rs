//! The whole screen, a monitor or a part of it.

use std::time::Duration;

use x11rb::protocol::randr::{self, MonitorInfo};

use super::display::{BLUE, COLOURS, Display, GREEN, RED, WHITE, is_near, pixel};
use crate::choice::{Region, ScreenChoice};
use crate::frame::I420;
use crate::screen::x11::capture::News;
use crate::screen::x11::*;
use crate::screen::{FPS, Share};
use crate::source::{FromSource, Source};

const PATIENCE: Duration = Duration::from_secs(10);

fn open(display: &Display, choice: &ScreenChoice) -> Capture {
    Capture::open(Some(&display.name), choice, SIZE_MAX).unwrap()
}

fn grab(capture: &mut Capture) -> std::sync::Arc<I420> {
    assert_eq!(capture.look(Instant::now()).unwrap(), News::Picture);
    capture.grab(Instant::now()).unwrap()
}

fn assert_quarters(picture: &I420) {
    let (width, height) = (picture.width(), picture.height());
    for (quarter, (_, expected)) in COLOURS.into_iter().enumerate() {
        let (column, row) = (quarter as u32 % 2, quarter as u32 / 2);
        for (x, y) in [(1, 1), (7, 7)] {
            let found = pixel(picture, column * width / 2 + x * width / 16, row * height / 2 + y * height / 16);
            assert!(is_near(found, expected), "quarter {quarter}: {found:?} instead of {expected:?}");
        }
    }
}

fn has_pointer(picture: &I420, (x, y): (u32, u32), ground: u8) -> bool {
    let mut around = (x..x + 12).flat_map(|x| (y..y + 16).map(move |y| (x, y)));
    around.any(|(x, y)| pixel(picture, x, y).0.abs_diff(ground) > 20)
}

#[test]
fn the_pixels_of_the_screen_arrive_with_and_without_shared_memory() {
    // An odd size, which is cut to an even one.
    let display = Display::start("641x361x24");
    display.paint_quarters();
    let mut capture = open(&display, &ScreenChoice::Screen);
    let picture = grab(&mut capture);
    assert_eq!((picture.width(), picture.height()), (640, 360));
    assert_quarters(&picture);
    assert!(has_pointer(&picture, (156, 86), RED.1.0), "no pointer");
    assert!(capture.forget_shared_memory(), "Xvfb shares memory");
    let copied = capture.grab(Instant::now()).unwrap();
    assert_eq!(picture.data(), copied.data());
}

#[test]
fn a_large_screen_is_scaled_down_and_what_changes_is_seen() {
    let display = Display::start("2560x1440x24");
    display.paint_quarters();
    let mut capture = open(&display, &ScreenChoice::Screen);
    let picture = grab(&mut capture);
    assert_eq!((picture.width(), picture.height()), (1920, 1080));
    assert_quarters(&picture);
    display.paint(0xFF_FFFF, 0, 0, 2560, 720);
    assert_eq!(pixel(&grab(&mut capture), 30, 30), (235, 128, 128));
}

#[test]
fn only_what_changes_in_the_part_that_is_shared_makes_a_picture() {
    let display = Display::start("640x360x24");
    display.point(600, 300);
    let part = Region { x: 100, y: 50, width: 200, height: 100 };
    let mut capture = open(&display, &ScreenChoice::Region(part));
    let first = grab(&mut capture);
    assert_eq!((first.width(), first.height()), (200, 100));
    let look = |capture: &mut Capture| capture.look(Instant::now()).unwrap();
    assert_eq!(look(&mut capture), News::None, "nothing happened");
    display.paint(RED.0, 300, 150, 100, 100);
    assert_eq!(look(&mut capture), News::None, "that was outside");
    display.paint(RED.0, 290, 140, 100, 100);
    let second = grab(&mut capture);
    assert!(is_near(pixel(&second, 199, 99), RED.1) && is_near(pixel(&second, 150, 50), (16, 128, 128)));
    assert_eq!(look(&mut capture), News::None);
    display.point(150, 80);
    assert!(has_pointer(&grab(&mut capture), (46, 26), 16), "the pointer is where it is in the part");
    assert_eq!(look(&mut capture), News::None);
    display.point(600, 300);
    assert!(!has_pointer(&grab(&mut capture), (46, 26), 16), "the pointer has left");
}

#[test]
fn one_monitor_of_several_is_shared_by_its_name() {
    let display = Display::start("640x360x24");
    display.paint_quarters();
    for (name, x) in [("LEFT-1", 0), ("RIGHT-1", 320)] {
        let (width_in_millimeters, height_in_millimeters) = (80, 90);
        let (y, width, height, name) = (0, 320, 360, display.atom(name));
        let (primary, automatic, outputs) = (false, false, Vec::new());
        let monitor = MonitorInfo {
            name,
            primary,
            automatic,
            x,
            y,
            width,
            height,
            width_in_millimeters,
            height_in_millimeters,
            outputs,
        };
        randr::set_monitor(&display.connection, display.screen.root, monitor).unwrap().check().unwrap();
    }
    let picture = grab(&mut open(&display, &ScreenChoice::Monitor("RIGHT-1".to_owned())));
    assert_eq!((picture.width(), picture.height()), (320, 360));
    assert!(is_near(pixel(&picture, 20, 20), GREEN.1) && is_near(pixel(&picture, 300, 340), WHITE.1));
    let found = sights(Some(&display.name)).unwrap();
    let choices: Vec<String> = found.iter().map(|sight| sight.choice.to_string()).collect();
    assert!(choices.starts_with(&["screen".to_owned()]), "{choices:?}");
    assert!(choices.contains(&"monitor:LEFT-1".to_owned()) && choices.contains(&"monitor:RIGHT-1".to_owned()));
    let left = found.iter().find(|sight| sight.name == "LEFT-1").unwrap();
    let preview = left.preview.as_ref().unwrap();
    assert_eq!((left.size, preview.width(), preview.height()), ((320, 360), 142, 160));
    assert!(is_near(pixel(preview, 4, 4), RED.1) && is_near(pixel(preview, 4, 150), BLUE.1));
    let missing = Capture::open(Some(&display.name), &ScreenChoice::Monitor("HDMI-7".to_owned()), SIZE_MAX);
    let sentence = missing.err().unwrap().sentence();
    assert!(sentence.contains("there is no monitor HDMI-7; there is") && sentence.contains("LEFT-1"), "{sentence}");
}

#[test]
fn a_part_that_is_not_on_the_screen_is_refused() {
    let display = Display::start("320x200x24");
    let part = Region { x: 320, y: 0, width: 64, height: 64 };
    let refused = Capture::open(Some(&display.name), &ScreenChoice::Region(part), SIZE_MAX).err().unwrap();
    assert!(refused.sentence().contains("not on the display, which has 320x200 pixels"), "{refused}");
}

fn share(display: &str) -> Share {
    Share { choice: ScreenChoice::Screen, fps: FPS, display: Some(display.to_owned()) }
}

fn start(display: &str) -> Source {
    let share = share(display);
    Source::start("screen", move |outlet| crate::screen::run(outlet, &share, &|words| panic!("{words}"))).unwrap()
}

fn next(source: &Source) -> FromSource {
    loop {
        source.pictures().bell().recv_timeout(PATIENCE).unwrap();
        if let Some(found) = source.pictures().take() {
            return found;
        }
    }
}

#[test]
fn a_shared_screen_runs_until_its_display_ends() {
    let mut display = Display::start("320x200x24");
    display.paint_quarters();
    let source = start(&display.name);
    for side in 0..3 {
        let FromSource::Picture(picture) = next(&source) else { panic!("no picture") };
        assert_quarters(&picture);
        display.point(50 + side * 5, 50);
    }
    display.server.kill().unwrap();
    let failure = loop {
        match next(&source) {
            FromSource::Failed(sentence) => break sentence,
            FromSource::Picture(_) => {}
            FromSource::Ended => panic!("nobody ended it"),
            FromSource::Away(sentence) => panic!("a screen is not awaited: {sentence}"),
        }
    };
    assert!(failure.starts_with("The screen cannot be shared: the display went away"), "{failure}");
}

#[test]
fn a_screen_that_rests_is_shown_again_to_whoever_needs_it_and_once_a_second() {
    let display = Display::start("320x200x24");
    let source = start(&display.name);
    let next = || {
        let FromSource::Picture(picture) = next(&source) else { panic!("no picture") };
        picture.captured()
    };
    let second = Duration::from_secs(1);
    // First it is sharpened, which takes less than a second.
    let mut newest = next();
    let mut gap = || {
        let before = std::mem::replace(&mut newest, next());
        newest - before
    };
    let sharpening = (0..10).take_while(|_| gap() < second).count();
    assert!(sharpening < 10);
    source.renew();
    let gaps = [gap(), gap()];
    assert!(gaps[0] < second && gaps[1] >= second, "{gaps:?}");
}

#[test]
fn a_missing_display_is_said_in_a_sentence() {
    let FromSource::Failed(sentence) = next(&start(":59000")) else { panic!("there is a picture") };
    assert!(sentence.starts_with("The screen cannot be shared: no display answers"), "{sentence}");
}
