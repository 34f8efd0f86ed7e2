//! Synthetic pictures: a person in front of a wall, and a shared screen. They move with the time they are told.

use std::sync::Arc;
use std::time::{Duration, Instant};

use media::{I420, ScreenChoice, Screens, Sight, WindowChoice};

/// Who or what is painted.
#[derive(Debug, Clone, Copy)]
pub(super) enum Portrait {
    /// Colours and movement differ by number.
    Person(u8),
    Screen,
}

const WIDTH: u32 = 320;
const HEIGHT: u32 = 180;

/// Y, U, V.
type Colour = [u8; 3];

const SKINS: [Colour; 4] = [[176, 112, 150], [138, 108, 154], [96, 114, 148], [196, 114, 144]];
const SHIRTS: [Colour; 5] = [[90, 150, 105], [70, 122, 165], [150, 108, 120], [60, 140, 140], [120, 96, 140]];
const WALLS: [Colour; 5] = [[110, 138, 118], [92, 118, 128], [124, 122, 142], [100, 132, 132], [84, 144, 120]];
const HAIR: [Colour; 4] = [[38, 124, 134], [60, 116, 144], [120, 108, 140], [28, 128, 128]];

impl Portrait {
    pub(super) fn paint(self, elapsed: Duration, captured: Instant) -> Option<I420> {
        let seconds = elapsed.as_secs_f32();
        let canvas = match self {
            Self::Person(number) => person(number, seconds),
            Self::Screen => screen(seconds),
        };
        I420::from_planes(WIDTH, HEIGHT, canvas.data, captured)
    }
}

/// What can be shared of the scripted person's display.
pub(super) fn screens(elapsed: Duration, captured: Instant) -> Screens {
    let sight = |choice, name: &str, size, portrait: Option<Portrait>| {
        let preview = portrait.and_then(|portrait| portrait.paint(elapsed, captured)).map(Arc::new);
        Sight { choice, name: name.to_owned(), size, preview }
    };
    let window = |id, name, portrait| sight(ScreenChoice::Window(WindowChoice::Id(id)), name, (1280, 720), portrait);
    Screens::Listed(vec![
        sight(ScreenChoice::Screen, "Whole screen", (3840, 1080), Some(Portrait::Screen)),
        sight(ScreenChoice::Monitor("DP-1".to_owned()), "DP-1", (1920, 1080), Some(Portrait::Screen)),
        sight(ScreenChoice::Monitor("HDMI-1".to_owned()), "HDMI-1", (1920, 1080), Some(Portrait::Person(3))),
        window(0x40_0001, "Launch plan — Slides", Some(Portrait::Screen)),
        window(
            0x40_0002,
            "Mission control: a title that is much longer than the tile below which it stands",
            Some(Portrait::Person(1)),
        ),
        window(0x40_0003, "Notes", None),
    ])
}

struct Canvas {
    data: Vec<u8>,
}

impl Canvas {
    /// Paints every second pixel's colour; the eye sees brightness in between.
    fn new(colour_at: impl Fn(f32, f32) -> Colour) -> Self {
        let (w, h) = (WIDTH as usize, HEIGHT as usize);
        let mut data = vec![0; I420::size(WIDTH, HEIGHT)];
        let (luma, chroma) = data.split_at_mut(w * h);
        let (us, vs) = chroma.split_at_mut(w * h / 4);
        for y in 0..h {
            for x in 0..w {
                let [l, u, v] = colour_at(x as f32, y as f32);
                luma[y * w + x] = l;
                if x % 2 == 0 && y % 2 == 0 {
                    let at = (y / 2) * (w / 2) + x / 2;
                    (us[at], vs[at]) = (u, v);
                }
            }
        }
        Self { data }
    }
}

fn person(number: u8, seconds: f32) -> Canvas {
    let pick =
        |colours: &[Colour], salt: u8| colours[usize::from(number.wrapping_mul(31).wrapping_add(salt)) % colours.len()];
    let (skin, shirt, wall, hair) = (pick(&SKINS, 0), pick(&SHIRTS, 3), pick(&WALLS, 7), pick(&HAIR, 1));
    let phase = f32::from(number);
    let (cx, cy) = (160.0 + 9.0 * (seconds * 0.7 + phase).sin(), 82.0 + 3.0 * (seconds * 1.9 + phase).sin());
    let talk = 1.5 + 2.5 * (seconds * 6.0 + phase).sin().abs();
    let blink = (seconds * 0.3 + phase * 0.1).fract() < 0.03;
    Canvas::new(move |x, y| {
        let (dx, dy) = (x - cx, y - cy);
        let inside = |rx: f32, ry: f32, ox: f32, oy: f32| {
            let (a, b) = ((dx - ox) / rx, (dy - oy) / ry);
            a * a + b * b < 1.0
        };
        let eyes = !blink && (inside(3.2, 3.6, -12.0, -6.0) || inside(3.2, 3.6, 12.0, -6.0));
        if eyes || inside(8.0, talk, 0.0, 20.0) {
            return [36, 122, 140];
        }
        if inside(38.0, 30.0, 0.0, -24.0) && !inside(31.0, 36.0, 0.0, 3.0) {
            return hair;
        }
        if inside(32.0, 40.0, 0.0, 0.0) {
            return shade(skin, dx * 0.25);
        }
        if inside(13.0, 20.0, 0.0, 44.0) {
            return shade(skin, -22.0);
        }
        if inside(86.0, 66.0, 0.0, 108.0) {
            return shade(shirt, -dx * 0.12);
        }
        // A wall, lit from one side, with a frame on it.
        let frame = (232.0..292.0).contains(&x) && (24.0..70.0).contains(&y);
        let pane = (237.0..287.0).contains(&x) && (29.0..65.0).contains(&y);
        match (frame, pane) {
            (_, true) => shade(wall, 30.0),
            (true, false) => shade(wall, -40.0),
            (false, false) => shade(wall, (160.0 - x) * 0.13 + (90.0 - y) * 0.1),
        }
    })
}

/// A window with lines of text, of which one more is written again and again.
fn screen(seconds: f32) -> Canvas {
    let written = (seconds * 20.0) as u32 % 1_800;
    Canvas::new(move |x, y| {
        if y < 14.0 {
            let button = (8.0..44.0).contains(&x) && (x as u32 - 8) % 13 < 7 && (4.0..11.0).contains(&y);
            return if button { [120, 110, 150] } else { [52, 132, 126] };
        }
        let (line, column) = ((y as u32 - 14) / 9, x as u32);
        let in_text = (y as u32 - 14) % 9 < 5 && (14..300).contains(&column);
        // Words of a few letters, different on every line.
        let gap = (column / 3 + line * 7) % (5 + line % 4) == 0;
        let there = line * 100 + column / 3 < written;
        match (in_text && there && !gap, line % 5) {
            (true, 0) => [170, 160, 110],
            (true, _) => [190, 126, 128],
            (false, _) => [30, 130, 126],
        }
    })
}

fn shade([y, u, v]: Colour, by: f32) -> Colour {
    [(f32::from(y) + by).clamp(16.0, 235.0) as u8, u, v]
}
