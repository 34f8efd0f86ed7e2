//! What is left of a voice that speaks while the loudspeaker does: ViSQOL of what the microphone hears and of what is
//! sent, against the voice itself; and how much lower the echo is when nobody else speaks.

use std::path::Path;

use anyhow::{Context, Result, bail};
use bots::material::python_folder;
use media::Processing;
use media::audio::rehearsal::{Room, processed};
use media::audio::{SAMPLE_RATE, goertzel::total_power};
use tokio::process::Command;

const SECOND: usize = SAMPLE_RATE as usize;

/// The canceller has had the far end to itself for so long when the near one joins.
const JOINS: usize = 4 * SECOND;

/// Of double talk, in samples. ViSQOL is made for some seconds of speech.
const TOGETHER: usize = 10 * SECOND;

const DELAYS_MS: [usize; 3] = [40, 100, 200];
const REVERBERATION_MS: usize = 250;

/// How much louder the voice is than the echo of the loudspeaker, in decibels: a headset that leaks, a laptop on a desk,
/// a loudspeaker beside the microphone.
const VOICE_OVER_ECHO_DB: [f32; 3] = [12.0, 6.0, 0.0];

const FAR: &str = "The north wind and the sun were disputing which was the stronger, when a traveller came along wrapped in a \
    warm cloak. They agreed that the one who first succeeded in making the traveller take his cloak off should be \
    considered stronger than the other. Then the north wind blew as hard as he could, but the more he blew the more \
    closely did the traveller fold his cloak around him.";

const NEAR: &str = "When the sunlight strikes raindrops in the air, they act as a prism and form a rainbow. The rainbow is a \
    division of white light into many beautiful colours. These take the shape of a long round arch, with its path high \
    above, and its two ends apparently beyond the horizon.";

pub(crate) async fn run() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let far = speech(folder.path(), "en-gb+m3", FAR, JOINS + TOGETHER).await?;
    let near = [vec![0.0; JOINS], speech(folder.path(), "en-us+f2", NEAR, TOGETHER).await?].concat();
    let scale = Scale { folder: folder.path(), voice: &near };
    let silence = vec![0.0; far.len()];
    let alone = scale.mark(&processed(Processing::ALL, &silence, &near)).await?;
    println!("\n### A voice while the loudspeaker speaks: ViSQOL (1 to 5), and the echo when nobody else does\n");
    println!("Without any echo, after the same processing: {alone:.2}.\n");
    println!(
        "| delay, ms | voice over echo, dB | heard by the microphone | sent | by the canceller alone | echo alone, dB |"
    );
    println!("|---|---|---|---|---|---|");
    for delay_ms in DELAYS_MS {
        for over_echo in VOICE_OVER_ECHO_DB {
            let echo = echo(&far, &near, delay_ms, over_echo);
            let microphone: Vec<f32> = echo.iter().zip(&near).map(|(echo, near)| echo + near).collect();
            let canceller = Processing { echo: true, ..Processing::NONE };
            let before = scale.mark(&microphone).await?;
            let after = scale.mark(&processed(Processing::ALL, &far, &microphone)).await?;
            let bare = scale.mark(&processed(canceller, &far, &microphone)).await?;
            let rest = processed(Processing::ALL, &far, &echo);
            let lower = decibels(total_power(&rest[2 * SECOND..]) / total_power(&echo[2 * SECOND..]));
            println!("| {delay_ms} | {over_echo:.0} | {before:.2} | {after:.2} | {bare:.2} | {lower:.0} |");
        }
    }
    Ok(())
}

