//! One window: covered, moved, resized, hidden, closed; and the list of all.

use std::time::Duration;

use x11rb::protocol::xproto::{AtomEnum, ConfigureWindowAux, ConnectionExt as _, Window};

use super::display::{BLUE, Display, GREEN, RED, is_near, pixel};
use crate::choice::{ScreenChoice, WindowChoice};
use crate::frame::I420;
use crate::screen::x11::capture::News;
use crate::screen::x11::display::Display as Server;
use crate::screen::x11::*;

/// Longer than anything takes to settle.
const LATER: Duration = Duration::from_secs(1);

fn open(display: &Display, window: WindowChoice) -> Result<Capture, ScreenError> {
    Capture::open(Some(&display.name), &ScreenChoice::Window(window), SIZE_MAX)
}

fn titled(title: &str) -> WindowChoice {
    WindowChoice::Title(title.to_owned())
}

/// What is seen when everything has settled.
fn look(capture: &mut Capture) -> News {
    // Once to hear what has happened, once when it has settled.
    match capture.look(Instant::now()).unwrap() {
        News::None => capture.look(Instant::now() + LATER).unwrap(),
        news => news,
    }
}

#[track_caller]
fn grab(capture: &mut Capture) -> std::sync::Arc<I420> {
    assert_eq!(look(capture), News::Picture);
    capture.grab(Instant::now()).unwrap()
}

#[track_caller]
fn assert_all(picture: &I420, (width, height): (u32, u32), colour: (u8, u8, u8)) {
    assert_eq!((picture.width(), picture.height()), (width, height));
    for (x, y) in [(0, 0), (width - 1, 0), (width / 2, height / 2), (0, height - 1), (width - 1, height - 1)] {
        assert!(is_near(pixel(picture, x, y), colour), "{:?} at {x}, {y}", pixel(picture, x, y));
    }
}

#[test]
fn a_covered_window_is_seen_whole_and_nothing_of_what_covers_it() {
    let display = Display::start("640x360x24");
    let window = display.open_window("Slides", RED.0, (100, 50, 200, 100));
    display.open_window("Letters", BLUE.0, (60, 30, 160, 90));
    // Above what covers it: the pointer is the other window's.
    display.point(150, 80);
    let mut capture = open(&display, titled("Slides")).unwrap();
    assert_eq!(capture.look(Instant::now()).unwrap(), News::None, "what was covered has to be drawn first");
    assert_all(&grab(&mut capture), (200, 100), RED.1);
    assert_eq!(look(&mut capture), News::None);
    display.paint_on(window, GREEN.0, 0, 0, 200, 100);
    assert_all(&grab(&mut capture), (200, 100), GREEN.1);
    // Over the part that can be seen.
    display.point(260, 110);
    let picture = grab(&mut capture);
    let mut around = (155..170).flat_map(|x| (55..75).map(move |y| (x, y)));
    assert!(around.any(|(x, y)| pixel(&picture, x, y).0.abs_diff(GREEN.1.0) > 20), "no pointer");
}

#[test]
fn a_window_stays_itself_wherever_it_goes_and_however_large_it_is() {
    let display = Display::start("640x360x24");
    display.point(630, 350);
    let window = display.open_window("Slides", RED.0, (100, 50, 200, 100));
    let mut capture = open(&display, WindowChoice::Id(window)).unwrap();
    grab(&mut capture);
    let configure = |change: ConfigureWindowAux| {
        display.connection.configure_window(window, &change).unwrap();
        display.settle();
    };
    // Half of it leaves the screen.
    configure(ConfigureWindowAux::new().x(540).y(-40));
    look(&mut capture);
    assert_all(&capture.grab(Instant::now()).unwrap(), (200, 100), RED.1);
    configure(ConfigureWindowAux::new().width(301).height(80));
    assert_eq!(capture.look(Instant::now()).unwrap(), News::None, "it may still be pulled");
    assert!(capture.again(Instant::now()).is_some_and(|picture| picture.width() == 200));
    assert_all(&grab(&mut capture), (300, 80), RED.1);
}

