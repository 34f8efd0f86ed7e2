//! Lip sync of one peer: which picture belongs to the sound that is being played. Told the time.
//!
//! Sound and pictures have clocks of their own that begin anywhere. The sender's reports (RFC 3550, section 6.4.1) say
//! which timestamp of each is which moment on the sender's own wall clock, so both can be laid side by side.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::packet::Kind;

/// Within these bounds nobody sees a difference, and waiting would only cost delay; 60 ms are the promise.
const TOLERANCE_US: i64 = 45_000;

/// More is no difference of ways but a report that is wrong.
const PLAUSIBLE_US: i64 = 3_000_000;

/// Neither sound nor pictures wait longer for the other: a conversation matters more.
const WAIT_MAX_US: i64 = 400_000;

/// Sound that was last played before this has nothing to say of the pictures now.
const STALE: Duration = Duration::from_millis(500);

/// The sound does not wait for pictures that have not come for this long: the camera was switched off.
const UNSEEN_MAX: Duration = Duration::from_secs(2);

/// A step of more is one of the sound's delay, and followed at once.
const STEP_US: i64 = 100_000;

/// What a sender's report says of one stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SenderClock {
    /// The sender's wall clock, seconds since 1900 in units of 2⁻³² s.
    pub ntp: u64,
    /// What its stream's timestamp was at that moment.
    pub timestamp: u32,
}

impl SenderClock {
    /// Microseconds of the sender's wall clock at a timestamp of its stream.
    fn moment(self, timestamp: u32, ticks_per_second: i64) -> i64 {
        let micros = (u128::from(self.ntp) * 1_000_000) >> 32;
        let ticks = i64::from(timestamp.wrapping_sub(self.timestamp) as i32);
        micros as i64 + ticks * 1_000_000 / ticks_per_second
    }
}

/// Shared by the peer's sound and its pictures.
pub(crate) type Lips = Arc<Mutex<LipSync>>;

#[derive(Debug, Default)]
pub(crate) struct LipSync {
    sound: Option<SenderClock>,
    pictures: Option<SenderClock>,
    /// When what was last played, by the sender's clock in microseconds.
    played: Option<(Instant, i64)>,
    /// How much longer than it has to the sound waits for the pictures.
    wait_us: i64,
    /// When the last picture came of which it can be told what belongs to it.
    seen: Option<Instant>,
    /// How late the pictures of the last moments were.
    late: Vec<i64>,
    /// How late those before them would have been without a wait, so many of them at a time.
    windows: VecDeque<i64>,
}

/// Pictures that are looked at together before the sound waits for them, or stops to.
const LATE_OVER: usize = 30;

/// Of so many windows half must be later for a longer wait, and three in four earlier for a shorter one: on a way where
/// pictures are asked for again and again, sound that followed each of them would be stretched and squeezed all the time.
const WINDOWS: usize = 8;

impl LipSync {
    pub(crate) fn handle_clock(&mut self, kind: Kind, clock: SenderClock) {
        match kind {
            Kind::Audio => self.sound = Some(clock),
            Kind::Video => self.pictures = Some(clock),
        }
    }

    /// At this moment the sound of this timestamp (48 kHz) is played.
    pub(crate) fn handle_played(&mut self, timestamp: u32, now: Instant) {
        let Some(sound) = self.sound else { return };
        let moment = sound.moment(timestamp, 48_000);
        // Blocks are handed out in bursts: what counts is their mean.
        let smooth = self.playing(now).map(|expected| moment - expected);
        let moment = match smooth {
            Some(error) if error.abs() < STEP_US => moment - error * 7 / 8,
            Some(_) | None => moment,
        };
        self.played = Some((now, moment));
    }

    /// A picture of this timestamp (90 kHz) is ready. Says when it is to be shown.
    pub(crate) fn handle_picture(&mut self, timestamp: u32, now: Instant) -> Instant {
        let Some(ahead) = self.ahead(timestamp, now) else {
            self.late.clear();
            return now;
        };
        if !self.is_seen(now) {
            self.wait_us = 0;
            self.windows.clear();
        }
        self.seen = Some(now);
        self.late.push(-ahead);
        if self.late.len() >= LATE_OVER {
            self.settle();
        }
        let early = (ahead - TOLERANCE_US).clamp(0, WAIT_MAX_US);
        now + Duration::from_micros(early as u64)
    }

    /// How much longer than it has to the sound shall wait from now on, so that the pictures can follow.
    pub(crate) fn wait_us(&self, now: Instant) -> i64 {
        if self.is_seen(now) { self.wait_us } else { 0 }
    }

    fn is_seen(&self, now: Instant) -> bool {
        self.seen.is_some_and(|seen| now.saturating_duration_since(seen) < UNSEEN_MAX)
    }

    /// How far a picture is before the sound that is being played, in microseconds; `None` while nobody can tell.
    pub(crate) fn ahead(&self, timestamp: u32, now: Instant) -> Option<i64> {
        let ahead = self.pictures?.moment(timestamp, 90_000) - self.playing(now)?;
        (ahead.abs() < PLAUSIBLE_US).then_some(ahead)
    }

    /// What is being played, by the sender's clock.
    fn playing(&self, now: Instant) -> Option<i64> {
        let (at, moment) = self.played?;
        let since = now.saturating_duration_since(at);
        (since < STALE).then(|| moment + since.as_micros() as i64)
    }

    /// The sound waits for what is usual, and not for the stragglers, however many they are in a bad second; and no longer
    /// than the pictures are late.
    fn settle(&mut self) {
        let late = quantile(std::mem::take(&mut self.late), 2);
        if self.windows.len() == WINDOWS {
            self.windows.pop_front();
        }
        // Where the sound would be without its wait, pictures are that much later.
        self.windows.push_back(late + self.wait_us);
        let windows = || self.windows.iter().copied().collect::<Vec<i64>>();
        let (half, most) = (quantile(windows(), 2), quantile(windows(), 3));
        let wanted = |late: i64| (late - TOLERANCE_US * 3 / 4).clamp(0, WAIT_MAX_US);
        if half - self.wait_us > TOLERANCE_US {
            self.wait_us = wanted(half);
        } else if most - self.wait_us < TOLERANCE_US / 2 {
            self.wait_us = wanted(most);
        }
    }
}

/// So many quarters of what is there are not above it.
fn quantile(mut of: Vec<i64>, quarters: usize) -> i64 {
    of.sort_unstable();
    of[(of.len() - 1) * quarters / 4]
}

#[cfg(test)]
mod tests;
