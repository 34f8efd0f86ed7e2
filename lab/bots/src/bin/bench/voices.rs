//! People who read aloud (espeak-ng), and a judge of what is left of them (ViSQOL).

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use bots::material::python_folder;
use media::audio::{SAMPLE_RATE, goertzel::total_power};
use tokio::process::Command;

/// What ViSQOL's mode for speech wants.
const JUDGED_AT: u32 = 16_000;

/// So many samples of somebody who reads this aloud, again from the beginning if it is too short; as loud as a microphone
/// hears somebody, 26 dB below full scale.
pub(crate) async fn speech(folder: &Path, voice: &str, text: &str, samples: usize) -> Result<Vec<f32>> {
    let (spoken, path) = (folder.join("spoken.wav"), folder.join("speech.wav"));
    let mut command = Command::new("espeak-ng");
    command.args(["-v", voice, "-w"]).arg(&spoken).arg(text);
    if !command.status().await.context("espeak-ng is not installed")?.success() {
        bail!("espeak-ng does not speak");
    }
    convert(&spoken, &path, SAMPLE_RATE).await?;
    let read = read(&path)?;
    let gain = 0.05 / total_power(&read).sqrt();
    Ok(read.iter().cycle().take(samples).map(|sample| (sample * gain).clamp(-1.0, 1.0)).collect())
}

/// Judges against one sound.
pub(crate) struct Scale {
    folder: PathBuf,
    reference: PathBuf,
}

impl Scale {
    pub(crate) async fn new(folder: &Path, reference: &[f32]) -> Result<Self> {
        let this = Self { folder: folder.to_owned(), reference: folder.join("reference.wav") };
        this.prepare(&this.reference, reference).await?;
        Ok(this)
    }

    /// From 1 to 5.
    pub(crate) async fn mark(&self, heard: &[f32]) -> Result<f32> {
        let degraded = self.folder.join("heard.wav");
        self.prepare(&degraded, heard).await?;
        let visqol = python_folder()?.join("bin/visqol");
        let mut command = Command::new(&visqol);
        command.arg("--speech_mode").arg("-r").arg(&self.reference).arg("-d").arg(&degraded);
        let why = "the measure is missing; `cargo xtask bench double-talk` installs it";
        let output = command.output().await.context(why)?;
        let text = String::from_utf8_lossy(&output.stdout);
        let number = |line: &str| line.rsplit(':').next().and_then(|number| number.trim().parse().ok());
        let found = text.lines().filter(|line| line.contains("MOS-LQO")).find_map(number);
        found.with_context(|| format!("visqol says: {text}{}", String::from_utf8_lossy(&output.stderr)))
    }

    async fn prepare(&self, path: &Path, samples: &[f32]) -> Result<()> {
        let whole = self.folder.join("whole.wav");
        write(&whole, samples)?;
        convert(&whole, path, JUDGED_AT).await
    }
}

/// As 48 kHz mono of 16 bits.
pub(crate) fn write(path: &Path, samples: &[f32]) -> Result<()> {
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: SAMPLE_RATE,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut file = hound::WavWriter::create(path, spec)?;
    for sample in samples {
        file.write_sample((sample.clamp(-1.0, 1.0) * f32::from(i16::MAX)) as i16)?;
    }
    Ok(file.finalize()?)
}

/// What is mono of 16 bits.
pub(crate) fn read(path: &Path) -> Result<Vec<f32>> {
    let read: Vec<i16> = hound::WavReader::open(path)?.into_samples().collect::<Result<_, _>>()?;
    Ok(read.into_iter().map(|sample| f32::from(sample) / f32::from(i16::MAX)).collect())
}

async fn convert(from: &Path, to: &Path, rate: u32) -> Result<()> {
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-y", "-i"]).arg(from).args(["-ar", &rate.to_string(), "-ac", "1"]).arg(to);
    if !command.status().await.context("ffmpeg is not installed")?.success() {
        bail!("ffmpeg could not convert a sound");
    }
    Ok(())
}
