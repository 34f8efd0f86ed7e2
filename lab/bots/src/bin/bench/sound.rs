//! How speech is heard over bad networks: the app with the app, Chromium with Chromium, the same words over the same
//! profiles and with the same luck, judged by ViSQOL. Pictures go along both ways, as in any call.

use std::path::{Path, PathBuf};
use std::time::Duration;

use ::network::{Network, Profile, Side};
use anyhow::{Result, ensure};
use bots::{Browsers, Looks, Page, PageOptions, Participant, Place, Server, material};
use media::audio::SAMPLE_RATE;
use tokio::process::Command;

use crate::figures::cell;
use crate::loudspeaker::Loudspeaker;
use crate::voices::{Scale, read, speech, write};

const SECOND: usize = SAMPLE_RATE as usize;

/// What is read aloud again and again, about twelve seconds of it. ViSQOL is made for some seconds of speech.
const CLIP: usize = 12 * SECOND;
const WORDS: &str = "The north wind and the sun were disputing which was the stronger, when a traveller came along wrapped \
    in a warm cloak. They agreed that the one who first succeeded in making the traveller take his cloak off should be \
    considered stronger than the other.";

/// Readings that are judged of each call; its mark is their mean.
const READINGS: usize = 3;

/// Seconds until congestion control has found its way; where nothing comes for half a minute, until five seconds after that.
fn warm_up(profile: Profile) -> u64 {
    match profile {
        Profile::Outage => 45,
        _ => 8,
    }
}

/// What is recorded then: one reading more than is judged, because it begins somewhere in the middle of one.
const LISTENING: Duration = Duration::from_secs(12 * (READINGS as u64 + 1) + 1);

const ROOM: &str = "demo";

/// Who calls whom of their kind, turn by turn: what else the machine does meets both.
const WHO: [&str; 2] = ["app", "Chromium"];

pub(crate) async fn run(profiles: &[Profile], rounds: usize) -> Result<()> {
    let folder = tempfile::Builder::new().prefix("rtc-chat-").tempdir()?;
    let clip = speech(folder.path(), "en-gb+f3", WORDS, CLIP).await?;
    let scale = Scale::new(folder.path(), &clip).await?;
    let (said, silent) = (folder.path().join("said.wav"), folder.path().join("silent.wav"));
    write(&said, &clip)?;
    write(&silent, &vec![0.0; SECOND])?;
    println!(
        "\n### Speech over bad networks, without processing, pictures both ways: ViSQOL (1 to 5), of {rounds} calls\n"
    );
    println!("| network | app | Chromium |");
    println!("|---|---|---|");
    for profile in profiles {
        let mut marks: [Vec<f64>; WHO.len()] = Default::default();
        let turns = (1..=rounds as u64).flat_map(|seed| (0..WHO.len()).map(move |i| (i, seed)));
        let mut before: Option<(usize, u64, Vec<f32>)> = None;
        // One more: the last call is judged there.
        for turn in turns.map(Some).chain([None]) {
            let calling = async {
                let Some((i, seed)) = turn else { return Ok(None) };
                let heard = call(*profile, WHO[i], seed, folder.path()).await?;
                Ok(Some((i, seed, heard)))
            };
            // The judge is quicker than the warm-up of the next call.
            let judging = async {
                let Some((i, seed, heard)) = before.take() else { return Ok(()) };
                let mark = judged(&scale, &clip, &heard).await?;
                eprintln!("{profile}, {}, {seed}: {mark:.2}", WHO[i]);
                marks[i].push(f64::from(mark));
                anyhow::Ok(())
            };
            (before, ()) = tokio::try_join!(calling, judging)?;
        }
        println!("| {profile} | {} |", marks.map(|marks| cell(&marks, 2)).join(" | "));
    }
    Ok(())
}

/// What the right side hears of the left one after the warm-up. The programs live in namespaces, and whoever drives them
/// next to the server: this program starts itself there.
async fn call(profile: Profile, who: &str, seed: u64, folder: &Path) -> Result<Vec<f32>> {
    let network = Network::new(profile, seed)?;
    let heard = folder.join("call.wav");
    let mut inside: Command = network.command_at_hub(&std::env::current_exe()?.to_string_lossy()).into();
    let (left, right) = (network.namespace(Side::Left), network.namespace(Side::Right));
    inside.args(["inside-sound", who, left, right]).arg(folder).arg(&heard).arg(warm_up(profile).to_string());
    ensure!(inside.kill_on_drop(true).status().await?.success(), "{who} over {profile}");
    read(&heard)
}

/// At the hub: one call, whose end is recorded into `heard`.
pub(crate) async fn inside(
    who: &str,
    [left, right]: [&str; 2],
    clips: &Path,
    heard: &Path,
    warm_up: Duration,
) -> Result<()> {
    let folder = tempfile::Builder::new().prefix("rtc-chat-").tempdir()?;
    let server = Server::start_on("0.0.0.0:0", &folder.path().join("server"), &[ROOM], &[]).await?;
    let loudspeaker = Loudspeaker::start(&folder.path().join("loudspeaker")).await?;
    let scene = Scene {
        places: [Place::namespace(left), Place::namespace(right).with(loudspeaker.environment())],
        port: server.port()?,
        folder: folder.path(),
        microphones: [clips.join("said.wav"), clips.join("silent.wav")],
        loudspeaker,
        warm_up,
    };
    let sound = if who == "app" { scene.apps().await? } else { scene.browsers().await? };
    write(heard, &sound)
}

