//! A loudspeaker of a sound server of its own (PulseAudio), and a recording of what it plays: the same ears for every
//! program.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result};
use bots::process::{Process, eventually};
use media::audio::SAMPLE_RATE;
use tokio::io::AsyncReadExt;
use tokio::process::Command;

const NAME: &str = "stage";

/// How much later than it lasts a recording may end.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Loudspeaker {
    _server: Process,
    socket: PathBuf,
}

impl Loudspeaker {
    /// `folder` becomes the server's own.
    pub(crate) async fn start(folder: &Path) -> Result<Self> {
        std::fs::create_dir_all(folder)?;
        let (socket, script) = (folder.join("sound.socket"), folder.join("start.pa"));
        let commands = format!(
            "load-module module-native-protocol-unix socket={} auth-anonymous=1\n\
             load-module module-null-sink sink_name={NAME} rate={SAMPLE_RATE}\n",
            socket.display()
        );
        std::fs::write(&script, commands)?;
        let mut command = Command::new("pulseaudio");
        command.args(["-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", "--disable-shm=yes", "-F"]);
        command.arg(&script).env("HOME", folder).env("XDG_RUNTIME_DIR", folder).env_remove("PULSE_RUNTIME_PATH");
        // It misses what only a desktop has.
        command.stderr(std::process::Stdio::null());
        let this = Self { _server: Process::start("pulseaudio", &mut command)?, socket };
        eventually("the sound server", async || {
            let answer = this.client("pactl").arg("info").output().await?;
            Ok(answer.status.success().then_some(()))
        })
        .await?;
        Ok(this)
    }

    /// What a program needs to play here.
    pub(crate) fn environment(&self) -> [(String, OsString); 1] {
        let mut server = OsString::from("unix:");
        server.push(&self.socket);
        [("PULSE_SERVER".to_owned(), server)]
    }

    /// What is played for so long from now on, 48 kHz mono.
    pub(crate) async fn record(&self, span: Duration) -> Result<Vec<f32>> {
        let mut recorder = self
            .client("parec")
            .args(["--raw", "--channels=1", "--format=s16le", "--latency-msec=20"])
            .args([format!("--rate={SAMPLE_RATE}"), format!("--device={NAME}.monitor")])
            .stdout(std::process::Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("parec")?;
        let mut sound = recorder.stdout.take().context("piped above")?;
        let mut bytes = vec![0; (span.as_secs_f64() * f64::from(SAMPLE_RATE)) as usize * size_of::<i16>()];
        tokio::time::timeout(span + PATIENCE, sound.read_exact(&mut bytes)).await.context("the recording stalls")??;
        // Before its pipe ends.
        recorder.kill().await?;
        let samples = bytes.as_chunks::<2>().0.iter();
        Ok(samples.map(|&sample| f32::from(i16::from_le_bytes(sample)) / f32::from(i16::MAX)).collect())
    }

    fn client(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.envs(self.environment());
        command
    }
}
