//! The program itself, as a process.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, ChildStderr, ChildStdout, Command};

/// The program, running; it is killed with its value.
pub(crate) struct Program {
    pub url: String,
    child: Child,
    stdout: BufReader<ChildStdout>,
    log: BufReader<ChildStderr>,
    _data: Option<TempDir>,
}

impl Program {
    /// With the room `demo` and a data directory of its own.
    pub(crate) async fn start(flags: &[&str]) -> Self {
        let data = tempfile::tempdir().expect("a temporary directory");
        let mut program = Self::over(data.path(), &[&["--room", "demo"], flags].concat()).await;
        program._data = Some(data);
        program
    }

    /// With a data directory that stays.
    pub(crate) async fn over(data: &Path, flags: &[&str]) -> Self {
        let mut child = command(data)
            .args(flags)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the program starts");
        let mut stdout = BufReader::new(child.stdout.take().expect("its output"));
        let log = BufReader::new(child.stderr.take().expect("its log"));
        let mut line = String::new();
        stdout.read_line(&mut line).await.expect("a line");
        let url = line.trim_end().strip_prefix("listening on ").expect("the line").to_owned();
        Self { url, child, stdout, log, _data: None }
    }

    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().expect("a running program").to_string();
        let sent = std::process::Command::new("kill").args([name, &id]).status();
        assert!(sent.is_ok_and(|status| status.success()));
    }

    /// `kill -9`: it does nothing more, whatever it was doing.
    pub(crate) async fn kill(mut self) {
        self.child.kill().await.expect("a running program");
    }

    /// Reads the log up to a line that contains this.
    pub(crate) async fn logs(&mut self, part: &str) {
        let mut line = String::new();
        while !line.contains(part) {
            line.clear();
            let read = self.log.read_line(&mut line).await.expect("text");
            assert!(read > 0, "the log ended without {part:?}");
        }
    }

    /// What it wrote to stdout after its line, and to stderr after what was read of it.
    pub(crate) async fn ended(mut self) -> (String, String) {
        let ended = tokio::time::timeout(Duration::from_secs(10), self.child.wait()).await;
        assert!(ended.expect("an end within 10 s").is_ok_and(|status| status.success()));
        let (mut stdout, mut stderr) = (String::new(), String::new());
        self.stdout.read_to_string(&mut stdout).await.expect("text");
        self.log.read_to_string(&mut stderr).await.expect("text");
        (stdout, stderr)
    }
}

/// The program on a free port, with this data directory.
pub(crate) fn command(data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rtc-chat-server"));
    command.args(["--listen", "127.0.0.1:0", "--data-dir"]).arg(data);
    command
}
