//! What the speaker plays, lined up with what the microphone hears: the echo canceller needs both as steady streams,
//! while two devices with clocks of their own give and take in bursts.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::{BLOCK, SAMPLE_RATE};

/// Samples that are kept: a second.
const KEPT: usize = SAMPLE_RATE as usize;

/// Samples by which what is given is earlier than what the speaker's device could play meanwhile, 3 ms: the clocks are
/// known no better. The device's own buffer is longer, so no echo comes sooner.
const MARGIN: f64 = 144.0;

/// Samples. A difference this large is no drift: one of the devices is another.
const JUMP: f64 = 480.0;

/// Samples. Below this it is left alone; above, one sample in a few blocks is left out or repeated: 520 ppm, which is
/// more than two clocks differ.
const TOLERANCE: f64 = 24.0;
const CORRECT_EVERY: u32 = 4;

/// How far a device is ahead of the time, by the counts of samples that it gave or took. It comes late now and then
/// and never early, so its best moments tell its clock.
#[derive(Debug, Default)]
struct DeviceClock {
    /// The most that it was ahead in each of the last periods, with the period's number.
    best: VecDeque<(i64, f64)>,
}

/// The best of this many periods of half a second counts.
const PERIODS: usize = 8;
const PERIOD_SAMPLES: f64 = SAMPLE_RATE as f64 / 2.0;

/// Samples, 100 ms: a device this late stood still, and has another time from now on.
const STOOD_STILL: f64 = 4800.0;

impl DeviceClock {
    /// `count` samples so far, at this time (in samples as well).
    fn note(&mut self, count: u64, time: f64) {
        let ahead = count as f64 - time;
        if self.ahead().is_some_and(|best| ahead < best - STOOD_STILL) {
            self.best.clear();
        }
        let period = (time / PERIOD_SAMPLES) as i64;
        match self.best.back_mut() {
            Some((newest, best)) if *newest >= period => *best = ahead.max(*best),
            _ => self.best.push_back((period, ahead)),
        }
        while self.best.len() > 1 && self.best[0].0 <= period - PERIODS as i64 {
            self.best.pop_front();
        }
    }

    fn ahead(&self) -> Option<f64> {
        self.best.iter().map(|&(_, ahead)| ahead).reduce(f64::max)
    }
}

/// The speaker's end, shared by both threads.
#[derive(Debug)]
pub(crate) struct Reference {
    epoch: Instant,
    played: Mutex<Played>,
}

#[derive(Debug, Default)]
struct Played {
    latest: VecDeque<f32>,
    /// How many samples there ever were, and how many of them the device took.
    count: u64,
    taken: u64,
    clock: DeviceClock,
}

impl Reference {
    pub(crate) fn new(now: Instant) -> Self {
        Self { epoch: now, played: Mutex::default() }
    }

    /// What is on its way to the speaker's device.
    pub(crate) fn push(&self, block: &[f32]) {
        let mut played = self.played();
        played.count += block.len() as u64;
        played.latest.extend(block);
        let surplus = played.latest.len().saturating_sub(KEPT);
        played.latest.drain(..surplus);
    }

    /// The speaker's device came for more, and all but `waiting` samples are with it now. It has not used up what it
    /// took before, or it would be silent.
    pub(crate) fn note_taken(&self, waiting: usize, now: Instant) {
        let time = self.time(now);
        let mut played = self.played();
        let taken = played.count.saturating_sub(waiting as u64);
        let before = std::mem::replace(&mut played.taken, taken);
        played.clock.note(before, time);
    }

    /// The speaker's device is gone or new.
    pub(crate) fn restart(&self) {
        self.played().clock = DeviceClock::default();
    }

    fn time(&self, now: Instant) -> f64 {
        now.saturating_duration_since(self.epoch).as_secs_f64() * f64::from(SAMPLE_RATE)
    }

    fn played(&self) -> MutexGuard<'_, Played> {
        self.played.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Played {
    fn copy(&self, from: i64, out: &mut [f32; BLOCK]) {
        let oldest = self.count as i64 - self.latest.len() as i64;
        for (i, sample) in (from - oldest..).zip(out) {
            *sample = usize::try_from(i).ok().and_then(|i| self.latest.get(i)).copied().unwrap_or(0.0);
        }
    }
}

/// The microphone's end: for each block from the microphone, what the speaker's device could play at the soonest while
/// it was recorded.
#[derive(Debug, Default)]
pub(crate) struct Alignment {
    clock: DeviceClock,
    /// Samples from the microphone so far.
    count: u64,
    /// The next of the speaker's samples.
    next: Option<i64>,
    since_correction: u32,
}

impl Alignment {
    /// The microphone's device has given something, and `waiting` samples were not looked at yet.
    pub(crate) fn note_given(&mut self, waiting: usize, reference: &Reference, now: Instant) {
        self.clock.note(self.count + waiting as u64, reference.time(now));
    }

    /// The microphone's device is gone or new.
    pub(crate) fn restart(&mut self) {
        (self.clock, self.next) = (DeviceClock::default(), None);
    }

    /// Of the same time as the next block from the microphone; silence as far as there was none.
    pub(crate) fn take(&mut self, reference: &Reference, out: &mut [f32; BLOCK]) {
        let start = self.count;
        self.count += BLOCK as u64;
        let played = reference.played();
        let (Some(speaker), Some(microphone)) = (played.clock.ahead(), self.clock.ahead()) else {
            self.next = None;
            return out.fill(0.0);
        };
        let wanted = start as f64 - microphone + speaker - MARGIN;
        let from = self.follow(wanted);
        played.copy(from, out);
        self.next = Some(from + BLOCK as i64);
    }

