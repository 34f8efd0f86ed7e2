//! The real program in a real window, on a display of its own (Xvfb): looked at, and clicked.

#![allow(clippy::unwrap_used, reason = "a test may panic, its helpers too")]

#[path = "window_real/display.rs"]
mod display;

use display::{Display, Shot};

/// The page's ground colour: what the window is made of.
const GROUND: [u8; 3] = [0x0e, 0x12, 0x17];
const ACCENT: [u8; 3] = [0x6f, 0xb1, 0xff];
/// Where the lobby has the button that leads into the scripted room `demo`, in a window of the usual size.
const JOIN_DEMO: (i16, i16) = (644, 145);
/// A spot of plain wall in the first tile of the scripted room.
const WALL: (usize, usize) = (120, 200);

fn share(shot: &Shot, colour: [u8; 3]) -> f64 {
    let near = |pixel: &&[u8; 3]| pixel.iter().zip(colour).all(|(a, b)| a.abs_diff(b) <= 6);
    shot.pixels().iter().filter(near).count() as f64 / shot.pixels().len() as f64
}

fn is_lobby(shot: &Shot) -> bool {
    share(shot, GROUND) > 0.3 && share(shot, ACCENT) > 0.003
}

/// The room's red button at the foot, and no lobby.
fn is_room(shot: &Shot) -> bool {
    share(shot, [0xc9, 0x37, 0x33]) > 0.002
}

fn wall(drawing: &str) -> [u8; 3] {
    let display = Display::open(1180, 760);
    let _window = display.run(env!("CARGO_BIN_EXE_rtc-chat"), &["--mock", "--drawing", drawing]);
    display.wait_for("the lobby", is_lobby);
    display.click(JOIN_DEMO);
    let room = display
        .wait_for("a room with pictures", |shot| is_room(shot) && shot.at(WALL).iter().any(|&channel| channel > 0x40));
    room.at(WALL)
}

#[test]
fn pictures_look_the_same_whatever_draws_them() {
    let (opengl, processor) = (wall("opengl"), wall("processor"));
    for (a, b) in opengl.into_iter().zip(processor) {
        assert!(a.abs_diff(b) <= 4, "{opengl:?} and {processor:?}");
    }
}

/// Pixels that differ by more than an eye would find; graphics cards place softened edges a little differently.
fn differing(a: &Shot, b: &Shot) -> usize {
    let far = |(a, b): &(&[u8; 3], &[u8; 3])| a.iter().zip(*b).any(|(a, b)| a.abs_diff(*b) > 16);
    a.pixels().iter().zip(b.pixels()).filter(far).count()
}

/// Letters, lines and corners, pixel by pixel.
#[test]
fn the_window_looks_the_same_whatever_draws_it() {
    let open = |drawing| {
        let display = Display::open(1180, 760);
        let window = display.run(env!("CARGO_BIN_EXE_rtc-chat"), &["--mock", "--drawing", drawing]);
        display.wait_for("the lobby", is_lobby);
        (display, window)
    };
    let ((opengl, _first), (processor, _second)) = (open("opengl"), open("processor"));
    // Until the list of rooms is there in both.
    processor.wait_for("the same window", |shot| is_lobby(shot) && differing(shot, &opengl.look()) < 20);
}

/// The window is told what of it was lost, and only it knows what was there.
#[test]
fn what_another_window_had_covered_is_seen_again() {
    let display = Display::open(1180, 760);
    let _window = display.run(env!("CARGO_BIN_EXE_rtc-chat"), &["--mock", "--drawing", "processor"]);
    display.wait_for("the lobby", is_lobby);
    let cover = display.cover();
    display.wait_for("nothing but the cover", |shot| share(shot, [0xff, 0, 0xff]) > 0.99);
    display.uncover(cover);
    display.wait_for("the lobby again", |shot| is_lobby(shot) && share(shot, [0xff, 0, 0xff]) == 0.0);
}

#[test]
fn pictures_move() {
    let display = Display::open(1180, 760);
    let _window = display.run(env!("CARGO_BIN_EXE_rtc-chat"), &["--mock"]);
    display.wait_for("the lobby", is_lobby);
    display.click(JOIN_DEMO);
    let first = display.wait_for("a room", is_room);
    display.wait_for("another picture", |shot| {
        let changed = shot.pixels().iter().zip(first.pixels()).filter(|(a, b)| a != b).count();
        is_room(shot) && changed > 500
    });
}

#[test]
fn a_small_window_is_used_whole() {
    let display = Display::open(400, 560);
    let _window = display.run(env!("CARGO_BIN_EXE_rtc-chat"), &["--mock"]);
    display.wait_for("the lobby", |shot| share(shot, GROUND) > 0.1 && share(shot, [0x15, 0x1b, 0x22]) > 0.2);
}

#[test]
fn the_window_has_the_page_s_icon_whatever_draws_it() {
    for drawing in ["opengl", "processor"] {
        let display = Display::open(1180, 760);
        let _window = display.run(env!("CARGO_BIN_EXE_rtc-chat"), &["--mock", "--drawing", drawing]);
        display.wait_for("the lobby", is_lobby);
        let icon = display.icon();
        assert_eq!((&icon[..2], icon.len()), (&[64, 64][..], 2 + 64 * 64), "{drawing}");
        let at = |x: usize, y: usize| icon[2 + y * 64 + x];
        assert_eq!((at(0, 0) >> 24, at(25, 32), at(19, 32)), (0, 0xff6f_b1ff, 0xff12_181f), "{drawing}");
    }
}
