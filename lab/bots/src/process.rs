//! A child process whose lines one can wait for, ended when dropped.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

/// What takes longer than this on a busy machine of two cores has failed.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// How often a condition is looked at that nothing announces.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// A running program; its standard error goes to ours.
pub struct Process {
    name: String,
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Process {
    pub fn start(name: &str, command: &mut Command) -> Result<Self> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("cannot start {name}: {command:?}"))?;
        let stdout = child.stdout.take().context("piped above")?;
        Ok(Self { name: name.to_owned(), stdin: child.stdin.take(), lines: BufReader::new(stdout).lines(), child })
    }

    /// The next line of standard output; an error if the program ended or says nothing for too long.
    pub async fn line(&mut self) -> Result<String> {
        match tokio::time::timeout(PATIENCE, self.lines.next_line()).await {
            Ok(Ok(Some(line))) => Ok(line),
            Ok(Ok(None)) => bail!("{} ended: {:?}", self.name, self.child.try_wait()?),
            Ok(Err(error)) => Err(error.into()),
            Err(_) => bail!("{} said nothing for {PATIENCE:?}", self.name),
        }
    }

    pub async fn write_line(&mut self, line: &str) -> Result<()> {
        let stdin = self.stdin.as_mut().context("standard input is closed")?;
        stdin
            .write_all(format!("{line}\n").as_bytes())
            .await
            .with_context(|| format!("{} hears nothing", self.name))?;
        Ok(stdin.flush().await?)
    }

    pub fn id(&self) -> Option<u32> {
        self.child.id()
    }

    /// Waits for the program's own end.
    pub async fn ended(&mut self) -> Result<std::process::ExitStatus> {
        match tokio::time::timeout(PATIENCE, self.child.wait()).await {
            Ok(status) => Ok(status?),
            Err(_) => bail!("{} does not end", self.name),
        }
    }

    /// SIGTERM, then waits.
    pub async fn terminate(&mut self) -> Result<std::process::ExitStatus> {
        self.signal("-TERM").await?;
        self.ended().await
    }

    /// SIGKILL: gone without a word.
    pub async fn kill(&mut self) -> Result<()> {
        Ok(self.child.kill().await?)
    }

    pub async fn signal(&self, signal: &str) -> Result<()> {
        let id = self.id().context("it has ended already")?;
        Command::new("kill").args([signal, &id.to_string()]).status().await?;
        Ok(())
    }
}

/// Looks until `look` finds what it looks for; says what was missing otherwise.
pub async fn eventually<T>(what: &str, mut look: impl AsyncFnMut() -> Result<Option<T>>) -> Result<T> {
    let deadline = tokio::time::Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look().await.with_context(|| format!("while waiting for: {what}"))? {
            return Ok(found);
        }
        if tokio::time::Instant::now() > deadline {
            bail!("not within {PATIENCE:?}: {what}");
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// A program of this workspace, next to the one that runs.
pub fn binary(name: &str) -> Result<PathBuf> {
    let me = std::env::current_exe()?;
    let folder = me.ancestors().find(|folder| folder.join(name).is_file());
    folder.map(|folder| folder.join(name)).with_context(|| format!("{name} is not built; run `cargo build --bins`"))
}
