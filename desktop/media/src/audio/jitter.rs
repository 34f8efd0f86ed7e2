//! How late packets come compared with the fastest ones, and the playout delay that covers it.

use std::collections::VecDeque;

use super::SAMPLE_RATE;

/// Until enough packets were seen.
const TARGET_START_US: i64 = 40_000;
const TARGET_MIN_US: i64 = 20_000;
const TARGET_MAX_US: i64 = 200_000;

/// Packets whose lateness is remembered: four seconds of 20 ms.
const MEMORY: usize = 200;

/// Packets before the first estimate.
const SEEN_MIN: usize = 20;

/// Packets between two estimates.
const PERIOD: usize = 10;

/// Per cent of the packets that the delay should be long enough for.
const COVERED: usize = 95;

/// The fastest packet counts for this many periods of half a second: clocks drift and routes change.
const FASTEST_PERIODS: usize = 10;
const FASTEST_PERIOD_US: i64 = 500_000;

/// A packet this far off is on another timeline: the sender did not count while it paused.
const BREAK_US: i64 = 1_000_000;

/// Times are microseconds since an epoch of the owner's; a transit is the time of arrival minus the time of the RTP
/// clock, so only differences of transits mean something.
#[derive(Debug, Default)]
pub(crate) struct Jitter {
    /// The smallest transit in each of the last periods, with the period's number.
    fastest: VecDeque<(i64, i64)>,
    lateness: VecDeque<i64>,
    since_estimate: usize,
    target: Option<i64>,
}

impl Jitter {
    /// `frame` is the packet's duration in samples.
    pub(crate) fn handle_packet(&mut self, arrived_us: i64, timestamp: i64, frame: usize) {
        let transit = arrived_us - micros(timestamp);
        if self.fastest_transit().is_some_and(|fastest| (transit - fastest).abs() > BREAK_US) {
            self.fastest.clear();
        }
        self.note_transit(arrived_us.div_euclid(FASTEST_PERIOD_US), transit);
        let lateness = transit - self.fastest_transit().unwrap_or(transit);
        if self.lateness.len() == MEMORY {
            self.lateness.pop_front();
        }
        self.lateness.push_back(lateness);
        self.since_estimate += 1;
        if self.lateness.len() >= SEEN_MIN && self.since_estimate >= PERIOD {
            self.since_estimate = 0;
            self.estimate(frame);
        }
    }

    /// When a packet of this timestamp would have come had it been as fast as the fastest; `None` before any packet.
    pub(crate) fn earliest_arrival(&self, timestamp: i64) -> Option<i64> {
        Some(self.fastest_transit()? + micros(timestamp))
    }

    /// How long after its earliest arrival a packet should be played.
    pub(crate) fn target_us(&self) -> i64 {
        self.target.unwrap_or(TARGET_START_US)
    }

    fn note_transit(&mut self, period: i64, transit: i64) {
        match self.fastest.back_mut() {
            Some((newest, smallest)) if *newest >= period => *smallest = transit.min(*smallest),
            _ => self.fastest.push_back((period, transit)),
        }
        while self.fastest.len() > 1 && self.fastest[0].0 <= period - FASTEST_PERIODS as i64 {
            self.fastest.pop_front();
        }
    }

    fn fastest_transit(&self) -> Option<i64> {
        self.fastest.iter().map(|&(_, transit)| transit).min()
    }

    /// One packet longer than the jitter, so that a lost packet's copy in the next one comes in time. Rises at once and
    /// falls slowly: jitter comes in bouts.
    fn estimate(&mut self, frame: usize) {
        let mut sorted: Vec<i64> = self.lateness.iter().copied().collect();
        sorted.sort_unstable();
        let wanted = sorted[(sorted.len() * COVERED / 100).min(sorted.len() - 1)] + micros(frame as i64);
        let wanted = wanted.clamp(TARGET_MIN_US, TARGET_MAX_US);
        let target = self.target_us();
        self.target = Some(if wanted >= target { wanted } else { target - (target - wanted) / 8 });
    }
}

/// Samples of 48 kHz as microseconds.
pub(crate) fn micros(samples: i64) -> i64 {
    samples * 1_000_000 / i64::from(SAMPLE_RATE)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Packets of 20 ms whose lateness follows `lateness`.
    fn fed(lateness: impl Fn(i64) -> i64, packets: i64) -> Jitter {
        let mut jitter = Jitter::default();
        for i in 0..packets {
            jitter.handle_packet(7_000_000 + i * 20_000 + lateness(i), i * 960, 960);
        }
        jitter
    }

    #[test]
    fn the_target_starts_at_40_ms_and_falls_to_one_packet_on_a_steady_network() {
        assert_eq!(fed(|_| 0, 5).target_us(), 40_000);
        let settled = fed(|_| 0, 1000).target_us();
        assert!((20_000..21_000).contains(&settled), "{settled}");
    }

    #[test]
    fn the_target_covers_19_of_20_packets_within_its_bounds() {
        let covered = fed(|i| if i % 10 == 0 { 60_000 } else { 0 }, 1000).target_us();
        assert!((80_000..81_000).contains(&covered), "{covered}");
        let ignored = fed(|i| if i % 40 == 0 { 60_000 } else { 0 }, 1000).target_us();
        assert!(ignored < 21_000, "{ignored}");
        assert_eq!(fed(|i| i % 2 * 900_000, 1000).target_us(), 200_000);
    }

    #[test]
    fn a_sender_whose_clock_drifts_is_followed() {
        // 200 ppm slow: a minute makes 12 ms.
        let target = fed(|i| i * 4, 3000).target_us();
        assert!(target < 23_000, "{target}");
    }

    #[test]
    fn another_timeline_is_not_jitter() {
        let target = fed(|i| if i < 500 { 0 } else { 30_000_000 }, 1000).target_us();
        assert!(target < 21_000, "{target}");
    }
}
