//! Measurements of the whole thing on this machine, as tables for docs/BENCHMARKS.md.

mod call;
mod carrier;
mod codec;
mod comeback;
mod conversions;
mod decoding;
mod delay;
mod double_talk;
mod fidelity;
mod figures;
mod first_picture;
mod load;
mod loudspeaker;
mod network;
mod quality;
mod server;
mod soak;
mod sound;
mod stress;
mod voices;
mod watched;
mod weight;

use std::path::PathBuf;
use std::time::Duration;

use ::network::Profile;
use anyhow::Result;
use clap::{Parser, Subcommand};

use call::Who;

#[derive(Parser)]
#[command(about)]
struct Arguments {
    /// All of them, if absent
    #[command(subcommand)]
    what: Option<What>,
    /// How often what has a spread is measured
    #[arg(long, global = true)]
    rounds: Option<usize>,
}

#[derive(Subcommand, Clone, PartialEq, Eq)]
enum What {
    /// From the wish to join to the first picture of someone else
    FirstPicture,
    /// From capture to the picture that is shown, the app and Chromium side by side
    Delay,
    /// Encoding and decoding a picture, beside libvpx's own programs
    Codec,
    /// What the isolation of the decoders costs for each picture
    Decoding,
    /// What a picture costs on its way between cameras, screens, codecs and the window
    Conversions,
    /// CPU and memory of the app and of Chromium, headless and in a window, with 1 and 4 remote pictures of two sizes
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
    /// The pictures that come through bad networks, the app and Chromium side by side. An hour long, and for root: only
    /// when it is named
    Quality {
        /// As in `far`, `loss-5`, `narrow-300`; nearly all, if absent
        profiles: Vec<Profile>,
        #[arg(long, default_value = "640x360", value_parser = size)]
        size: (u32, u32),
        /// Of each call, at least
        #[arg(long, default_value_t = 20)]
        seconds: u64,
    },
    /// One call of `quality`, started by it
    #[command(hide = true)]
    QualityInside { who: String, clip: PathBuf, height: u32, left: String, right: String, seconds: u64 },
    /// What the lab's own network does to 10 000 packets a second each way. For root: only when it is named
    Carrier {
        #[arg(long, default_value_t = 10_000)]
        rate: u32,
        #[arg(long, default_value_t = 10)]
        seconds: u64,
    },
    /// One end of `carrier`, started by it
    #[command(hide = true)]
    CarrierEnd { from: String, to: String, rate: u32, seconds: u64 },
    /// Speech over bad networks, the app and Chromium side by side, judged by ViSQOL. Hours long, and for root: only when it
    /// is named. It wants espeak-ng, ffmpeg and ViSQOL
    Sound {
        /// As in `network`; all of them, if absent
        profiles: Vec<Profile>,
    },
    /// One call of `sound`, started by it
    #[command(hide = true)]
    InsideSound { who: String, left: String, right: String, clips: PathBuf, heard: PathBuf, warm_up: u64 },
    /// Joins and departures of every kind; what they leave behind. Minutes long: only when it is named
    Soak {
        #[arg(long, default_value_t = 10_000)]
        joins: usize,
    },
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments = Arguments::parse();
    let (many, few) = (arguments.rounds.unwrap_or(10), arguments.rounds.unwrap_or(5));
    let wanted = |what| arguments.what.as_ref().is_none_or(|only| *only == what);
    if wanted(What::FirstPicture) {
        first_picture::run(many).await?;
    }
    if wanted(What::Delay) {
        delay::run(few).await?;
    }
    if wanted(What::Codec) {
        codec::run(few).await?;
    }
    if wanted(What::Decoding) {
        decoding::run(many).await?;
    }
    if wanted(What::Conversions) {
        conversions::run(few).await?;
    }
    if wanted(What::Weight) {
        weight::run(few).await?;
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
        Some(What::Quality { profiles, size, seconds }) => {
            let profiles = if profiles.is_empty() { quality::usual() } else { profiles };
            let span = Duration::from_secs(seconds);
            quality::run(&quality::Plan { profiles, size, span, rounds: few }).await
        }
        Some(What::QualityInside { who, clip, height, left, right, seconds }) => {
            let who = if who == Who::App.name() { Who::App } else { Who::Chromium };
            quality::inside(who, &clip, height, [&left, &right], Duration::from_secs(seconds)).await
        }
        Some(What::Carrier { rate, seconds }) => carrier::run(rate, seconds, few).await,
        Some(What::CarrierEnd { from, to, rate, seconds }) => carrier::end(&from, &to, rate, seconds),
        Some(What::Sound { profiles }) => {
            let profiles = if profiles.is_empty() { sound::usual() } else { profiles };
            sound::run(&profiles, few).await
        }
        Some(What::InsideSound { who, left, right, clips, heard, warm_up }) => {
            sound::inside(&who, [&left, &right], &clips, &heard, Duration::from_secs(warm_up)).await
        }
        Some(What::DoubleTalk) => double_talk::run().await,
        Some(What::Comeback) => comeback::run().await,
        Some(What::Stress) => {
            stress::kept_chat().await?;
            stress::flood().await
        }
        Some(
            What::FirstPicture
            | What::Delay
            | What::Codec
            | What::Decoding
            | What::Conversions
            | What::Weight
            | What::Server,
        )
        | None => Ok(()),
    }
}

fn size(text: &str) -> Result<(u32, u32), String> {
    let sides = text.split_once('x').and_then(|(width, height)| Some((width.parse().ok()?, height.parse().ok()?)));
    sides.ok_or_else(|| "a size looks like 640x360".to_owned())
}
