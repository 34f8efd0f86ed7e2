//! Calls over bad networks: the app with the app, Chromium with Chromium, over the same profiles and the same luck.

use std::time::Duration;

use ::network::{Network, Profile, Side};
use anyhow::{Context, Result, ensure};
use bots::{Browsers, Looks, Page, PageOptions, Participant, Place, Server, material};
use tokio::process::Command;

/// Until congestion control has found its way.
const WARM_UP: Duration = Duration::from_secs(8);
const SEED: u64 = 5;
const ROOM: &str = "demo";

/// Measures over one profile each. The programs live in namespaces, and whoever drives them next to the server, so that
/// every one of them can be reached: this program starts itself there.
pub(crate) async fn run(profiles: &[Profile], seconds: u64) -> Result<()> {
    println!("\n### Calls over bad networks, 640×360 at 30/s both ways, {seconds} s after {} s\n", WARM_UP.as_secs());
    println!(
        "| network | who | pictures/s | longest gap, ms | height | kbit/s sent | delay p50/p95, ms | sound made up, % |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    for profile in profiles {
        for who in ["app", "Chromium"] {
            let network = Network::new(*profile, SEED)?;
            let mut inside: Command = network.command_at_hub(&std::env::current_exe()?.to_string_lossy()).into();
            let (left, right) = (network.namespace(Side::Left), network.namespace(Side::Right));
            inside.args(["inside", &profile.to_string(), who, left, right]).args(["--seconds", &seconds.to_string()]);
            ensure!(inside.kill_on_drop(true).status().await?.success(), "{who} over {profile}");
        }
    }
    Ok(())
}

/// At the hub: one call.
pub(crate) async fn inside(profile: &str, who: &str, left: &str, right: &str, seconds: u64) -> Result<()> {
    let folder = tempfile::Builder::new().prefix("rtc-chat-").tempdir()?;
    let server = Server::start_on("0.0.0.0:0", &folder.path().join("server"), &[ROOM], &[]).await?;
    let port = server.port()?;
    let places = [Place::namespace(left), Place::namespace(right)];
    let span = Duration::from_secs(seconds);
    let figures = if who == "app" {
        apps(&places, port, folder.path(), span).await?
    } else {
        browsers(&places, port, folder.path(), span).await?
    };
    let Figures { pictures, longest_ms, height, kbits, delay, made_up } = figures;
    println!(
        "| {profile} | {who} | {pictures:.1} | {longest_ms:.0} | {height} | {kbits:.0} | {delay} | {made_up:.1} |"
    );
    Ok(())
}

/// Of what one side sees and hears of the other.
struct Figures {
    pictures: f64,
    longest_ms: f64,
    height: u64,
    kbits: f64,
    delay: String,
    made_up: f64,
}

async fn apps(places: &[Place; 2], port: u16, folder: &std::path::Path, span: Duration) -> Result<Figures> {
    let start = |i: usize, name: &str| {
        let address = format!("http://{}:{port}/rtc/{ROOM}", Network::HUB[i]);
        let extra = ["--camera", "pattern", "--microphone", "tone:1000", "--speaker", "null"];
        Participant::start_at(&places[i], name, &address, &Looks::Headless, folder, &extra)
    };
    let (mut left, mut right) = (start(0, "Left")?, start(1, "Right")?);
    left.connected_to(1).await?;
    right.connected_to(1).await?;
    tokio::time::sleep(WARM_UP).await;
    let before = right.report().await?;
    tokio::time::sleep(span).await;
    let after = right.report().await?;
    let (a, b) = (&before["peers"][0], &after["peers"][0]);
    let grown = |group: &str, name: &str| Some(b[group][name].as_f64()? - a[group][name].as_f64()?);
    let grown = |group: &str, name: &str| grown(group, name).with_context(|| format!("{group}.{name} in {b}"));
    let video = &b["video"];
    Ok(Figures {
        pictures: grown("video", "frames_decoded")? / span.as_secs_f64(),
        longest_ms: video["longest_gap_ms"].as_f64().unwrap_or(f64::NAN),
        height: video["height"].as_u64().unwrap_or_default(),
        kbits: grown("network", "bytes_sent")? * 8.0 / 1000.0 / span.as_secs_f64(),
        delay: format!("{}/{}", video["latency_p50_ms"], video["latency_p95_ms"]),
        made_up: 100.0 * grown("audio", "concealed")? / (span.as_secs_f64() * 50.0),
    })
}

