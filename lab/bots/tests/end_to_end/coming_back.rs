//! The server goes away and comes back: calls go on, everybody comes back as who they were.

use anyhow::Result;
use bots::{PageOptions, Scene, Server, tile_video};

#[tokio::test]
async fn calls_outlive_the_server_and_everybody_comes_back() -> Result<()> {
    let mut scene = Scene::start().await?;
    let mut first = scene.headless("First", &[])?;
    let mut second = scene.headless("Second", &[])?;
    let (first_id, second_id) = (first.joined().await?, second.joined().await?);
    let page = scene.page(&PageOptions::default()).await?;
    page.goto(&scene.server.room("demo")).await?;
    first.connected_to(2).await?;
    second.connected_to(2).await?;
    let video = tile_video(&first_id);
    page.until("a picture", &format!("return {video}?.videoWidth > 0")).await?;
    let port = scene.server.port()?;
    scene.server.process().kill().await?;
    for participant in [&mut first, &mut second] {
        participant
            .expect("noticing the loss", |said| said.iter().any(|e| e["status"] == "reconnecting").then_some(()))
            .await?;
    }
    let seen = page.watch_marks(&video, 2_000).await?;
    assert!(seen.len() > 10, "the picture froze while the server was away: {seen:?}");
    scene.server = Server::start(&scene.folder.path().join("server"), port, &["demo"], &[]).await?;
    for (participant, id) in [(&mut first, &first_id), (&mut second, &second_id)] {
        let again = participant
            .expect("coming back", |said| {
                let joins: Vec<_> = said.iter().filter(|event| event["status"] == "joined").collect();
                (joins.len() > 1).then(|| joins[joins.len() - 1]["me"].clone())
            })
            .await?;
        assert_eq!(again, id.as_str(), "the same identity as before");
    }
    page.joined().await?;
    second.say("all back").await?;
    first.hears_text("all back").await?;
    page.until("the text", "return window.rtcChat.chat.some(line => line.text === 'all back')").await?;
    assert_eq!(first.roster_of(3).await?.len(), 3);
    let tiles = page.run("return document.querySelectorAll('li.tile').length").await?;
    assert_eq!(tiles, 3, "no duplicate tile");
    let report = first.report().await?;
    assert_eq!(report["peers"].as_array().map(Vec::len), Some(2), "the old connections were kept");
    Ok(())
}
