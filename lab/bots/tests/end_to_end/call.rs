//! The main thing: a window, a participant without one and a page in one room see, hear and read each other.

use anyhow::Result;
use bots::{Display, Looks, PageOptions, Scene, marks, material};
use serde_json::Value;

use crate::{is_rising, share_seen, tile_video};

const WINDOW_HZ: f64 = 700.0;
const BOT_HZ: f64 = 1000.0;
const PAGE_HZ: f64 = 1500.0;

#[tokio::test]
async fn window_bot_and_page_see_hear_and_read_each_other() -> Result<()> {
    let mut scene = Scene::start().await?;
    let display = Display::start(1280, 800).await?;
    let (clip, wav) = (scene.folder.path().join("page.y4m"), scene.folder.path().join("page.wav"));
    material::pattern_clip(&clip, (640, 360), 15, 0, 300)?;
    material::tone(&wav, PAGE_HZ as f32, 4)?;
    let rate = ["--fps", "15"];
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
        sees_and_hears(participant, other, hertz, 0.8).await?;
        sees_and_hears(participant, &page_id, PAGE_HZ, 0.8).await?;
    }
    window_shows_moving_patterns(&display)?;

    window.say("from the window").await?;
    bot.say("from the bot").await?;
    page.fill("Message", "from the page").await?;
    page.press_enter("Message").await?;
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

/// Waits for a clear picture and tone of `other`, then checks how much of the pattern was seen in two seconds.
async fn sees_and_hears(participant: &mut bots::Participant, other: &str, hertz: f64, share: f64) -> Result<()> {
    let peer = |report: &Value| {
        let peers = report["peers"].as_array()?;
        peers.iter().rev().find(|peer| peer["client"] == other).cloned()
    };
    participant
        .reports(&format!("a tone of {hertz} Hz"), |report| {
            let heard = peer(report)?["audio"]["tone_hz"].as_f64()?;
            ((heard - hertz).abs() < 20.0).then_some(())
        })
        .await?;
    let first = participant.reports("a pattern", |report| pattern(&peer(report)?)).await?;
    let last =
        participant.reports("more of the pattern", |r| pattern(&peer(r)?).filter(|p| p.0 > first.0 + 30)).await?;
    let (spanned, seen) = (last.0 - first.0, last.1 - first.1);
    let got = seen as f64 / spanned as f64;
    assert!(got >= share, "{seen} of {spanned} frames were decoded");
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
    let first = marks::find(&display.look()?, 1 << 20);
    let second = marks::find(&display.look()?, 1 << 20);
    assert!(first.len() >= 2, "the window shows {first:?}");
    for tile in &first {
        let later = second.iter().find(|later| later.x.abs_diff(tile.x) < 8 && later.y.abs_diff(tile.y) < 8);
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
