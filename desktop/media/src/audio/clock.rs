//! Regular ticks of the monotonic clock, for sources and sinks that have no clock of their own.

use std::time::{Duration, Instant};

/// A thread that is this far behind (the machine slept) gives up catching up.
const LAG_MAX: Duration = Duration::from_millis(500);

/// Each tick is due a period after the one before, however late that was served: so nothing drifts.
#[derive(Debug)]
pub(crate) struct Ticker {
    due: Instant,
    period: Duration,
}

impl Ticker {
    pub(crate) fn new(now: Instant, period: Duration) -> Self {
        Self { due: now + period, period }
    }

    pub(crate) fn due(&self) -> Instant {
        self.due
    }

    /// Takes a tick if one is due and says when it was due: a thread that is late can work as if it were not.
    pub(crate) fn take(&mut self, now: Instant) -> Option<Instant> {
        if now < self.due {
            return None;
        }
        if now.saturating_duration_since(self.due) > LAG_MAX {
            self.due = now;
        }
        let tick = self.due;
        self.due += self.period;
        Some(tick)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PERIOD: Duration = Duration::from_millis(10);

    #[test]
    fn ticks_do_not_drift_however_late_they_are_served() {
        let start = Instant::now();
        let mut ticker = Ticker::new(start, PERIOD);
        let mut taken = 0;
        for i in 0..1000 {
            let now = start + Duration::from_micros(i * 13_700 + 1);
            while let Some(tick) = ticker.take(now) {
                taken += 1;
                assert_eq!(tick, start + PERIOD * taken);
            }
        }
        assert_eq!(taken, 999 * 13_700 / 10_000);
    }

    #[test]
    fn a_machine_that_slept_does_not_make_up_for_it() {
        let start = Instant::now();
        let mut ticker = Ticker::new(start, PERIOD);
        let later = start + Duration::from_secs(3600);
        assert_eq!(ticker.take(later), Some(later));
        assert_eq!(ticker.take(later), None);
        assert_eq!(ticker.take(later + PERIOD), Some(later + PERIOD));
    }
}
