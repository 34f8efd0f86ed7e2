//! The main thing: a window, a participant without one and a page in one room see, hear and read each other.

use anyhow::Result;
use bots::{Display, Looks, Page, PageOptions, Participant, Scene, marks, material, tile_video};
use serde_json::Value;

use crate::{is_rising, share_seen};

const WINDOW_HZ: f64 = 700.0;
const BOT_HZ: f64 = 1000.0;
const PAGE_HZ: f64 = 1500.0;

#[tokio::test]
async fn window_bot_and_page_see_hear_and_read_each_other() -> Result<()> {
    let mut scene = Scene::start().await?;
    let display = Display::start(1280, 800).await?;
    let (clip, wav) = (scene.folder.path().join("page.y4m"), scene.folder.path().join("page.wav"));
    // Longer than the test: a clip that begins again has numbers that were there before.
    material::pattern_clip(&clip, (320, 180), 15, 0, 1_500)?;
    material::tone(&wav, PAGE_HZ as f32, 4)?;
    let rate = ["--fps", "10"];
    let tone = ["--microphone", "tone:700"];
    let mut window = scene.participant("Window", "demo", &Looks::Window(&display.name), &[rate, tone].concat())?;
    let mut bot = scene.headless("Bot", &rate)?;
    let (window_id, bot_id) = (window.joined().await?, bot.joined().await?);
    let page =
        scene.page(&PageOptions { camera: Some(&clip), microphone: Some(&wav), ..PageOptions::default() }).await?;
    page.goto(&scene.server.room("demo")).await?;
    window.connected_to(2).await?;
    bot.connected_to(2).await?;
    let page_id = other_than(&window.roster_of(3).await?, &[&window_id, &bot_id]);

    for (who, hertz) in [(&window_id, WINDOW_HZ), (&bot_id, BOT_HZ)] {
        let video = tile_video(who);
        page.until("a picture in the tile", &format!("return {video}?.videoWidth > 0")).await?;
        let seen = page.watch_marks(&video, 4_000).await?;
        assert!(is_rising(&seen), "frames out of order: {seen:?}");
        assert!(share_seen(&seen) >= 0.8, "the page showed {:.2} of the frames: {seen:?}", share_seen(&seen));
        let heard = page.hear_tone(&video, 1_500).await?;
        assert!((heard - hertz).abs() < 20.0, "the page heard {heard} Hz instead of {hertz}");
    }
    for (participant, other, hertz) in [(&mut window, &bot_id, BOT_HZ), (&mut bot, &window_id, WINDOW_HZ)] {
        sees_and_hears(participant, other, hertz).await?;
        sees_and_hears_the_page(participant, &page_id, &page).await?;
    }
    window_shows_moving_patterns(&display)?;

    window.say("from the window").await?;
    bot.say("from the bot").await?;
    page.write_to_room("from the page").await?;
    for text in ["from the window", "from the bot", "from the page"] {
        window.hears_text(text).await?;
        bot.hears_text(text).await?;
        page.until(text, &format!("return window.rtcChat.chat.some(line => line.text === '{text}')")).await?;
    }
    for text in ["from the window", "from the bot", "from the page"] {
        assert_eq!((window.count_text(text), bot.count_text(text)), (1, 1), "{text}");
        let shown =
            page.run(&format!("return window.rtcChat.chat.filter(line => line.text === '{text}').length")).await?;
        assert_eq!(shown, 1, "{text}");
    }
    Ok(())
}

/// The share of frames sent that must be shown.
const SHARE: f64 = 0.8;

fn peer(report: &Value, client: &str) -> Option<Value> {
    report["peers"].as_array()?.iter().rev().find(|peer| peer["client"] == client).cloned()
}

async fn hears(participant: &mut Participant, client: &str, hertz: f64) -> Result<()> {
    participant
        .reports(&format!("a tone of {hertz} Hz"), |report| {
            let heard = peer(report, client)?["audio"]["tone_hz"].as_f64()?;
            ((heard - hertz).abs() < 20.0).then_some(())
        })
        .await
}

