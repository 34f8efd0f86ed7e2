//! One peer's sound: its packets in, 10 ms at a time out, with a level, a speaking mark and counts.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::level::{Meter, SpeakingDetector};
use super::opus::{CodecError, Decoder, inspect};
use super::playout::{Pace, Playout, Step};
use super::{BLOCK, FRAME, SAMPLE_RATE, goertzel, stretch};
use crate::lips::Lips;
use crate::packet::Packet;
use crate::slot::lock;
use crate::stats::AudioStats;

/// Samples over which sound begins after silence: 2.5 ms, enough to avoid a click.
const FADE_IN: usize = 120;

/// A pitch is looked for in the last second, and not more often than this.
const TONE_PERIOD: Duration = Duration::from_millis(500);

/// Nobody needs a peer louder than +12 dB.
const VOLUME_MAX: f32 = 4.0;

#[derive(Debug)]
pub(crate) struct Voice {
    playout: Playout,
    decoder: Decoder,
    /// Decoded and not yet played.
    pcm: VecDeque<f32>,
    scratch: Vec<f32>,
    sounding: bool,
    volume: f32,
    /// What the last block ended with, so that a change of volume does not click.
    gain: f32,
    meter: Meter,
    detector: SpeakingDetector,
    /// The last second, before the volume.
    heard: VecDeque<f32>,
    tone: Option<(Instant, Option<f32>)>,
    malformed: u64,
    recovered: u64,
    /// What the same person's pictures go by.
    lips: Option<Lips>,
}

impl Voice {
    pub(crate) fn new(now: Instant) -> Result<Self, CodecError> {
        Ok(Self {
            playout: Playout::new(now),
            decoder: Decoder::new()?,
            pcm: VecDeque::new(),
            scratch: Vec::new(),
            sounding: false,
            volume: 1.0,
            gain: 1.0,
            meter: Meter::default(),
            detector: SpeakingDetector::default(),
            heard: VecDeque::with_capacity(SAMPLE_RATE as usize),
            tone: None,
            malformed: 0,
            recovered: 0,
            lips: None,
        })
    }

    /// A packet that no decoder should see is counted, and missing from then on.
    pub(crate) fn receive(&mut self, packet: Packet) {
        match inspect(&packet.payload) {
            Some(shape) => self.playout.handle_packet(packet, shape),
            None => self.malformed += 1,
        }
    }

    pub(crate) fn set_volume(&mut self, volume: f32) {
        if volume.is_finite() {
            self.volume = volume.clamp(0.0, VOLUME_MAX);
        }
    }

    /// From now on the pictures that go by these are told what is heard.
    pub(crate) fn set_lips(&mut self, lips: Lips) {
        self.lips = Some(lips);
    }

    /// Adds the next 10 ms to the mix. Says whether the peer began (`Some(true)`) or stopped speaking.
    pub(crate) fn mix_into(&mut self, mix: &mut [f32; BLOCK], now: Instant) -> Option<bool> {
        while self.pcm.len() < BLOCK {
            self.advance(now);
        }
        self.keep_lips(now);
        let mut block = [0.0; BLOCK];
        for (slot, sample) in block.iter_mut().zip(self.pcm.drain(..BLOCK)) {
            *slot = sample;
        }
        self.remember(&block);
        let step = (self.volume - self.gain) / BLOCK as f32;
        for (slot, sample) in mix.iter_mut().zip(block) {
            self.gain += step;
            *slot += sample * self.gain;
        }
        self.gain = self.volume;
        self.meter.handle_block(&block);
        self.detector.handle_block(&block)
    }

    pub(crate) fn stats(&mut self, now: Instant) -> AudioStats {
        let counts = self.playout.counts();
        let (delay, target) = self.playout.delay_us();
        AudioStats {
            packets: counts.packets + self.malformed,
            concealed: counts.concealed_samples.div_ceil(FRAME as u64),
            late: counts.late,
            duplicates: counts.duplicates,
            dropped: counts.dropped,
            malformed: self.malformed,
            recovered: self.recovered,
            delay_ms: u32::try_from(delay / 1000).unwrap_or(0),
            target_delay_ms: u32::try_from(target / 1000).unwrap_or(0),
            level: self.meter.level(),
            tone_hz: self.tone_hz(now),
        }
    }

    fn tone_hz(&mut self, now: Instant) -> Option<f32> {
        match self.tone {
            Some((since, tone)) if now.saturating_duration_since(since) < TONE_PERIOD => tone,
            _ => {
                let tone = goertzel::strongest(self.heard.make_contiguous(), SAMPLE_RATE);
                self.tone = Some((now, tone));
                tone
            }
        }
    }

    #[cfg(test)]
    pub(crate) fn heard(&self) -> Option<u32> {
        self.playout.heard(self.pcm.len())
    }

    fn keep_lips(&mut self, now: Instant) {
        let Some(lips) = &self.lips else { return };
        let mut lips = lock(lips);
        if let Some(timestamp) = self.playout.heard(self.pcm.len()) {
            lips.handle_played(timestamp, now);
        }
        self.playout.set_wait(lips.wait_us(now));
    }

    fn remember(&mut self, block: &[f32; BLOCK]) {
        let surplus = (self.heard.len() + BLOCK).saturating_sub(SAMPLE_RATE as usize);
        self.heard.drain(..surplus);
        self.heard.extend(block);
    }

