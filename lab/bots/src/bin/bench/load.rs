//! How many clients one server holds, what each costs, and how long newcomers wait meanwhile.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use bots::Server;
use bots::fleet::{Farewell, Fleet, Habits, MemberId, Talk, Tally, percentile};
use bots::load::{Load, Weight, weigh};
use bots::soak::OPEN_HOUSE;
use client::api::Api;
use protocol::RoomId;
use protocol::api::{CreateRoom, JoinRoom};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

const ROOM_SIZE: usize = 8;
const PING_EVERY: Duration = Duration::from_secs(2);
const TALK_EVERY: Duration = Duration::from_secs(1);
/// Newcomers a second while the fleet grows.
const JOINS_PER_SECOND: u32 = 100;
const STEP: usize = 1000;
/// How long each size is looked at.
const SPAN: Duration = Duration::from_secs(20);
/// How many leave in the end.
const DEPARTURES: usize = 250;
const SETTLING: Duration = Duration::from_secs(5);
/// A server whose pings are slower than this does not hold its clients.
const PING_MAX: Duration = Duration::from_millis(100);

struct Bench {
    fleet: Arc<Fleet>,
    api: Api,
    server: u32,
    /// Of this program, before it had members.
    own: Weight,
    members: usize,
    /// In the order of the rooms.
    ids: Vec<MemberId>,
}

pub(crate) async fn run(clients: usize) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut server = Server::start(folder.path(), 0, &[], OPEN_HOUSE).await?;
    let id = server.process().id().context("it runs")?;
    let api = Api::new(server.address.parse()?, None);
    let mut bench = Bench {
        fleet: Arc::new(Fleet::launch()?),
        api,
        server: id,
        own: weigh(&[std::process::id()])?,
        members: 0,
        ids: Vec::new(),
    };
    let idle = bench.weigh()?;
    println!("\n### The server under load\n\nidle: {:.1} MiB", mib(&idle));
    let mut alone = bench.grow(200, 10).await?;
    let (p50, p99) = (percentile(&mut alone, 0.5), percentile(&mut alone, 0.99));
    println!(
        "offer to first `room-info`, 10 joins a second on a server with little to do: p50 {p50:.1?}, p99 {p99:.1?}"
    );
    println!(
        "\n| clients | pings p50 / p99 / max (late, lost) | joins at {JOINS_PER_SECOND}/s p50 / p99 | CPU of the server | KiB a client | deliveries/s |"
    );
    println!("|---|---|---|---|---|---|");
    while bench.members < clients {
        let target = (bench.members / STEP + 1) * STEP;
        let mut joins = bench.grow(target.min(clients) - bench.members, JOINS_PER_SECOND).await?;
        if !bench.look(&idle, &mut joins).await? {
            break;
        }
    }
    bench.price_of_a_message().await?;
    let own = weigh(&[std::process::id()])?.pss_kib.saturating_sub(bench.own.pss_kib);
    println!(
        "this program, with the same engine on the other side: {:.0} KiB a client",
        own as f64 / bench.members as f64
    );
    bench.departures().await
}

impl Bench {
    fn weigh(&self) -> Result<Weight> {
        weigh(&[self.server])
    }

