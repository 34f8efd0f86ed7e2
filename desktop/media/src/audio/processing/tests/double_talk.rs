//! Both speak at once: how much of the near voice's course in each band is still there.

use realfft::RealFftPlanner;

use super::*;
use crate::audio::rehearsal::add_noise;

/// The canceller has had the far end to itself for so long.
const JOINS: usize = 4 * SECOND;
const END: usize = 10 * SECOND;

/// Samples between two looks at the spectrum, and of each look: 10 and 21 ms.
const HOP: usize = 480;
const LOOK: usize = 1024;

/// Looks that are compared at a time: 0.4 s, a few syllables.
const STRETCH: usize = 40;

/// Thirds of an octave from 150 Hz on.
const BANDS: usize = 15;

/// How strong each band is in each look.
fn courses(samples: &[f32]) -> Vec<[f32; BANDS]> {
    let fft = RealFftPlanner::<f32>::new().plan_fft_forward(LOOK);
    let (mut spectrum, mut scratch) = (fft.make_output_vec(), fft.make_scratch_vec());
    let edge = |band: usize| (150.0 * 2.0_f32.powf(band as f32 / 3.0) * LOOK as f32 / SAMPLE_RATE as f32) as usize;
    let look = |from: usize| {
        let rise = |i: usize| (std::f32::consts::PI * i as f32 / LOOK as f32).sin().powi(2);
        let mut part: Vec<f32> = samples[from..from + LOOK].iter().enumerate().map(|(i, x)| x * rise(i)).collect();
        fft.process_with_scratch(&mut part, &mut spectrum, &mut scratch).unwrap();
        std::array::from_fn(|band| {
            let (low, high) = (edge(band), edge(band + 1).max(edge(band) + 1));
            spectrum[low..high].iter().map(|bin| bin.norm_sqr()).sum::<f32>().sqrt()
        })
    };
    (0..=samples.len() - LOOK).step_by(HOP).map(look).collect()
}

/// From 0 to 1: how alike the bands of `heard` rise and fall to those of `voice`, over a few syllables at a time.
fn likeness(voice: &[f32], heard: &[f32]) -> f32 {
    let (voice, heard) = (courses(voice), courses(heard));
    let mut sum = (0.0, 0.0_f32);
    for (voice, heard) in voice.chunks_exact(STRETCH).zip(heard.chunks_exact(STRETCH)) {
        for band in 0..BANDS {
            let strength = |of: &[[f32; BANDS]]| {
                let mean = of.iter().map(|look| look[band]).sum::<f32>() / STRETCH as f32;
                of.iter().map(|look| look[band] - mean).collect::<Vec<f32>>()
            };
            let (a, b) = (strength(voice), strength(heard));
            let product = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f32>();
            sum.0 += product(&a, &b) / (product(&a, &a) * product(&b, &b)).sqrt().max(1e-12);
            sum.1 += 1.0;
        }
    }
    sum.0 / sum.1
}

/// Of the microphone and of what is sent, while both speak and the near voice is `over_echo` decibels louder.
fn judged(processing: Processing, delay_ms: usize, over_echo: f32, far: &[f32], near: &[f32]) -> (f32, f32) {
    let mut rng = ChaCha8Rng::from_seed([7; 32]);
    let mut uniform = || rng.next_u32() as f32 / u32::MAX as f32 * 2.0 - 1.0;
    let echo = Room::new(delay_ms, 250, 1.0, &mut uniform).echo(far);
    let gain = (total_power(&near[JOINS..]) / total_power(&echo[JOINS..]) * 10.0_f32.powf(-over_echo / 10.0)).sqrt();
    let mut microphone: Vec<f32> = echo.iter().zip(near).map(|(echo, near)| echo * gain + near).collect();
    add_noise(&mut microphone, uniform);
    let sent = processed(processing, far, &microphone);
    let voice = &near[JOINS + SECOND..];
    // The bands are split and put together again some milliseconds later.
    let later = (0..20 * 48).step_by(48).filter(|&late| late < voice.len());
    let of_sent = later.map(|late| likeness(&voice[..voice.len() - late], &sent[JOINS + SECOND + late..]));
    (likeness(voice, &microphone[JOINS + SECOND..]), of_sent.fold(0.0, f32::max))
}

#[test]
fn a_voice_beside_the_loudspeaker_keeps_its_course_whatever_the_delay() {
    let far = speech(1, 120.0, END);
    let mut near = speech(2, 210.0, END);
    near[..JOINS].fill(0.0);
    for over_echo in [12.0, 6.0] {
        for delay_ms in [40, 100, 150, 200, 260] {
            let (heard, sent) = judged(Processing::ALL, delay_ms, over_echo, &far, &near);
            println!("{over_echo} dB, {delay_ms} ms: {heard} to {sent}");
            assert!(sent > heard, "{over_echo} dB, {delay_ms} ms: {sent} of {heard}");
        }
    }
}
