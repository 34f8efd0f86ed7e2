//! Waiting longer after each failure, with jitter so that a room does not come back all at once.

use std::time::Duration;

use rand::RngExt;
use rand_chacha::ChaCha12Rng;

/// A delay that doubles with each failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Backoff {
    pub(crate) first: Duration,
    pub(crate) max: Duration,
}

impl Backoff {
    /// The delay after failure number `failure` (from 1): between half of the nominal delay and all of it.
    pub(crate) fn delay(&self, failure: u32, rng: &mut ChaCha12Rng) -> Duration {
        let doublings = failure.saturating_sub(1).min(16);
        let nominal = self.first.saturating_mul(1 << doublings).min(self.max);
        nominal.mul_f64(rng.random_range(0.5..=1.0))
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    const BACKOFF: Backoff = Backoff { first: Duration::from_millis(500), max: Duration::from_secs(8) };

    #[test]
    fn a_delay_doubles_up_to_its_limit_and_is_jittered_by_half() {
        let mut rng = ChaCha12Rng::from_seed([1; 32]);
        for (failure, nominal_ms) in [(1, 500), (2, 1000), (3, 2000), (4, 4000), (5, 8000), (6, 8000), (u32::MAX, 8000)]
        {
            for _ in 0..50 {
                let delay = BACKOFF.delay(failure, &mut rng);
                let nominal = Duration::from_millis(nominal_ms);
                assert!(delay >= nominal / 2 && delay <= nominal, "failure {failure}: {delay:?}");
            }
        }
    }

    #[test]
    fn two_seeds_do_not_come_back_together() {
        let delay = |seed| BACKOFF.delay(5, &mut ChaCha12Rng::from_seed([seed; 32]));
        assert_ne!(delay(1), delay(2));
        assert_eq!(delay(1), delay(1));
    }
}
