//! Who one is, and whom one talks to: over restarts of the app, and on a server that nobody vouches for.

use anyhow::{Context, Result};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bots::{Looks, Participant, Scene};
use client::api::Api;
use protocol::Credentials;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const QUIET: [&str; 6] = ["--camera", "none", "--microphone", "none", "--speaker", "null"];

fn enter(scene: &Scene, name: &str, room: &str, extra: &[&str]) -> Result<Participant> {
    let all: Vec<&str> = QUIET.iter().chain(extra).copied().collect();
    scene.participant(name, room, &Looks::Headless, &all)
}

async fn role(one: &mut Participant) -> Result<Value> {
    one.expect("the room's settings", |said| {
        said.iter().rev().find(|event| event["event"] == "settings").map(|event| event["settings"]["role"].clone())
    })
    .await
}

#[tokio::test]
async fn an_owner_who_restarts_the_app_is_still_the_owner() -> Result<()> {
    let scene = Scene::start().await?;
    let path = scene.folder.path().join("ann/identity.json");
    let identity = ["--identity", path.to_str().context("a path in Unicode")?];
    let mut ann = enter(&scene, "Ann", "hall", &["--create", identity[0], identity[1]])?;
    let id = ann.joined().await?;
    assert_eq!(role(&mut ann).await?, "owner");
    let mut bo = enter(&scene, "Bo", "hall", &[])?;
    bo.joined().await?;
    ann.process().kill().await?;
    let mut again = enter(&scene, "Ann", "hall", &identity)?;
    assert_eq!(again.joined().await?, id, "killed and started anew");
    assert_eq!(role(&mut again).await?, "owner");
    again.quit().await?;
    let mut stranger = enter(&scene, "Ann", "hall", &[])?;
    assert_ne!(stranger.joined().await?, id, "who knows nothing from before is a newcomer");
    assert_eq!(role(&mut stranger).await?, "guest");
    let mut again = enter(&scene, "Ann", "hall", &identity)?;
    assert_eq!(again.joined().await?, id, "left and come back");
    assert_eq!(role(&mut again).await?, "owner");
    assert_eq!(bo.roster_of(3).await?.len(), 3);
    Ok(())
}

#[tokio::test]
async fn whoever_is_signed_in_is_the_same_owner_on_every_device() -> Result<()> {
    let scene = Scene::start().await?;
    let server = &scene.server.address;
    let login = Credentials { name: "Ann".to_owned(), password: "long enough".to_owned() };
    let account = Api::new(server.parse()?, None).create_account(&login, None).await?;
    let device = |name: &str| -> Result<String> {
        let path = scene.folder.path().join(name);
        let own = json!({"server": server, "name": account.name, "token": account.token});
        std::fs::write(&path, json!({"version": 1, "accounts": [own]}).to_string())?;
        Ok(path.to_str().context("a path in Unicode")?.to_owned())
    };
    let (home, office) = (device("home.json")?, device("office.json")?);
    let mut ann = enter(&scene, "Ann", "hall", &["--create", "--identity", &home])?;
    let id = ann.joined().await?;
    assert_eq!(role(&mut ann).await?, "owner");
    ann.quit().await?;
    let mut ann = enter(&scene, "Ann", "hall", &["--identity", &office])?;
    assert_eq!(ann.joined().await?, id);
    assert_eq!(role(&mut ann).await?, "owner");
    ann.quit().await?;
    let kept = std::fs::read_to_string(&office)?;
    assert_eq!(kept.matches(&account.token).count(), 1, "the room keeps no copy that outlives the account");
    Ok(())
}

#[tokio::test]
async fn whoever_was_signed_out_elsewhere_is_told_and_enters_as_somebody_new() -> Result<()> {
    let scene = Scene::start().await?;
    let server = &scene.server.address;
    let api = Api::new(server.parse()?, None);
    let login = Credentials { name: "Ann".to_owned(), password: "long enough".to_owned() };
    let account = api.create_account(&login, None).await?;
    let path = scene.folder.path().join("ann.json");
    let own = json!({"server": server, "name": account.name, "token": account.token});
    std::fs::write(&path, json!({"version": 1, "accounts": [own]}).to_string())?;
    let path = path.to_str().context("a path in Unicode")?;
    let mut ann = enter(&scene, "Ann", "hall", &["--create", "--identity", path])?;
    let id = ann.joined().await?;
    ann.quit().await?;
    api.sign_out_everywhere(&account.token).await?;
    let mut ann = enter(&scene, "Ann", "hall", &["--identity", path])?;
    ann.expect("who one is not any more", |said| {
        said.iter().find(|event| event["event"] == "account" && event["id"] == "not-signed-in").map(|_| ())
    })
    .await?;
    assert_ne!(ann.joined().await?, id);
    assert_eq!(role(&mut ann).await?, "guest");
    ann.quit().await?;
    assert!(!std::fs::read_to_string(path)?.contains(&account.token));
    Ok(())
}

/// What the server prints of its certificate at its start.
fn fingerprint(scene: &Scene) -> Result<String> {
    let pem = std::fs::read_to_string(scene.folder.path().join("server/self-signed.crt"))?;
    let base64: String = pem.lines().filter(|line| !line.starts_with("-----")).collect();
    let pairs: Vec<String> =
        Sha256::digest(STANDARD.decode(base64)?).iter().map(|byte| format!("{byte:02X}")).collect();
    Ok(pairs.join(":"))
}

#[tokio::test]
async fn a_self_signed_server_is_entered_only_by_its_fingerprint() -> Result<()> {
    let scene = Scene::with_server(0, &["demo"], &["--tls-self-signed"]).await?;
    assert!(scene.server.address.starts_with("https://"), "{}", scene.server.address);
    let right = fingerprint(&scene)?;
    let wrong = right.chars().rev().collect::<String>();
    let mut stranger = enter(&scene, "Stranger", "demo", &[])?;
    let told = |said: &[Value]| said.iter().rev().find(|event| event["event"] == "untrusted").cloned();
    assert_eq!(stranger.expect("a warning", told).await?["found"], right.as_str());
    let refused = |said: &[Value]| said.iter().any(|event| event["id"] == "untrusted-server").then_some(());
    stranger.expect("a refusal", refused).await?;
    let mut misled = enter(&scene, "Misled", "demo", &["--trust", &wrong])?;
    assert_eq!(misled.expect("a warning", told).await?["expected"], wrong.as_str());
    misled.expect("a refusal", refused).await?;
    let mut friend = enter(&scene, "Friend", "demo", &["--trust", &right])?;
    friend.joined().await?;
    friend.say("hello").await?;
    friend.hears_text("hello").await?;
    Ok(())
}
