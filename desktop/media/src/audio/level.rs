//! How loud a sound is, and whether it is someone speaking.

use super::{BLOCK, goertzel::total_power};
use crate::event::LEVELS;

/// Blocks that a meter looks back on: a tenth of a second.
const METER_BLOCKS: usize = 10;

/// dBFS of the mean square. Below the threshold it is a quiet room, whatever stands out of it.
const SPEECH_MIN_DB: f32 = -48.0;

/// How far speech stands out of the room's noise, and the loudest noise that a room is believed to have.
const OVER_NOISE_DB: f32 = 9.0;
const NOISE_MAX_DB: f32 = -42.0;
const NOISE_MIN_DB: f32 = -90.0;

/// The noise estimate falls with the quietest moment and rises by this much per block (5 dB a second).
const NOISE_RISE_DB: f32 = 0.05;

/// Blocks: 60 ms of sound are speech, a click of the tongue is not.
const ATTACK: u32 = 6;

/// Blocks: half a second between two words is no end.
const HANG_OVER: u32 = 50;

/// Where a meter's lowest step begins, and how high each is.
const STEPS_FROM_DB: f32 = -54.0;
const STEP_DB: f32 = 9.0;

/// Blocks, 1 s and 20 s: a cough is no speech, and whoever wants to be unheard is told now and then only.
const UNHEARD_AFTER: u32 = 100;
const UNHEARD_AGAIN: u32 = 2000;

#[derive(Debug, Default)]
pub(crate) struct Meter {
    powers: [f32; METER_BLOCKS],
    next: usize,
}

impl Meter {
    pub(crate) fn handle_block(&mut self, block: &[f32]) {
        self.powers[self.next] = total_power(block);
        self.next = (self.next + 1) % METER_BLOCKS;
    }

    /// 0 is silence, 1 is a full-scale sine or anything louder.
    pub(crate) fn level(&self) -> f32 {
        (2.0 * self.powers.iter().sum::<f32>() / METER_BLOCKS as f32).sqrt().min(1.0)
    }

    /// The same in steps that look even to a person: every 9 dB from a quiet room to a raised voice.
    pub(crate) fn step(&self) -> u8 {
        let decibels = 20.0 * self.level().max(1e-6).log10();
        ((decibels - STEPS_FROM_DB) / STEP_DB).ceil().clamp(0.0, f32::from(LEVELS)) as u8
    }

    pub(crate) fn reset(&mut self) {
        *self = Self::default();
    }
}

/// Hears whether somebody speaks into a microphone that is off.
#[derive(Debug, Default)]
pub(crate) struct Unheard {
    detector: SpeakingDetector,
    /// Blocks since speaking began, and until it may be told again.
    speaking_for: u32,
    told_for: u32,
}

impl Unheard {
    /// Takes 10 ms; says when it is time to tell.
    pub(crate) fn handle_block(&mut self, block: &[f32; BLOCK]) -> bool {
        let _ = self.detector.handle_block(block);
        self.told_for = self.told_for.saturating_sub(1);
        self.speaking_for = if self.detector.is_speaking() { self.speaking_for + 1 } else { 0 };
        if self.speaking_for < UNHEARD_AFTER || self.told_for > 0 {
            return false;
        }
        self.told_for = UNHEARD_AGAIN;
        true
    }

    /// The microphone is on, or is switched.
    pub(crate) fn reset(&mut self) {
        self.speaking_for = 0;
        let _ = self.detector.reset();
    }
}

#[derive(Debug)]
pub(crate) struct SpeakingDetector {
    noise_db: f32,
    loud_for: u32,
    quiet_for: u32,
    speaking: bool,
}

impl Default for SpeakingDetector {
    fn default() -> Self {
        Self { noise_db: NOISE_MAX_DB, loud_for: 0, quiet_for: 0, speaking: false }
    }
}

impl SpeakingDetector {
    /// Takes 10 ms; says when speaking begins (`Some(true)`) or ends.
    pub(crate) fn handle_block(&mut self, block: &[f32; BLOCK]) -> Option<bool> {
        let level = 10.0 * total_power(block).max(1e-12).log10();
        let loud = level > SPEECH_MIN_DB.max(self.noise_db + OVER_NOISE_DB);
        // Digital silence says nothing about the room.
        if level > NOISE_MIN_DB {
            self.noise_db = level.min(self.noise_db + NOISE_RISE_DB).clamp(NOISE_MIN_DB, NOISE_MAX_DB);
        }
        (self.loud_for, self.quiet_for) = if loud { (self.loud_for + 1, 0) } else { (0, self.quiet_for + 1) };
        if !self.speaking && self.loud_for >= ATTACK {
            self.speaking = true;
            Some(true)
        } else if self.speaking && self.quiet_for >= HANG_OVER {
            self.speaking = false;
            Some(false)
        } else {
            None
        }
    }

