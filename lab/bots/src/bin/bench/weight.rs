//! CPU and memory of a participant who watches and sends: headless and in a window, the app and Chromium.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use bots::load::{Load, family, processes_of, weigh};
use bots::{Display, Looks, PageOptions, Participant, Scene, material};

use crate::call::FPS;
use crate::figures::{percentile, spread};

/// Long enough for a steady state, and for the figures to mean something.
const WARM_UP: Duration = Duration::from_secs(5);
const SPAN: Duration = Duration::from_secs(10);
/// A laptop's.
const SCREEN: (u32, u32) = (1280, 800);

/// Who is weighed, in this order in every round.
const WATCHERS: [Watcher; 4] = [
    Watcher { is_app: true, in_window: false },
    Watcher { is_app: false, in_window: false },
    Watcher { is_app: true, in_window: true },
    Watcher { is_app: false, in_window: true },
];

#[derive(Clone, Copy)]
struct Watcher {
    is_app: bool,
    in_window: bool,
}

struct Weight {
    load: Load,
    /// Of the picture that it sends: only who does the same work can be compared.
    height: u64,
}

/// What everybody sends: the same clip.
struct Material<'a> {
    clip: &'a Path,
    size: (u32, u32),
    others: usize,
}

pub(crate) async fn run(rounds: usize) -> Result<()> {
    println!("\n### A participant who sends a clip at 30/s and watches others, under Xvfb without a graphics card\n");
    println!("Median and spread of {rounds}, after each other in every round.\n");
    println!(
        "| picture | others | who | sends, height | CPU, % of a core | spread | PSS, MiB | spread |\n|---|---|---|---|---|---|---|---|"
    );
    let folder = tempfile::tempdir()?;
    for size in [(640, 360), (1280, 720)] {
        let name = format!("{}x{}", size.0, size.1);
        let clip = material::bikes(folder.path(), size).await?;
        for others in [1, 4] {
            let material = Material { clip: &clip, size, others };
            let mut weights: [Vec<Weight>; WATCHERS.len()] = Default::default();
            for _ in 0..rounds {
                for (watcher, weights) in WATCHERS.into_iter().zip(&mut weights) {
                    weights.push(watcher.weigh(&material).await?);
                }
            }
            for (watcher, weights) in WATCHERS.into_iter().zip(&weights) {
                let cpu = spread(weights.iter().map(|weight| weight.load.cpu_percent).collect());
                let memory = spread(weights.iter().map(|weight| weight.load.pss_mib).collect());
                let height = percentile(&weights.iter().map(|weight| weight.height as f64).collect::<Vec<_>>(), 0.5);
                println!("| {name} | {others} | {} | {height} | {cpu} | {memory} |", watcher.name());
            }
            let part = |app: usize, browser: usize, of: fn(&Load) -> f64| {
                median(&weights[app], of) / median(&weights[browser], of)
            };
            let cpu = |load: &Load| load.cpu_percent;
            let memory = |load: &Load| load.pss_mib;
            println!(
                "| {name} | {others} | app as a part of Chromium: headless, window | | {:.2}, {:.2} | | {:.2}, {:.2} | |",
                part(0, 1, cpu),
                part(2, 3, cpu),
                part(0, 1, memory),
                part(2, 3, memory)
            );
        }
    }
    Ok(())
}

fn median(weights: &[Weight], of: fn(&Load) -> f64) -> f64 {
    percentile(&weights.iter().map(|weight| of(&weight.load)).collect::<Vec<_>>(), 0.5)
}

impl Watcher {
    fn name(self) -> &'static str {
        match (self.is_app, self.in_window) {
            (true, false) => "app, headless",
            (false, false) => "Chromium, headless",
            (true, true) => "app, window",
            (false, true) => "Chromium, window",
        }
    }

    async fn weigh(self, material: &Material<'_>) -> Result<Weight> {
        let scene = Scene::start().await?;
        let display = Display::start(SCREEN.0, SCREEN.1).await?;
        let display = self.in_window.then_some(&*display.name);
        if self.is_app { app(scene, display, material).await } else { chromium(scene, display, material).await }
    }
}

fn senders(scene: &Scene, Material { clip, size, others }: &Material<'_>) -> Result<Vec<Participant>> {
    (0..*others).map(|n| scene.sender(&format!("Sender {n}"), &Looks::Headless, clip, *size)).collect()
}

async fn app(scene: Scene, display: Option<&str>, material: &Material<'_>) -> Result<Weight> {
    let looks = display.map_or(Looks::Headless, Looks::Window);
    let mut watcher = scene.sender("Watcher", &looks, material.clip, material.size)?;
    watcher.joined().await?;
    let _senders = senders(&scene, material)?;
    watcher.connected_to(material.others).await?;
    let id = watcher.process().id().context("it runs")?;
    // With the one where the pictures are decoded.
    let load = measure(|| family(id)).await?;
    let report = watcher.report().await?;
    Ok(Weight { load, height: report["sent"]["height"].as_u64().with_context(|| format!("a height in {report}"))? })
}

async fn chromium(mut scene: Scene, display: Option<&str>, material: &Material<'_>) -> Result<Weight> {
    let options = PageOptions { camera: Some(material.clip), size: Some(SCREEN), display, ..PageOptions::default() };
    let page = scene.page(&options).await?;
    page.goto(&scene.server.room("demo")).await?;
    page.joined().await?;
    page.send_whole(material.size, FPS).await?;
    let _senders = senders(&scene, material)?;
    page.until("all pictures", &format!(
        "return [...document.querySelectorAll('li.tile:not([data-connection=me]) video')].filter(v => v.videoWidth > 0).length === {}",
        material.others
    ))
    .await?;
    page.grow(material.size.1).await?;
    let load = measure(|| processes_of(page.profile())).await?;
    Ok(Weight { load, height: page.sent_height().await? })
}

/// `processes` are asked for once everything runs.
async fn measure(processes: impl Fn() -> Result<Vec<u32>>) -> Result<Load> {
    tokio::time::sleep(WARM_UP).await;
    let processes = processes()?;
    let (before, started) = (weigh(&processes)?, Instant::now());
    tokio::time::sleep(SPAN).await;
    let after = weigh(&processes)?;
    Ok(Load::between(&before, &after, started.elapsed()))
}
