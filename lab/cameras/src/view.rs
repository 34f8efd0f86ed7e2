//! What a camera can show: formats, sizes, rates.

use std::path::{Path, PathBuf};

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mode {
    /// Four letters.
    pub(crate) format: u32,
    pub(crate) width: u32,
    pub(crate) height: u32,
    /// Pictures per seconds.
    pub(crate) rate: (u32, u32),
    pub(crate) stride: u32,
    pub(crate) pictures: PathBuf,
}

impl Mode {
    fn parse(line: &str) -> Option<Self> {
        let mut words = line.split(' ');
        let format = u32::from_le_bytes(words.next()?.as_bytes().try_into().ok()?);
        let (width, height) = words.next()?.split_once('x')?;
        let (pictures, seconds) = words.next()?.split_once('/')?;
        let (width, height) = (width.parse().ok()?, height.parse().ok()?);
        let stride = words.next()?.parse().ok()?;
        let folder = PathBuf::from(words.collect::<Vec<_>>().join(" "));
        let rate = (pictures.parse().ok()?, seconds.parse().ok()?);
        let mut mode = Self { format, width, height, rate, stride, pictures: folder };
        if mode.stride == 0 {
            mode.stride = mode.row();
        }
        Some(mode)
    }

    fn is(&self, letters: &[u8; 4]) -> bool {
        self.format.to_le_bytes() == *letters
    }

    /// Bytes of the first plane's row without padding; of compressed pictures there is none.
    fn row(&self) -> u32 {
        match &self.format.to_le_bytes() {
            b"YUYV" => 2 * self.width,
            b"NV12" => self.width,
            _ => 0,
        }
    }

    /// Bytes that a picture has at most.
    pub(crate) fn size(&self) -> u32 {
        if self.is(b"NV12") {
            self.stride * self.height * 3 / 2
        } else if self.is(b"YUYV") {
            self.stride * self.height
        } else {
            2 * self.width * self.height
        }
    }

    fn line(&self) -> String {
        let letters = String::from_utf8_lossy(&self.format.to_le_bytes()).into_owned();
        let (pictures, seconds) = self.rate;
        format!("{letters} {}x{} {pictures}/{seconds} 0", self.width, self.height)
    }
}

pub(crate) fn modes(camera: &Path) -> Vec<Mode> {
    let text = std::fs::read_to_string(camera.join("modes")).unwrap_or_default();
    text.lines().filter_map(Mode::parse).collect()
}

/// The mode that was set last, or the first one.
pub(crate) fn standing(camera: &Path, modes: &[Mode]) -> Option<Mode> {
    let last = std::fs::read_to_string(camera.join("standing")).ok();
    let last = last.and_then(|line| Mode::parse(&line));
    let same = |mode: &&Mode| {
        last.as_ref().is_some_and(|last| {
            (mode.format, mode.width, mode.height, mode.rate) == (last.format, last.width, last.height, last.rate)
        })
    };
    modes.iter().find(same).or(modes.first()).cloned()
}

pub(crate) fn set_standing(camera: &Path, mode: &Mode) {
    // A camera that is gone keeps nothing.
    let _ = std::fs::write(camera.join("standing"), mode.line());
}

/// The mode that a driver gives to whoever asks for this: the format if there is one, then the nearest size.
pub(crate) fn nearest(modes: &[Mode], (format, width, height): (u32, u32, u32)) -> Option<Mode> {
    let distance = |mode: &&Mode| (mode.format != format, mode.width.abs_diff(width) + mode.height.abs_diff(height));
    modes.iter().min_by_key(distance).cloned()
}

/// Of the same picture the rate that is nearest.
pub(crate) fn at_rate(modes: &[Mode], mode: &Mode, (pictures, seconds): (u32, u32)) -> Option<Mode> {
    let wished = f64::from(pictures) / f64::from(seconds.max(1));
    let same = |one: &&Mode| (one.format, one.width, one.height) == (mode.format, mode.width, mode.height);
    let distance = |one: &Mode| (f64::from(one.rate.0) / f64::from(one.rate.1.max(1)) - wished).abs();
    modes.iter().filter(same).min_by(|a, b| distance(a).total_cmp(&distance(b))).cloned()
}
