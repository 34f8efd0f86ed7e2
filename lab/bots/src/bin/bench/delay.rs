//! From capture to the picture that is shown, the app and Chromium side by side on the loopback: as the receiver says
//! itself, and as somebody sees it who looks at the pixels of its window.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use bots::{Display, marks, process};

use crate::call::{Call, Clip, Stage, Who, wall_millis};
use crate::figures::{cell, percentile};
use crate::watched::Shown;

const SIZES: [(u32, u32); 2] = [(640, 360), (1280, 720)];
const WARM_UP: Duration = Duration::from_secs(8);
const SPAN: Duration = Duration::from_secs(10);
const DISPLAY: (u32, u32) = (1280, 800);

const TRIES: usize = 3;

/// Between two looks at the window. A look by itself takes well below a millisecond.
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// The mark is looked for while its number is below this. The app counts on; the clip's own numbers begin again. Where it is
/// dark to the right of a mark, as in the page, its last 32 cells and the dark are another one, as if its checksum were a
/// part of the number: this one, if the number is 0, and larger ones else.
fn number_max(who: Who) -> u32 {
    match who {
        Who::App => 100_000,
        Who::Chromium => 0xA5,
    }
}

/// How one knows that a picture is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Until {
    /// The receiver says so: a headless one.
    Presented,
    /// It is among the pixels of its window.
    Seen,
}

pub(crate) async fn run(rounds: usize) -> Result<()> {
    println!("\n### From capture until it is shown, loopback, 30/s, ms, median (spread) of {rounds}\n");
    println!("| picture | until | who | p50 | p95 | pictures/s |\n|---|---|---|---|---|---|");
    let folder = tempfile::Builder::new().prefix("rtc-chat-").tempdir()?;
    for size in SIZES {
        let clip = Clip::prepare(folder.path(), size).await?;
        for until in [Until::Presented, Until::Seen] {
            let mut columns = Who::BOTH.map(|who| (who, [vec![], vec![], vec![]]));
            for _ in 0..rounds {
                for (who, columns) in &mut columns {
                    let shown = call(*who, until, &clip).await?;
                    let delays: Vec<f64> = shown.iter().filter_map(|shown| Some(shown.at - shown.captured?)).collect();
                    ensure!(2 * delays.len() > shown.len(), "captured: {} of {} pictures", delays.len(), shown.len());
                    let rate = shown.len() as f64 / SPAN.as_secs_f64();
                    let figures = [percentile(&delays, 0.5), percentile(&delays, 0.95), rate];
                    columns.iter_mut().zip(figures).for_each(|(column, figure)| column.push(figure));
                }
            }
            let until = if until == Until::Presented { "decoded / presented" } else { "in the window's pixels" };
            for (who, columns) in columns {
                let cells = columns.map(|column| cell(&column, 0)).join(" | ");
                println!("| {}×{} | {until} | {} | {cells} |", size.0, size.1, who.name());
            }
        }
    }
    Ok(())
}

/// What was shown in a call after its warm-up.
async fn call(who: Who, until: Until, clip: &Clip) -> Result<Vec<Shown>> {
    let folder = tempfile::Builder::new().prefix("rtc-chat-").tempdir()?;
    let display = Display::start(DISPLAY.0, DISPLAY.1).await?;
    let window = (until == Until::Seen).then_some(&display);
    let stage = Stage::loopback(clip, folder.path(), window).await?;
    let call = Call::start(who, &stage).await?;
    call.grown(clip.footage()?.size().1).await?;
    tokio::time::sleep(WARM_UP).await;
    if until == Until::Presented {
        let from = wall_millis();
        tokio::time::sleep(SPAN).await;
        let (to, watched) = (wall_millis(), call.end().await?);
        let (height, whole) = (watched.shown.last().context("nothing was shown")?.height, clip.footage()?.size().1);
        ensure!(height == whole, "{} sent pictures {height} high", who.name());
        return Ok(watched.shown.into_iter().filter(|shown| (from..to).contains(&shown.at)).collect());
    }
    let mut seen = Vec::new();
    // A tile that has moved since its mark was found is looked for anew.
    for _ in 0..TRIES {
        if seen.is_empty() {
            seen = look(&display, number_max(who)).await?;
        }
    }
    let captures = call.captures().await?;
    call.end().await?;
    let shown = seen.into_iter().map(|seen| Shown {
        captured: captures.as_ref().map_or(seen.captured, |it| it.before(seen.number?, seen.at)),
        ..seen
    });
    Ok(shown.collect())
}

/// Looks at the display as often as it can: each new picture when it is first seen there, too late by half the time
/// between two looks.
async fn look(display: &Display, below: u32) -> Result<Vec<Shown>> {
    let place = process::eventually("a mark in the window", async || {
        Ok(marks::find(&display.look()?, below).into_iter().next())
    })
    .await?;
    let (watcher, rows) = (display.watcher()?, 2 * place.width.div_ceil(marks::CELLS) + 2);
    let (corner, size) = ((place.x as u16, place.y as u16), (place.width as u16, u16::try_from(rows)?));
    let strip = marks::Found { x: 0, y: 0, ..place };
    let (mut shown, mut newest): (Vec<Shown>, _) = (Vec::new(), place.number);
    let until = wall_millis() + SPAN.as_secs_f64() * 1000.0;
    while wall_millis() < until {
        let picture = watcher.look_at(corner, size).context("the display is gone")?;
        let at = wall_millis();
        // A look between two halves of a picture reads nothing.
        if let Some(now) = marks::read_again(&picture, &strip)
            && now.number != std::mem::replace(&mut newest, now.number)
        {
            let captured = at - f64::from((at as u64 as u32).wrapping_sub(now.millis) as i32);
            shown.push(Shown { at, number: Some(now.number), captured: Some(captured), height: 0 });
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    Ok(shown)
}