#[test]
fn a_hidden_window_keeps_its_last_picture_and_comes_back() {
    let display = Display::start("640x360x24");
    let window = display.open_window("Slides", RED.0, (100, 50, 200, 100));
    let mut capture = open(&display, WindowChoice::Id(window)).unwrap();
    grab(&mut capture);
    display.connection.unmap_window(window).unwrap();
    display.settle();
    assert_eq!(look(&mut capture), News::Hidden("Slides".to_owned()));
    assert_eq!(look(&mut capture), News::None, "told once");
    assert_all(&capture.again(Instant::now()).unwrap(), (200, 100), RED.1);
    let again = open(&display, WindowChoice::Id(window)).err().unwrap().sentence();
    assert!(again.contains("minimised or hidden; bring it up"), "{again}");
    display.connection.map_window(window).unwrap();
    display.settle();
    assert_all(&grab(&mut capture), (200, 100), RED.1);
}

#[test]
fn a_closed_window_ends_its_share_with_a_word() {
    let display = Display::start("640x360x24");
    let window = display.open_window("Slides", RED.0, (100, 50, 200, 100));
    let mut capture = open(&display, WindowChoice::Id(window)).unwrap();
    grab(&mut capture);
    display.connection.destroy_window(window).unwrap();
    display.settle();
    let error = capture.look(Instant::now()).unwrap_err();
    assert_eq!(error.sentence(), "The window Slides was closed, so it is shared no more.");
    assert!(!error.may_pass());
    assert!(open(&display, WindowChoice::Id(window)).err().unwrap().sentence().contains("there is no window"));
}

#[test]
fn a_display_that_keeps_no_windows_apart_says_so() {
    let display = Display::start_with("640x360x24", &["-extension", "Composite"]);
    let window = display.open_window("Slides", RED.0, (100, 50, 200, 100));
    let sentence = open(&display, WindowChoice::Id(window)).err().unwrap().sentence();
    assert!(sentence.contains("no Composite extension"), "{sentence}");
}

#[test]
fn a_window_is_found_by_its_title_or_a_part_that_no_other_has() {
    let display = Display::start("640x360x24");
    let place = |x: i16| (x, 10, 64, 64);
    let windows: Vec<Window> = [("Notes", 0), ("Notes on music", 70), ("Käse — Browser", 140)]
        .map(|(title, x)| display.open_window(title, RED.0, place(x)))
        .to_vec();
    display.list(&windows);
    let shown = Server::open(Some(&display.name)).unwrap();
    let find = |title: &str| list::find(&shown, &titled(title)).map(|(id, _)| id);
    assert_eq!(find("Notes").unwrap(), windows[0]);
    assert_eq!(find("KÄSE").unwrap(), windows[2]);
    assert!(matches!(find("notes"), Err(ScreenError::ManyWindows(_))));
    assert!(matches!(find("Slides"), Err(ScreenError::NoWindow(_))));
}

#[test]
fn the_list_shows_the_topmost_window_first_and_only_what_people_call_windows() {
    let display = Display::start("640x360x24");
    let lower = display.open_window("Lower", RED.0, (0, 0, 200, 100));
    let upper = display.open_window("Up\u{1b}per", BLUE.0, (100, 50, 200, 100));
    let minimised = display.open_window("Minimised", GREEN.0, (0, 0, 64, 64));
    display.connection.unmap_window(minimised).unwrap();
    let wm_state = display.atom("WM_STATE");
    display.set_number(minimised, "WM_STATE", AtomEnum::from(wm_state as u8), 3);
    let dock = display.open_window("Dock", RED.0, (0, 300, 640, 60));
    let kind = display.atom("_NET_WM_WINDOW_TYPE_DOCK");
    display.set_number(dock, "_NET_WM_WINDOW_TYPE", AtomEnum::ATOM, kind);
    let ours = display.open_window("The call itself", RED.0, (400, 0, 64, 64));
    display.set_number(ours, "_NET_WM_PID", AtomEnum::CARDINAL, std::process::id());
    let tiny = display.open_window("Tiny", RED.0, (400, 100, 8, 8));
    let nameless = display.open_window("", RED.0, (400, 200, 64, 64));
    display.list(&[minimised, lower, upper, dock, ours, tiny, nameless]);
    let sights = sights(Some(&display.name)).unwrap();
    let names: Vec<&str> = sights.iter().map(|sight| sight.name.as_str()).collect();
    assert_eq!(names, ["Whole screen", "Upper", "Lower", "Minimised"]);
    assert_eq!(sights[0].size, (640, 360));
    assert!(sights[3].preview.is_none());
    let preview = sights[2].preview.as_ref().unwrap();
    assert_all(preview, (200, 100), RED.1);
}
