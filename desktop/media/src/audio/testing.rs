//! For tests: a peer that says a tone, and a listener on virtual time.

use std::time::{Duration, Instant};

use bytes::Bytes;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::goertzel::{SPECTRUM, mean_spectrum};
use super::mixer::Mixer;
use super::opus::{Content, Encoder};
use super::tone::Tone;
use super::{BLOCK, FRAME, SAMPLE_RATE};
use crate::packet::{Packet, PeerTag};

/// What a microphone of ours would send for a tone: packets of 20 ms.
pub(crate) fn tone_packets(hertz: f32, packets: usize) -> Vec<Bytes> {
    let mut encoder = Encoder::new(Content::Voice).unwrap();
    let mut tone = Tone::new(hertz);
    let mut frame = [0.0; FRAME];
    let mut encode = || {
        tone.fill(&mut frame);
        encoder.encode(&frame).unwrap().expect("a tone is no silence")
    };
    (0..packets).map(|_| encode()).collect()
}

/// Something like a voice of this pitch, seeded: vowels of three formants whose pitch and loudness move, hissing
/// consonants, and pauses. Full scale is far away, as with real voices.
pub(crate) fn speech(seed: u8, pitch: f32, samples: usize) -> Vec<f32> {
    /// Formants in hertz of a few vowels.
    const VOWELS: [[f32; 3]; 5] = [
        [730.0, 1090.0, 2440.0],
        [530.0, 1840.0, 2480.0],
        [270.0, 2290.0, 3010.0],
        [570.0, 840.0, 2410.0],
        [300.0, 870.0, 2240.0],
    ];
    let mut rng = ChaCha8Rng::from_seed([seed; 32]);
    let mut uniform = move || rng.next_u32() as f32 / u32::MAX as f32;
    let mut out = Vec::with_capacity(samples);
    let mut phase = 0.0_f32;
    while out.len() < samples {
        let length = 3500 + (uniform() * 7000.0) as usize;
        let (kind, turn) = (uniform(), 0.8 + 0.5 * uniform());
        let vowel = VOWELS[(uniform() * 4.99) as usize];
        let mut filters = vowel.map(|hertz| Resonance::new(hertz, 60.0 + hertz * 0.05));
        for i in 0..length {
            let part = i as f32 / length as f32;
            let envelope = (part * std::f32::consts::PI).sin().powf(0.6);
            let sample = if kind < 0.15 {
                0.0
            } else if kind < 0.32 {
                0.03 * envelope * (uniform() - uniform())
            } else {
                phase += pitch * turn * (1.1 - 0.2 * part) / 48_000.0;
                let pulse = if phase >= 1.0 { 1.0 } else { 0.0 };
                phase = phase.fract();
                let breath = 0.01 * (uniform() - 0.5);
                envelope * filters.iter_mut().map(|filter| filter.next(pulse + breath)).sum::<f32>()
            };
            out.push(sample);
        }
    }
    out.truncate(samples);
    let loudest = out.iter().fold(1e-6_f32, |peak, sample| peak.max(sample.abs()));
    out.iter_mut().for_each(|sample| *sample *= 0.4 / loudest);
    out
}

/// A resonance of the mouth: two poles.
struct Resonance {
    feedback: [f32; 2],
    gain: f32,
    past: [f32; 2],
}

impl Resonance {
    fn new(hertz: f32, width: f32) -> Self {
        let radius = (-std::f32::consts::PI * width / 48_000.0).exp();
        let angle = std::f32::consts::TAU * hertz / 48_000.0;
        Self { feedback: [2.0 * radius * angle.cos(), -radius * radius], gain: 1.0 - radius, past: [0.0; 2] }
    }

    fn next(&mut self, sample: f32) -> f32 {
        let out = self.gain * sample + self.feedback[0] * self.past[0] + self.feedback[1] * self.past[1];
        self.past = [out, self.past[0]];
        out
    }
}

