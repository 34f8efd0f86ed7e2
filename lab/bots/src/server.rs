//! A server of ours on a free port.

use std::path::Path;

use anyhow::{Context, Result};
use tokio::process::Command;

use crate::process::{Process, binary};

pub struct Server {
    process: Process,
    /// `http://127.0.0.1:<port>`.
    pub address: String,
}

impl Server {
    /// `port` 0 takes a free one. Rooms named in `rooms` are kept and public.
    pub async fn start(data: &Path, port: u16, rooms: &[&str], extra: &[&str]) -> Result<Self> {
        Self::start_on(&format!("127.0.0.1:{port}"), data, rooms, extra).await
    }

    /// The same on a socket address of one's own.
    pub async fn start_on(listen: &str, data: &Path, rooms: &[&str], extra: &[&str]) -> Result<Self> {
        let mut command = Command::new(binary("rtc-chat-server")?);
        command.args(["--listen", listen]).arg("--data-dir").arg(data).args(extra);
        for room in rooms {
            command.args(["--room", room]);
        }
        let mut process = Process::start("server", &mut command)?;
        let line = process.line().await?;
        let address = line.strip_prefix("listening on ").context("the server's first line says where it listens")?;
        Ok(Self { address: address.trim().to_owned(), process })
    }

    /// Where the metrics are; for a server that was started with `--metrics-listen`, once.
    pub async fn metrics(&mut self) -> Result<String> {
        let line = self.process.line().await?;
        Ok(line.strip_prefix("metrics on ").context("the second line says where the metrics are")?.trim().to_owned())
    }

    pub fn room(&self, room: &str) -> String {
        format!("{}/rtc/{room}", self.address)
    }

    pub fn port(&self) -> Result<u16> {
        Ok(self.address.rsplit(':').next().context("an address ends in its port")?.parse()?)
    }

    pub fn process(&mut self) -> &mut Process {
        &mut self.process
    }
}
