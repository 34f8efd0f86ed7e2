//! An owner, a guest who knocks, and a moderator who comes by an invite, on a real server.

use anyhow::{Context, Result};
use bots::{Looks, Participant, Scene};
use serde_json::{Value, json};

fn enter(scene: &Scene, name: &str, room: &str, extra: &[&str]) -> Result<Participant> {
    let all: Vec<&str> =
        ["--camera", "none", "--microphone", "tone", "--speaker", "null"].iter().chain(extra).copied().collect();
    scene.participant(name, room, &Looks::Headless, &all)
}

/// Waits for an event of this kind with something about it.
async fn hears(one: &mut Participant, kind: &str, right: impl Fn(&Value) -> bool) -> Result<Value> {
    one.expect(kind, |said| said.iter().rev().find(|event| event["event"] == kind && right(event)).cloned()).await
}

async fn is_a(one: &mut Participant, role: &str) -> Result<()> {
    hears(one, "settings", |event| event["settings"]["role"] == role).await.map(drop)
}

fn text(value: &Value) -> Result<String> {
    value.as_str().map(str::to_owned).context("a text")
}

#[tokio::test]
async fn an_owner_lets_in_mutes_invites_puts_out_and_closes() -> Result<()> {
    let scene = Scene::start().await?;
    let mut ann = enter(&scene, "Ann", "hall", &["--create"])?;
    ann.joined().await?;
    is_a(&mut ann, "owner").await?;
    ann.command(json!({"set": {"lobby": true, "history": "forever"}})).await?;
    hears(&mut ann, "settings", |event| event["settings"]["history"] == "forever").await?;
    ann.say("first").await?;
    let line = hears(&mut ann, "chat", |event| event["text"] == "first").await?;
    ann.command(json!({"edit": line["id"], "text": "better"})).await?;
    hears(&mut ann, "text-edited", |event| event["id"] == line["id"]).await?;

    let mut bo = enter(&scene, "Bo", "hall", &[])?;
    hears(&mut bo, "status", |event| event["status"] == "knocking").await?;
    let knock = hears(&mut ann, "knocking", |event| event["clients"][0]["username"] == "Bo").await?;
    ann.command(json!({"moderate": "admit", "client": knock["clients"][0]["id"]})).await?;
    let bos_id = bo.joined().await?;
    hears(&mut bo, "history", |event| event["lines"][0]["text"] == "better").await?;
    ann.command(json!({"moderate": "mute", "client": bos_id})).await?;
    hears(&mut bo, "moderated", |event| event["by"] == "Ann").await?;
    hears(&mut bo, "sending", |event| event["microphone"] == false).await?;
    bo.command(json!({"moderate": "mute-all"})).await?;
    hears(&mut bo, "refused", |event| event["id"] == "forbidden").await?;

    ann.command(json!({"make_invite": {"uses": 1, "role": "moderator"}})).await?;
    let made = hears(&mut ann, "invite-made", |_| true).await?;
    let mut cy = enter(&scene, "Cy", &format!("hall?invite={}", text(&made["invite"]["token"])?), &[])?;
    let cys_id = cy.joined().await?;
    is_a(&mut cy, "moderator").await?;
    cy.command(json!({"moderate": "kick", "client": bos_id})).await?;
    hears(&mut bo, "status", |event| event["status"] == "removed" && event["by"] == "Cy").await?;

    ann.command(json!({"moderate": "ban", "client": cys_id})).await?;
    hears(&mut cy, "status", |event| event["status"] == "removed" && event["banned"] == true).await?;
    cy.command(json!({"join": "hall"})).await?;
    hears(&mut cy, "status", |event| event["id"] == "banned").await?;
    ann.command(json!({"delete_room": true})).await?;
    hears(&mut ann, "left", |_| true).await?;
    bo.command(json!({"join": "hall"})).await?;
    hears(&mut bo, "status", |event| event["id"] == "unknown-room").await?;
    Ok(())
}
