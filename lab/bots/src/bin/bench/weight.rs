//! CPU and memory of a participant who watches and sends: headless, in a window, and in Chromium.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use bots::load::{Load, family, processes_of, weigh};
use bots::{Display, Looks, PageOptions, Scene};

/// Long enough for a steady state, and for the figures to mean something.
const WARM_UP: Duration = Duration::from_secs(5);
const SPAN: Duration = Duration::from_secs(10);

pub(crate) async fn run() -> Result<()> {
    println!("\n### A participant who sends 640×360 at 30/s and watches others, under Xvfb without a graphics card\n");
    println!("| who | remote pictures | CPU, % of a core | PSS, MiB |\n|---|---|---|---|");
    for others in [1, 3] {
        println!("| app, headless | {others} | {} |", cells(&app(others, false).await?));
        println!("| app, window | {others} | {} |", cells(&app(others, true).await?));
        println!("| Chromium, headless | {others} | {} |", cells(&chromium(others).await?));
    }
    Ok(())
}

fn cells(load: &Load) -> String {
    format!("{:.0} | {:.0}", load.cpu_percent, load.pss_mib)
}

async fn app(others: usize, in_window: bool) -> Result<Load> {
    let scene = Scene::start().await?;
    let display = Display::start(1280, 800).await?;
    let looks = if in_window { Looks::Window(&display.name) } else { Looks::Headless };
    let mut watcher = scene.participant("Watcher", "demo", &looks, &[])?;
    watcher.joined().await?;
    let mut senders = Vec::new();
    for n in 0..others {
        senders.push(scene.headless(&format!("Sender {n}"), &[])?);
    }
    watcher.connected_to(others).await?;
    let id = watcher.process().id().context("it runs")?;
    // With the one where the pictures are decoded.
    measure(&family(id)?).await
}

async fn chromium(others: usize) -> Result<Load> {
    let mut scene = Scene::start().await?;
    let page = scene.page(&PageOptions::default()).await?;
    page.goto(&scene.server.room("demo")).await?;
    page.until("being in the room", "return window.rtcChat?.status === 'joined'").await?;
    let mut senders = Vec::new();
    for n in 0..others {
        senders.push(scene.headless(&format!("Sender {n}"), &[])?);
    }
    page.until("all pictures", &format!(
        "return [...document.querySelectorAll('li.tile:not([data-connection=me]) video')].filter(v => v.videoWidth > 0).length === {others}"
    ))
    .await?;
    measure(&processes_of(page.profile())?).await
}

async fn measure(processes: &[u32]) -> Result<Load> {
    tokio::time::sleep(WARM_UP).await;
    let (before, started) = (weigh(processes)?, Instant::now());
    tokio::time::sleep(SPAN).await;
    let after = weigh(processes)?;
    Ok(Load::between(&before, &after, started.elapsed()))
}
