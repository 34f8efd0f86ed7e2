//! The app sends to the app, which records when it showed what.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context, Result};
use bots::material::Footage;
use bots::{Looks, Participant};
use media::{I420, pattern};

use super::{SAMPLE_EVERY_MS, Stage};
use crate::fidelity::Plane;
use crate::watched::{Sample, Shown, Watched};

pub(crate) struct AppCall {
    sender: Participant,
    receiver: Participant,
    record: PathBuf,
}

impl AppCall {
    pub(super) async fn start(stage: &Stage<'_>) -> Result<Self> {
        let footage = stage.clip.footage()?;
        let (size, camera) = (format!("{}x{}", footage.size().0, footage.size().1), &stage.clip.plain);
        let (camera, record) = (format!("pattern:{}", camera.display()), stage.folder.join("record"));
        let (every, folder) = (format!("{}s", f64::from(SAMPLE_EVERY_MS) / 1000.0), record.display().to_string());
        let sound = stage.silence.as_ref().map_or("tone:1000".to_owned(), |file| format!("file:{}", file.display()));
        let sends = ["--camera", &camera, "--size", &size, "--microphone", &sound, "--speaker", "null"];
        let bare = ["--camera", "none", "--microphone", "none", "--speaker", "null"];
        let watches = [&bare[..], &["--record", &folder, "--record-every", &every]].concat();
        let looks = stage.display.map_or(Looks::Headless, |display| Looks::Window(&display.name));
        let start = |side: usize, name: &str, looks: &Looks<'_>, arguments: &[&str]| {
            Participant::start_at(&stage.places[side], name, &stage.room(side), looks, stage.folder, arguments)
        };
        let mut sender = start(0, "Sender", &Looks::Headless, &sends)?;
        let mut receiver = start(1, "Receiver", &looks, &watches)?;
        sender.connected_to(1).await?;
        receiver
            .reports("a picture", |report| {
                let peers = report["peers"].as_array()?.iter();
                peers.into_iter().find(|peer| peer["video"]["frames_decoded"].as_u64() > Some(0)).map(drop)
            })
            .await?;
        Ok(Self { sender, receiver, record })
    }

    pub(super) async fn end(self) -> Result<Watched> {
        // What is buffered is written.
        self.receiver.quit().await?;
        self.sender.quit().await?;
        let files = |ending: &'static str| {
            let entries = std::fs::read_dir(&self.record).into_iter().flatten().flatten();
            entries.map(|entry| entry.path()).filter(move |path| path.extension().is_some_and(|it| it == ending))
        };
        let mut shown = Vec::new();
        for path in files("times") {
            shown.extend(std::fs::read_to_string(&path)?.lines().map(parse).collect::<Result<Vec<_>>>()?);
        }
        // A connection that broke and came back has a file of its own.
        shown.sort_by(|a: &Shown, b| a.at.total_cmp(&b.at));
        let times: BTreeMap<u32, f64> = shown.iter().filter_map(|shown| Some((shown.number?, shown.at))).collect();
        let mut samples = Vec::new();
        for path in files("y4m") {
            samples.extend(read_samples(&path, &times)?);
        }
        Ok(Watched { shown, samples })
    }
}

/// A line of a recording's list.
fn parse(line: &str) -> Result<Shown> {
    let words: Vec<&str> = line.split(' ').collect();
    let [at, _, height, number, millis] = words[..] else { anyhow::bail!("no line of times: {line:?}") };
    let (at, millis): (f64, Option<u32>) = (at.parse()?, millis.parse().ok());
    // The mark has whole milliseconds; so the time against which it is held gets whole ones, too.
    let captured = millis.map(|millis| at - f64::from((at as u64 as u32).wrapping_sub(millis) as i32));
    Ok(Shown { at, number: number.parse().ok(), captured, height: height.parse().context("a height")? })
}

fn read_samples(path: &Path, times: &BTreeMap<u32, f64>) -> Result<Vec<Sample>> {
    let recorded = Footage::open(path)?;
    let (width, height) = recorded.size();
    let mut samples = Vec::new();
    for n in 0..recorded.frames() {
        let frame = I420::from_planes(width, height, recorded.frame(n)?, Instant::now()).context("a whole frame")?;
        let Some(mark) = pattern::read(&frame) else { continue };
        let at = *times.get(&mark.number).context("what is recorded was shown")?;
        let picture = Plane { width: width as usize, height: height as usize, luma: frame.y().to_vec() };
        samples.push(Sample { at, number: mark.number, picture });
    }
    Ok(samples)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delay_of_a_line_survives_the_mark_s_overflow() {
        let at = 1_700_000_000_123.75_f64;
        let line = format!("{at} 640 360 17 {}", (1_700_000_000_123_u64 - 40) as u32);
        let shown = parse(&line).unwrap();
        assert_eq!((shown.number, shown.height, shown.captured), (Some(17), 360, Some(at - 40.0)));
        let at = 4_294_967_296_005.0_f64;
        assert_eq!(parse(&format!("{at} 640 360 17 {}", u32::MAX - 4)).unwrap().captured, Some(at - 10.0));
        assert_eq!(parse("5 640 360 - -").unwrap().captured, None);
    }
}
