//! What is counted of one peer's pictures: freezes, and the delay that the pattern's marks tell. Told the time.

use std::time::{Duration, Instant};

use crate::pattern::Mark;

/// A shorter gap is not felt as a freeze.
const FREEZE_MIN: Duration = Duration::from_millis(500);

/// RTP's clock for video.
const TICKS_PER_MS: u32 = 90;

/// Whoever pauses, pauses his clock's ticks along with his pictures; give or take this.
const PAUSE_SLACK_MS: u32 = 250;

#[derive(Debug, Default)]
pub(super) struct FreezeMeter {
    newest: Option<(Instant, u32)>,
    /// The first and the newest packet since the newest picture.
    unshown: Option<(Instant, Instant)>,
    frozen: Duration,
    longest: Duration,
}

impl FreezeMeter {
    pub(super) fn handle_packet(&mut self, now: Instant) {
        let first = self.unshown.map_or(now, |(first, _)| first);
        self.unshown = Some((first, now));
    }

    /// A picture is shown. `contiguous`: nothing got lost since the one before.
    pub(super) fn handle_picture(&mut self, now: Instant, timestamp: u32, contiguous: bool) {
        self.unshown = None;
        let Some((before, timestamp_before)) = self.newest.replace((now, timestamp)) else { return };
        let gap = now.saturating_duration_since(before);
        let sent_apart = timestamp.wrapping_sub(timestamp_before) / TICKS_PER_MS;
        let paused = contiguous && u128::from(sent_apart + PAUSE_SLACK_MS) >= gap.as_millis();
        if gap > FREEZE_MIN && paused {
            return;
        }
        self.longest = self.longest.max(gap);
        if gap > FREEZE_MIN {
            self.frozen += gap;
        }
    }

    /// The longest time between two pictures, pauses aside.
    pub(super) fn longest(&self) -> Duration {
        self.longest
    }

    /// All freezes so far, the present one included.
    pub(super) fn frozen(&self) -> Duration {
        let present = self.unshown.map_or(Duration::ZERO, |(first, newest)| newest.saturating_duration_since(first));
        self.frozen + if present > FREEZE_MIN { present } else { Duration::ZERO }
    }
}

/// How many delays fell into each millisecond; the last place is for all longer ones.
const DELAYS: usize = 5_001;

#[derive(Debug, Default)]
pub(super) struct MarkMeter {
    newest: Option<Mark>,
    seen: u64,
    delays: Vec<u32>,
}

impl MarkMeter {
    /// `now_millis` is the wall clock in the mark's own measure.
    pub(super) fn handle_mark(&mut self, mark: Mark, now_millis: u32) {
        if self.newest.replace(mark).is_some_and(|before| before.number == mark.number) {
            return;
        }
        self.seen += 1;
        self.delays.resize(DELAYS, 0);
        // Two machines' clocks may disagree a little; nothing comes before it was sent.
        let delay = (now_millis.wrapping_sub(mark.millis) as i32).max(0) as usize;
        self.delays[delay.min(DELAYS - 1)] += 1;
    }

    pub(super) fn newest(&self) -> Option<Mark> {
        self.newest
    }

    pub(super) fn seen(&self) -> u64 {
        self.seen
    }

    /// The delay in milliseconds that so many percent of the pictures did not exceed.
    pub(super) fn percentile(&self, percent: u64) -> Option<u32> {
        let rank = (self.seen * percent).div_ceil(100).max(1);
        let mut count = 0;
        let delays = self.delays.iter().position(|times| {
            count += u64::from(*times);
            count >= rank
        });
        delays.map(|delay| delay as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// A picture and its packet every 40 ms, for a second.
    fn play(meter: &mut FreezeMeter, mut now: Instant, mut timestamp: u32) -> (Instant, u32) {
        for _ in 0..25 {
            meter.handle_packet(now);
            meter.handle_picture(now, timestamp, true);
            now += Duration::from_millis(40);
            timestamp = timestamp.wrapping_add(3_600);
        }
        (now, timestamp)
    }

    #[test]
    fn a_smooth_stream_is_never_frozen() {
        let mut meter = FreezeMeter::default();
        let (now, timestamp) = play(&mut meter, Instant::now(), u32::MAX - 10_000);
        play(&mut meter, now + Duration::from_millis(400), timestamp);
        assert_eq!(meter.frozen(), Duration::ZERO);
    }

    #[test]
    fn a_gap_is_a_freeze_unless_the_sender_paused() {
        let mut meter = FreezeMeter::default();
        let (now, timestamp) = play(&mut meter, Instant::now(), u32::MAX - 10_000);
        // The camera was off for ten seconds.
        let (now, timestamp) = play(&mut meter, now + 10 * SECOND, timestamp.wrapping_add(900_000));
        assert_eq!(meter.frozen(), Duration::ZERO);
        // The network stood still for two: what was sent then comes late.
        let (now, timestamp) = play(&mut meter, now + 2 * SECOND, timestamp);
        assert_eq!(meter.frozen(), Duration::from_millis(2_040));
        // Pictures of one second got lost.
        meter.handle_picture(now + SECOND, timestamp.wrapping_add(90_000), false);
        assert_eq!(meter.frozen(), Duration::from_millis(3_080));
    }

    #[test]
    fn a_freeze_is_counted_while_it_lasts() {
        let mut meter = FreezeMeter::default();
        let (mut now, _) = play(&mut meter, Instant::now(), 0);
        for _ in 0..25 {
            meter.handle_packet(now);
            now += Duration::from_millis(40);
        }
        assert_eq!(meter.frozen(), Duration::from_millis(960));
    }

    #[test]
    fn marks_are_counted_once_and_their_delays_ranked() {
        let mut meter = MarkMeter::default();
        assert_eq!((meter.percentile(50), meter.seen()), (None, 0));
        for number in 0..100 {
            let mark = Mark { number, millis: u32::MAX - 50 };
            meter.handle_mark(mark, mark.millis.wrapping_add(number + 1));
            meter.handle_mark(mark, mark.millis.wrapping_add(4_000));
        }
        assert_eq!((meter.percentile(50), meter.percentile(95), meter.seen()), (Some(50), Some(95), 100));
        meter.handle_mark(Mark { number: 200, millis: 1_000 }, 0);
        meter.handle_mark(Mark { number: 201, millis: 0 }, 1_000_000);
        assert_eq!((meter.percentile(0), meter.percentile(100)), (Some(0), Some(5_000)));
        assert_eq!(meter.newest().map(|mark| mark.number), Some(201));
    }
}
