//! What it costs that pictures are decoded in a process of their own: the same frames, here and there, in turns.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use bots::material;
use bots::process::binary;
use bytes::Bytes;
use media::{
    CameraChoice, Decoders, Engine, EngineConfig, FramePool, Helper, MediaEvent, Need, PeerTag, VideoSource,
    WorkerProgram,
};

use crate::figures::{cell, percentile};

/// Ten seconds of a call.
const FRAMES: usize = 300;
const ENCODE_MAX: Duration = Duration::from_secs(60);

/// One way of decoding: microseconds of wall and processor time for each frame, of each round.
struct Way {
    decoders: Decoders,
    pool: FramePool,
    /// Besides ours.
    process: Option<u32>,
    wall: Vec<f64>,
    cpu: Vec<f64>,
}

pub(crate) async fn run(rounds: usize) -> Result<()> {
    println!("\n### A picture decoded in the app, and in a process of its own: µs, median (spread) of {rounds}\n");
    println!("| picture | here | CPU | isolated | CPU | more time | more CPU |\n|---|---|---|---|---|---|---|");
    let folder = tempfile::tempdir()?;
    for (size, bitrate) in [((640, 360), 800_000), ((1280, 720), 2_500_000)] {
        let clip = material::bikes(folder.path(), size).await?;
        let frames = encoded(&clip, size, bitrate)?;
        let program = WorkerProgram { program: binary("rtc-chat")?, arguments: vec!["decode-worker".into()] };
        let helper = Arc::new(Helper::new(program, 1));
        let (mut here, mut there) = (Way::new(Decoders::here()), Way::new(Decoders::there(Arc::clone(&helper), 0)));
        for round in 0..=rounds as u64 {
            here.round(round, &frames)?;
            there.round(round, &frames)?;
            there.process = helper.process();
            if round == 0 {
                // The process started, and memory was touched.
                (here.wall, here.cpu, there.wall, there.cpu) = Default::default();
            }
        }
        let more = |few: &[f64], many: &[f64]| (percentile(many, 0.5) / percentile(few, 0.5) - 1.0) * 100.0;
        let (wall, cpu) = (more(&here.wall, &there.wall), more(&here.cpu, &there.cpu));
        let cells = [&here.wall, &here.cpu, &there.wall, &there.cpu].map(|values| cell(values, 0)).join(" | ");
        println!("| {}×{} | {cells} | {wall:+.0} % | {cpu:+.0} % |", size.0, size.1);
    }
    Ok(())
}

/// The clip as a participant sends it.
fn encoded(clip: &Path, (width, height): (u32, u32), bitrate: u32) -> Result<Vec<Bytes>> {
    let camera = CameraChoice::File(clip.to_owned());
    let (engine, events) = Engine::start(EngineConfig { camera, width, height, ..EngineConfig::default() });
    engine.set_need(PeerTag(1), VideoSource::Camera, Some(Need { bitrate, height: None }));
    engine.set_camera(true);
    let deadline = Instant::now() + ENCODE_MAX;
    let mut frames = Vec::new();
    while frames.len() < FRAMES {
        if let MediaEvent::Video(frame) = events.recv_deadline(deadline).context("the clip is not sent")? {
            frames.push(frame.data);
        }
    }
    Ok(frames)
}

impl Way {
    fn new(decoders: Decoders) -> Self {
        Self { decoders, pool: FramePool::default(), process: None, wall: Vec::new(), cpu: Vec::new() }
    }

    /// Decodes all frames as a new stream.
    fn round(&mut self, stream: u64, frames: &[Bytes]) -> Result<()> {
        let (cpu, since) = (self.cpu_micros(), Instant::now());
        for frame in frames {
            self.decoders.decode(stream, frame, &mut self.pool, since)?;
        }
        let each = frames.len() as f64;
        self.wall.push(since.elapsed().as_secs_f64() * 1e6 / each);
        self.cpu.push((self.cpu_micros() - cpu) / each);
        self.decoders.close(stream);
        Ok(())
    }

    /// Of this thread, which does nothing else, and of the other process.
    fn cpu_micros(&self) -> f64 {
        let tasks = self.process.map(|process| format!("/proc/{process}/task"));
        let tasks = tasks.and_then(|tasks| std::fs::read_dir(tasks).ok()).into_iter().flatten().flatten();
        let others: f64 = tasks.map(|task| running_micros(&task.path())).sum();
        others + running_micros(Path::new("/proc/thread-self"))
    }
}

/// How long a thread has run so far.
fn running_micros(task: &Path) -> f64 {
    let nanos = std::fs::read_to_string(task.join("schedstat")).unwrap_or_default();
    nanos.split(' ').next().and_then(|nanos| nanos.parse::<f64>().ok()).unwrap_or_default() / 1e3
}
