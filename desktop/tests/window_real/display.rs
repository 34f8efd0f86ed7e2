//! A display of its own, what is on it, and a pointer.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use x11rb::connection::Connection;
use x11rb::protocol::xproto::{
    AtomEnum, BUTTON_PRESS_EVENT, BUTTON_RELEASE_EVENT, ConnectionExt, CreateWindowAux, ImageFormat,
    MOTION_NOTIFY_EVENT, WindowClass,
};
use x11rb::protocol::xtest::ConnectionExt as _;
use x11rb::rust_connection::RustConnection;

/// A busy machine may take this long to show something.
const PATIENCE: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(100);

pub(crate) struct Display {
    number: String,
    connection: RustConnection,
    root: u32,
    size: (u16, u16),
    _server: Process,
}

/// Ended when nobody holds it any more.
pub(crate) struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // An error means that it has ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What is on the display, as red, green and blue.
pub(crate) struct Shot {
    pixels: Vec<[u8; 3]>,
    width: usize,
}

impl Shot {
    pub(crate) fn pixels(&self) -> &[[u8; 3]] {
        &self.pixels
    }

    pub(crate) fn at(&self, (x, y): (usize, usize)) -> [u8; 3] {
        self.pixels[y * self.width + x]
    }
}

impl Display {
    /// Xvfb chooses a free number and tells it on its standard output.
    pub(crate) fn open(width: u16, height: u16) -> Self {
        let mut server = Command::new("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", &format!("{width}x{height}x24"), "-nolisten", "tcp"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("Xvfb is needed to look at a real window (Debian: apt-get install xvfb)");
        let mut number = String::new();
        BufReader::new(server.stdout.take().unwrap()).read_line(&mut number).unwrap();
        let number = format!(":{}", number.trim());
        let (connection, screen) = x11rb::connect(Some(&number)).unwrap();
        let root = connection.setup().roots[screen].root;
        Self { number, connection, root, size: (width, height), _server: Process(server) }
    }

    pub(crate) fn run(&self, program: &str, arguments: &[&str]) -> Process {
        let child = Command::new(program)
            .args(arguments)
            .env("DISPLAY", &self.number)
            .env_remove("WAYLAND_DISPLAY")
            .spawn()
            .unwrap();
        Process(child)
    }

    pub(crate) fn look(&self) -> Shot {
        let (width, height) = self.size;
        let image = self.connection.get_image(ImageFormat::Z_PIXMAP, self.root, 0, 0, width, height, !0);
        let data = image.unwrap().reply().unwrap().data;
        let pixels = data.chunks_exact(4).map(|bgrx| [bgrx[2], bgrx[1], bgrx[0]]).collect();
        Shot { pixels, width: usize::from(width) }
    }

    /// The icon of the window that has one, as other programs see it: width, height, and pixels from `0xAARRGGBB`
    /// (Extended Window Manager Hints, `_NET_WM_ICON`).
    pub(crate) fn icon(&self) -> Vec<u32> {
        let property = self.connection.intern_atom(true, b"_NET_WM_ICON").unwrap().reply().unwrap().atom;
        let windows = self.connection.query_tree(self.root).unwrap().reply().unwrap().children;
        let read = |window: u32| {
            let (kind, all) = (AtomEnum::CARDINAL, u32::MAX);
            let reply = self.connection.get_property(false, window, property, kind, 0, all).unwrap().reply().unwrap();
            reply.value32().map(Iterator::collect::<Vec<u32>>).filter(|icon| !icon.is_empty())
        };
        windows.into_iter().find_map(read).expect("a window with an icon")
    }

    /// Looks again and again until `what` is there.
    #[track_caller]
    pub(crate) fn wait_for(&self, what: &str, is_there: impl Fn(&Shot) -> bool) -> Shot {
        let end = Instant::now() + PATIENCE;
        loop {
            let shot = self.look();
            if is_there(&shot) {
                return shot;
            }
            assert!(Instant::now() < end, "{what} did not appear");
            std::thread::sleep(LOOK_EVERY);
        }
    }

    /// Lays another window over all of it.
    pub(crate) fn cover(&self) -> u32 {
        let window = self.connection.generate_id().unwrap();
        let how = CreateWindowAux::new().background_pixel(0x00ff_00ff).override_redirect(1);
        let (width, height) = self.size;
        self.connection
            .create_window(0, window, self.root, 0, 0, width, height, 0, WindowClass::INPUT_OUTPUT, 0, &how)
            .unwrap();
        self.connection.map_window(window).unwrap().check().unwrap();
        window
    }

    pub(crate) fn uncover(&self, cover: u32) {
        self.connection.destroy_window(cover).unwrap().check().unwrap();
    }

    pub(crate) fn click(&self, (x, y): (i16, i16)) {
        let fake = |kind, detail| {
            self.connection.xtest_fake_input(kind, detail, 0, self.root, x, y, 0).unwrap().check().unwrap();
        };
        fake(MOTION_NOTIFY_EVENT, 0);
        fake(BUTTON_PRESS_EVENT, 1);
        fake(BUTTON_RELEASE_EVENT, 1);
    }
}
