//! A real X server without a screen (Xvfb), and what one sees on it.

use std::path::Path;

use anyhow::{Context, Result};
use tokio::process::Command;
use x11rb::connection::Connection;
use x11rb::protocol::xproto::{ChangeWindowAttributesAux, ConnectionExt, ImageFormat};
use x11rb::rust_connection::RustConnection;
use x11rb::wrapper::ConnectionExt as _;

use crate::process::Process;

pub struct Display {
    /// As in `:99`.
    pub name: String,
    _process: Process,
}

/// A standing connection to a display.
pub struct Watcher {
    window: u32,
    connection: RustConnection,
}

/// A screenshot: three bytes (red, green, blue) a pixel.
pub struct Picture {
    pub width: usize,
    pub height: usize,
    pub rgb: Vec<u8>,
}

impl Display {
    /// A display of this size with a number that nobody uses.
    pub async fn start(width: u32, height: u32) -> Result<Self> {
        let mut command = Command::new("Xvfb");
        command.args([
            "-displayfd",
            "1",
            "-screen",
            "0",
            &format!("{width}x{height}x24"),
            "-nolisten",
            "tcp",
            "-noreset",
        ]);
        command.stderr(std::process::Stdio::null());
        let mut process = Process::start("Xvfb", &mut command)?;
        let number = process.line().await?;
        Ok(Self { name: format!(":{}", number.trim()), _process: process })
    }

    /// Fills the whole screen with one colour (red, green, blue).
    pub fn paint(&self, rgb: [u8; 3]) -> Result<()> {
        let (connection, screen) = RustConnection::connect(Some(&self.name))?;
        let root = &connection.setup().roots[screen];
        let pixel = u32::from_be_bytes([0, rgb[0], rgb[1], rgb[2]]);
        connection.change_window_attributes(root.root, &ChangeWindowAttributesAux::new().background_pixel(pixel))?;
        connection.clear_area(false, root.root, 0, 0, 0, 0)?;
        Ok(connection.sync()?)
    }

    /// The whole screen as it is now.
    pub fn look(&self) -> Result<Picture> {
        let (connection, screen) = RustConnection::connect(Some(&self.name))?;
        let root = &connection.setup().roots[screen];
        let (width, height) = (root.width_in_pixels, root.height_in_pixels);
        Watcher { window: root.root, connection }.look_at((0, 0), (width, height))
    }

    /// For whoever looks again and again.
    pub fn watcher(&self) -> Result<Watcher> {
        let (connection, screen) = RustConnection::connect(Some(&self.name))?;
        let window = connection.setup().roots[screen].root;
        Ok(Watcher { window, connection })
    }
}

impl Watcher {
    /// A part of the screen as it is now.
    pub fn look_at(&self, (x, y): (u16, u16), (width, height): (u16, u16)) -> Result<Picture> {
        let (x, y) = (i16::try_from(x)?, i16::try_from(y)?);
        let image = self.connection.get_image(ImageFormat::Z_PIXMAP, self.window, x, y, width, height, !0)?.reply()?;
        let rgb = image.data.chunks_exact(4).flat_map(|bgra| [bgra[2], bgra[1], bgra[0]]).collect();
        Ok(Picture { width: usize::from(width), height: usize::from(height), rgb })
    }
}

impl Picture {
    pub fn luma(&self) -> Vec<u8> {
        let weigh = |p: &[u8]| (u32::from(p[0]) * 77 + u32::from(p[1]) * 150 + u32::from(p[2]) * 29) >> 8;
        self.rgb.chunks_exact(3).map(|pixel| weigh(pixel).min(255) as u8).collect()
    }

    /// The share of pixels that differ clearly from `other`'s.
    pub fn difference(&self, other: &Self) -> f64 {
        let differing = self.luma().iter().zip(other.luma()).filter(|(a, b)| a.abs_diff(*b) > 24).count();
        differing as f64 / (self.width * self.height) as f64
    }

    pub fn save(&self, path: &Path) -> Result<()> {
        let file = std::fs::File::create(path).with_context(|| format!("cannot write {}", path.display()))?;
        let mut encoder = png::Encoder::new(std::io::BufWriter::new(file), self.width as u32, self.height as u32);
        encoder.set_color(png::ColorType::Rgb);
        encoder.set_depth(png::BitDepth::Eight);
        Ok(encoder.write_header()?.write_image_data(&self.rgb)?)
    }
}
