//! The main job: server, desktop app in a room, and the address for the browser.

use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::packages::{self, BUILD, DEMO};
use crate::run::{binary, cargo, exists, root, step};
use crate::server_process::ServerProcess;

struct Options {
    port: u16,
    room: String,
}

pub(crate) fn run(arguments: &[String]) -> Result<()> {
    let options = parse(arguments)?;
    packages::install(&[BUILD, DEMO])?;
    let has_display = std::env::var_os("DISPLAY").is_some() || std::env::var_os("WAYLAND_DISPLAY").is_some();
    println!("==> the first build takes about ten minutes on two cores; later ones, seconds");
    // The same choice as for the tests: another one has other features and builds the dependencies again.
    step("build the server and the app", cargo().args(["build", "--workspace", "--bins"]))?;
    if has_display { with_display(&options) } else { without_display(&options) }
}

fn with_display(options: &Options) -> Result<()> {
    let data = root().join("out/demo-data");
    std::fs::create_dir_all(&data)?;
    let server = ServerProcess::start(options.port, &options.room, &data)?;
    let page = format!("{}/rtc/{}", server.address, options.room);
    println!("==> the server runs. Open this page in a browser to join from there:\n\n    {page}\n");
    if exists("xdg-open", &["--version"]) {
        let _ = Command::new("xdg-open").arg(&page).status();
    }
    println!("==> the app opens; close its window to end the demo");
    step("the app", Command::new(binary("rtc-chat")).args(["join", &page]))
}

/// The whole scene without a display, played by the lab: it ends by itself when everybody saw everybody.
fn without_display(options: &Options) -> Result<()> {
    let out = root().join("out/demo");
    std::fs::create_dir_all(&out)?;
    println!("==> no display: the app runs under Xvfb with the pattern camera, the page in headless Chromium");
    step(
        "the demo",
        Command::new(binary("rtc-chat-demo"))
            .args(["--port", &options.port.to_string(), "--room", &options.room, "--out"])
            .arg(&out),
    )
}

fn parse(arguments: &[String]) -> Result<Options> {
    let mut options = Options { port: 5000, room: "demo".to_owned() };
    let mut rest = arguments.iter();
    while let Some(flag) = rest.next() {
        let value = rest.next().with_context(|| format!("{flag} wants a value"))?;
        match flag.as_str() {
            "--port" => options.port = value.parse().context("--port wants a number up to 65535")?,
            "--room" => options.room.clone_from(value),
            _ => bail!("unknown flag {flag}; see `cargo xtask help`"),
        }
    }
    Ok(options)
}
