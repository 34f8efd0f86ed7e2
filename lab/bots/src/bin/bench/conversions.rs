//! What every picture costs on its way between cameras, screens, codecs and the window: the same frames of a street scene.

use std::path::Path;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use bots::material;
use media::{Conversion, I420, Pixels};
use tokio::process::Command;

/// Two seconds of the clip.
const FRAMES: usize = 60;

pub(crate) async fn run(rounds: usize) -> Result<()> {
    println!(
        "\n### A picture turned into another kind: µs, median (spread) of {rounds} rounds over {FRAMES} pictures\n"
    );
    println!("| from | to | 640×360 | 1280×720 |\n|---|---|---|---|");
    let folder = tempfile::tempdir()?;
    let sizes = [(640, 360), (1280, 720)];
    let clips = [material::bikes(folder.path(), sizes[0]).await?, material::bikes(folder.path(), sizes[1]).await?];
    let ways = [
        (Pixels::Mjpeg, "MJPEG 4:2:2"),
        (Pixels::Yuyv, "YUYV"),
        (Pixels::Nv12, "NV12"),
        (Pixels::Bgra, "BGRA (screen)"),
    ];
    for (pixels, name) in ways {
        let mut cells = Vec::new();
        for (size, clip) in sizes.into_iter().zip(&clips) {
            let frames = frames(clip, pixels, size).await?;
            let mut conversion = Conversion::new(pixels, size);
            let convert = |frame: &Vec<u8>| conversion.convert(frame).map(drop).context("no picture");
            cells.push(measure(rounds, &frames, convert)?);
        }
        println!("| {name} | I420 | {} |", cells.join(" | "));
    }
    let mut cells = Vec::new();
    for ((width, height), clip) in sizes.into_iter().zip(&clips) {
        let clip = material::Clip::read(clip)?;
        let planes = clip.frames.into_iter().take(FRAMES);
        let frames: Option<Vec<I420>> =
            planes.map(|planes| I420::from_planes(width, height, planes, Instant::now())).collect();
        let draw = |frame: &I420| {
            std::hint::black_box(desktop::pixels(frame));
            Ok(())
        };
        cells.push(measure(rounds, &frames.context("a clip")?, draw)?);
    }
    println!("| I420 | RGBA (window) | {} |", cells.join(" | "));
    Ok(())
}

fn measure<T>(rounds: usize, frames: &[T], mut convert: impl FnMut(&T) -> Result<()>) -> Result<String> {
    let mut times = Vec::new();
    for round in 0..=rounds {
        let since = Instant::now();
        frames.iter().try_for_each(&mut convert)?;
        // In the first one memory is touched.
        if round > 0 {
            times.push(since.elapsed().as_secs_f64() * 1e6 / frames.len() as f64);
        }
    }
    times.sort_by(f64::total_cmp);
    let (Some(least), Some(most)) = (times.first(), times.last()) else { bail!("no rounds") };
    Ok(format!("{:.0} ({least:.0} – {most:.0})", times[times.len() / 2]))
}

/// The clip as a camera or a screen delivers it.
async fn frames(clip: &Path, pixels: Pixels, (width, height): (u32, u32)) -> Result<Vec<Vec<u8>>> {
    let folder = tempfile::tempdir()?;
    let area = width as usize * height as usize;
    let (format, bytes) = match pixels {
        Pixels::Mjpeg => ("yuvj422p", 0),
        Pixels::Yuyv => ("yuyv422", 2 * area),
        Pixels::Nv12 => ("nv12", 3 * area / 2),
        Pixels::Bgra => ("bgra", 4 * area),
    };
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-y", "-i"]).arg(clip);
    command.args(["-frames:v", &FRAMES.to_string(), "-pix_fmt", format]);
    if pixels == Pixels::Mjpeg {
        command.args(["-q:v", "3", "-f", "image2", "-c:v", "mjpeg"]).arg(folder.path().join("%04d"));
    } else {
        command.args(["-f", "rawvideo"]).arg(folder.path().join("all"));
    }
    if !command.status().await.context("ffmpeg is not installed")?.success() {
        bail!("ffmpeg could not convert the clip");
    }
    if pixels != Pixels::Mjpeg {
        let all = std::fs::read(folder.path().join("all"))?;
        return Ok(all.chunks_exact(bytes).map(<[u8]>::to_vec).collect());
    }
    let entries = std::fs::read_dir(folder.path())?;
    entries.map(|entry| Ok(std::fs::read(entry?.path())?)).collect()
}