    fn follow(&mut self, wanted: f64) -> i64 {
        let Some(next) = self.next else { return wanted as i64 };
        let error = wanted - next as f64;
        self.since_correction += 1;
        if error.abs() > JUMP {
            return wanted as i64;
        }
        if error.abs() < TOLERANCE || self.since_correction < CORRECT_EVERY {
            return next;
        }
        self.since_correction = 0;
        next + error.signum() as i64
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::{Rng, SeedableRng};

    use super::*;

    /// A device that comes every so many samples, by its own clock, and a little late.
    struct Device {
        every: u64,
        ppm: f64,
        rng: ChaCha8Rng,
        turns: u64,
    }

    impl Device {
        fn new(every: u64, ppm: f64, seed: u8) -> Self {
            Self { every, ppm, rng: ChaCha8Rng::from_seed([seed; 32]), turns: 0 }
        }

        /// When it comes next, in samples of the true time: up to 3 ms late, and once in a while 15 ms.
        fn next(&mut self) -> f64 {
            self.turns += 1;
            let due = (self.turns * self.every) as f64 / (1.0 + self.ppm * 1e-6);
            let late = if self.rng.next_u32().is_multiple_of(50) { 720 } else { self.rng.next_u32() % 144 };
            due + f64::from(late)
        }
    }

    /// By how many samples the speaker's sound is older than what a device without a buffer would play in that moment, each
    /// second. The sound is its samples' numbers.
    fn ages(seconds: u64, speaker: (u64, f64), microphone: (u64, f64)) -> Vec<f64> {
        let start = Instant::now();
        let reference = Reference::new(start);
        let mut alignment = Alignment::default();
        let at = |time: f64| start + Duration::from_secs_f64(time / 48_000.0);
        let (mut speaker, ppm) = (Device::new(speaker.0, speaker.1, 1), speaker.1);
        let mut microphone = Device::new(microphone.0, microphone.1, 2);
        let (mut plays, mut hears) = (speaker.next(), microphone.next());
        let (mut pushed, mut waiting, mut out, mut ages) = (0_u64, 0, [0.0; BLOCK], Vec::new());
        while hears < (seconds * 48_000) as f64 {
            if plays < hears {
                // As much again waits behind what it takes.
                while pushed < (speaker.turns + 1) * speaker.every + BLOCK as u64 {
                    // Numbers stay exact in an f32 this way.
                    let numbers: Vec<f32> = (pushed..pushed + BLOCK as u64).map(|i| (i % 8_000_000) as f32).collect();
                    reference.push(&numbers);
                    pushed += BLOCK as u64;
                }
                reference.note_taken((pushed - speaker.turns * speaker.every) as usize, at(plays));
                plays = speaker.next();
                continue;
            }
            waiting += microphone.every as usize;
            alignment.note_given(waiting, &reference, at(hears));
            while waiting >= BLOCK {
                let recorded = alignment.count as f64 / (1.0 + microphone.ppm * 1e-6);
                alignment.take(&reference, &mut out);
                waiting -= BLOCK;
                if alignment.count.is_multiple_of(48_000) {
                    let number = f64::from(out[0]);
                    let played = recorded * (1.0 + ppm * 1e-6) - speaker.every as f64;
                    ages.push((played - number + 4_000_000.0).rem_euclid(8_000_000.0) - 4_000_000.0);
                }
            }
            hears = microphone.next();
        }
        ages
    }

    fn range(values: &[f64]) -> (f64, f64) {
        values.iter().fold((f64::MAX, f64::MIN), |(least, most), &value| (value.min(least), value.max(most)))
    }

    #[test]
    fn bursts_and_lateness_of_either_device_leave_the_reference_in_step() {
        for speaker in [480, 960, 1920, 4800] {
            for microphone in [480, 1102, 2400] {
                let ages = ages(30, (speaker, 0.0), (microphone, 0.0)).split_off(5);
                let (least, most) = range(&ages);
                assert!(most - least <= 48.0, "{speaker}/{microphone}: between {least} and {most}");
                assert!(least > 0.0 && most < 200.0, "{speaker}/{microphone}: between {least} and {most}");
            }
        }
    }

    #[test]
    fn clocks_that_differ_are_followed_for_an_hour_without_a_jump() {
        for ppm in [-200.0, 200.0] {
            let ages = ages(3600, (960, ppm), (960, -ppm / 4.0)).split_off(5);
            let (least, most) = range(&ages);
            assert!(least > 0.0 && most - least < 100.0, "{ppm} ppm: between {least} and {most}");
        }
    }

    #[test]
    fn a_device_that_stood_still_has_another_time_from_then_on() {
        let start = Instant::now();
        let reference = Reference::new(start);
        let mut alignment = Alignment::default();
        let mut out = [0.0; BLOCK];
        for i in 0..1000_u32 {
            // The speaker stops for two seconds and goes on.
            if !(300..500).contains(&i) {
                reference.push(&[1.0 + i as f32; BLOCK]);
                reference.note_taken(0, start + Duration::from_millis(u64::from(i) * 10));
            }
            alignment.note_given(BLOCK, &reference, start + Duration::from_millis(u64::from(i) * 10));
            alignment.take(&reference, &mut out);
            if (510..).contains(&i) {
                assert!((1.0 + i as f32 - out[0]) <= 3.0, "at {i}: {}", out[0]);
            }
        }
    }

    #[test]
    fn without_a_speaker_there_is_silence() {
        let mut out = [1.0; BLOCK];
        Alignment::default().take(&Reference::new(Instant::now()), &mut out);
        assert_eq!(out, [0.0; BLOCK]);
    }
}