/// A clear tone, and enough of the pattern of a participant of ours within the next seconds.
async fn sees_and_hears(participant: &mut Participant, client: &str, hertz: f64) -> Result<()> {
    hears(participant, client, hertz).await?;
    let pattern = |report: &Value| pattern(&peer(report, client)?);
    let first = participant.reports("a pattern", pattern).await?;
    let last = participant.reports("more of the pattern", |r| pattern(r).filter(|p| p.0 > first.0 + 30)).await?;
    let (spanned, seen) = (last.0 - first.0, last.1 - first.1);
    assert!(seen as f64 / spanned as f64 >= SHARE, "{seen} of {spanned} frames were decoded");
    Ok(())
}

/// A clear tone, rising frame numbers, and enough of the frames that the browser says it sent (how many its fake camera
/// left out before is its own affair).
async fn sees_and_hears_the_page(participant: &mut Participant, client: &str, page: &Page) -> Result<()> {
    hears(participant, client, PAGE_HZ).await?;
    let me = participant.joined().await?;
    let first = participant.reports("a pattern", |r| pattern(&peer(r, client)?)).await?;
    participant.reports("a later pattern", |r| pattern(&peer(r, client)?).filter(|p| p.0 > first.0 + 15)).await?;
    let report = participant.report().await?;
    let decoded = peer(&report, client).and_then(|peer| peer["video"]["frames_decoded"].as_u64()).unwrap_or_default();
    let sent = page.run_async(&format!("return (await window.rtcChat.counters())['{me}'].framesSent")).await?;
    let share = decoded as f64 / sent.as_f64().unwrap_or(f64::INFINITY);
    assert!(share >= SHARE, "{decoded} of {sent} frames of the page were decoded");
    Ok(())
}

/// The newest frame number, and how many different ones were seen.
fn pattern(peer: &Value) -> Option<(u64, u64)> {
    Some((peer["video"]["pattern_number"].as_u64()?, peer["video"]["pattern_seen"].as_u64()?))
}

fn other_than(roster: &[Value], known: &[&str]) -> String {
    let ids = roster.iter().filter_map(|one| one["id"].as_str());
    ids.filter(|id| !known.contains(id)).map(str::to_owned).next().unwrap_or_default()
}

/// Two looks at the screen show patterns of two others, and their numbers have risen.
fn window_shows_moving_patterns(display: &Display) -> Result<()> {
    let first = marks::find(&display.look()?, 5_000);
    let second = marks::find(&display.look()?, 5_000);
    assert!(first.len() >= 2, "the window shows {first:?}");
    for tile in &first {
        let later = second.iter().find(|later| later.x.abs_diff(tile.x) < 40 && later.y.abs_diff(tile.y) < 40);
        assert!(later.is_some_and(|later| later.number != tile.number), "no movement at {tile:?}: {second:?}");
    }
    Ok(())
}

#[tokio::test]
async fn the_fake_cameras_picture_moves_in_the_window() -> Result<()> {
    let mut scene = Scene::start().await?;
    let display = Display::start(1280, 800).await?;
    let quiet = ["--camera", "none", "--microphone", "none"];
    let mut window = scene.participant("Window", "demo", &Looks::Window(&display.name), &quiet)?;
    window.joined().await?;
    let before = display.look()?;
    let page = scene.page(&PageOptions::default()).await?;
    page.goto(&scene.server.room("demo")).await?;
    window.connected_to(1).await?;
    window.reports("pictures", |r| (r["peers"][0]["video"]["frames_decoded"].as_u64()? > 10).then_some(())).await?;
    let first = display.look()?;
    window
        .reports("more pictures", |r| (r["peers"][0]["video"]["frames_decoded"].as_u64()? > 40).then_some(()))
        .await?;
    let second = display.look()?;
    assert!(before.difference(&first) > 0.1, "no picture came: {:.4}", before.difference(&first));
    assert!(first.difference(&second) > 0.001, "the picture stands still: {:.5}", first.difference(&second));
    Ok(())
}
