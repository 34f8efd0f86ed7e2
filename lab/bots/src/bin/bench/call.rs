//! A call that is measured: somebody sends a clip, somebody watches; both are the app, or both Chromium.

mod app;
mod chromium;

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use ::network::Network;
use anyhow::Result;
use bots::material::{self, Footage};
use bots::{Display, Place, Server};

use crate::watched::Watched;
pub(crate) use app::AppCall;
pub(crate) use chromium::{Captures, ChromiumCall};

pub(crate) const FPS: u32 = 30;
/// Of the whole pictures that are kept, for both the same: enough for a mean, too few to be in anybody's way.
const SAMPLE_EVERY_MS: u32 = 500;
const ROOM: &str = "demo";

/// The clip that both send: as it is, for the app, which draws the mark itself; and with the mark, for Chromium.
pub(crate) struct Clip {
    pub(crate) plain: PathBuf,
    pub(crate) marked: PathBuf,
}

impl Clip {
    pub(crate) async fn prepare(folder: &Path, size: (u32, u32)) -> Result<Self> {
        let plain = material::bikes(folder, size).await?;
        let clip = Self { plain, ..Self::prepared(folder, size.1) };
        material::marked_clip(&clip.plain, &clip.marked, FPS)?;
        Ok(clip)
    }

    /// The one that was prepared in this folder.
    pub(crate) fn prepared(folder: &Path, height: u32) -> Self {
        let (plain, marked) = (format!("bikes-{height}.y4m"), format!("marked-{height}.y4m"));
        Self { plain: folder.join(plain), marked: folder.join(marked) }
    }

    pub(crate) fn footage(&self) -> Result<Footage> {
        Footage::open(&self.plain)
    }
}

/// Where a call is: sender and receiver, in this order.
pub(crate) struct Stage<'a> {
    pub(crate) clip: &'a Clip,
    pub(crate) folder: &'a Path,
    /// For a receiver with a window.
    pub(crate) display: Option<&'a Display>,
    pub(crate) places: [Place; 2],
    /// Where the browsers' drivers are reached.
    pub(crate) drivers: [&'a str; 2],
    /// Where they find the server.
    pub(crate) origins: [String; 2],
    /// What the sender's microphone hears, where it may not speak: whoever does has a border around the picture.
    pub(crate) silence: Option<PathBuf>,
    /// For as long as the call lasts.
    _server: Server,
}

impl<'a> Stage<'a> {
    pub(crate) async fn loopback(clip: &'a Clip, folder: &'a Path, display: Option<&'a Display>) -> Result<Self> {
        let server = Server::start(&folder.join("server"), 0, &[ROOM], &[]).await?;
        let origins = [server.address.clone(), server.address.clone()];
        let (places, drivers) = ([Place::here(), Place::here()], ["127.0.0.1"; 2]);
        let silence = folder.join("silence.wav");
        material::tone(&silence, 0.0, 1)?;
        Ok(Self { clip, folder, display, places, drivers, origins, silence: Some(silence), _server: server })
    }

    /// For who runs at the hub of a bad network.
    pub(crate) async fn between(clip: &'a Clip, folder: &'a Path, namespaces: [&str; 2]) -> Result<Self> {
        let server = Server::start_on("0.0.0.0:0", &folder.join("server"), &[ROOM], &[]).await?;
        let port = server.port()?;
        let origins = Network::HUB.map(|host| format!("http://{host}:{port}"));
        let (places, drivers) = (namespaces.map(Place::namespace), ["10.78.1.2", "10.78.2.2"]);
        Ok(Self { clip, folder, display: None, places, drivers, origins, silence: None, _server: server })
    }

    fn room(&self, side: usize) -> String {
        format!("{}/rtc/{ROOM}", self.origins[side])
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Who {
    App,
    Chromium,
}

impl Who {
    pub(crate) const BOTH: [Self; 2] = [Self::App, Self::Chromium];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::App => "app",
            Self::Chromium => "Chromium",
        }
    }
}

pub(crate) enum Call {
    App(AppCall),
    Chromium(ChromiumCall),
}

impl Call {
    /// The receiver sees the sender's picture, and everything is noted from here on.
    pub(crate) async fn start(who: Who, stage: &Stage<'_>) -> Result<Self> {
        Ok(match who {
            Who::App => Self::App(AppCall::start(stage).await?),
            Who::Chromium => Self::Chromium(ChromiumCall::start(stage).await?),
        })
    }

    /// The pictures are as large as they become.
    pub(crate) async fn grown(&self, height: u32) -> Result<()> {
        match self {
            Self::App(_) => Ok(()),
            Self::Chromium(call) => call.grown(height).await,
        }
    }

    /// When which frame was captured, if the mark does not say that.
    pub(crate) async fn captures(&self) -> Result<Option<Captures>> {
        match self {
            Self::App(_) => Ok(None),
            Self::Chromium(call) => Ok(Some(call.captures().await?)),
        }
    }

    pub(crate) async fn end(self) -> Result<Watched> {
        match self {
            Self::App(call) => call.end().await,
            Self::Chromium(call) => call.end().await,
        }
    }
}

/// Milliseconds since 1970.
pub(crate) fn wall_millis() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs_f64() * 1000.0
}
