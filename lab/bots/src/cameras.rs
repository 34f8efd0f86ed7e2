//! Cameras that `lab/cameras` plays, plugged in and out while programs run, and the pictures that they send.

use std::ffi::OsString;
use std::fs::File;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail, ensure};
use media::I420;
use media::pattern::{Mark, picture};

use crate::material::pattern_clip;
use crate::process::binary;

/// Where the played cameras are looked for.
const FOLDER: &str = "RTC_CHAT_CAMERAS";

/// The folder in which the cameras of a scene are.
pub struct Cameras {
    folder: PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    Yuyv,
    Nv12,
    Mjpeg,
    /// Without its Huffman tables, as many cameras send it.
    MjpegWithoutTables,
    /// What the app cannot read.
    H264,
}

impl Encoding {
    fn letters(self) -> &'static str {
        match self {
            Self::Yuyv => "YUYV",
            Self::Nv12 => "NV12",
            Self::Mjpeg | Self::MjpegWithoutTables => "MJPG",
            Self::H264 => "H264",
        }
    }
}

/// Something that a camera offers.
#[derive(Debug, Clone)]
pub struct Mode {
    pub encoding: Encoding,
    pub size: (u32, u32),
    /// Pictures per seconds.
    pub rate: (u32, u32),
    /// Bytes per row; 0: as many as it needs.
    pub stride: u32,
    /// The folder of its pictures.
    pub pictures: PathBuf,
}

impl Mode {
    /// The pattern in this encoding, 30 pictures a second; a hundred of them, numbered from 0, are drawn into `folder`.
    pub fn pattern(folder: &Path, encoding: Encoding, size: (u32, u32), stride: u32) -> Result<Self> {
        let pictures = folder.join(format!("{encoding:?}-{}x{}-{stride}", size.0, size.1));
        draw(&pictures, encoding, size, 0..100, stride)?;
        Ok(Self { encoding, size, rate: (30, 1), stride, pictures })
    }

    /// Only to be offered.
    pub fn offered(encoding: Encoding, size: (u32, u32), rate: (u32, u32)) -> Self {
        Self { encoding, size, rate, stride: 0, pictures: PathBuf::from("/nowhere") }
    }

    fn line(&self) -> String {
        let ((width, height), (pictures, seconds)) = (self.size, self.rate);
        let (letters, stride, folder) = (self.encoding.letters(), self.stride, self.pictures.display());
        format!("{letters} {width}x{height} {pictures}/{seconds} {stride} {folder}\n")
    }
}

impl Cameras {
    /// In a folder that is empty, or holds the cameras already.
    pub fn in_folder(folder: PathBuf) -> Result<Self> {
        std::fs::create_dir_all(&folder)?;
        Ok(Self { folder })
    }

    /// What makes a program see these cameras and no others.
    pub fn environment(&self) -> Result<[(String, OsString); 2]> {
        let library = binary("libcameras.so")?;
        Ok([("LD_PRELOAD".to_owned(), library.into()), (FOLDER.to_owned(), self.folder.clone().into())])
    }

    /// For a test that plays camera and program in one process: runs the test of this name again in a process that sees the
    /// cameras of a folder of its own, and there `act`.
    pub fn on_stage(test: &str, act: impl FnOnce(Self, &Path)) -> Result<()> {
        if let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) {
            act(Self::in_folder(folder.clone())?, &folder);
            return Ok(());
        }
        let folder = tempfile::tempdir()?;
        let environment = Self::in_folder(folder.path().to_owned())?.environment()?;
        let mut again = Command::new(std::env::current_exe()?);
        let status = again.args(["--exact", test, "--nocapture"]).envs(environment).status()?;
        ensure!(status.success(), "{test}: {status}");
        Ok(())
    }

    fn at(&self, number: u32) -> PathBuf {
        self.folder.join(format!("video{number}"))
    }

    pub fn plug(&self, number: u32, name: &str, modes: &[Mode]) -> Result<()> {
        let making = self.folder.join(format!("making-{number}"));
        std::fs::create_dir(&making)?;
        std::fs::write(making.join("name"), name)?;
        std::fs::write(making.join("modes"), modes.iter().map(Mode::line).collect::<String>())?;
        Ok(std::fs::rename(making, self.at(number))?)
    }

    pub fn unplug(&self, number: u32) -> Result<()> {
        let going = self.folder.join(format!("going-{number}"));
        std::fs::rename(self.at(number), &going)?;
        Ok(std::fs::remove_dir_all(going)?)
    }

    /// Whether it is `stalled`, `crowded` or `forbidden`.
    pub fn set(&self, number: u32, what: &str, on: bool) -> Result<()> {
        let file = self.at(number).join(what);
        if on {
            File::create(file).map(drop)?
        } else {
            std::fs::remove_file(file)?
        }
        Ok(())
    }

    /// So many pictures a second come, whatever was agreed.
    pub fn set_rate(&self, number: u32, rate: f64) -> Result<()> {
        Ok(std::fs::write(self.at(number).join("rate"), rate.to_string())?)
    }

    /// Another program uses it, until the answer is dropped.
    pub fn take(&self, number: u32) -> Result<File> {
        let owner = File::create(self.at(number).join("owner"))?;
        owner.try_lock().context("it is in use")?;
        Ok(owner)
    }

    /// As another program left it.
    pub fn leave_at(&self, number: u32, mode: &Mode) -> Result<()> {
        Ok(std::fs::write(self.at(number).join("standing"), mode.line())?)
    }

    /// The format, size and rate that were set last, as in `YUYV 640x360 30/1`.
    pub fn standing(&self, number: u32) -> Result<String> {
        let line = std::fs::read_to_string(self.at(number).join("standing"))?;
        Ok(line.split(' ').take(3).collect::<Vec<_>>().join(" "))
    }
}

