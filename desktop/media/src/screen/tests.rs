//! A display of our own (Xvfb), with known pixels on it.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use x11rb::connection::Connection;
use x11rb::protocol::xproto::{ConnectionExt as _, CreateGCAux, Rectangle, Screen};
use x11rb::rust_connection::RustConnection;

use super::*;
use crate::frame::I420;
use crate::source::{FromSource, Source};

/// Red, green, blue and white as the screen has them, and as (Y, U, V) after BT.601.
const COLOURS: [(u32, (u8, u8, u8)); 4] =
    [(0xFF_0000, (81, 90, 240)), (0x00_FF00, (145, 54, 34)), (0x00_00FF, (41, 240, 110)), (0xFF_FFFF, (235, 128, 128))];

/// A display that ends with the test.
struct Display {
    server: Child,
    name: String,
    connection: RustConnection,
    screen: Screen,
}

impl Display {
    fn start(size: &str) -> Self {
        let arguments = ["-displayfd", "1", "-nolisten", "tcp", "-screen", "0", size];
        let mut server = Command::new("Xvfb")
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("this test needs the program Xvfb (Debian: xvfb)");
        let mut number = String::new();
        BufReader::new(server.stdout.take().unwrap()).read_line(&mut number).unwrap();
        let name = format!(":{}", number.trim());
        let (connection, screen) = x11rb::connect(Some(&name)).unwrap();
        let screen = connection.setup().roots[screen].clone();
        Self { server, name, connection, screen }
    }

    /// Fills a part of the screen with a colour.
    fn paint(&self, colour: u32, x: i16, y: i16, width: u16, height: u16) {
        let context = self.connection.generate_id().unwrap();
        let values = CreateGCAux::new().foreground(colour);
        self.connection.create_gc(context, self.screen.root, &values).unwrap();
        let part = Rectangle { x, y, width, height };
        self.connection.poly_fill_rectangle(self.screen.root, context, &[part]).unwrap();
        // The answer to any question means that everything before is done.
        self.connection.get_input_focus().unwrap().reply().unwrap();
    }

    /// The four colours in the four quarters, and the pointer in the middle of the first.
    fn paint_quarters(&self) {
        let (width, height) = (self.screen.width_in_pixels / 2, self.screen.height_in_pixels / 2);
        for (quarter, (colour, _)) in COLOURS.iter().enumerate() {
            let (column, row) = (quarter as u16 % 2, quarter as u16 / 2);
            self.paint(*colour, (column * width) as i16, (row * height) as i16, width + 1, height + 1);
        }
        let (x, y) = ((width / 2) as i16, (height / 2) as i16);
        self.connection.warp_pointer(0u32, self.screen.root, 0, 0, 0, 0, x, y).unwrap();
        self.connection.get_input_focus().unwrap().reply().unwrap();
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

fn pixel(picture: &I420, x: u32, y: u32) -> (u8, u8, u8) {
    let chroma = ((y / 2) * picture.chroma_size().0 + x / 2) as usize;
    (picture.y()[(y * picture.width() + x) as usize], picture.u()[chroma], picture.v()[chroma])
}

fn assert_quarters(picture: &I420) {
    let (width, height) = (picture.width(), picture.height());
    for (quarter, (_, expected)) in COLOURS.into_iter().enumerate() {
        let (column, row) = (quarter as u32 % 2, quarter as u32 / 2);
        for (x, y) in [(1, 1), (7, 7)] {
            let found = pixel(picture, column * width / 2 + x * width / 16, row * height / 2 + y * height / 16);
            let near = |a: u8, b: u8| a.abs_diff(b) <= 2;
            let all = near(found.0, expected.0) && near(found.1, expected.1) && near(found.2, expected.2);
            assert!(all, "quarter {quarter}: {found:?} instead of {expected:?}");
        }
    }
}

#[test]
fn the_pixels_of_the_screen_arrive_with_and_without_shared_memory() {
    // An odd size, which is cut to an even one.
    let display = Display::start("641x361x24");
    display.paint_quarters();
    let mut capture = Capture::open(Some(&display.name), SIZE_MAX).unwrap();
    let picture = capture.grab().unwrap();
    assert_eq!((picture.width(), picture.height()), (640, 360));
    assert_quarters(&picture);
    assert!(capture.forget_shared_memory(), "Xvfb shares memory");
    let copied = capture.grab().unwrap();
    assert_eq!(picture.data(), copied.data());
    // The pointer is drawn over the red.
    let around = (150..170).flat_map(|x| (80..100).map(move |y| (x, y)));
    assert!(around.into_iter().any(|(x, y)| pixel(&picture, x, y).0.abs_diff(81) > 20), "no pointer");
}

#[test]
fn a_large_screen_is_scaled_down_and_what_changes_is_seen() {
    let display = Display::start("2560x1440x24");
    display.paint_quarters();
    let mut capture = Capture::open(Some(&display.name), SIZE_MAX).unwrap();
    let picture = capture.grab().unwrap();
    assert_eq!((picture.width(), picture.height()), (1920, 1080));
    assert_quarters(&picture);
    display.paint(0xFF_FFFF, 0, 0, 2560, 720);
    assert_eq!(pixel(&capture.grab().unwrap(), 30, 30), (235, 128, 128));
}

#[test]
fn a_shared_screen_runs_until_its_display_ends() {
    let mut display = Display::start("320x200x24");
    display.paint_quarters();
    let name = display.name.clone();
    let source = Source::start("screen", move |outlet| run(outlet, Some(&name))).unwrap();
    for _ in 0..3 {
        source.pictures().bell().recv_timeout(Duration::from_secs(10)).unwrap();
        let Some(FromSource::Picture(picture)) = source.pictures().take() else { panic!("no picture") };
        assert_quarters(&picture);
    }
    display.server.kill().unwrap();
    let failure = loop {
        source.pictures().bell().recv_timeout(Duration::from_secs(10)).unwrap();
        match source.pictures().take() {
            Some(FromSource::Failed(sentence)) => break sentence,
            Some(FromSource::Picture(_)) | None => {}
        }
    };
    assert!(failure.starts_with("The screen cannot be shared: the display went away"), "{failure}");
}

#[test]
fn a_missing_display_is_said_in_a_sentence() {
    let source = Source::start("screen", |outlet| run(outlet, Some(":59000"))).unwrap();
    source.pictures().bell().recv_timeout(Duration::from_secs(10)).unwrap();
    let Some(FromSource::Failed(sentence)) = source.pictures().take() else { panic!("there is a picture") };
    assert!(sentence.starts_with("The screen cannot be shared: no display answers"), "{sentence}");
}
