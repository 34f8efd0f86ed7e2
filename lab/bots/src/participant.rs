//! A participant of ours as a process under remote control, with a window or without.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};

use crate::place::Place;
use crate::process::{PATIENCE, Process, binary, eventually};

/// What the program shows.
pub enum Looks<'a> {
    Headless,
    /// No window, but this display's screen can be shared.
    HeadlessOn(&'a str),
    /// A window on this X display, as in `:99`.
    Window(&'a str),
}

pub struct Participant {
    process: Process,
    /// Everything it said so far.
    history: Vec<Value>,
    report: PathBuf,
}

impl Participant {
    /// Starts `rtc-chat join <address>`; `extra` are further arguments.
    pub fn start(name: &str, address: &str, looks: &Looks<'_>, folder: &Path, extra: &[&str]) -> Result<Self> {
        Self::start_at(&Place::here(), name, address, looks, folder, extra)
    }

    pub fn start_at(
        place: &Place,
        name: &str,
        address: &str,
        looks: &Looks<'_>,
        folder: &Path,
        extra: &[&str],
    ) -> Result<Self> {
        let report = folder.join(format!("{name}.json"));
        let mut command = place.command(binary("rtc-chat")?);
        command.args(["join", address, "--control", "--loopback", "--name", name, "--report"]).arg(&report);
        match looks {
            Looks::Headless => command.arg("--headless").env_remove("DISPLAY"),
            Looks::HeadlessOn(display) => command.arg("--headless").env("DISPLAY", display),
            Looks::Window(display) => command.env("DISPLAY", display).env_remove("WAYLAND_DISPLAY"),
        };
        if !extra.contains(&"--identity") {
            // What the person at this machine is remembered by is not ours.
            command.arg("--no-identity");
        }
        command.args(extra);
        Ok(Self { process: Process::start(name, &mut command)?, history: Vec::new(), report })
    }

    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }

    pub async fn command(&mut self, command: Value) -> Result<()> {
        self.process.write_line(&command.to_string()).await
    }

    pub async fn say(&mut self, text: &str) -> Result<()> {
        self.command(json!({"say": text})).await
    }

    /// What it said so far, oldest first.
    pub fn history(&self) -> &[Value] {
        &self.history
    }

    /// Waits until `find` finds something in what the participant said from the start on.
    pub async fn expect<T>(&mut self, what: &str, mut find: impl FnMut(&[Value]) -> Option<T>) -> Result<T> {
        let wait = async {
            loop {
                if let Some(found) = find(&self.history) {
                    return Ok::<T, anyhow::Error>(found);
                }
                let line = self.process.line().await?;
                self.history.push(serde_json::from_str(&line).with_context(|| format!("no JSON: {line}"))?);
            }
        };
        match tokio::time::timeout(PATIENCE, wait).await {
            Ok(found) => found.with_context(|| format!("while waiting for: {what}")),
            Err(_) => bail!("not within {PATIENCE:?}: {what}; it said {}", json!(self.history)),
        }
    }

    /// Its client id, once it is in the room.
    pub async fn joined(&mut self) -> Result<String> {
        self.expect("being in the room", |said| {
            let joined = said.iter().rev().find(|event| event["status"] == "joined")?;
            joined["me"].as_str().map(str::to_owned)
        })
        .await
    }

    /// Waits until it stands connected to exactly `n` others.
    pub async fn connected_to(&mut self, n: usize) -> Result<()> {
        self.expect(&format!("connections to {n}"), |said| (connected(said) == n).then_some(())).await
    }

    /// Waits until its roster has exactly `n` entries.
    pub async fn roster_of(&mut self, n: usize) -> Result<Vec<Value>> {
        self.expect(&format!("a roster of {n}"), |said| {
            let roster = said.iter().rev().find(|event| event["event"] == "roster")?["participants"].as_array()?;
            (roster.len() == n).then(|| roster.clone())
        })
        .await
    }

    /// How often it heard or echoed this very text.
    pub fn count_text(&self, text: &str) -> usize {
        self.history.iter().filter(|event| event["event"] == "chat" && event["text"] == text).count()
    }

    pub async fn hears_text(&mut self, text: &str) -> Result<()> {
        self.expect(&format!("the text {text:?}"), |said| {
            said.iter().any(|event| event["event"] == "chat" && event["text"] == text).then_some(())
        })
        .await
    }

    /// Its report of this moment.
    pub async fn report(&mut self) -> Result<Value> {
        let before = self.history.iter().filter(|event| event["event"] == "report").count();
        self.command(json!({"report": true})).await?;
        self.expect("a report", |said| {
            said.iter().filter(|event| event["event"] == "report").nth(before).map(|event| event["report"].clone())
        })
        .await
    }

    /// Waits until its report shows something.
    pub async fn reports<T>(&mut self, what: &str, find: impl Fn(&Value) -> Option<T>) -> Result<T> {
        eventually(what, async || Ok(find(&self.report().await?))).await
    }

    /// Leaves in order and reads the report that it left behind.
    pub async fn quit(mut self) -> Result<Value> {
        self.command(json!({"quit": true})).await?;
        let status = self.process.ended().await?;
        if !status.success() {
            bail!("the participant ended with {status}");
        }
        Ok(serde_json::from_str(&std::fs::read_to_string(&self.report)?)?)
    }
}

/// How many peers stand connected after all that was said.
fn connected(said: &[Value]) -> usize {
    let mut last = std::collections::BTreeMap::new();
    for event in said.iter().filter(|event| event["event"] == "peer") {
        last.insert(event["client"].to_string(), event["state"] == "connected");
    }
    last.values().filter(|&&connected| connected).count()
}