/// The loudspeaker in the room, so loud that the voice is `over_echo` decibels louder while both speak.
fn echo(far: &[f32], near: &[f32], delay_ms: usize, over_echo: f32) -> Vec<f32> {
    let mut state = 0x2545_f491_4f6c_dd1d_u64 ^ delay_ms as u64;
    // Xorshift: the same room in every run.
    let uniform = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1_u64 << 23) as f32 - 1.0
    };
    let echo = Room::new(delay_ms, REVERBERATION_MS, 1.0, uniform).echo(far);
    let found = decibels(total_power(&near[JOINS..]) / total_power(&echo[JOINS..]));
    let gain = 10.0_f32.powf((found - over_echo) / 20.0);
    echo.into_iter().map(|sample| sample * gain).collect()
}

fn decibels(ratio: f32) -> f32 {
    10.0 * ratio.max(1e-12).log10()
}

/// Judges against the voice alone.
struct Scale<'a> {
    folder: &'a Path,
    voice: &'a [f32],
}

impl Scale<'_> {
    /// Of the time in which both speak, without its first second.
    async fn mark(&self, heard: &[f32]) -> Result<f32> {
        let (reference, degraded) = (self.folder.join("voice.wav"), self.folder.join("heard.wav"));
        self.write(&reference, &self.voice[JOINS + SECOND..]).await?;
        self.write(&degraded, &heard[JOINS + SECOND..]).await?;
        let visqol = python_folder()?.join("bin/visqol");
        let mut command = Command::new(&visqol);
        command.arg("--speech_mode").arg("-r").arg(&reference).arg("-d").arg(&degraded);
        let why = "the measure is missing; `cargo xtask bench double-talk` installs it";
        let output = command.output().await.context(why)?;
        let text = String::from_utf8_lossy(&output.stdout);
        let number = |line: &str| line.rsplit(':').next().and_then(|number| number.trim().parse().ok());
        let found = text.lines().filter(|line| line.contains("MOS-LQO")).find_map(number);
        found.with_context(|| format!("visqol says: {text}{}", String::from_utf8_lossy(&output.stderr)))
    }

    /// At the 16 kHz that its mode for speech wants.
    async fn write(&self, path: &Path, samples: &[f32]) -> Result<()> {
        let spec = hound::WavSpec {
            channels: 1,
            sample_rate: SAMPLE_RATE,
            bits_per_sample: 16,
            sample_format: hound::SampleFormat::Int,
        };
        let whole = self.folder.join("whole.wav");
        let mut file = hound::WavWriter::create(&whole, spec)?;
        for sample in samples {
            file.write_sample((sample.clamp(-1.0, 1.0) * f32::from(i16::MAX)) as i16)?;
        }
        file.finalize()?;
        convert(&whole, path, 16_000).await
    }
}

async fn convert(from: &Path, to: &Path, rate: u32) -> Result<()> {
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-y", "-i"]).arg(from).args(["-ar", &rate.to_string(), "-ac", "1"]).arg(to);
    if !command.status().await.context("ffmpeg is not installed")?.success() {
        bail!("ffmpeg could not convert a sound");
    }
    Ok(())
}

/// So many samples of somebody who reads this aloud, again from the beginning if it is too short.
async fn speech(folder: &Path, voice: &str, text: &str, samples: usize) -> Result<Vec<f32>> {
    let (spoken, path) = (folder.join("spoken.wav"), folder.join("speech.wav"));
    let mut command = Command::new("espeak-ng");
    command.args(["-v", voice, "-w"]).arg(&spoken).arg(text);
    if !command.status().await.context("espeak-ng is not installed")?.success() {
        bail!("espeak-ng does not speak");
    }
    convert(&spoken, &path, SAMPLE_RATE).await?;
    let read: Vec<i16> = hound::WavReader::open(&path)?.into_samples().collect::<Result<_, _>>()?;
    let read: Vec<f32> = read.into_iter().map(|sample| f32::from(sample) / f32::from(i16::MAX)).collect();
    // As loud as a microphone hears somebody: −26 dB below full scale.
    let gain = 0.05 / total_power(&read).sqrt();
    Ok(read.iter().cycle().take(samples).map(|sample| (sample * gain).clamp(-1.0, 1.0)).collect())
}
