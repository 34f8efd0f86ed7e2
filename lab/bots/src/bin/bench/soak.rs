//! Thousands of joins and departures, twice: the second time must not need more than the first.

use std::time::Instant;

use anyhow::{Context, Result};
use bots::soak::Soak;

const JOINS_PER_SECOND: u32 = 100;

pub(crate) async fn run(joins: usize) -> Result<()> {
    let mut soak = Soak::start(&[]).await?;
    println!(
        "\n### {joins} joins and departures, twice\n\nat the start: {:?}, {:.1} MiB",
        soak.at_the_start(),
        soak.mib()?
    );
    let mut memory = Vec::new();
    for round in ["first", "second"] {
        let begin = Instant::now();
        soak.round(joins, JOINS_PER_SECOND).await?;
        let took = begin.elapsed();
        soak.settled().await.with_context(|| format!("after the {round} round"))?;
        memory.push(soak.mib()?);
        println!("after the {round} round of {took:.0?}: everything as at the start; {:.1} MiB", soak.mib()?);
    }
    println!("the second round needed {:+.1} % memory", 100.0 * (memory[1] / memory[0] - 1.0));
    Ok(())
}
