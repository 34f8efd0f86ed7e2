//! What the lab's own network adds to packets that come fast: an end in each namespace sends to the other and notes how
//! long the other's packets were on their way.

use std::net::UdpSocket;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use ::network::{Network, Profile, Side};
use anyhow::{Context, Result, ensure};
use bots::process::Process;
use serde_json::{Value, json};
use tokio::process::Command;

use crate::figures::{cell, percentile};

/// Of one datagram; about that of a packet of sound with its headers.
const BYTES: usize = 200;
const PORT: u16 = 7_778;
/// After the last packet was sent, others may still be on their way.
const LINGER: Duration = Duration::from_millis(500);
/// An end that hears nothing goes on waiting for its own time to be over.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// Both ends begin when both are there.
const START_IN: Duration = Duration::from_secs(2);

pub(crate) async fn run(rate: u32, seconds: u64, rounds: usize) -> Result<()> {
    println!("\n### {rate} packets/s of {BYTES} bytes each way for {seconds} s, median (spread) of {rounds}\n");
    println!("| way | lost, % | delay p50, µs | p99, µs | worst, µs |\n|---|---|---|---|---|");
    let (left, right) = (Network::ADDRESSES[0], Network::ADDRESSES[1]);
    for (name, ends) in [
        ("a plain pair of interfaces", [(None, Network::HUB[0]), (Some(Side::Left), "10.78.1.2")]),
        ("lab/network, clean", [(Some(Side::Left), left), (Some(Side::Right), right)]),
    ] {
        let mut rows: [Vec<f64>; 4] = Default::default();
        for round in 0..rounds as u64 {
            let network = Network::new(Profile::Clean, round)?;
            let program = std::env::current_exe()?;
            let start = |(side, from): (Option<Side>, &str), to: &str| {
                let program = program.to_string_lossy();
                let command = side.map_or_else(|| network.command_at_hub(&program), |it| network.command(it, &program));
                let mut command = Command::from(command);
                command.args(["carrier-end", from, to, &rate.to_string(), &seconds.to_string()]);
                Process::start("an end", &mut command)
            };
            let (mut one, mut other) = (start(ends[0], ends[1].1)?, start(ends[1], ends[0].1)?);
            for said in [one.line().await?, other.line().await?] {
                let said: Value = serde_json::from_str(&said)?;
                for (row, name) in rows.iter_mut().zip(["lost", "p50", "p99", "worst"]) {
                    row.push(said[name].as_f64().context("a figure")?);
                }
            }
            one.ended().await?;
            other.ended().await?;
        }
        let [lost, p50, p99, worst] = rows;
        println!("| {name} | {} | {} | {} | {} |", cell(&lost, 2), cell(&p50, 0), cell(&p99, 0), cell(&worst, 0));
    }
    Ok(())
}

/// In a namespace: sends and hears.
pub(crate) fn end(from: &str, to: &str, rate: u32, seconds: u64) -> Result<()> {
    let socket = UdpSocket::bind((from, PORT)).with_context(|| format!("cannot bind {from}"))?;
    let sending = socket.try_clone()?;
    let (count, begin) = (rate * seconds as u32, Instant::now() + START_IN);
    let to = to.to_owned();
    let sender =
        std::thread::Builder::new().name("sender".to_owned()).spawn(move || send(&sending, &to, rate, count, begin))?;
    let until = begin + Duration::from_secs(seconds) + LINGER;
    let mut delays = hear(&socket, until)?;
    ensure!(sender.join().is_ok_and(|sent| sent.is_ok()), "the sender failed");
    delays.sort_by(f64::total_cmp);
    let lost = 100.0 * (1.0 - delays.len() as f64 / f64::from(count));
    let (p50, p99) = (percentile(&delays, 0.5), percentile(&delays, 0.99));
    println!("{}", json!({ "lost": lost, "p50": p50, "p99": p99, "worst": delays.last() }));
    Ok(())
}

/// At even distances as far as the machine sleeps exactly: who wakes late sends what is due at once.
fn send(socket: &UdpSocket, to: &str, rate: u32, count: u32, begin: Instant) -> Result<()> {
    let mut packet = [0; BYTES];
    for number in 0..count {
        let due = begin + Duration::from_secs(1) * number / rate;
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        packet[..8].copy_from_slice(&nanos().to_be_bytes());
        // A full buffer loses like any other queue.
        let _ = socket.send_to(&packet, (to, PORT));
    }
    Ok(())
}

/// How long each packet was on its way, in microseconds.
fn hear(socket: &UdpSocket, until: Instant) -> Result<Vec<f64>> {
    socket.set_read_timeout(Some(LOOK_EVERY))?;
    let (mut packet, mut delays) = ([0; BYTES], Vec::new());
    while Instant::now() < until {
        let Ok(BYTES) = socket.recv(&mut packet) else { continue };
        let sent = u64::from_be_bytes(packet[..8].try_into()?);
        delays.push(nanos().saturating_sub(sent) as f64 / 1000.0);
    }
    Ok(delays)
}

/// One clock for both ends.
fn nanos() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos() as u64
}