struct Scene<'a> {
    places: [Place; 2],
    port: u16,
    folder: &'a Path,
    microphones: [PathBuf; 2],
    /// On the right.
    loudspeaker: Loudspeaker,
    warm_up: Duration,
}

impl Scene<'_> {
    async fn apps(&self) -> Result<Vec<f32>> {
        let speakers = ["null", "device"];
        let start = |i: usize, name: &str| {
            let address = format!("http://{}:{}/rtc/{ROOM}", Network::HUB[i], self.port);
            let microphone = format!("file:{}", self.microphones[i].display());
            let extra = ["--camera", "pattern", "--microphone", &microphone, "--speaker", speakers[i]];
            let extra = [&extra[..], &["--processing", "none"]].concat();
            Participant::start_at(&self.places[i], name, &address, &Looks::Headless, self.folder, &extra)
        };
        let (mut left, mut right) = (start(0, "Left")?, start(1, "Right")?);
        left.connected_to(1).await?;
        right.connected_to(1).await?;
        self.heard().await
    }

    async fn browsers(&self) -> Result<Vec<f32>> {
        let clip = self.folder.join("pattern.y4m");
        material::pattern_clip(&clip, (640, 360), 30, 1, 300)?;
        let mut pages: Vec<(Browsers, Page)> = Vec::new();
        for (i, host) in ["10.78.1.2", "10.78.2.2"].into_iter().enumerate() {
            let browsers = Browsers::start_at(&self.places[i], host).await?;
            let origin = format!("http://{}:{}", Network::HUB[i], self.port);
            let (camera, microphone) = (Some(clip.as_path()), Some(self.microphones[i].as_path()));
            let audible = i == 1;
            let options = PageOptions { camera, microphone, audible, secure: Some(&origin), ..PageOptions::default() };
            let page = browsers.open(&options).await?;
            page.goto(&format!("{origin}/rtc/{ROOM}")).await?;
            page.joined().await?;
            pages.push((browsers, page));
        }
        let (left, right) = (&pages[0].1, &pages[1].1);
        right.sees_a_picture().await?;
        left.find_connection().await?;
        left.run_async(SAY_IT_UNPROCESSED).await?;
        self.heard().await
    }

    /// What comes out of the loudspeaker after the warm-up.
    async fn heard(&self) -> Result<Vec<f32>> {
        tokio::time::sleep(self.warm_up).await;
        self.loudspeaker.record(LISTENING).await
    }
}

const SAY_IT_UNPROCESSED: &str = "
    const plain = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
    const [track] = (await navigator.mediaDevices.getUserMedia({ audio: plain })).getTracks();
    const processed = Object.keys(plain).filter(name => track.getSettings()[name]);
    if (processed.length > 0) throw new Error(`still on: ${processed}`);
    const sender = window.seenConnection.getSenders().find(sender => sender.track?.kind === 'audio');
    await sender.replaceTrack(track);
    return true";

/// The mean of some readings, each found where it is most like the clip.
async fn judged(scale: &Scale, clip: &[f32], heard: &[f32]) -> Result<f32> {
    let (course, heard_course) = (course(clip), course(heard));
    let latest = heard.len().saturating_sub(READINGS * CLIP + SECOND / 2) / STEP;
    let mut from = best(&course, &heard_course, 0..latest.min(CLIP / STEP) + 1);
    let mut sum = 0.0;
    for _ in 0..READINGS {
        let start = (from * STEP).min(heard.len().saturating_sub(CLIP));
        sum += scale.mark(&heard[start..(start + CLIP).min(heard.len())]).await?;
        // Delay that grew or shrank meanwhile has moved the next one.
        let next = from + CLIP / STEP;
        from = best(&course, &heard_course, next.saturating_sub(50)..next + 50);
    }
    Ok(sum / READINGS as f32)
}

/// Samples, 10 ms: the judge looks for the rest of the way itself.
const STEP: usize = 480;

/// How loud it is in each step, less the mean.
fn course(samples: &[f32]) -> Vec<f32> {
    let loudness = |part: &[f32]| (part.iter().map(|x| x * x).sum::<f32>() / STEP as f32).sqrt();
    let steps: Vec<f32> = samples.chunks_exact(STEP).map(loudness).collect();
    let mean = steps.iter().sum::<f32>() / steps.len().max(1) as f32;
    steps.into_iter().map(|step| step - mean).collect()
}

/// Where in `heard` the clip begins most probably.
fn best(clip: &[f32], heard: &[f32], places: std::ops::Range<usize>) -> usize {
    let likeness = |at: usize| clip.iter().zip(heard.get(at..).unwrap_or_default()).map(|(a, b)| a * b).sum::<f32>();
    places.clone().max_by(|&a, &b| likeness(a).total_cmp(&likeness(b))).unwrap_or(places.start)
}

pub(crate) fn usual() -> Vec<Profile> {
    use Profile::{Awful, Clean, Far, Jitter, Loss, Narrow, Outage, Patch};
    vec![Clean, Far, Awful, Patch, Loss(2), Loss(5), Loss(10), Loss(20), Narrow(300), Narrow(800), Jitter, Outage]
}