    pub(crate) fn is_speaking(&self) -> bool {
        self.speaking
    }

    /// The microphone is off. Says whether that ends speaking.
    pub(crate) fn reset(&mut self) -> Option<bool> {
        let ended = self.speaking.then_some(false);
        *self = Self { noise_db: self.noise_db, ..Self::default() };
        ended
    }
}

#[cfg(test)]
mod tests {
    use super::super::goertzel::sine;
    use super::*;

    fn block(amplitude: f32) -> [f32; BLOCK] {
        sine(500.0, amplitude, 48_000, BLOCK).try_into().unwrap()
    }

    /// Feeds the block and returns after how many blocks the detector changed.
    fn blocks_until_change(detector: &mut SpeakingDetector, amplitude: f32, max: u32) -> Option<u32> {
        (1..=max).find(|_| detector.handle_block(&block(amplitude)).is_some())
    }

    #[test]
    fn a_meter_shows_a_full_scale_sine_as_one_and_forgets_within_a_tenth_of_a_second() {
        let mut meter = Meter::default();
        (0..10).for_each(|_| meter.handle_block(&block(1.0)));
        assert!((meter.level() - 1.0).abs() < 1e-3);
        (0..10).for_each(|_| meter.handle_block(&block(0.1)));
        assert!((meter.level() - 0.1).abs() < 1e-3);
    }

    #[test]
    fn a_meter_rises_in_steps_from_a_quiet_room_to_a_raised_voice() {
        let step = |amplitude| {
            let mut meter = Meter::default();
            (0..10).for_each(|_| meter.handle_block(&block(amplitude)));
            meter.step()
        };
        assert_eq!([0.0, 0.001, 0.004, 0.01, 0.03, 0.08, 0.3, 1.0].map(step), [0, 0, 1, 2, 3, 4, 5, 5]);
    }

    #[test]
    fn whoever_speaks_unheard_is_told_after_a_second_and_not_again_for_twenty() {
        let mut unheard = Unheard::default();
        let told = |unheard: &mut Unheard, amplitude, blocks: u32| {
            (0..blocks).filter(|_| unheard.handle_block(&block(amplitude))).count()
        };
        assert_eq!(told(&mut unheard, 0.3, 40), 0, "a cough");
        assert_eq!(told(&mut unheard, 0.0, 100), 0);
        assert_eq!(told(&mut unheard, 0.3, 104), 0);
        assert_eq!(told(&mut unheard, 0.3, 2), 1);
        assert_eq!(told(&mut unheard, 0.3, 1990), 0);
        assert_eq!(told(&mut unheard, 0.3, 2000), 1);
        unheard.reset();
        assert_eq!(told(&mut unheard, 0.0, 4000), 0);
    }

    #[test]
    fn speaking_begins_after_60_ms_and_ends_half_a_second_after_the_last_word() {
        let mut detector = SpeakingDetector::default();
        assert_eq!(blocks_until_change(&mut detector, 0.2, 100), Some(6));
        assert_eq!(blocks_until_change(&mut detector, 0.0, 49), None);
        assert_eq!(blocks_until_change(&mut detector, 0.2, 3), None, "a pause between words is no end");
        assert_eq!(blocks_until_change(&mut detector, 0.0, 100), Some(50));
    }

    #[test]
    fn a_click_is_not_speech() {
        let mut detector = SpeakingDetector::default();
        assert_eq!(blocks_until_change(&mut detector, 0.5, ATTACK - 1), None);
        assert_eq!(blocks_until_change(&mut detector, 0.0, 100), None);
    }

    #[test]
    fn steady_noise_of_a_room_is_not_speech_and_speech_above_it_is() {
        let mut detector = SpeakingDetector::default();
        assert_eq!(blocks_until_change(&mut detector, 0.008, 1000), None);
        assert_eq!(blocks_until_change(&mut detector, 0.1, 100), Some(ATTACK));
    }

    #[test]
    fn someone_who_talks_without_a_pause_stays_marked() {
        let mut detector = SpeakingDetector::default();
        assert_eq!(blocks_until_change(&mut detector, 0.1, 10), Some(ATTACK));
        assert_eq!(blocks_until_change(&mut detector, 0.1, 6000), None);
    }

    #[test]
    fn switching_off_ends_speaking_at_once() {
        let mut detector = SpeakingDetector::default();
        blocks_until_change(&mut detector, 0.2, 100);
        assert_eq!(detector.reset(), Some(false));
        assert_eq!(detector.reset(), None);
    }
}
