//! Rooms with an echo, on virtual time: what is left of the far end, and what of the near one.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::*;
use crate::audio::goertzel::total_power;
use crate::audio::rehearsal::{Room, processed};
use crate::audio::testing::speech;

const SECOND: usize = SAMPLE_RATE as usize;

fn decibels(ratio: f32) -> f32 {
    10.0 * ratio.max(1e-12).log10()
}

fn room(delay_ms: usize, loss: f32, seed: u8) -> Room {
    let mut rng = ChaCha8Rng::from_seed([seed; 32]);
    Room::new(delay_ms, 250, loss, || rng.next_u32() as f32 / u32::MAX as f32 * 2.0 - 1.0)
}

/// The attenuation in decibels after two seconds.
fn attenuation(processing: Processing, far: &[f32], delay_ms: usize, seed: u8) -> f32 {
    let microphone = room(delay_ms, 0.5, seed).echo(far);
    let sent = processed(processing, far, &microphone);
    decibels(total_power(&microphone[2 * SECOND..]) / total_power(&sent[2 * SECOND..]))
}

#[test]
fn the_echo_of_the_speaker_is_35_db_lower_after_two_seconds() {
    for (seed, pitch) in [(1, 120.0), (6, 180.0), (8, 200.0)] {
        let far = speech(seed, pitch, 6 * SECOND);
        for delay_ms in [40, 100, 200] {
            let found = attenuation(Processing::ALL, &far, delay_ms, seed);
            assert!(found >= 35.0, "voice {seed}, {delay_ms} ms: only {found} dB");
        }
    }
}

#[test]
fn the_canceller_alone_takes_25_db_of_the_echo() {
    let (far, alone) = (speech(6, 180.0, 6 * SECOND), Processing { echo: true, ..Processing::NONE });
    for delay_ms in [40, 100, 200] {
        let found = attenuation(alone, &far, delay_ms, 3);
        assert!(found >= 25.0, "{delay_ms} ms: only {found} dB");
    }
}

/// The energy of `of`, and how much it resembles `other`.
fn compared(of: &[f32], other: &[f32]) -> (f32, f32) {
    let product: f32 = of.iter().zip(other).map(|(a, b)| a * b).sum::<f32>() / of.len() as f32;
    let (a, b) = (total_power(of), total_power(other));
    (decibels(a / b), product / (a * b).sqrt())
}

#[test]
fn whoever_speaks_at_the_same_time_is_still_heard() {
    const JOINS: usize = 4 * SECOND;
    let far = speech(1, 120.0, 10 * SECOND);
    let mut near = speech(2, 210.0, 10 * SECOND);
    near[..JOINS].fill(0.0);
    let without_echo = processed(Processing::ALL, &vec![0.0; far.len()], &near);
    for delay_ms in [40, 100, 200] {
        let echo = room(delay_ms, 0.35, 3).echo(&far);
        let microphone: Vec<f32> = echo.iter().zip(&near).map(|(echo, near)| echo + near).collect();
        let sent = processed(Processing::ALL, &far, &microphone);
        let (kept, alike) = compared(&sent[JOINS + SECOND..], &without_echo[JOINS + SECOND..]);
        assert!(kept > -5.0 && alike > 0.8, "{delay_ms} ms: {kept} dB, {alike} alike");
    }
}

#[test]
fn noise_is_turned_down_and_a_quiet_voice_is_turned_up() {
    let mut rng = ChaCha8Rng::from_seed([9; 32]);
    let noise: Vec<f32> = (0..6 * SECOND).map(|_| 0.01 * (rng.next_u32() as f32 / u32::MAX as f32 - 0.5)).collect();
    let silence = vec![0.0; noise.len()];
    let sent = processed(Processing { noise: true, ..Processing::NONE }, &silence, &noise);
    let (kept, _) = compared(&sent[3 * SECOND..], &noise[3 * SECOND..]);
    assert!(kept < -10.0, "the noise was turned by {kept} dB");

    let quiet: Vec<f32> = speech(1, 130.0, 10 * SECOND).iter().map(|sample| sample * 0.1).collect();
    let sent = processed(Processing { gain: true, ..Processing::NONE }, &vec![0.0; quiet.len()], &quiet);
    let (raised, _) = compared(&sent[6 * SECOND..], &quiet[6 * SECOND..]);
    assert!(raised > 10.0, "the voice was turned up by {raised} dB");
    assert!(sent.iter().all(|sample| sample.abs() <= 1.0));
}

#[test]
fn what_is_switched_off_changes_nothing_and_switching_works_at_once() {
    let voice = speech(3, 150.0, SECOND);
    assert_eq!(processed(Processing::NONE, &vec![0.0; voice.len()], &voice), voice);
    let wish = Wish::new(Processing::ALL);
    let mut processor = Processor::new(wish.clone(), Arc::new(Reference::new(Instant::now())));
    let mut block: [f32; BLOCK] = voice[..BLOCK].try_into().unwrap();
    processor.process(&mut block);
    assert_ne!(block, voice[..BLOCK]);
    wish.set(Processing::NONE);
    block.copy_from_slice(&voice[..BLOCK]);
    processor.process(&mut block);
    assert_eq!(block, voice[..BLOCK]);
}

#[test]
#[ignore = "a figure for people: run it alone on an idle machine"]
fn what_ten_milliseconds_cost() {
    let (far, near) = (speech(1, 120.0, 20 * SECOND), speech(2, 210.0, 20 * SECOND));
    for processing in [Processing::ALL, Processing { echo: true, ..Processing::NONE }, Processing::NONE] {
        let started = Instant::now();
        processed(processing, &far, &near);
        println!("{processing:?}: {:?} for 10 ms", started.elapsed() / 2000);
    }
}

mod double_talk;