/// Keeps hold of the longest time between two pictures.
const WATCH: &str = "
    const video = document.querySelector('li.tile:not([data-connection=me]) video');
    window.longest = 0; let last = performance.now();
    const note = now => { window.longest = Math.max(window.longest, now - last); last = now;
      video.requestVideoFrameCallback(note); };
    video.requestVideoFrameCallback(note);
    return true";

const STATISTICS: &str = "
    const all = [...(await window.seenConnection.getStats()).values()];
    // Of the camera's picture and the screen's, the one that comes.
    const of = (type, kind) => all.filter(s => s.type === type && s.kind === kind)
      .reduce((a, b) => (b.bytesReceived ?? 0) > (a.bytesReceived ?? 0) ? b : a, {});
    const video = of('inbound-rtp', 'video'), audio = of('inbound-rtp', 'audio');
    const out = all.find(s => s.type === 'transport') ?? {};
    return { decoded: video.framesDecoded ?? 0, height: video.frameHeight ?? 0, longest: window.longest,
      sent: out.bytesSent ?? 0, concealed: audio.concealedSamples ?? 0, samples: audio.totalSamplesReceived ?? 0 }";

async fn browsers(places: &[Place; 2], port: u16, folder: &std::path::Path, span: Duration) -> Result<Figures> {
    let clip = folder.join("pattern.y4m");
    material::pattern_clip(&clip, (640, 360), 30, 1, 300)?;
    let mut pages: Vec<(Browsers, Page)> = Vec::new();
    for (i, host) in ["10.78.1.2", "10.78.2.2"].into_iter().enumerate() {
        let browsers = Browsers::start_at(&places[i], host).await?;
        let origin = format!("http://{}:{port}", Network::HUB[i]);
        let options = PageOptions { camera: Some(&clip), secure: Some(&origin), ..PageOptions::default() };
        let page = browsers.open(&options).await?;
        page.goto(&format!("{origin}/rtc/{ROOM}")).await?;
        page.joined().await?;
        pages.push((browsers, page));
    }
    let page = &pages[1].1;
    page.sees_a_picture().await?;
    page.run(WATCH).await?;
    tokio::time::sleep(WARM_UP).await;
    page.find_connection().await?;
    let before = page.run_async(STATISTICS).await?;
    tokio::time::sleep(span).await;
    // It may have another one now.
    page.find_connection().await?;
    let after = page.run_async(STATISTICS).await?;
    let grown = |name: &str| Some(after[name].as_f64()? - before[name].as_f64()?);
    let grown = |name: &str| grown(name).with_context(|| format!("{name} in {after}"));
    let number = |name: &str| after[name].as_f64().unwrap_or(f64::NAN);
    let samples = grown("samples")?;
    Ok(Figures {
        pictures: grown("decoded")? / span.as_secs_f64(),
        longest_ms: number("longest"),
        height: after["height"].as_u64().unwrap_or_default(),
        kbits: grown("sent")? * 8.0 / 1000.0 / span.as_secs_f64(),
        delay: "–".to_owned(),
        made_up: 100.0 * grown("concealed")? / samples.max(1.0),
    })
}

/// Those that differ most; a run of all thirteen takes half an hour.
pub(crate) fn usual() -> Vec<Profile> {
    use Profile::{Awful, Clean, Far, Jitter, Loss, Narrow};
    vec![Clean, Far, Awful, Loss(5), Loss(10), Narrow(300), Narrow(800), Jitter]
}