    /// Decodes or makes up one more piece.
    fn advance(&mut self, now: Instant) {
        self.scratch.clear();
        match self.playout.poll(now, self.pcm.len()) {
            Step::Play { payload, pace } => self.play(&payload, pace),
            Step::Recover { next, samples } => match self.decoder.recover(&next, samples, &mut self.scratch) {
                Ok(()) => self.recovered += 1,
                Err(_) => self.conceal(samples),
            },
            Step::Conceal { samples } | Step::Comfort { samples } => self.conceal(samples),
            Step::Silence => self.fall_silent(),
        }
        self.pcm.extend(&self.scratch);
    }

    fn play(&mut self, payload: &[u8], pace: Pace) {
        if self.decoder.decode(payload, &mut self.scratch).is_err() || self.scratch.is_empty() {
            self.malformed += 1;
            return self.conceal(FRAME);
        }
        if !self.sounding {
            self.sounding = true;
            for (i, sample) in self.scratch.iter_mut().take(FADE_IN).enumerate() {
                *sample *= i as f32 / FADE_IN as f32;
            }
        }
        match pace {
            Pace::Normal => 0,
            Pace::Faster => stretch::shorten(&mut self.scratch),
            Pace::Slower => stretch::lengthen(&mut self.scratch),
        };
    }

    fn conceal(&mut self, samples: usize) {
        self.scratch.clear();
        if self.decoder.conceal(samples, &mut self.scratch).is_err() || self.scratch.is_empty() {
            self.scratch.resize(samples.max(1), 0.0);
        }
    }

    /// What was heard last fades away within a block; then zeros.
    fn fall_silent(&mut self) {
        if !self.sounding {
            return self.scratch.resize(BLOCK, 0.0);
        }
        self.sounding = false;
        self.conceal(BLOCK);
        let length = self.scratch.len() as f32;
        for (i, sample) in self.scratch.iter_mut().enumerate() {
            *sample *= 1.0 - i as f32 / length;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::opus::{BITRATE_RANGE, Content, Encoder};
    use super::super::testing::{impurity, packet, tone_packets, vowel};
    use super::*;

    #[test]
    fn sound_that_ends_in_full_voice_fades_to_nothing_within_a_block_and_begins_without_a_click() {
        let mut voice = Voice::new(Instant::now()).unwrap();
        let packets = tone_packets(440.0, 20);
        for packet in &packets {
            voice.scratch.clear();
            voice.play(packet, Pace::Normal);
        }
        let last = voice.scratch[voice.scratch.len() - 1];
        voice.fall_silent();
        let tail = &voice.scratch;
        assert_eq!(tail.len(), BLOCK);
        assert!((tail[0] - last).abs() < 0.03, "from {last} to {}", tail[0]);
        assert!(tail[..120].iter().any(|sample| sample.abs() > 0.05), "it does not break off");
        assert!(tail[BLOCK - 10..].iter().all(|sample| sample.abs() < 0.01), "it ends at zero");
        voice.scratch.clear();
        voice.fall_silent();
        assert_eq!(voice.scratch, [0.0; BLOCK]);
        voice.scratch.clear();
        voice.play(&packets[19], Pace::Normal);
        assert!(voice.scratch[..10].iter().all(|sample| sample.abs() < 0.03), "it begins at zero");
    }

    /// What is heard of a held vowel that is sent steadily for ten seconds, and its longest delay in milliseconds; in the
    /// middle of them it has to wait so much longer.
    fn held(pitch: f32, wait_us: i64) -> (Vec<f32>, u32) {
        let mut encoder = Encoder::new(Content::Voice).unwrap();
        encoder.set_bitrate(*BITRATE_RANGE.end()).unwrap();
        let mut now = Instant::now();
        let mut voice = Voice::new(now).unwrap();
        let (mut heard, mut longest) = (Vec::new(), 0);
        for (number, frame) in vowel(pitch, 10 * 48_000).as_chunks::<FRAME>().0.iter().enumerate() {
            voice.receive(packet(number, encoder.encode(frame).unwrap().expect("no rest"), now));
            voice.playout.set_wait(if (100..300).contains(&number) { wait_us } else { 0 });
            for _ in 0..FRAME / BLOCK {
                let mut block = [0.0; BLOCK];
                voice.mix_into(&mut block, now);
                heard.extend(block);
                now += Duration::from_millis(10);
            }
            longest = longest.max(voice.stats(now).delay_ms);
        }
        let stats = voice.stats(now);
        assert_eq!((stats.concealed, stats.late, stats.dropped), (0, 0, 0));
        assert!(stats.delay_ms < 70, "it has caught up: {} ms", stats.delay_ms);
        (heard.split_off(SAMPLE_RATE as usize), longest)
    }

    #[test]
    fn a_voice_that_waits_and_catches_up_stays_as_pure_as_it_comes_from_the_decoder() {
        for pitch in [82.0, 110.0, 137.3, 220.0, 333.3] {
            let ((steady, short), (paced, long)) = (held(pitch, 0), held(pitch, 100_000));
            assert!(long >= short + 70, "{pitch} Hz: {long} ms of delay after {short}");
            let (before, after) = (impurity(&steady, pitch), impurity(&paced, pitch));
            assert!(after < before + 1.0, "{pitch} Hz: {after:.1} dB beside the harmonics instead of {before:.1}");
        }
    }
}
