//! Our page in Chromium sends to our page in another one, which notes what it presents.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bots::browser::{OTHERS_VIDEO, OWN_VIDEO};
use bots::{Browsers, Page, PageOptions};
use serde_json::Value;

use super::{FPS, SAMPLE_EVERY_MS, Stage};
use crate::fidelity::Plane;
use crate::watched::{Sample, Shown, Watched};

/// A picture is not captured later than this after its number came up again in the clip.
const WAY_MAX_MS: f64 = 8_000.0;

pub(crate) struct ChromiumCall {
    sender: Page,
    receiver: Page,
    _drivers: [Browsers; 2],
}

/// When which frame of the clip was captured.
pub(crate) struct Captures(BTreeMap<u32, Vec<f64>>);

impl ChromiumCall {
    pub(super) async fn start(stage: &Stage<'_>) -> Result<Self> {
        let drive = |side: usize| Browsers::start_at(&stage.places[side], stage.drivers[side]);
        let first = drive(0).await?;
        let second = drive(1).await?;
        let microphone = stage.silence.as_deref();
        let sends = PageOptions { camera: Some(&stage.clip.marked), microphone, ..PageOptions::default() };
        let display = stage.display.map(|display| &*display.name);
        let bare = PageOptions { bare: true, display, ..PageOptions::default() };
        let sender = enter(&first, &sends, stage, 0).await?;
        // Before anybody watches: the bits that it takes are counted by its size.
        sender.send_whole(stage.clip.footage()?.size(), FPS).await?;
        let receiver = enter(&second, &bare, stage, 1).await?;
        receiver.sees_a_picture().await?;
        // A tile of another shape than the picture's would cut the mark off.
        receiver.run(&format!("{OTHERS_VIDEO}.style.objectFit = 'contain'")).await?;
        sender.watch_pictures(OWN_VIDEO, None).await?;
        receiver.watch_pictures(OTHERS_VIDEO, Some(SAMPLE_EVERY_MS)).await?;
        Ok(Self { sender, receiver, _drivers: [first, second] })
    }

    pub(super) async fn grown(&self, height: u32) -> Result<()> {
        self.sender.grow(height).await
    }

    /// What the sender's camera captured so far.
    pub(crate) async fn captures(&self) -> Result<Captures> {
        let own = list(&self.sender).await?;
        let mut captures: BTreeMap<u32, Vec<f64>> = BTreeMap::new();
        for entry in &own {
            if let (Some(number), Some(at)) = (entry.number, entry.captured) {
                captures.entry(number).or_default().push(at);
            }
        }
        Ok(Captures(captures))
    }

    pub(super) async fn end(self) -> Result<Watched> {
        let captures = self.captures().await?;
        let mut shown = Vec::new();
        for entry in list(&self.receiver).await? {
            let captured = entry.number.and_then(|number| captures.before(number, entry.presented));
            shown.push(Shown { at: entry.presented, number: entry.number, captured, height: entry.height });
        }
        let mut samples = Vec::new();
        for index in 0.. {
            let sample = self.receiver.run(&format!("return window.watch.sample({index})")).await?;
            if sample.is_null() {
                break;
            }
            samples.extend(read_sample(&sample)?);
        }
        Ok(Watched { shown, samples })
    }
}

impl Captures {
    /// When this frame was captured that is shown at `at`: the newest time before.
    pub(crate) fn before(&self, number: u32, at: f64) -> Option<f64> {
        let times = self.0.get(&number)?;
        times.iter().rev().copied().find(|captured| (at - WAY_MAX_MS..=at).contains(captured))
    }
}

async fn enter(browsers: &Browsers, options: &PageOptions<'_>, stage: &Stage<'_>, side: usize) -> Result<Page> {
    let options = PageOptions { secure: Some(&stage.origins[side]), ..options.clone() };
    let page = browsers.open(&options).await?;
    page.goto(&stage.room(side)).await?;
    page.joined().await?;
    Ok(page)
}

/// A picture that a page presented.
struct Presented {
    presented: f64,
    captured: Option<f64>,
    number: Option<u32>,
    height: u32,
}

async fn list(page: &Page) -> Result<Vec<Presented>> {
    let problem = page.run("return window.watch.problem").await?;
    ensure!(problem.is_null(), "a picture cannot be read: {problem}");
    let entries = page.run("return window.watch.list()").await?;
    let entries = entries.as_array().context("a list of pictures")?;
    let read = |entry: &Value| {
        Some(Presented {
            presented: entry[0].as_f64()?,
            captured: entry[1].as_f64(),
            number: entry[2].as_u64().map(|number| number as u32),
            height: entry[3].as_u64()? as u32,
        })
    };
    entries.iter().map(|entry| read(entry).with_context(|| format!("a picture in {entry}"))).collect()
}

fn read_sample(sample: &Value) -> Result<Option<Sample>> {
    let side = |name: &str| Some(sample[name].as_u64()? as usize);
    let (width, height) = side("width").zip(side("height")).context("a size")?;
    let luma = STANDARD.decode(sample["luma"].as_str().context("a plane")?)?;
    let (Some(at), Some(number)) = (sample["at"].as_f64(), sample["number"].as_u64()) else { return Ok(None) };
    Ok(Some(Sample { at, number: number as u32, picture: Plane { width, height, luma } }))
}
