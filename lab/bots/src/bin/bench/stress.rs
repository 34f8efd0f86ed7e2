//! The disk under chat that is kept, and everybody else's pings under a flood.

use std::time::Duration;

use anyhow::Result;
use bots::Server;
use bots::fleet::{Fleet, Habits, Talk, Tally, percentile};
use bots::soak::OPEN_HOUSE;
use client::api::Api;
use protocol::api::{CreateRoom, JoinRoom};
use protocol::{History, RoomId};
use tokio::time::sleep;

const SPAN: Duration = Duration::from_secs(10);
const SETTLING: Duration = Duration::from_secs(2);
const QUIET: Habits = Habits { ping_every: Duration::from_millis(250), talk: Talk::Never };
/// Nobody is held back: the disk is to be the limit.
const UNLIMITED: &[&str] = &[
    "--messages-per-second=1000000",
    "--messages-burst=1000000",
    "--texts-per-second=1000000",
    "--texts-burst=1000000",
];

/// How many lines a second are on the disk before their writers hear them.
pub(crate) async fn kept_chat() -> Result<()> {
    println!("\n### Chat that is kept: durable lines, each writer with one under way\n");
    println!("| writers, in rooms of their own | lines/s | from saying to hearing p50 / p99 |\n|---|---|---|");
    for writers in [1, 10, 100] {
        let (folder, extra) = (tempfile::tempdir()?, [OPEN_HOUSE, UNLIMITED].concat());
        let server = Server::start(folder.path(), 0, &[], &extra).await?;
        let (api, fleet) = (Api::new(server.address.parse()?, None), Fleet::launch()?);
        for n in 0..writers {
            let (id, history) = (format!("kept-{n}"), Some(History::Forever));
            api.create_room(&CreateRoom { id: id.clone(), history, ..CreateRoom::default() }, None).await?;
            enter(&fleet, &api, &id, Habits { talk: Talk::OnEcho, ..QUIET }).await?;
        }
        let mut tally = watch(&fleet).await?;
        println!(
            "| {writers} | {:.0} | {:.1?} / {:.1?} |",
            tally.echoes.len() as f64 / SPAN.as_secs_f64(),
            percentile(&mut tally.echoes, 0.5),
            percentile(&mut tally.echoes, 0.99)
        );
    }
    Ok(())
}

/// The pings of forty people while others send rubbish as fast as they can, with the usual limits.
pub(crate) async fn flood() -> Result<()> {
    let (folder, rooms) = (tempfile::tempdir()?, ["flooded", "elsewhere"]);
    let server = Server::start(folder.path(), 0, &rooms, OPEN_HOUSE).await?;
    let (api, fleet, flooders) = (Api::new(server.address.parse()?, None), Fleet::launch()?, Fleet::launch()?);
    for n in 0..40 {
        enter(&fleet, &api, rooms[n % 2], QUIET).await?;
    }
    println!("\n### Pings of 40 others under a flood\n");
    println!("| flooders | frames of rubbish/s | pings p50 / p99 / max | lost |\n|---|---|---|---|");
    for count in [0, 1, 4] {
        for _ in 0..count {
            enter(&flooders, &api, rooms[0], Habits { talk: Talk::Flood { per_second: 20_000 }, ..QUIET }).await?;
        }
        let mut tally = watch(&fleet).await?;
        let rubbish = flooders.tally().await?.rubbish as f64 / (SETTLING + SPAN).as_secs_f64();
        println!(
            "| {count} more | {rubbish:.0} | {:.1?} / {:.1?} / {:.1?} | {} |",
            percentile(&mut tally.pings, 0.5),
            percentile(&mut tally.pings, 0.99),
            percentile(&mut tally.pings, 1.0),
            tally.lost
        );
    }
    Ok(())
}

async fn enter(fleet: &Fleet, api: &Api, room: &str, habits: Habits) -> Result<()> {
    fleet.join(api, &RoomId::parse(room)?, &JoinRoom::default(), habits).await?.arrived().await?;
    Ok(())
}

async fn watch(fleet: &Fleet) -> Result<Tally> {
    sleep(SETTLING).await;
    fleet.tally().await?;
    sleep(SPAN).await;
    fleet.tally().await
}
