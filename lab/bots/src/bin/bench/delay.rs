//! From capture to the decoded picture between two apps, by the pattern camera's clock (one clock for both).

use anyhow::Result;
use bots::Scene;

pub(crate) async fn run() -> Result<()> {
    println!("\n### Capture to decoded picture, app to app, loopback, ms\n");
    println!("| picture | p50 | p95 |\n|---|---|---|");
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
        println!("| {size} at 30/s | {p50} | {p95} |");
    }
    Ok(())
}
