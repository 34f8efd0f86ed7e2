//! What is left of a voice that speaks while the loudspeaker does: ViSQOL of what the microphone hears and of what is
//! sent, against the voice itself; and how much lower the echo is when nobody else speaks.

use anyhow::Result;
use media::Processing;
use media::audio::rehearsal::{Room, add_noise, processed};
use media::audio::{SAMPLE_RATE, goertzel::total_power};

use crate::voices::{Scale, speech};

const SECOND: usize = SAMPLE_RATE as usize;

/// The canceller has had the far end to itself for so long when the near one joins.
const JOINS: usize = 4 * SECOND;

/// Of double talk, in samples. ViSQOL is made for some seconds of speech.
const TOGETHER: usize = 10 * SECOND;

const DELAYS_MS: [usize; 5] = [40, 100, 150, 200, 260];
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
    let scale = Scale::new(folder.path(), &near[JOINS + SECOND..]).await?;
    // Of the time in which both speak, without its first second.
    let mark = async |heard: &[f32]| scale.mark(&heard[JOINS + SECOND..]).await;
    let silence = vec![0.0; far.len()];
    let mut quiet = near.clone();
    add_noise(&mut quiet, luck(1));
    let alone = mark(&processed(Processing::ALL, &silence, &quiet)).await?;
    println!("\n### A voice while the loudspeaker speaks: ViSQOL (1 to 5), and the echo when nobody else does\n");
    println!("Without any echo, after the same processing: {alone:.2}.\n");
    println!(
        "| delay, ms | voice over echo, dB | heard by the microphone | sent | by the canceller alone | echo alone, dB |"
    );
    println!("|---|---|---|---|---|---|");
    for delay_ms in DELAYS_MS {
        for over_echo in VOICE_OVER_ECHO_DB {
            let echo = echo(&far, &near, delay_ms, over_echo);
            let mut microphone: Vec<f32> = echo.iter().zip(&near).map(|(echo, near)| echo + near).collect();
            add_noise(&mut microphone, luck(delay_ms as u64));
            let canceller = Processing { echo: true, ..Processing::NONE };
            let before = mark(&microphone).await?;
            let after = mark(&processed(Processing::ALL, &far, &microphone)).await?;
            let bare = mark(&processed(canceller, &far, &microphone)).await?;
            let rest = processed(Processing::ALL, &far, &echo);
            let lower = decibels(total_power(&rest[2 * SECOND..]) / total_power(&echo[2 * SECOND..]));
            println!("| {delay_ms} | {over_echo:.0} | {before:.2} | {after:.2} | {bare:.2} | {lower:.0} |");
        }
    }
    Ok(())
}

/// The loudspeaker in the room, so loud that the voice is `over_echo` decibels louder while both speak.
fn echo(far: &[f32], near: &[f32], delay_ms: usize, over_echo: f32) -> Vec<f32> {
    let echo = Room::new(delay_ms, REVERBERATION_MS, 1.0, luck(delay_ms as u64)).echo(far);
    let found = decibels(total_power(&near[JOINS..]) / total_power(&echo[JOINS..]));
    let gain = 10.0_f32.powf((found - over_echo) / 20.0);
    echo.into_iter().map(|sample| sample * gain).collect()
}

fn decibels(ratio: f32) -> f32 {
    10.0 * ratio.max(1e-12).log10()
}

/// Numbers from −1 to 1, the same in every run. Xorshift.
fn luck(seed: u64) -> impl FnMut() -> f32 {
    let mut state = 0x2545_f491_4f6c_dd1d ^ seed;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 40) as f32 / (1_u64 << 23) as f32 - 1.0
    }
}
