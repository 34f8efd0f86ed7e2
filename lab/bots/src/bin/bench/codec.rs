//! Our encoder and decoder beside libvpx's own programs, on the same clip and with the same settings; and in a call, beside
//! Chromium's.

use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use bots::material::{self, Footage};
use bots::{Looks, PageOptions, Scene};
use bytes::Bytes;
use media::rehearsal::LoneEncoder;
use media::{Decoders, FramePool, I420};
use serde_json::Value;
use tokio::process::Command;

use crate::call::FPS;
use crate::figures::cell;

/// Of the encoder's settings what changes from row to row.
struct Row {
    size: (u32, u32),
    /// Bits per second.
    bitrate: u32,
    /// libvpx's `cpu-used`.
    speed: i32,
    /// libvpx's `static-thresh`.
    same: u32,
}

const ROWS: [Row; 2] = [
    Row { size: (640, 360), bitrate: 800_000, speed: -8, same: 1 },
    Row { size: (1280, 720), bitrate: 2_500_000, speed: -12, same: 512 },
];

/// As our encoder has them.
const SETTINGS: [&str; 16] = [
    "--codec=vp8",
    "--rt",
    "--threads=1",
    "--lag-in-frames=0",
    "--end-usage=cbr",
    "--min-q=2",
    "--max-q=56",
    "--undershoot-pct=100",
    "--overshoot-pct=15",
    "--buf-sz=1000",
    "--buf-initial-sz=500",
    "--buf-optimal-sz=600",
    "--drop-frame=30",
    "--noise-sensitivity=0",
    "--token-parts=0",
    "--kf-max-dist=3000",
];

/// In a call: until congestion control has found its way, and what is measured then.
const WARM_UP: Duration = Duration::from_secs(5);
const SPAN: Duration = Duration::from_secs(10);

pub(crate) async fn run(rounds: usize) -> Result<()> {
    alone(rounds).await?;
    in_calls(rounds).await
}

async fn alone(rounds: usize) -> Result<()> {
    println!("\n### A picture encoded and decoded, µs by the clock, median (spread) of {rounds}\n");
    println!("| picture | kbit/s | encoded by us | by vpxenc | its kbit/s | decoded by us | by vpxdec |");
    println!("|---|---|---|---|---|---|---|");
    let folder = tempfile::tempdir()?;
    for row @ Row { size, bitrate, .. } in &ROWS {
        let (size, bitrate) = (*size, *bitrate);
        let clip = material::bikes(folder.path(), size).await?;
        let mut columns: [Vec<f64>; 6] = Default::default();
        for _ in 0..rounds {
            let (encoding, frames) = encode(&Footage::open(&clip)?, bitrate)?;
            let (ours, theirs) = (folder.path().join("ours.ivf"), folder.path().join("theirs.ivf"));
            write_ivf(&ours, size, &frames)?;
            let rate = |bytes: u64| bytes as f64 * 8.0 / 1000.0 * f64::from(FPS) / frames.len() as f64;
            let vpxenc = vpxenc(&clip, &theirs, row).await? / frames.len() as f64;
            let figures = [
                rate(std::fs::metadata(&ours)?.len()),
                encoding,
                vpxenc,
                rate(std::fs::metadata(&theirs)?.len()),
                decode(&frames)?,
                vpxdec(&ours).await? / frames.iter().flatten().count() as f64,
            ];
            columns.iter_mut().zip(figures).for_each(|(column, figure)| column.push(figure));
        }
        println!("| {}×{} | {} |", size.0, size.1, columns.map(|column| cell(&column, 0)).join(" | "));
    }
    Ok(())
}

