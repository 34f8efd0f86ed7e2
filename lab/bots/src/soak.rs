//! Joins and departures of every kind, after which nothing of them may stay behind in the server.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use client::api::Api;
use protocol::RoomId;
use protocol::api::JoinRoom;
use tempfile::TempDir;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

use crate::fleet::{Farewell, Fleet, Habits, Talk};
use crate::load::weigh;
use crate::process::eventually;
use crate::server::Server;

const ROOMS: usize = 50;
/// How long those stay who get in.
const STAY: Duration = Duration::from_secs(1);
const HABITS: Habits = Habits { ping_every: Duration::from_secs(2), talk: Talk::Every(Duration::from_secs(1)) };

/// For a server whose visitors all come from one address, which is limited otherwise.
pub const OPEN_HOUSE: &[&str] = &[
    "--offers-per-minute=1000000",
    "--offers-burst=1000000",
    "--half-open-per-address=100000",
    "--half-open=100000",
    "--rooms-burst=1000000",
    "--http-connections-per-address=10000",
    "--http-connections=10000",
    "--log=error",
];

/// What is left in a server, by its own account and by the system's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Remains {
    pub clients: u64,
    pub seats: u64,
    pub connections: u64,
    pub tasks: u64,
    pub descriptors: u64,
}

/// A server and its visitors.
pub struct Soak {
    fleet: Arc<Fleet>,
    server: Server,
    metrics: String,
    start: Remains,
    _folder: TempDir,
}

impl Soak {
    /// `extra`: further flags of the server.
    pub async fn start(extra: &[&str]) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let rooms: Vec<String> = (0..ROOMS).map(name).collect();
        let rooms: Vec<&str> = rooms.iter().map(String::as_str).collect();
        let extra = [OPEN_HOUSE, &["--metrics-listen=127.0.0.1:0"], extra].concat();
        let mut server = Server::start(folder.path(), 0, &rooms, &extra).await?;
        let metrics = server.metrics().await?;
        let start = read(&metrics).await?;
        Ok(Self { fleet: Arc::new(Fleet::launch()?), server, metrics, start, _folder: folder })
    }

    /// What there was before anybody came.
    pub fn at_the_start(&self) -> Remains {
        self.start
    }

    /// So many come, so many a second.
    pub async fn round(&self, joins: usize, per_second: u32) -> Result<()> {
        // Its connections end with the round.
        let api = Api::new(self.server.address.parse()?, None);
        let (begin, mut people) = (Instant::now(), JoinSet::new());
        for (n, at) in (0..joins).zip(0u32..) {
            let (fleet, api) = (Arc::clone(&self.fleet), api.clone());
            people.spawn(async move {
                sleep_until(begin + Duration::from_secs(1) * at / per_second).await;
                visit(&fleet, &api, n).await
            });
        }
        people.join_all().await.into_iter().collect()
    }

    /// Waits until everything is as it was at the start.
    pub async fn settled(&self) -> Result<()> {
        let mut left = self.start;
        let settled = eventually("everything is as at the start", async || {
            left = read(&self.metrics).await?;
            Ok((left == self.start).then_some(()))
        })
        .await;
        settled.with_context(|| format!("{left:?} instead of {:?}", self.start))
    }

    /// The server's memory.
    pub fn mib(&mut self) -> Result<f64> {
        let id = self.server.process().id().context("it runs")?;
        Ok(weigh(&[id])?.pss_kib as f64 / 1024.0)
    }
}

async fn read(metrics: &str) -> Result<Remains> {
    // A connection of its own each time, which is over before the next.
    let page = reqwest::get(metrics).await?.text().await?;
    let read = |name: &str| {
        let line = page.lines().find_map(|line| line.strip_prefix(&format!("rtc_chat_{name} ")));
        line.and_then(|value| value.parse().ok()).with_context(|| format!("no {name} in the metrics"))
    };
    Ok(Remains {
        clients: read("clients")?,
        seats: read("seats")?,
        connections: read("connections")?,
        tasks: read("tasks")?,
        descriptors: read("process_open_fds")?,
    })
}

fn name(n: usize) -> String {
    format!("soak-{n}")
}

/// A third leaves in order, a third vanishes, a third never connects: half of these with an offer, half without.
async fn visit(fleet: &Fleet, api: &Api, n: usize) -> Result<()> {
    let (room, pass) = (RoomId::parse(&name(n % ROOMS))?, JoinRoom::default());
    let farewell = match n % 6 {
        0 | 3 => Farewell::Bye,
        1 | 4 => Farewell::Vanish,
        2 => return fleet.offer_only(api, &room, &pass).await,
        _ => {
            api.join(&room, &pass, None).await?;
            return Ok(());
        }
    };
    let newcomer = fleet.join(api, &room, &pass, HABITS).await?;
    let id = newcomer.id;
    newcomer.arrived().await?;
    sleep(STAY).await;
    fleet.depart(id, farewell).await
}
