//! Camera, microphone and screen switched while the call goes on.

use anyhow::Result;
use bots::{Display, Looks, PageOptions, Participant, Scene, screen_video, tile_video};
use serde_json::{Value, json};

fn media_of(said: &[Value], client: &str) -> Option<Value> {
    let roster = said.iter().rev().find(|event| event["event"] == "roster")?;
    let one = roster["participants"].as_array()?.iter().find(|one| one["id"] == client)?.clone();
    Some(one["media"].clone())
}

/// Waits until `participant` knows that `client` sends `what` or does not.
async fn knows(participant: &mut Participant, client: &str, what: &str, on: bool) -> Result<()> {
    participant.expect(&format!("{what} {on}"), |said| (media_of(said, client)?[what] == on).then_some(())).await
}

fn decoded(report: &Value) -> Option<u64> {
    report["peers"][0]["video"]["frames_decoded"].as_u64()
}

fn decoded_of_screen(report: &Value) -> Option<u64> {
    report["peers"][0]["screen"]["frames_decoded"].as_u64()
}

#[tokio::test]
async fn the_app_switches_and_the_page_follows() -> Result<()> {
    let mut scene = Scene::start().await?;
    let mut app = scene.headless("App", &[])?;
    let me = app.joined().await?;
    let page = scene.page(&PageOptions::default()).await?;
    page.goto(&scene.server.room("demo")).await?;
    app.connected_to(1).await?;
    let video = tile_video(&me);
    page.until("a picture", &format!("return {video}?.videoWidth > 0")).await?;
    app.command(json!({"camera": false, "microphone": false})).await?;
    let media = format!("return window.rtcChat.roster.find(one => one.id === '{me}')?.media");
    page.until(
        "camera and microphone off",
        &format!("const m = (() => {{ {media} }})(); return m && !m.camera && !m.microphone"),
    )
    .await?;
    let still = page.watch_marks(&video, 1_500).await?;
    assert!(still.len() <= 1, "the camera is off, yet: {still:?}");
    app.command(json!({"camera": true, "microphone": true})).await?;
    page.until("camera on", &format!("const m = (() => {{ {media} }})(); return m && m.camera && m.microphone"))
        .await?;
    let moving = page.watch_marks(&video, 2_000).await?;
    assert!(moving.len() > 10, "the camera is on again, yet: {moving:?}");
    Ok(())
}

#[tokio::test]
async fn the_page_switches_and_the_app_follows() -> Result<()> {
    let mut scene = Scene::start().await?;
    let mut app = scene.headless("App", &["--camera", "none", "--microphone", "none"])?;
    let me = app.joined().await?;
    let page = scene.page(&PageOptions::default()).await?;
    page.goto(&scene.server.room("demo")).await?;
    app.connected_to(1).await?;
    let roster = app.roster_of(2).await?;
    let other = roster.iter().filter_map(|one| one["id"].as_str()).find(|id| *id != me).unwrap_or_default().to_owned();
    knows(&mut app, &other, "camera", true).await?;
    app.reports("pictures", |report| decoded(report).filter(|&n| n > 20)).await?;
    page.run("document.dispatchEvent(new KeyboardEvent('keydown', {key: 'v', bubbles: true}))").await?;
    knows(&mut app, &other, "camera", false).await?;
    page.run("document.dispatchEvent(new KeyboardEvent('keydown', {key: 'm', bubbles: true}))").await?;
    knows(&mut app, &other, "microphone", false).await?;
    page.run("document.dispatchEvent(new KeyboardEvent('keydown', {key: 'v', bubbles: true}))").await?;
    knows(&mut app, &other, "camera", true).await?;
    let before = app.reports("a count", decoded).await?;
    app.reports("pictures again", |report| decoded(report).filter(|&n| n > before + 20)).await?;
    page.run("document.dispatchEvent(new KeyboardEvent('keydown', {key: 's', bubbles: true}))").await?;
    knows(&mut app, &other, "screen", true).await?;
    let before = app.reports("pictures of the screen", decoded_of_screen).await?;
    app.reports("more of the screen", |report| decoded_of_screen(report).filter(|&n| n > before)).await?;
    let before = app.reports("a count", decoded).await?;
    knows(&mut app, &other, "camera", true).await?;
    app.reports("the camera beside it", |report| decoded(report).filter(|&n| n > before + 20)).await?;
    Ok(())
}

#[tokio::test]
async fn the_apps_screen_share_shows_the_real_pixels_of_the_display() -> Result<()> {
    let mut scene = Scene::start().await?;
    let shared = Display::start(640, 360).await?;
    shared.paint([200, 40, 40])?;
    let extra = ["--camera", "none", "--microphone", "none"];
    let mut app = scene.participant("App", "demo", &Looks::HeadlessOn(&shared.name), &extra)?;
    let me = app.joined().await?;
    let page = scene.page(&PageOptions { bare: true, ..PageOptions::default() }).await?;
    page.goto(&scene.server.room("demo")).await?;
    app.connected_to(1).await?;
    app.command(json!({"screen": true})).await?;
    let video = screen_video(&me);
    page.until("a picture", &format!("return {video}?.videoWidth > 0")).await?;
    let colour = |name: &str, test: &str| {
        format!(
            "const v = {video}, c = document.createElement('canvas'); c.width = 64; c.height = 36;
             const x = c.getContext('2d'); x.drawImage(v, 0, 0, 64, 36);
             const [r, g, b] = x.getImageData(48, 27, 1, 1).data; /* {name} */ return {test};"
        )
    };
    page.until("red", &colour("red", "r > 150 && g < 90 && b < 90")).await?;
    shared.paint([40, 40, 200])?;
    page.until("blue", &colour("blue", "b > 150 && r < 90 && g < 90")).await?;
    let width = page.run(&format!("return {video}.videoWidth")).await?;
    assert_eq!(width, 640);
    Ok(())
}

#[tokio::test]
async fn the_apps_camera_and_screen_are_seen_side_by_side_by_page_and_app() -> Result<()> {
    let mut scene = Scene::start().await?;
    let shared = Display::start(640, 360).await?;
    shared.paint([200, 40, 40])?;
    let mut app = scene.participant("App", "demo", &Looks::HeadlessOn(&shared.name), &["--microphone", "none"])?;
    let me = app.joined().await?;
    app.command(json!({"screen": true})).await?;
    let mut other = scene.headless("Other", &["--camera", "none", "--microphone", "none"])?;
    other.connected_to(1).await?;
    other.reports("the screen", |report| decoded_of_screen(report).filter(|&n| n > 0)).await?;
    other.reports("the camera", |report| decoded(report).filter(|&n| n > 20)).await?;
    let page = scene.page(&PageOptions { bare: true, ..PageOptions::default() }).await?;
    page.goto(&scene.server.room("demo")).await?;
    let (camera, screen) = (tile_video(&me), screen_video(&me));
    page.until("the screen", &format!("return {screen}?.videoWidth === 640")).await?;
    page.until("the camera", &format!("return {camera}?.videoWidth > 0")).await?;
    let moving = page.watch_marks(&camera, 2_000).await?;
    assert!(moving.len() > 10, "the camera goes on beside the screen, yet: {moving:?}");
    page.until(
        "the screen large",
        "return document.querySelector('li.tile[data-main=\"true\"]')?.dataset.screenOf != null",
    )
    .await?;
    app.command(json!({"screen": false})).await?;
    page.until("no screen any more", &format!("return {screen} === null")).await?;
    let before = other.reports("a count", decoded).await?;
    other.reports("the camera after it", |report| decoded(report).filter(|&n| n > before + 20)).await?;
    Ok(())
}
