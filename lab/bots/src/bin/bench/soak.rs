//! Thousands of joins and departures of every kind, twice: nothing of them may stay behind.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use bots::Server;
use bots::fleet::{Farewell, Fleet, Habits};
use bots::load::weigh;
use bots::process::eventually;
use client::api::Api;
use protocol::RoomId;
use protocol::api::JoinRoom;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

use crate::load::OPEN_HOUSE;

const JOINS_PER_SECOND: u32 = 100;
const ROOMS: usize = 50;
/// How long those stay who get in.
const STAY: Duration = Duration::from_secs(1);
const HABITS: Habits = Habits { ping_every: Duration::from_secs(2), talk_every: Some(Duration::from_secs(1)) };

/// What is left in a server, by its own account and by the system's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Remains {
    clients: u64,
    seats: u64,
    connections: u64,
    tasks: u64,
    descriptors: u64,
}

struct Soak {
    fleet: Arc<Fleet>,
    address: reqwest::Url,
    metrics: String,
    id: u32,
}

pub(crate) async fn run(joins: usize) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let rooms: Vec<String> = (0..ROOMS).map(|n| format!("soak-{n}")).collect();
    let rooms: Vec<&str> = rooms.iter().map(String::as_str).collect();
    let extra = [OPEN_HOUSE, &["--metrics-listen=127.0.0.1:0"]].concat();
    let mut server = Server::start(folder.path(), 0, &rooms, &extra).await?;
    let metrics = server.metrics().await?;
    let id = server.process().id().context("it runs")?;
    let soak = Soak { fleet: Arc::new(Fleet::launch()?), address: server.address.parse()?, metrics, id };
    let start = soak.remains().await?;
    println!("\n### {joins} joins and departures, twice\n\nat the start: {start:?}, {:.1} MiB", soak.mib()?);
    let mut memory = Vec::new();
    for round in ["first", "second"] {
        let begin = Instant::now();
        soak.round(joins).await?;
        let took = begin.elapsed();
        eventually("everything is as at the start", async || {
            let left = soak.remains().await?;
            Ok((left == start).then_some(()))
        })
        .await
        .with_context(|| format!("after the {round} round"))?;
        memory.push(soak.mib()?);
        println!("after the {round} round of {took:.0?}: everything as at the start; {:.1} MiB", soak.mib()?);
    }
    println!("the second round needed {:+.1} % memory", 100.0 * (memory[1] / memory[0] - 1.0));
    Ok(())
}

impl Soak {
    async fn round(&self, joins: usize) -> Result<()> {
        // Its connections end with the round.
        let api = Api::new(self.address.clone());
        let (begin, mut people) = (Instant::now(), JoinSet::new());
        for (n, at) in (0..joins).zip(0u32..) {
            let (fleet, api) = (Arc::clone(&self.fleet), api.clone());
            people.spawn(async move {
                sleep_until(begin + Duration::from_secs(1) * at / JOINS_PER_SECOND).await;
                visit(&fleet, &api, n).await
            });
        }
        people.join_all().await.into_iter().collect()
    }

    async fn remains(&self) -> Result<Remains> {
        let page = reqwest::get(&self.metrics).await?.text().await?;
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

    fn mib(&self) -> Result<f64> {
        Ok(weigh(&[self.id])?.pss_kib as f64 / 1024.0)
    }
}

/// A third leaves in order, a third vanishes, a third never connects: half of these with an offer, half without.
async fn visit(fleet: &Fleet, api: &Api, n: usize) -> Result<()> {
    let (room, pass) = (RoomId::parse(&format!("soak-{}", n % ROOMS))?, JoinRoom::default());
    let farewell = match n % 6 {
        0 | 3 => Farewell::Bye,
        1 | 4 => Farewell::Vanish,
        2 => return fleet.offer_only(api, &room, &pass).await,
        _ => return Ok(drop(api.join(&room, &pass, None).await?)),
    };
    let newcomer = fleet.join(api, &room, &pass, HABITS).await?;
    let id = newcomer.id;
    newcomer.arrived().await?;
    sleep(STAY).await;
    fleet.depart(id, farewell).await
}