    /// So many more, so many a second, whether or not the earlier ones are in yet. How long each took.
    async fn grow(&mut self, count: usize, per_second: u32) -> Result<Vec<Duration>> {
        let first = self.members;
        for room in first.div_ceil(ROOM_SIZE)..(first + count).div_ceil(ROOM_SIZE) {
            let wish = CreateRoom { id: name(room), ..CreateRoom::default() };
            self.api.create_room(&wish, None).await?;
        }
        let (begin, mut arrivals) = (Instant::now(), JoinSet::new());
        for (n, member) in (0..).zip(first..first + count) {
            let (fleet, api) = (Arc::clone(&self.fleet), self.api.clone());
            arrivals.spawn(async move {
                sleep_until(begin + Duration::from_secs(1) * n / per_second).await;
                let room = RoomId::parse(&name(member / ROOM_SIZE))?;
                let talk = if member.is_multiple_of(ROOM_SIZE) { Talk::Every(TALK_EVERY) } else { Talk::Never };
                let habits = Habits { ping_every: PING_EVERY, talk };
                let newcomer = fleet.join(&api, &room, &JoinRoom::default(), habits).await?;
                Ok((member, newcomer.id, newcomer.arrived().await?))
            });
        }
        self.members += count;
        let arrived: Result<Vec<(usize, MemberId, Duration)>> = arrivals.join_all().await.into_iter().collect();
        let mut arrived = arrived?;
        arrived.sort_unstable();
        self.ids.extend(arrived.iter().map(|(_, id, _)| *id));
        Ok(arrived.into_iter().map(|(_, _, took)| took).collect())
    }

    /// Looks at everybody for a while and prints a row. `false`: they are too many.
    async fn look(&self, idle: &Weight, joins: &mut [Duration]) -> Result<bool> {
        let (mut tally, load, after) = self.watch().await?;
        let p99 = percentile(&mut tally.pings, 0.99);
        println!(
            "| {} | {:.1?} / {p99:.1?} / {:.1?} ({:.1?}, {}) | {:.1?} / {:.1?} | {:.0} % | {:.0} | {:.0} |",
            tally.members,
            percentile(&mut tally.pings, 0.5),
            percentile(&mut tally.pings, 1.0),
            tally.late,
            tally.lost,
            percentile(joins, 0.5),
            percentile(joins, 0.99),
            load.cpu_percent,
            after.pss_kib.saturating_sub(idle.pss_kib) as f64 / self.members as f64,
            tally.texts_heard as f64 / SPAN.as_secs_f64(),
        );
        Ok(p99 <= PING_MAX && tally.lost == 0)
    }

    async fn watch(&self) -> Result<(Tally, Load, Weight)> {
        // What the newcomers caused is over by then.
        sleep(SETTLING).await;
        self.fleet.tally().await?;
        let before = self.weigh()?;
        sleep(SPAN).await;
        let (tally, after) = (self.fleet.tally().await?, self.weigh()?);
        Ok((tally, Load::between(&before, &after, SPAN), after))
    }

    /// How soon the others know that someone left in order.
    async fn departures(&mut self) -> Result<()> {
        let leaving: Vec<MemberId> = self.ids.iter().copied().skip(1).step_by(ROOM_SIZE).take(DEPARTURES).collect();
        self.fleet.tally().await?;
        for id in leaving {
            self.fleet.depart(id, Farewell::Bye).await?;
            sleep(Duration::from_millis(20)).await;
        }
        sleep(SETTLING).await;
        let mut tally = self.fleet.tally().await?;
        println!(
            "from `bye` to `left` at each of the others, {} times: p50 {:.1?}, p99 {:.1?}",
            tally.departures.len(),
            percentile(&mut tally.departures, 0.5),
            percentile(&mut tally.departures, 0.99)
        );
        Ok(())
    }

    /// What chat costs: the difference between the same clients talking and silent.
    async fn price_of_a_message(&self) -> Result<()> {
        self.fleet.let_talk(false).await?;
        let (_, silent, _) = self.watch().await?;
        self.fleet.let_talk(true).await?;
        let (tally, talking, _) = self.watch().await?;
        let seconds = (talking.cpu_percent - silent.cpu_percent) / 100.0 * SPAN.as_secs_f64();
        println!(
            "\n{} clients: {:.0} % of a core silent, {:.0} % talking: {:.0} µs of CPU for each line delivered",
            self.members,
            silent.cpu_percent,
            talking.cpu_percent,
            seconds * 1e6 / tally.texts_heard as f64
        );
        Ok(())
    }
}

fn name(room: usize) -> String {
    format!("load-{room}")
}

fn mib(weight: &Weight) -> f64 {
    weight.pss_kib as f64 / 1024.0
}
