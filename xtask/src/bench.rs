//! Measurements: the release build's bench program of the lab.

use anyhow::Result;

use crate::packages::{self, BENCH, BUILD, DEMO, TEST};
use crate::run::{cargo, root, step};

pub(crate) fn run(arguments: &[String]) -> Result<()> {
    packages::install(&[BUILD, DEMO, TEST, BENCH])?;
    packages::install_python()?;
    packages::install_python_for_bench()?;
    step(
        "build for measuring",
        cargo().args([
            "build",
            "--release",
            "--bins",
            "--package",
            "server",
            "--package",
            "desktop",
            "--package",
            "bots",
        ]),
    )?;
    step("measure", std::process::Command::new(root().join("target/release/rtc-chat-bench")).args(arguments))
}
