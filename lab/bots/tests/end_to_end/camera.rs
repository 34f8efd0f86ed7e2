//! A camera of the machine, as Linux shows it to the app: in use elsewhere, unplugged in the middle of a call, plugged in again.

use anyhow::{Context, Result};
use bots::cameras::{Encoding, Mode};
use bots::process::eventually;
use bots::{Cameras, Looks, Participant, Place, Scene};
use serde_json::{Value, json};

const NAME: &str = "Lab Camera";

/// A participant who has these cameras and no others.
fn filmed(scene: &Scene, cameras: &Cameras, name: &str) -> Result<Participant> {
    let place = Place::here().with(cameras.environment()?);
    let extra = ["--camera", "device", "--microphone", "none", "--speaker", "null"];
    Participant::start_at(&place, name, &scene.server.room("demo"), &Looks::Headless, scene.folder.path(), &extra)
}

fn cameras(scene: &Scene, encoding: Encoding) -> Result<(Cameras, [Mode; 1])> {
    let cameras = Cameras::in_folder(scene.folder.path().join("cameras"))?;
    let mode = Mode::pattern(scene.folder.path(), encoding, (640, 360), 0)?;
    cameras.plug(0, NAME, std::slice::from_ref(&mode))?;
    Ok((cameras, [mode]))
}

async fn is_told(participant: &mut Participant, words: &str) -> Result<()> {
    let heard =
        |event: &Value| event["event"] == "notice" && event["text"].as_str().is_some_and(|text| text.contains(words));
    participant.expect(words, |said| said.iter().any(heard).then_some(())).await
}

/// Waits until the roster says whether the only other one has the camera on.
async fn sees_camera(participant: &mut Participant, client: &str, on: bool) -> Result<()> {
    let told = |said: &[Value]| {
        let roster = said.iter().rev().find(|event| event["event"] == "roster")?["participants"].as_array()?;
        let one = roster.iter().find(|one| one["id"] == client)?;
        (one["media"]["camera"] == on).then_some(())
    };
    participant.expect(&format!("the other one's camera {on}"), told).await
}

/// Waits for some more marks of the other one's pattern.
async fn sees_more(participant: &mut Participant) -> Result<()> {
    let seen = |report: &Value| report["peers"][0]["video"]["pattern_seen"].as_u64();
    let before = participant.reports("pictures with marks", seen).await?;
    participant.reports("more of them", |report| seen(report).filter(|&n| n > before + 15)).await.map(drop)
}

fn captured(report: &Value) -> Option<u64> {
    report["sent"]["frames_captured"].as_u64().filter(|&n| n > 10)
}

/// Whether a thread of the participant has a camera, or waits for one.
fn has_camera_thread(participant: &mut Participant) -> Result<bool> {
    let id = participant.process().id().context("it runs")?;
    let names = std::fs::read_dir(format!("/proc/{id}/task"))?
        .filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok());
    Ok(names.into_iter().any(|name| name.trim() == "camera"))
}

#[tokio::test]
async fn a_camera_that_is_unplugged_in_a_call_is_back_when_it_is_plugged_in_again() -> Result<()> {
    let scene = Scene::start().await?;
    let (cameras, mode) = cameras(&scene, Encoding::Mjpeg)?;
    let mut app = filmed(&scene, &cameras, "Filmed")?;
    let me = app.joined().await?;
    let mut other = scene.headless("Other", &["--camera", "none", "--microphone", "none"])?;
    other.connected_to(1).await?;
    sees_camera(&mut other, &me, true).await?;
    sees_more(&mut other).await?;

    cameras.unplug(0)?;
    is_told(&mut app, "The camera is gone.").await?;
    sees_camera(&mut other, &me, false).await?;
    app.say("I am still here").await?;
    other.hears_text("I am still here").await?;

    cameras.plug(0, NAME, &mode)?;
    is_told(&mut app, "The camera is there: it is on.").await?;
    sees_camera(&mut other, &me, true).await?;
    sees_more(&mut other).await?;
    let report = app.quit().await?;
    assert_eq!(report["sent"]["width"], 640);
    Ok(())
}

#[tokio::test]
async fn a_camera_that_was_switched_off_while_it_was_unplugged_stays_off() -> Result<()> {
    let scene = Scene::start().await?;
    let (cameras, mode) = cameras(&scene, Encoding::Yuyv)?;
    let mut app = filmed(&scene, &cameras, "Filmed")?;
    let me = app.joined().await?;
    let mut other = scene.headless("Other", &["--camera", "none", "--microphone", "none"])?;
    other.connected_to(1).await?;
    sees_more(&mut other).await?;
    cameras.unplug(0)?;
    sees_camera(&mut other, &me, false).await?;
    assert!(has_camera_thread(&mut app)?, "nobody waits for it");
    app.command(json!({"camera": false})).await?;
    eventually("nobody waiting for it", async || Ok((!has_camera_thread(&mut app)?).then_some(()))).await?;
    cameras.plug(0, NAME, &mode)?;
    drop(cameras.take(0)?);
    // Only whoever wants it has it.
    app.command(json!({"camera": true})).await?;
    sees_camera(&mut other, &me, true).await?;
    sees_more(&mut other).await?;
    // Everything that was said until now is in the history then.
    app.report().await?;
    let events = app.history().iter().filter(|event| event["event"] == "sending" && event["camera"] == true);
    assert_eq!(events.count(), 2, "at the start and at the end");
    Ok(())
}

#[tokio::test]
async fn a_camera_that_another_app_has_can_be_had_when_that_one_leaves() -> Result<()> {
    let scene = Scene::start().await?;
    let (cameras, _) = cameras(&scene, Encoding::Nv12)?;
    let mut first = filmed(&scene, &cameras, "First")?;
    first.joined().await?;
    first.reports("its own pictures", captured).await?;
    let mut second = filmed(&scene, &cameras, "Second")?;
    second.joined().await?;
    is_told(&mut second, "The camera is used by another program. Close that program and switch the camera on again.")
        .await?;
    first.quit().await?;
    second.command(json!({"camera": true})).await?;
    second.reports("its own pictures", captured).await?;
    Ok(())
}