/// Two send each other the clip, 30 pictures a second: what one of them says that its codec took.
async fn in_calls(rounds: usize) -> Result<()> {
    println!(
        "\n### A picture encoded and decoded in a call of two, as they count it themselves, µs by the clock, median (spread) of {rounds}\n"
    );
    println!(
        "| picture | encoded by the app | by Chromium | decoded by the app | by Chromium |\n|---|---|---|---|---|"
    );
    let folder = tempfile::tempdir()?;
    for Row { size, .. } in &ROWS {
        let clip = material::bikes(folder.path(), *size).await?;
        let mut columns: [Vec<f64>; 4] = Default::default();
        for _ in 0..rounds {
            let (app, chromium) = (app(&clip, *size).await?, chromium(&clip, *size).await?);
            let figures = [app.encoding, chromium.encoding, app.decoding, chromium.decoding];
            columns.iter_mut().zip(figures).for_each(|(column, figure)| column.push(figure));
        }
        println!("| {}×{} | {} |", size.0, size.1, columns.map(|column| cell(&column, 0)).join(" | "));
    }
    Ok(())
}

/// Microseconds a picture.
struct Cost {
    encoding: f64,
    decoding: f64,
}

/// Milliseconds and pictures so far, of the encoder and of the decoder.
struct Counts([[f64; 2]; 2]);

impl Counts {
    fn read(statistics: &Value, names: [[&str; 2]; 2]) -> Result<Self> {
        let read = |name: &str| statistics.pointer(name).and_then(Value::as_f64);
        let read = |name: &str| read(name).with_context(|| format!("{name} in {statistics}"));
        let [[a, b], [c, d]] = names;
        Ok(Self([[read(a)?, read(b)?], [read(c)?, read(d)?]]))
    }

    fn cost_since(&self, before: &Self) -> Cost {
        let cost = |i: usize| {
            let [millis, pictures] = [0, 1].map(|k| self.0[i][k] - before.0[i][k]);
            millis * 1000.0 / pictures
        };
        Cost { encoding: cost(0), decoding: cost(1) }
    }
}

async fn app(clip: &Path, size: (u32, u32)) -> Result<Cost> {
    let scene = Scene::start().await?;
    let mut one = scene.sender("One", &Looks::Headless, clip, size)?;
    one.joined().await?;
    let mut other = scene.sender("Other", &Looks::Headless, clip, size)?;
    one.connected_to(1).await?;
    other.connected_to(1).await?;
    let names =
        [["/sent/encode_ms", "/sent/frames_encoded"], ["/peers/0/video/decode_ms", "/peers/0/video/frames_decoded"]];
    tokio::time::sleep(WARM_UP).await;
    let before = Counts::read(&one.report().await?, names)?;
    tokio::time::sleep(SPAN).await;
    Ok(Counts::read(&one.report().await?, names)?.cost_since(&before))
}

/// Of the pictures' streams, those that flow (W3C's "Identifiers for WebRTC's Statistics API", `totalEncodeTime` and
/// `totalDecodeTime`, in seconds).
const STATISTICS: &str = "
    const all = [...(await window.seenConnection.getStats()).values()].filter(s => s.kind === 'video');
    const most = (type, count) => all.filter(s => s.type === type).sort((a, b) => (b[count] ?? 0) - (a[count] ?? 0))[0] ?? {};
    const out = most('outbound-rtp', 'framesEncoded'), from = most('inbound-rtp', 'framesDecoded');
    return { encode_ms: out.totalEncodeTime * 1000, encoded: out.framesEncoded,
      decode_ms: from.totalDecodeTime * 1000, decoded: from.framesDecoded };";

async fn chromium(clip: &Path, size: (u32, u32)) -> Result<Cost> {
    let mut scene = Scene::start().await?;
    let page = scene.page(&PageOptions { camera: Some(clip), ..PageOptions::default() }).await?;
    page.goto(&scene.server.room("demo")).await?;
    page.joined().await?;
    page.send_whole(size, FPS).await?;
    let mut other = scene.sender("Other", &Looks::Headless, clip, size)?;
    other.connected_to(1).await?;
    page.sees_a_picture().await?;
    page.grow(size.1).await?;
    let names = [["/encode_ms", "/encoded"], ["/decode_ms", "/decoded"]];
    tokio::time::sleep(WARM_UP).await;
    let before = Counts::read(&page.run_async(STATISTICS).await?, names)?;
    tokio::time::sleep(SPAN).await;
    let after = page.run_async(STATISTICS).await?;
    ensure!(page.sent_height().await? == u64::from(size.1), "Chromium sends pictures of another size: {after}");
    Ok(Counts::read(&after, names)?.cost_since(&before))
}

