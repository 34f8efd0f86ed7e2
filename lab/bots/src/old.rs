//! Pages and servers of earlier versions, side by side with ours.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use tokio::process::Command;

use crate::material::python_folder;
use crate::process::Process;

/// A room page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    Ours,
    First,
    Second,
}

impl Version {
    /// The address of a room for a page of this version, on a server whose assets are [`all_pages`].
    pub fn room(self, server: &str, room: &str) -> String {
        match self {
            Self::Ours => format!("{server}/rtc/{room}"),
            Self::First => format!("{server}/rtc/{room}?page=first"),
            Self::Second => format!("{server}/chat/{room}?page=second"),
        }
    }
}

/// Makes a folder for `--assets` whose room page is of the version that the address asks for.
pub fn all_pages(folder: &Path) -> Result<PathBuf> {
    let (assets, scripts) = (folder.join("assets"), folder.join("assets/js"));
    std::fs::create_dir_all(&scripts)?;
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).context("the workspace")?;
    for (from, to) in [
        ("assets/js/room.js", "ours.js"),
        ("lab/bots/old-pages/first/js/room.js", "first.js"),
        ("lab/bots/old-pages/second/js/room.js", "second.js"),
    ] {
        std::fs::copy(workspace.join(from), scripts.join(to)).with_context(|| format!("copying {from}"))?;
    }
    let choose = "//! Loads the room page of the version that the address asks for.\n\
                  import(`./${new URLSearchParams(location.search).get('page') ?? 'ours'}.js`);\n";
    std::fs::write(scripts.join("room.js"), choose)?;
    Ok(assets)
}

/// The stand-in for a server of the first version.
pub struct OldServer {
    process: Process,
    pub address: String,
}

impl OldServer {
    /// `rooms` are `name[:password[:limit]]`; after `silence` seconds without a message it pings, after twice as many it drops.
    pub async fn start(rooms: &[&str], silence: f64) -> Result<Self> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("old-server/server.py");
        let mut command = Command::new(python_folder()?.join("bin/python"));
        command.arg(script).args(["--silence", &silence.to_string()]);
        for room in rooms {
            command.args(["--room", room]);
        }
        let mut process = Process::start("old server", &mut command)?;
        let line = process.line().await?;
        let address = line.strip_prefix("listening on ").context("its first line says where it listens")?;
        Ok(Self { address: address.to_owned(), process })
    }

    pub fn room(&self, room: &str) -> String {
        format!("{}/rtc/{room}", self.address)
    }

    /// Waits for a line that begins so.
    pub async fn says(&mut self, beginning: &str) -> Result<String> {
        loop {
            let line = self.process.line().await?;
            if line.starts_with(beginning) {
                return Ok(line);
            }
        }
    }
}
