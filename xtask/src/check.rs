//! Everything that must hold before a change lands.

use anyhow::Result;

use crate::packages::{self, BUILD};
use crate::run::{cargo, exists, root, step};
use crate::{tests_run, tidy};

/// Pinned, so that a new rule arrives with a commit of ours.
const CARGO_DENY: &str = "0.20.2";

pub(crate) fn run(cheap: bool) -> Result<()> {
    step("formatting", cargo().args(["fmt", "--all", "--check"]))?;
    tidy::run(&root())?;
    packages::install(&[BUILD])?;
    deny()?;
    step("clippy", cargo().args(["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"]))?;
    step(
        "documentation",
        cargo().env("RUSTDOCFLAGS", "-D warnings").args([
            "doc",
            "--workspace",
            "--no-deps",
            "--document-private-items",
        ]),
    )?;
    if cheap { Ok(()) } else { tests_run::run(None) }
}

/// Bans, licences and sources. (Advisories need a download: run `cargo deny check advisories` where the network has it.)
fn deny() -> Result<()> {
    if !exists("cargo", &["deny", "--version"]) {
        step(
            "install cargo-deny",
            cargo().args(["install", "--quiet", "--locked", "--debug", "cargo-deny", "--version", CARGO_DENY]),
        )?;
    }
    step(
        "licences, bans and sources",
        cargo().args(["deny", "--log-level", "error", "check", "bans", "licenses", "sources"]),
    )
}
