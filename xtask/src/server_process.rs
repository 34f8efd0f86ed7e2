//! A server of ours as a child process, ended when dropped.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, bail};

use crate::run::binary;

pub(crate) struct ServerProcess {
    child: Child,
    /// `http://…`, as the server printed it.
    pub(crate) address: String,
}

impl ServerProcess {
    /// Starts the built server and waits for the line that says where it listens.
    pub(crate) fn start(port: u16, room: &str, data: &Path) -> Result<Self> {
        let mut child = Command::new(binary("rtc-chat-server"))
            .args(["--listen", &format!("127.0.0.1:{port}"), "--room", room, "--data-dir"])
            .arg(data)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start the server")?;
        let stdout = child.stdout.take().expect("piped above");
        let mut line = String::new();
        BufReader::new(stdout).read_line(&mut line)?;
        let Some(address) = line.trim().strip_prefix("listening on ") else {
            let _ = child.wait();
            bail!("the server did not start; if port {port} is taken, choose another with --port");
        };
        Ok(Self { address: address.to_owned(), child })
    }
}

impl Drop for ServerProcess {
    fn drop(&mut self) {
        // SIGTERM, so that it says goodbye to everyone; kill(1) spares a dependency.
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let _ = self.child.wait();
    }
}
