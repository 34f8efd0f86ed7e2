//! The program itself, as a process.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::process::{Child, ChildStdout, Command};

/// The program, running; it is killed with its value.
pub(crate) struct Program {
    child: Child,
    pub url: String,
    rest: BufReader<ChildStdout>,
    _data: Option<tempfile::TempDir>,
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
        let mut child = Command::new(env!("CARGO_BIN_EXE_rtc-chat-server"))
            .args(["--listen", "127.0.0.1:0", "--data-dir", data.to_str().expect("a path in UTF-8")])
            .args(flags)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the program starts");
        let mut rest = BufReader::new(child.stdout.take().expect("its output"));
        let mut line = String::new();
        rest.read_line(&mut line).await.expect("a line");
        let url = line.trim_end().strip_prefix("listening on ").expect("the line").to_owned();
        Self { child, url, rest, _data: None }
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

    /// What it wrote to stdout after its line, and to stderr.
    pub(crate) async fn ended(mut self) -> (String, String) {
        let ended = tokio::time::timeout(Duration::from_secs(10), self.child.wait()).await;
        assert!(ended.expect("an end within 10 s").is_ok_and(|status| status.success()));
        let (mut stdout, mut stderr) = (String::new(), String::new());
        self.rest.read_to_string(&mut stdout).await.expect("text");
        let mut log = self.child.stderr.take().expect("its log");
        log.read_to_string(&mut stderr).await.expect("text");
        (stdout, stderr)
    }
}
