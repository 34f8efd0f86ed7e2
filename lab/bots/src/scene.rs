//! Everything that one test or demo starts, in one place: server, displays, browsers, participants, a folder.

use std::path::Path;

use anyhow::Result;
use tempfile::TempDir;
use tokio::sync::{Mutex, MutexGuard};

use crate::browser::{Browsers, Page, PageOptions};
use crate::participant::{Looks, Participant};
use crate::server::Server;

/// One scene at a time, however many threads run the tests: each has servers, apps and browsers, and the machine may
/// have two cores.
static STAGE: Mutex<()> = Mutex::const_new(());

pub struct Scene {
    pub server: Server,
    pub folder: TempDir,
    browsers: Option<Browsers>,
    _stage: MutexGuard<'static, ()>,
}

impl Scene {
    /// A server with the kept room `demo`.
    pub async fn start() -> Result<Self> {
        Self::with_server(0, &["demo"], &[]).await
    }

    pub async fn with_server(port: u16, rooms: &[&str], extra: &[&str]) -> Result<Self> {
        let stage = STAGE.lock().await;
        let folder = tempfile::Builder::new().prefix("rtc-chat-").tempdir()?;
        let server = Server::start(&folder.path().join("server"), port, rooms, extra).await?;
        Ok(Self { server, folder, browsers: None, _stage: stage })
    }

    /// A participant with pattern and tone, unless `extra` says otherwise.
    pub fn participant(&self, name: &str, room: &str, looks: &Looks<'_>, extra: &[&str]) -> Result<Participant> {
        let mut arguments = Vec::new();
        for (flag, value) in [("--camera", "pattern"), ("--microphone", "tone:1000"), ("--speaker", "null")] {
            if !extra.contains(&flag) {
                arguments.extend([flag, value]);
            }
        }
        arguments.extend(extra);
        Participant::start(name, &self.server.room(room), looks, self.folder.path(), &arguments)
    }

    pub fn headless(&self, name: &str, extra: &[&str]) -> Result<Participant> {
        self.participant(name, "demo", &Looks::Headless, extra)
    }

    /// Somebody in the usual room whose camera is this clip, sent as large as it is.
    pub fn sender(&self, name: &str, looks: &Looks, clip: &Path, (width, height): (u32, u32)) -> Result<Participant> {
        let (camera, size) = (format!("file:{}", clip.display()), format!("{width}x{height}"));
        self.participant(name, "demo", looks, &["--camera", &camera, "--size", &size])
    }

    /// An empty tab of a browser of its own.
    pub async fn page(&mut self, options: &PageOptions<'_>) -> Result<Page> {
        if self.browsers.is_none() {
            self.browsers = Some(Browsers::start().await?);
        }
        match &self.browsers {
            Some(browsers) => browsers.open(options).await,
            None => unreachable!("started above"),
        }
    }
}