/// A vowel that is held at this pitch: its harmonics up to 4 kHz, the louder the nearer they are to a formant.
pub(crate) fn vowel(pitch: f32, samples: usize) -> Vec<f32> {
    let pitch = f64::from(pitch);
    let loudness = |hertz: f64| {
        let formants = [(600.0, 90.0), (1200.0, 110.0), (2500.0, 160.0)];
        let near = |(formant, width): (f64, f64)| 1.0 / ((1.0 - (hertz / formant).powi(2)).hypot(width / formant));
        formants.map(near).iter().sum::<f64>() * pitch / hertz
    };
    let harmonics = (1..=(4000.0 / pitch) as u32).map(f64::from);
    let harmonics: Vec<(f64, f64)> = harmonics.map(|number| (number, loudness(number * pitch))).collect();
    let sample = |i: usize| {
        let turns = pitch * i as f64 / f64::from(SAMPLE_RATE);
        // Begun apart, or all of them would peak together.
        let wave = |&(number, loudness): &(f64, f64)| {
            loudness * (std::f64::consts::TAU * (number * turns).fract() + 0.7 * number * number).sin()
        };
        harmonics.iter().map(wave).sum::<f64>() as f32
    };
    let out: Vec<f32> = (0..samples).map(sample).collect();
    let loudest = out.iter().fold(1e-6_f32, |peak, sample| peak.max(sample.abs()));
    out.into_iter().map(|sample| sample * 0.4 / loudest).collect()
}

/// How much of the power of `samples` is no harmonic of this pitch, in decibels below all of it. Everything counts that is
/// further from each of them than a Hann window smears it.
pub(crate) fn impurity(samples: &[f32], pitch: f32) -> f32 {
    const SMEARED_HZ: f32 = 30.0;
    let (mut strange, mut all) = (0.0_f64, 0.0_f64);
    for (bin, power) in mean_spectrum(samples).into_iter().enumerate() {
        let hertz = bin as f32 * SAMPLE_RATE as f32 / SPECTRUM as f32;
        let nearest = (hertz / pitch).round().max(1.0) * pitch;
        all += f64::from(power);
        if (hertz - nearest).abs() > SMEARED_HZ {
            strange += f64::from(power);
        }
    }
    10.0 * (strange / all).log10() as f32
}

/// The packet with this number of a steady stream.
pub(crate) fn packet(number: usize, payload: Bytes, arrived: Instant) -> Packet {
    let timestamp = (number * FRAME) as u32;
    Packet { sequence: number as u16, timestamp, marker: false, payload, arrived }
}

/// A mixer and the time it is told.
pub(crate) struct Listener {
    pub(crate) mixer: Mixer,
    pub(crate) now: Instant,
    /// Everything that was mixed.
    pub(crate) heard: Vec<f32>,
    pub(crate) speaking: Vec<(PeerTag, bool)>,
}

impl Listener {
    pub(crate) fn new(peers: &[PeerTag]) -> Self {
        let now = Instant::now();
        let mut mixer = Mixer::default();
        peers.iter().for_each(|&peer| mixer.open(peer, now).unwrap());
        Self { mixer, now, heard: Vec::new(), speaking: Vec::new() }
    }

    /// Hands a packet over, as arrived by now.
    pub(crate) fn receive(&mut self, peer: PeerTag, number: usize, payload: &Bytes) {
        self.mixer.receive(peer, packet(number, payload.clone(), self.now));
    }

    /// Lets 10 ms go by.
    pub(crate) fn pull(&mut self) {
        let (block, changes) = self.mixer.mix(self.now);
        self.heard.extend(block);
        self.speaking.extend(changes);
        self.now += Duration::from_millis(10);
    }

    /// Lets the time of one packet go by.
    pub(crate) fn pull_frame(&mut self) {
        (0..FRAME / BLOCK).for_each(|_| self.pull());
    }
}