fn draw(folder: &Path, encoding: Encoding, size: (u32, u32), numbers: Range<u32>, stride: u32) -> Result<()> {
    std::fs::create_dir_all(folder)?;
    if matches!(encoding, Encoding::Mjpeg | Encoding::MjpegWithoutTables) {
        return draw_jpegs(folder, size, numbers, encoding == Encoding::MjpegWithoutTables);
    }
    for number in numbers {
        let frame = picture(size.0, size.1, Mark { number, millis: number * 33 }, Instant::now());
        let bytes = match encoding {
            Encoding::Yuyv => yuyv(&frame, stride as usize),
            Encoding::Nv12 => nv12(&frame, stride as usize),
            Encoding::Mjpeg | Encoding::MjpegWithoutTables | Encoding::H264 => bail!("{encoding:?} is not drawn here"),
        };
        std::fs::write(folder.join(format!("{number:04}")), bytes)?;
    }
    Ok(())
}

/// 4:2:2 with all of 0 to 255, as cameras send them.
fn draw_jpegs(folder: &Path, size: (u32, u32), numbers: Range<u32>, without_tables: bool) -> Result<()> {
    let clip = folder.with_extension("y4m");
    pattern_clip(&clip, size, 30, numbers.start, numbers.end - numbers.start)?;
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-y", "-i"]).arg(&clip).args(["-pix_fmt", "yuvj422p", "-huffman", "default"]);
    command.args(["-q:v", "3", "-f", "image2", "-c:v", "mjpeg"]).arg(folder.join("%04d"));
    if !command.status().context("ffmpeg is not installed")?.success() {
        bail!("ffmpeg could not make JPEGs");
    }
    std::fs::remove_file(clip)?;
    if without_tables {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            std::fs::write(&path, strip_tables(&std::fs::read(&path)?))?;
        }
    }
    Ok(())
}

/// Leaves the segments with Huffman tables out.
fn strip_tables(jpeg: &[u8]) -> Vec<u8> {
    let (mut kept, mut at) = (jpeg[..2].to_vec(), 2);
    while jpeg[at + 1] != 0xDA {
        let end = at + 2 + usize::from(u16::from_be_bytes([jpeg[at + 2], jpeg[at + 3]]));
        if jpeg[at + 1] != 0xC4 {
            kept.extend(&jpeg[at..end]);
        }
        at = end;
    }
    kept.extend(&jpeg[at..]);
    kept
}

/// Both rows of a pair get the colours that they share.
fn yuyv(frame: &I420, stride: usize) -> Vec<u8> {
    let (width, half) = (frame.width() as usize, frame.chroma_size().0 as usize);
    let mut bytes = Vec::new();
    for (row, luma) in frame.y().chunks_exact(width).enumerate() {
        let start = bytes.len();
        let colours = row / 2 * half;
        for (pair, (u, v)) in luma.chunks_exact(2).zip(frame.u()[colours..].iter().zip(&frame.v()[colours..])) {
            bytes.extend([pair[0], *u, pair[1], *v]);
        }
        bytes.resize(start + stride.max(2 * width), PADDING);
    }
    bytes
}

fn nv12(frame: &I420, stride: usize) -> Vec<u8> {
    let (width, half) = (frame.width() as usize, frame.chroma_size().0 as usize);
    let mut bytes = Vec::new();
    for row in frame.y().chunks_exact(width) {
        bytes.extend(row);
        bytes.resize(bytes.len() - width + stride.max(width), PADDING);
    }
    for (u, v) in frame.u().chunks_exact(half).zip(frame.v().chunks_exact(half)) {
        let start = bytes.len();
        bytes.extend(u.iter().zip(v).flat_map(|(u, v)| [*u, *v]));
        bytes.resize(start + stride.max(width), PADDING);
    }
    bytes
}

/// Between the rows: seen at once if it is taken for pixels.
const PADDING: u8 = 0xEE;
