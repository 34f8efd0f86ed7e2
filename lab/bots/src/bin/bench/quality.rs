//! The picture that comes out at the other end of bad networks, the app and Chromium side by side: how like the sent one it
//! is, how many a second, how late, and what it took.

use std::path::Path;
use std::time::Duration;

use ::network::{Network, Profile, Side};
use anyhow::{Context, Result};
use bots::process::Process;
use serde_json::{Value, json};
use tokio::process::Command;
use tokio::time::interval;

use crate::call::{Call, Clip, Stage, Who, wall_millis};
use crate::figures::cell;
use crate::watched::Figures;

/// Until congestion control has found its way.
const WARM_UP: Duration = Duration::from_secs(8);
/// How often the one inside says that it is still there; until the measuring begins, the profile begins again as often.
const TICK: Duration = Duration::from_secs(1);
const SEED: u64 = 5;

/// What the one inside says to the one outside, who has the network.
const BEGINS: &str = "begins";
const ENDS: &str = "ends";
const WAITS: &str = "waits";

pub(crate) struct Plan {
    pub(crate) profiles: Vec<Profile>,
    pub(crate) size: (u32, u32),
    pub(crate) span: Duration,
    pub(crate) rounds: usize,
}

/// One call.
#[derive(Debug, Clone, Copy)]
struct Outcome {
    figures: Figures,
    /// From the sender onto the network, everything included.
    kbits: f64,
    /// The same in the fifth second of the call.
    early_kbits: f64,
}

pub(crate) async fn run(plan: &Plan) -> Result<()> {
    let Plan { profiles, size: (width, height), span, rounds } = plan;
    println!("\n### Pictures over bad networks, {width}×{height} at 30/s one way, median (spread) of {rounds}\n");
    println!("{} s after {} s; longer where the network changes meanwhile\n", span.as_secs(), WARM_UP.as_secs());
    println!(
        "| network | who | PSNR, dB | pictures/s | longest freeze, ms | height | kbit/s | in the 5th second | delay p50, ms | p95, ms |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|");
    let folder = tempfile::Builder::new().prefix("rtc-chat-").tempdir()?;
    Clip::prepare(folder.path(), plan.size).await?;
    for profile in profiles {
        let mut outcomes = Who::BOTH.map(|who| (who, Vec::new()));
        for round in 0..*rounds as u64 {
            // In turns, so that what else the machine does troubles both.
            for (who, outcomes) in &mut outcomes {
                let outcome = call(plan, *profile, *who, folder.path(), SEED + round).await;
                outcomes.push(outcome.with_context(|| format!("{} over {profile}", who.name()))?);
            }
        }
        for (who, outcomes) in outcomes {
            println!("| {profile} | {} | {} |", who.name(), cells(&outcomes));
        }
    }
    Ok(())
}

fn cells(outcomes: &[Outcome]) -> String {
    let column =
        |decimals: usize, value: fn(&Outcome) -> f64| cell(&outcomes.iter().map(value).collect::<Vec<_>>(), decimals);
    [
        column(1, |outcome| outcome.figures.psnr),
        column(1, |outcome| outcome.figures.rate),
        column(0, |outcome| outcome.figures.longest),
        column(0, |outcome| outcome.figures.height),
        column(0, |outcome| outcome.kbits),
        column(0, |outcome| outcome.early_kbits),
        column(0, |outcome| outcome.figures.p50),
        column(0, |outcome| outcome.figures.p95),
    ]
    .join(" | ")
}

/// Phases that end have to fit in.
fn span(profile: Profile, least: Duration) -> Duration {
    let phases: Duration = profile.phases().iter().filter_map(|phase| phase.lasts).sum();
    // And what comes after them.
    if phases.is_zero() { least } else { least.max(phases + Duration::from_secs(20)) }
}

/// The programs live in namespaces, and whoever drives them next to the server, so that every one of them can be reached:
/// this program starts itself there.
async fn call(plan: &Plan, profile: Profile, who: Who, folder: &Path, seed: u64) -> Result<Outcome> {
    let network = Network::new(profile, seed)?;
    let mut command: Command = network.command_at_hub(&std::env::current_exe()?.to_string_lossy()).into();
    let span = span(profile, plan.span);
    command.arg("quality-inside").arg(who.name()).arg(folder).arg(plan.size.1.to_string());
    command.args([network.namespace(Side::Left), network.namespace(Side::Right), &span.as_secs().to_string()]);
    let mut inside = Process::start("one call", &mut command)?;
    let sent = || network.counts(Side::Left).offered_bytes;
    let (mut tick, mut begun, mut bytes) = (interval(TICK), None, 0);
    // After each second.
    let mut course = Vec::new();
    let said = loop {
        let line = tokio::select! {
            line = inside.line() => line?,
            // What a profile has in store waits for the measuring.
            _ = tick.tick(), if begun.is_none() => { network.restart(); continue }
        };
        match line.as_str() {
            WAITS => course.push(sent()),
            BEGINS => {
                network.restart();
                begun = Some(sent());
            }
            ENDS => bytes = sent() - begun.context("it ends before it begins")?,
            figures => break serde_json::from_str::<Value>(figures)?,
        }
    };
    inside.ended().await?;
    let number = |name: &str| said[name].as_f64().unwrap_or(f64::NAN);
    let figures = Figures {
        psnr: number("psnr"),
        rate: number("rate"),
        longest: number("longest"),
        height: number("height"),
        p50: number("p50"),
        p95: number("p95"),
    };
    let kbits = |bytes: u64, span: Duration| bytes as f64 * 8.0 / 1000.0 / span.as_secs_f64();
    let (fourth, fifth) = course.get(3).zip(course.get(4)).context("it ended within five seconds")?;
    Ok(Outcome { figures, kbits: kbits(bytes, span), early_kbits: kbits(fifth - fourth, TICK) })
}

/// At the hub: one call, whose clip is in `folder`.
pub(crate) async fn inside(who: Who, folder: &Path, height: u32, sides: [&str; 2], span: Duration) -> Result<()> {
    let clip = Clip::prepared(folder, height);
    let folder = tempfile::Builder::new().prefix("rtc-chat-").tempdir()?;
    let stage = Stage::between(&clip, folder.path(), sides).await?;
    let call = Call::start(who, &stage).await?;
    wait(WARM_UP).await;
    println!("{BEGINS}");
    let from = wall_millis();
    wait(span).await;
    println!("{ENDS}");
    let to = wall_millis();
    let Figures { psnr, rate, longest, height, p50, p95 } = call.end().await?.figures(&clip.footage()?, from, to)?;
    let figures = json!({ "psnr": psnr, "rate": rate, "longest": longest, "height": height,
        "p50": p50, "p95": p95 });
    println!("{figures}");
    Ok(())
}

async fn wait(span: Duration) {
    for _ in 0..span.as_secs() {
        tokio::time::sleep(TICK).await;
        println!("{WAITS}");
    }
}

/// Those that differ, without the one that carries everything.
pub(crate) fn usual() -> Vec<Profile> {
    Profile::ALL.into_iter().filter(|profile| *profile != Profile::Narrow(3000)).collect()
}
