//! From capture to the picture that is decoded or on the screen, by the pattern camera's clock (one clock for both).

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::{Context, Result};
use bots::{Display, Looks, Scene, marks, process};

/// Pictures that must have been seen on the screen.
const SHOWN: usize = 200;

pub(crate) async fn run() -> Result<()> {
    println!("\n### From capture, app to app, loopback, ms\n");
    println!("| picture | until | p50 | p95 |\n|---|---|---|---|");
    decoded().await?;
    shown().await
}

async fn decoded() -> Result<()> {
    for size in ["640x360", "1280x720"] {
        let scene = Scene::start().await?;
        let _sender = scene.headless("Sender", &["--size", size, "--bitrate", "1500000"])?;
        let mut receiver = scene.headless("Receiver", &["--camera", "none", "--microphone", "none"])?;
        let (p50, p95) = receiver
            .reports("ten seconds of pictures", |report| {
                let video = &report["peers"][0]["video"];
                let enough = video["pattern_seen"].as_u64()? > 300;
                enough.then_some((video["latency_p50_ms"].as_u64()?, video["latency_p95_ms"].as_u64()?))
            })
            .await?;
        println!("| {size} at 30/s | decoded | {p50} | {p95} |");
    }
    Ok(())
}

/// Looks at the window's display as often as it can: the age of each new picture when it is first seen there. It is too
/// long by half the time between two looks, which is printed too.
async fn shown() -> Result<()> {
    let size = "640x360";
    let scene = Scene::start().await?;
    let display = Display::start(1280, 800).await?;
    let _sender = scene.headless("Sender", &["--size", size])?;
    let bare = ["--camera", "none", "--microphone", "none"];
    let mut window = scene.participant("Window", "demo", &Looks::Window(&display.name), &bare)?;
    window.connected_to(1).await?;
    let mut place = process::eventually("a pattern picture in the window", async || {
        Ok(marks::find(&display.look()?, 100_000).into_iter().next())
    })
    .await?;
    let (mut ages, mut looks, started) = (Vec::new(), 0_u32, SystemTime::now());
    while ages.len() < SHOWN {
        looks += 1;
        // A look between two halves of a picture reads nothing.
        let Some(now) = marks::read_again(&display.look()?, &place) else { continue };
        if now.number > place.number {
            let millis = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis() as u32;
            ages.push(f64::from(millis.wrapping_sub(now.millis)));
            place = now;
        }
    }
    let between = started.elapsed().unwrap_or(Duration::ZERO).as_secs_f64() * 1000.0 / f64::from(looks);
    ages.sort_by(f64::total_cmp);
    let at = |share: f64| ages.get((ages.len() as f64 * share) as usize).copied().context("pictures");
    let (p50, p95) = (at(0.5)?, at(0.95)?);
    println!("| {size} at 30/s | on the screen (a look every {between:.0} ms) | {p50:.0} | {p95:.0} |");
    Ok(())
}
