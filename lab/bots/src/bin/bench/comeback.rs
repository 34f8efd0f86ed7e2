//! The server dies under a hundred participants in calls and starts again: how soon everyone is back, and as whom.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use bots::Server;
use bots::fleet::percentile;
use bots::process::eventually;
use bots::soak::OPEN_HOUSE;
use bytes::Bytes;
use client::{Client, ClientEvent, Options, OutgoingAudio};
use protocol::{ClientId, RoomId, Username};
use session::{Event, PeerState, Status};
use tokio::runtime::Handle;
use tokio::task::JoinSet;
use tokio::time::{interval, sleep};

const PEOPLE: usize = 100;
const ROOM_SIZE: usize = 2;
const PACKET_EVERY: Duration = Duration::from_millis(50);
/// How long the server is away; twice, because those who noticed wait longer before each further try.
const AWAY: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(20)];

/// What one participant knows.
#[derive(Debug, Default)]
struct Seen {
    /// Each time that it came in, and as whom.
    joined: Vec<(Instant, ClientId)>,
    roster: usize,
    connected: bool,
    heard_at: Option<Instant>,
    longest_gap: Duration,
}

type Everyone = Arc<Mutex<BTreeMap<usize, Seen>>>;

pub(crate) async fn run() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let rooms: Vec<String> = (0..PEOPLE / ROOM_SIZE).map(|n| format!("pair-{n}")).collect();
    let rooms: Vec<&str> = rooms.iter().map(String::as_str).collect();
    let mut server = Server::start(folder.path(), 0, &rooms, OPEN_HOUSE).await?;
    let (port, everyone, mut tasks) = (server.port()?, Everyone::default(), JoinSet::new());
    for n in 0..PEOPLE {
        attend(n, &server, &everyone, &mut tasks)?;
        sleep(Duration::from_millis(20)).await;
    }
    let ready = |seen: &Seen, joins| seen.joined.len() == joins && seen.connected && seen.roster == ROOM_SIZE;
    all(&everyone, "all calls stand", |seen| ready(seen, 1)).await?;
    println!("\n### {PEOPLE} participants in calls of {ROOM_SIZE}; the server is killed and starts again\n");
    println!("| away | back after p50 / p95 / max | longest pause of the sound |\n|---|---|---|");
    for (round, away) in (2..).zip(AWAY) {
        look(&everyone).values_mut().for_each(|seen| seen.longest_gap = Duration::ZERO);
        server.process().kill().await?;
        sleep(away).await;
        server = Server::start(folder.path(), port, &rooms, OPEN_HOUSE).await?;
        let up = Instant::now();
        all(&everyone, "everyone is back", |seen| ready(seen, round)).await?;
        let everyone = look(&everyone);
        let same = everyone.values().all(|seen| seen.joined.iter().all(|(_, id)| *id == seen.joined[0].1));
        ensure!(same, "someone came back as somebody else");
        let backs = everyone.values().filter_map(|seen| seen.joined.last()).map(|(at, _)| *at - up);
        let mut backs: Vec<Duration> = backs.collect();
        println!(
            "| {away:.0?} | {:.1?} / {:.1?} / {:.1?} | {:.0?} |",
            percentile(&mut backs, 0.5),
            percentile(&mut backs, 0.95),
            percentile(&mut backs, 1.0),
            everyone.values().map(|seen| seen.longest_gap).max().unwrap_or_default()
        );
    }
    Ok(())
}

/// One participant: sends sound, and notes what it hears.
fn attend(n: usize, server: &Server, everyone: &Everyone, tasks: &mut JoinSet<()>) -> Result<()> {
    let options = Options {
        server: server.address.parse().context("an address")?,
        trust: None,
        room: RoomId::parse(&format!("pair-{}", n / ROOM_SIZE))?,
        password: None,
        invite: None,
        token: None,
        username: Username::parse(&format!("Person {n}"))?,
        loopback: true,
        create: false,
    };
    let (client, mut events) = Client::start(options, &Handle::current());
    let everyone = Arc::clone(everyone);
    look(&everyone).insert(n, Seen::default());
    tasks.spawn(async move {
        let (mut due, mut timestamp) = (interval(PACKET_EVERY), 0u32);
        loop {
            tokio::select! {
                _ = due.tick() => {
                    timestamp = timestamp.wrapping_add(2_400);
                    client.send_audio(OutgoingAudio { data: Bytes::from_static(&[0xf8, 0xff, 0xfe]), timestamp });
                }
                event = events.recv() => match event {
                    Some(event) => look(&everyone).entry(n).or_default().note(&event),
                    None => return,
                },
            }
        }
    });
    Ok(())
}

impl Seen {
    fn note(&mut self, event: &ClientEvent) {
        match event {
            ClientEvent::Session(Event::Status(Status::Joined { me })) => {
                self.joined.push((Instant::now(), me.clone()));
            }
            ClientEvent::Session(Event::Roster(people)) => self.roster = people.len(),
            ClientEvent::Session(Event::Peer { state, .. }) => self.connected = *state == PeerState::Connected,
            ClientEvent::Rtp { packet, .. } => {
                if let Some(before) = self.heard_at.replace(packet.arrived) {
                    self.longest_gap = self.longest_gap.max(packet.arrived.saturating_duration_since(before));
                }
            }
            ClientEvent::Session(_)
            | ClientEvent::Untrusted(_)
            | ClientEvent::KeyframeWanted(_)
            | ClientEvent::Clock { .. }
            | ClientEvent::Bitrate { .. }
            | ClientEvent::SoundLoss(_) => {}
        }
    }
}

fn look(everyone: &Everyone) -> MutexGuard<'_, BTreeMap<usize, Seen>> {
    everyone.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn all(everyone: &Everyone, what: &str, holds: impl Fn(&Seen) -> bool) -> Result<()> {
    eventually(what, async || Ok(look(everyone).values().all(&holds).then_some(()))).await
}
