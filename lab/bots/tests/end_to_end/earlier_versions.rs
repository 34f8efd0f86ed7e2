//! Pages and servers of earlier versions call and are called, ten times out of ten.

use anyhow::{Context, Result, bail};
use bots::old::{OldServer, Version, all_pages};
use bots::{Looks, Page, PageOptions, Participant, Scene, Server};
use serde_json::{Value, json};

const RUNS: usize = 10;

/// Everything plays both ways: enough pictures and sound from the one other.
const IN_A_CALL: &str = "
    const peers = Object.values(await window.rtcChat.counters());
    return peers.length === 1 && peers[0].framesDecoded > 5 && peers[0].audioPackets > 5;";

async fn scene() -> Result<Scene> {
    let mut scene = Scene::start().await?;
    let assets = all_pages(scene.folder.path())?.display().to_string();
    let rooms: Vec<String> = (0..2 * RUNS).map(|n| format!("room-{n}")).collect();
    let rooms: Vec<&str> = rooms.iter().map(String::as_str).collect();
    scene.server = Server::start(&scene.folder.path().join("pages"), 0, &rooms, &["--assets", &assets]).await?;
    Ok(scene)
}

async fn page_in_call(page: &Page) -> Result<()> {
    bots::process::eventually("a call both ways", async || {
        Ok((page.run_async(IN_A_CALL).await? == json!(true)).then_some(()))
    })
    .await
}

async fn open(page: &Page, version: Version, scene: &Scene, room: &str) -> Result<()> {
    page.goto(&version.room(&scene.server.address, room)).await?;
    page.joined().await
}

async fn say(page: &Page, version: Version, text: &str) -> Result<()> {
    if version == Version::Ours {
        return page.write_to_room(text).await;
    }
    page.run(&format!("window.rtcChat.say('{text}')")).await.map(drop)
}

async fn page_heard(page: &Page, text: &str) -> Result<()> {
    let count = format!("return window.rtcChat.chat.filter(line => line.text === '{text}').length");
    page.until(text, &count).await?;
    assert_eq!(page.run(&count).await?, 1, "{text}");
    Ok(())
}

async fn app_in_call(app: &mut Participant) -> Result<()> {
    app.reports("a call both ways", |report: &Value| {
        let peers = report["peers"].as_array()?;
        let peer = peers.iter().rev().find(|peer| peer["state"] == "connected")?;
        let playing = peer["video"]["frames_decoded"].as_u64()? > 5 && peer["audio"]["packets"].as_u64()? > 5;
        playing.then_some(())
    })
    .await
}

/// An app and a page in one room, the page first or last, ten times each.
async fn app_and(version: Version) -> Result<()> {
    let mut scene = scene().await?;
    let page = scene.page(&PageOptions::default()).await?;
    for run in 0..2 * RUNS {
        let (room, page_first) = (format!("room-{run}"), run % 2 == 0);
        if page_first {
            open(&page, version, &scene, &room).await?;
        }
        let mut app = scene.participant("App", &room, &Looks::Headless, &["--fps", "15"])?;
        app.joined().await?;
        if !page_first {
            open(&page, version, &scene, &room).await?;
        }
        let outcome = async {
            page_in_call(&page).await?;
            app_in_call(&mut app).await?;
            app.say("from the app").await?;
            say(&page, version, "from the page").await?;
            for text in ["from the app", "from the page"] {
                page_heard(&page, text).await?;
                app.hears_text(text).await?;
                assert_eq!(app.count_text(text), 1);
            }
            anyhow::Ok(())
        };
        outcome.await.with_context(|| format!("run {run}, page first: {page_first}"))?;
        page.goto("about:blank").await?;
        app.quit().await?;
    }
    Ok(())
}

/// Two pages in one room, ten times in each order.
async fn pages(one: Version, other: Version) -> Result<()> {
    let mut scene = scene().await?;
    let first = scene.page(&PageOptions::default()).await?;
    let second = scene.page(&PageOptions::default()).await?;
    for run in 0..2 * RUNS {
        let room = format!("room-{run}");
        let order = if run % 2 == 0 { [(&first, one), (&second, other)] } else { [(&second, other), (&first, one)] };
        for (page, version) in order {
            open(page, version, &scene, &room).await?;
        }
        let outcome = async {
            for (page, _) in order {
                page_in_call(page).await?;
            }
            for (n, (page, version)) in order.into_iter().enumerate() {
                let text = format!("from {n}");
                say(page, version, &text).await?;
                page_heard(&first, &text).await?;
                page_heard(&second, &text).await?;
            }
            anyhow::Ok(())
        };
        outcome.await.with_context(|| format!("run {run} of {one:?} with {other:?}"))?;
        first.goto("about:blank").await?;
        second.goto("about:blank").await?;
    }
    Ok(())
}