/// Microseconds a picture, and what became of each.
fn encode(clip: &Footage, bitrate: u32) -> Result<(f64, Vec<Option<Bytes>>)> {
    let (width, height) = clip.size();
    let mut encoder = LoneEncoder::new((width, height), FPS, bitrate)?;
    let (mut took, mut frames) = (Duration::ZERO, Vec::new());
    for number in 0..clip.frames() {
        let planes = clip.frame(number)?;
        let picture = I420::from_planes(width, height, planes, Instant::now()).context("a whole frame")?;
        let since = Instant::now();
        let frame = encoder.encode(&picture, number)?;
        took += since.elapsed();
        frames.push(frame);
    }
    Ok((micros(took) / frames.len() as f64, frames))
}

/// Microseconds a frame, its copy into a picture of ours included.
fn decode(frames: &[Option<Bytes>]) -> Result<f64> {
    let (mut decoders, mut pool) = (Decoders::here(), FramePool::default());
    let since = Instant::now();
    for frame in frames.iter().flatten() {
        decoders.decode(1, frame, &mut pool, since)?;
    }
    Ok(micros(since.elapsed()) / frames.iter().flatten().count() as f64)
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}

/// IVF: a header of 32 bytes, and 12 before each frame.
fn write_ivf(path: &Path, (width, height): (u32, u32), frames: &[Option<Bytes>]) -> Result<()> {
    let mut file = std::io::BufWriter::new(std::fs::File::create(path)?);
    file.write_all(b"DKIF\0\0\x20\0VP80")?;
    file.write_all(&(width as u16).to_le_bytes())?;
    file.write_all(&(height as u16).to_le_bytes())?;
    for word in [FPS, 1, frames.len() as u32, 0] {
        file.write_all(&word.to_le_bytes())?;
    }
    for (number, frame) in frames.iter().enumerate() {
        let Some(frame) = frame else { continue };
        file.write_all(&(frame.len() as u32).to_le_bytes())?;
        file.write_all(&(number as u64).to_le_bytes())?;
        file.write_all(frame)?;
    }
    Ok(file.flush()?)
}

/// Microseconds that it says it took for all.
async fn vpxenc(clip: &Path, to: &Path, row: &Row) -> Result<f64> {
    let mut command = Command::new("vpxenc");
    command.args(SETTINGS).arg("--ivf").arg(format!("--target-bitrate={}", row.bitrate / 1000));
    command.arg(format!("--cpu-used={}", row.speed)).arg(format!("--static-thresh={}", row.same));
    command.arg("-o").arg(to).arg(clip);
    said(command).await
}

async fn vpxdec(frames: &Path) -> Result<f64> {
    let mut command = Command::new("vpxdec");
    command.args(["--summary", "--noblit", "--threads=1"]).arg(frames);
    said(command).await
}

async fn said(mut command: Command) -> Result<f64> {
    let output = command.output().await.context("vpx-tools are not installed; `cargo xtask bench` does that")?;
    let text = [output.stderr, output.stdout].concat();
    let text = String::from_utf8_lossy(&text);
    ensure!(output.status.success(), "{command:?}: {text}");
    time(&text).with_context(|| format!("no time in {text:?}"))
}

/// The last time that is named, in microseconds.
fn time(text: &str) -> Option<f64> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let mut times = words.windows(2).filter_map(|pair| match pair[1] {
        "us" => pair[0].parse::<f64>().ok(),
        "ms" => pair[0].parse::<f64>().ok().map(|millis| millis * 1000.0),
        _ => None,
    });
    times.next_back()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_programs_times_are_read_in_both_units() {
        let encoded = "Pass 1/1 frame 1/1 9B 70F 5 us (9 fps)\rPass 1/1 frame  300/300  1B  21b/f  641b/s  417132 us (719.20 fps)";
        assert_eq!(time(encoded), Some(417_132.0));
        assert_eq!(time("frame  300/300 1B 21b/f 641b/s 10471 ms (28 fps)"), Some(10_471_000.0));
        assert_eq!(time("300 decoded frames/300 showed frames in 84004 us (3571.26 fps)"), Some(84_004.0));
        assert_eq!(time("nothing"), None);
    }
}
