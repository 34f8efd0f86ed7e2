//! Measurements of the whole thing on this machine, as tables for docs/BENCHMARKS.md.

mod comeback;
mod decoding;
mod delay;
mod double_talk;
mod first_picture;
mod load;
mod network;
mod server;
mod soak;
mod sound;
mod stress;
mod voices;
mod weight;

use std::path::PathBuf;

use ::network::Profile;
use anyhow::Result;
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(about)]
struct Arguments {
    /// All of them, if absent
    #[command(subcommand)]
    what: Option<What>,
    /// How often what has a spread is measured
    #[arg(long, global = true, default_value_t = 10)]
    rounds: usize,
}

#[derive(Subcommand, Clone, PartialEq, Eq)]
enum What {
    /// From the wish to join to the first picture of someone else
    FirstPicture,
    /// From capture to the decoded picture, by the pattern camera's clock
    Delay,
    /// What the isolation of the decoders costs for each picture
    Decoding,
    /// CPU and memory of the app and of Chromium with 1 and 3 remote pictures
    Weight,
    /// A voice that speaks while the loudspeaker does, before and after the echo is taken out. Only when it is named: it
    /// wants espeak-ng, ffmpeg and ViSQOL
    DoubleTalk,
    /// The server's memory, idle and for each client
    Server,
    /// The server under thousands of clients: pings, joins, memory, processor time. Minutes long: only when it is named
    Load {
        /// Where the climb ends
        #[arg(long, default_value_t = 6000)]
        clients: usize,
    },
    /// Durable chat lines a second, and everybody's pings under a flood. Only when it is named
    Stress,
    /// A hundred participants in calls whose server is killed and starts again. Only when it is named
    Comeback,
    /// Calls over bad networks, the app and Chromium side by side. Minutes long, and for root: only when it is named
    Network {
        /// As in `far`, `loss-5`, `narrow-300`; several of the most different ones, if absent
        profiles: Vec<Profile>,
        #[arg(long, default_value_t = 20)]
        seconds: u64,
    },
    /// One call of `network`, started by it
    #[command(hide = true)]
    Inside {
        profile: String,
        who: String,
        left: String,
        right: String,
        #[arg(long, default_value_t = 20)]
        seconds: u64,
    },
    /// Speech over bad networks, the app and Chromium side by side, judged by ViSQOL. Hours long, and for root: only when it
    /// is named. It wants espeak-ng, ffmpeg and ViSQOL
    Sound {
        /// As in `network`; all of them, if absent
        profiles: Vec<Profile>,
    },
    /// One call of `sound`, started by it
    #[command(hide = true)]
    InsideSound { who: String, left: String, right: String, clips: PathBuf, heard: PathBuf },
    /// Joins and departures of every kind; what they leave behind. Minutes long: only when it is named
    Soak {
        #[arg(long, default_value_t = 10_000)]
        joins: usize,
    },
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let wanted = |what| arguments.what.as_ref().is_none_or(|only| *only == what);
    if wanted(What::FirstPicture) {
        first_picture::run(arguments.rounds).await?;
    }
    if wanted(What::Delay) {
        delay::run().await?;
    }
    if wanted(What::Decoding) {
        decoding::run(arguments.rounds).await?;
    }
    if wanted(What::Weight) {
        weight::run().await?;
    }
    if wanted(What::Server) {
        server::run().await?;
    }
    match arguments.what {
        Some(What::Load { clients }) => load::run(clients).await,
        Some(What::Soak { joins }) => soak::run(joins).await,
        Some(What::Network { profiles, seconds }) => {
            let profiles = if profiles.is_empty() { network::usual() } else { profiles };
            network::run(&profiles, seconds).await
        }
        Some(What::Inside { profile, who, left, right, seconds }) => {
            network::inside(&profile, &who, &left, &right, seconds).await
        }
        Some(What::Sound { profiles }) => {
            let profiles = if profiles.is_empty() { sound::usual() } else { profiles };
            sound::run(&profiles, arguments.rounds).await
        }
        Some(What::InsideSound { who, left, right, clips, heard }) => {
            sound::inside(&who, &left, &right, &clips, &heard).await
        }
        Some(What::DoubleTalk) => double_talk::run().await,
        Some(What::Comeback) => comeback::run().await,
        Some(What::Stress) => {
            stress::kept_chat().await?;
            stress::flood().await
        }
        Some(What::FirstPicture | What::Delay | What::Decoding | What::Weight | What::Server) | None => Ok(()),
    }
}

/// Median, smallest and largest of some measurements, as a table's cells.
fn spread(mut values: Vec<f64>) -> String {
    values.sort_by(f64::total_cmp);
    match (values.first(), values.last()) {
        (Some(first), Some(last)) => format!("{:.0} | {first:.0} – {last:.0}", values[values.len() / 2]),
        _ => "– | –".to_owned(),
    }
}