#[tokio::test]
async fn a_page_of_the_first_version_calls_the_app_in_every_run() -> Result<()> {
    app_and(Version::First).await
}

#[tokio::test]
async fn a_page_of_the_second_version_calls_the_app_in_every_run() -> Result<()> {
    app_and(Version::Second).await
}

#[tokio::test]
async fn a_page_of_the_first_version_calls_our_page_in_every_run() -> Result<()> {
    pages(Version::First, Version::Ours).await
}

#[tokio::test]
async fn a_page_of_the_second_version_calls_our_page_in_every_run() -> Result<()> {
    pages(Version::Second, Version::Ours).await
}

#[tokio::test]
async fn two_pages_of_the_first_version_call_each_other_in_every_run() -> Result<()> {
    pages(Version::First, Version::First).await
}

#[tokio::test]
async fn two_pages_of_the_second_version_call_each_other_in_every_run() -> Result<()> {
    pages(Version::Second, Version::Second).await
}

fn on_old_server(server: &OldServer, room: &str, name: &str, scene: &Scene, extra: &[&str]) -> Result<Participant> {
    let media = ["--camera", "pattern", "--microphone", "tone", "--speaker", "null", "--fps", "10"];
    Participant::start(name, &server.room(room), &Looks::Headless, scene.folder.path(), &[&media[..], extra].concat())
}

async fn refusal(participant: &mut Participant) -> Result<String> {
    participant
        .expect("a refusal", |said| {
            said.iter().find(|event| event["status"] == "refused").and_then(|e| e["id"].as_str().map(str::to_owned))
        })
        .await
}

#[tokio::test]
async fn the_app_joins_a_server_of_the_first_version_and_calls_there() -> Result<()> {
    let scene = Scene::start().await?;
    let mut server = OldServer::start(&["demo", "secret:milk", "tiny::1"], 2.0).await?;
    let mut first = on_old_server(&server, "demo", "First", &scene, &[])?;
    first.joined().await?;
    let mut second = on_old_server(&server, "demo", "Second", &scene, &[])?;
    second.joined().await?;
    app_in_call(&mut first).await?;
    app_in_call(&mut second).await?;
    first.say("hello there").await?;
    second.hears_text("hello there").await?;
    first.hears_text("hello there").await?;
    assert_eq!((first.count_text("hello there"), second.count_text("hello there")), (1, 1));
    second.quit().await?;
    server.says("bye of").await?;
    first.roster_of(1).await?;
    first.quit().await?;

    let mut wrong = on_old_server(&server, "secret", "Wrong", &scene, &["--password", "water"])?;
    assert_eq!(refusal(&mut wrong).await?, "wrong-password");
    let mut right = on_old_server(&server, "secret", "Right", &scene, &["--password", "milk"])?;
    right.joined().await?;
    let mut only = on_old_server(&server, "tiny", "Only", &scene, &[])?;
    only.joined().await?;
    let mut full = on_old_server(&server, "tiny", "Full", &scene, &[])?;
    assert_eq!(refusal(&mut full).await?, "room-full");
    let mut lost = on_old_server(&server, "nowhere", "Lost", &scene, &[])?;
    assert_eq!(refusal(&mut lost).await?, "unknown-room");
    Ok(())
}

#[tokio::test]
async fn the_app_answers_the_ping_of_a_silent_server_and_stays() -> Result<()> {
    let scene = Scene::start().await?;
    // Shorter than our own pings, so that the server has to ask.
    let mut server = OldServer::start(&["demo"], 1.0).await?;
    let mut app = on_old_server(&server, "demo", "App", &scene, &["--camera-off", "--muted"])?;
    app.joined().await?;
    for _ in 0..3 {
        let line = tokio::time::timeout(bots::process::PATIENCE, server.says("")).await??;
        if line.starts_with("silence of") {
            bail!("the server dropped the app: {line}");
        }
    }
    server.says("pong of").await?;
    Ok(())
}
