//! The display of a test, whose window manager is the test itself.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use x11rb::connection::Connection;
use x11rb::protocol::xproto::{
    AtomEnum, ConnectionExt as _, CreateGCAux, CreateWindowAux, PropMode, Rectangle, Screen, Window, WindowClass,
};
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;

use crate::frame::I420;

pub(super) const RED: (u32, (u8, u8, u8)) = (0xFF_0000, (81, 90, 240));
pub(super) const GREEN: (u32, (u8, u8, u8)) = (0x00_FF00, (145, 54, 34));
pub(super) const BLUE: (u32, (u8, u8, u8)) = (0x00_00FF, (41, 240, 110));
pub(super) const WHITE: (u32, (u8, u8, u8)) = (0xFF_FFFF, (235, 128, 128));

/// As the screen has them, and as (Y, U, V) after BT.601.
pub(super) const COLOURS: [(u32, (u8, u8, u8)); 4] = [RED, GREEN, BLUE, WHITE];

/// A display that ends with the test.
pub(super) struct Display {
    pub(super) server: Child,
    pub(super) name: String,
    pub(super) connection: RustConnection,
    pub(super) screen: Screen,
}

impl Display {
    pub(super) fn start(size: &str) -> Self {
        Self::start_with(size, &[])
    }

    pub(super) fn start_with(size: &str, more: &[&str]) -> Self {
        let arguments = ["-displayfd", "1", "-nolisten", "tcp", "-screen", "0", size];
        let mut server = Command::new("Xvfb")
            .args(arguments)
            .args(more)
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

    /// The answer to any question means that everything before is done.
    pub(super) fn settle(&self) {
        self.connection.get_input_focus().unwrap().reply().unwrap();
    }

    /// Fills a part of the screen with a colour.
    pub(super) fn paint(&self, colour: u32, x: i16, y: i16, width: u16, height: u16) {
        self.paint_on(self.screen.root, colour, x, y, width, height);
    }

    pub(super) fn paint_on(&self, window: Window, colour: u32, x: i16, y: i16, width: u16, height: u16) {
        let context = self.connection.generate_id().unwrap();
        let values = CreateGCAux::new().foreground(colour);
        self.connection.create_gc(context, window, &values).unwrap();
        let part = Rectangle { x, y, width, height };
        self.connection.poly_fill_rectangle(window, context, &[part]).unwrap();
        self.settle();
    }

    /// The four colours in the four quarters, and the pointer in the middle of the first.
    pub(super) fn paint_quarters(&self) {
        let (width, height) = (self.screen.width_in_pixels / 2, self.screen.height_in_pixels / 2);
        for (quarter, (colour, _)) in COLOURS.iter().enumerate() {
            let (column, row) = (quarter as u16 % 2, quarter as u16 / 2);
            self.paint(*colour, (column * width) as i16, (row * height) as i16, width + 1, height + 1);
        }
        self.point((width / 2) as i16, (height / 2) as i16);
    }

    pub(super) fn point(&self, x: i16, y: i16) {
        self.connection.warp_pointer(0u32, self.screen.root, 0, 0, 0, 0, x, y).unwrap();
        self.settle();
    }

    /// A window of one colour, in front of all others.
    pub(super) fn open_window(&self, title: &str, colour: u32, (x, y, width, height): (i16, i16, u16, u16)) -> Window {
        let id = self.connection.generate_id().unwrap();
        let values = CreateWindowAux::new().background_pixel(colour).border_pixel(0);
        let (root, class) = (self.screen.root, WindowClass::INPUT_OUTPUT);
        self.connection.create_window(24, id, root, x, y, width, height, 3, class, 0, &values).unwrap();
        let (name, utf8) = (self.atom("_NET_WM_NAME"), self.atom("UTF8_STRING"));
        self.connection.change_property8(PropMode::REPLACE, id, name, utf8, title.as_bytes()).unwrap();
        self.connection.map_window(id).unwrap();
        self.settle();
        id
    }

    /// What a window manager tells of its windows, the lowest first.
    pub(super) fn list(&self, windows: &[Window]) {
        let (list, root) = (self.atom("_NET_CLIENT_LIST_STACKING"), self.screen.root);
        self.connection.change_property32(PropMode::REPLACE, root, list, AtomEnum::WINDOW, windows).unwrap();
        self.settle();
    }

    pub(super) fn set_number(&self, window: Window, property: &str, kind: AtomEnum, value: u32) {
        let property = self.atom(property);
        self.connection.change_property32(PropMode::REPLACE, window, property, kind, &[value]).unwrap();
        self.settle();
    }

    pub(super) fn atom(&self, name: &str) -> u32 {
        self.connection.intern_atom(false, name.as_bytes()).unwrap().reply().unwrap().atom
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

pub(super) fn pixel(picture: &I420, x: u32, y: u32) -> (u8, u8, u8) {
    let chroma = ((y / 2) * picture.chroma_size().0 + x / 2) as usize;
    (picture.y()[(y * picture.width() + x) as usize], picture.u()[chroma], picture.v()[chroma])
}

pub(super) fn is_near(found: (u8, u8, u8), expected: (u8, u8, u8)) -> bool {
    let near = |a: u8, b: u8| a.abs_diff(b) <= 2;
    near(found.0, expected.0) && near(found.1, expected.1) && near(found.2, expected.2)
}
