//! Whether the processor keeps up with encoding, and what is left out while it does not.

use std::time::{Duration, Instant};

use super::ladder::Saving;

/// Parts of the time between two frames that encoding may take: above the first one something is left out, below the
/// second one it comes back.
const BUSY: f64 = 0.7;
const IDLE: f64 = 0.3;
/// How long it has to be so.
const BUSY_FOR: Duration = Duration::from_secs(2);
const IDLE_FOR: Duration = Duration::from_secs(10);
/// Weight of the newest frame in the mean.
const NEWEST: f64 = 0.1;

/// What is left out, one after the other: each makes about a third less work.
const SAVINGS: [Saving; 5] = [
    Saving { rungs: 0, quarters: 0 },
    Saving { rungs: 0, quarters: 1 },
    Saving { rungs: 1, quarters: 0 },
    Saving { rungs: 1, quarters: 2 },
    Saving { rungs: 2, quarters: 2 },
];

/// Told the time and how long things took.
#[derive(Debug, Default)]
pub(super) struct Load {
    share: f64,
    level: usize,
    busy_since: Option<Instant>,
    idle_since: Option<Instant>,
}

impl Load {
    /// One picture took `spent` of the `interval` until the next.
    pub(super) fn note(&mut self, spent: Duration, interval: Duration, now: Instant) {
        let share = spent.as_secs_f64() / interval.as_secs_f64().max(0.001);
        self.share += (share - self.share) * NEWEST;
        let since = |since: &mut Option<Instant>, is_so: bool| {
            *since = is_so.then(|| since.unwrap_or(now));
            *since
        };
        let busy = since(&mut self.busy_since, self.share > BUSY);
        let idle = since(&mut self.idle_since, self.share < IDLE);
        if busy.is_some_and(|since| now >= since + BUSY_FOR) && self.level + 1 < SAVINGS.len() {
            self.step(self.level + 1);
        } else if idle.is_some_and(|since| now >= since + IDLE_FOR) && self.level > 0 {
            self.step(self.level - 1);
        }
    }

    pub(super) fn saving(&self) -> Saving {
        SAVINGS[self.level]
    }

    /// What was measured was measured on another step.
    fn step(&mut self, level: usize) {
        *self = Self { level, share: (BUSY + IDLE) / 2.0, ..Self::default() };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INTERVAL: Duration = Duration::from_millis(33);

    /// Encodes for `seconds`; `cost` is a picture's, in milliseconds, on each level.
    fn run(load: &mut Load, start: Instant, seconds: u64, cost: [u64; 5]) -> Instant {
        let mut now = start;
        while now < start + Duration::from_secs(seconds) {
            load.note(Duration::from_millis(cost[load.level]), INTERVAL, now);
            now += INTERVAL;
        }
        now
    }

    #[test]
    fn a_processor_that_cannot_keep_up_is_relieved_step_by_step_until_it_can() {
        let mut load = Load::default();
        run(&mut load, Instant::now(), 60, [60, 45, 30, 20, 10]);
        assert_eq!(load.level, 3);
        assert_eq!(load.saving(), Saving { rungs: 1, quarters: 2 });
    }

    #[test]
    fn what_was_left_out_comes_back_when_there_is_time() {
        let mut load = Load::default();
        let now = run(&mut load, Instant::now(), 60, [60; 5]);
        assert_eq!(load.level, 4);
        run(&mut load, now, 60, [3; 5]);
        assert_eq!(load.saving(), Saving::default());
    }

    #[test]
    fn a_hiccup_changes_nothing() {
        let (mut load, start) = (Load::default(), Instant::now());
        let now = run(&mut load, start, 10, [10; 5]);
        load.note(Duration::from_secs(1), INTERVAL, now);
        run(&mut load, now + INTERVAL, 10, [10; 5]);
        assert_eq!(load.level, 0);
    }
}
