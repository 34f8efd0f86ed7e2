//! Four in a room: everyone has everyone, and who goes is gone.

use std::time::{Duration, Instant};

use anyhow::Result;
use bots::{Display, Looks, Page, PageOptions, Scene};

async fn page_tiles(page: &Page, n: usize) -> Result<()> {
    page.until(&format!("{n} tiles"), &format!("return document.querySelectorAll('li.tile').length === {n}")).await?;
    Ok(())
}

#[tokio::test]
async fn four_see_the_other_three_and_who_goes_is_gone() -> Result<()> {
    let mut scene = Scene::start().await?;
    let display = Display::start(1280, 800).await?;
    let slow = ["--fps", "10", "--size", "320x180"];
    let mut window = scene.participant("Window", "demo", &Looks::Window(&display.name), &slow)?;
    let mut bot = scene.headless("Bot", &slow)?;
    window.connected_to(1).await?;
    let first = scene.page(&PageOptions::default()).await?;
    let second = scene.page(&PageOptions::default()).await?;
    for page in [&first, &second] {
        page.goto(&scene.server.room("demo")).await?;
    }
    window.connected_to(3).await?;
    bot.connected_to(3).await?;
    for page in [&first, &second] {
        page_tiles(page, 4).await?;
        let playing = "return [...document.querySelectorAll('li.tile video')].filter(v => v.videoWidth > 0 && !v.paused).length >= 3";
        page.until("three moving pictures", playing).await?;
    }
    for participant in [&mut window, &mut bot] {
        participant
            .reports("pictures of three", |report| {
                let peers = report["peers"].as_array()?;
                let moving = peers.iter().filter(|p| p["video"]["frames_decoded"].as_u64() > Some(10)).count();
                (moving == 3).then_some(())
            })
            .await?;
    }

    // One leaves in order: its tile is gone everywhere within a second.
    let left = Instant::now();
    second.close().await?;
    window.roster_of(3).await?;
    bot.roster_of(3).await?;
    page_tiles(&first, 3).await?;
    // Far below the 15 s after which silence would have done it: the good-bye was heard. The exact times are proven on
    // virtual time; here the browser's own closing and a busy machine take their share.
    assert!(left.elapsed() < Duration::from_secs(10), "{:?}", left.elapsed());

    // One is killed: gone within 15 s.
    let killed = Instant::now();
    bot.process().kill().await?;
    window.roster_of(2).await?;
    page_tiles(&first, 2).await?;
    assert!(killed.elapsed() < Duration::from_secs(25), "{:?}", killed.elapsed());
    Ok(())
}
