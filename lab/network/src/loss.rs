//! Which packets are lost.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

/// A model of loss.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub enum Loss {
    #[default]
    None,
    /// Each packet by itself, with this probability.
    Random(f64),
    /// In bursts: the model of Gilbert and Elliott, where nothing is lost in the good state and everything in the bad.
    Bursts {
        /// From good to bad, with each packet.
        p: f64,
        /// From bad to good, with each packet: a burst has 1 / r packets on average.
        r: f64,
    },
}

impl Loss {
    /// Decides about one packet. `is_bad` is the state between packets.
    pub(crate) fn takes(self, is_bad: &mut bool, rng: &mut ChaCha8Rng) -> bool {
        match self {
            Self::None => false,
            Self::Random(part) => rng.random_bool(part),
            Self::Bursts { p, r } => {
                *is_bad = if *is_bad { !rng.random_bool(r) } else { rng.random_bool(p) };
                *is_bad
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    const PACKETS: usize = 100_000;

    /// The part that is lost and the mean length of the bursts.
    fn measured(loss: Loss) -> (f64, f64) {
        let (mut rng, mut is_bad) = (ChaCha8Rng::seed_from_u64(7), false);
        let lost: Vec<bool> = (0..PACKETS).map(|_| loss.takes(&mut is_bad, &mut rng)).collect();
        let total = lost.iter().filter(|&&lost| lost).count();
        let bursts = lost.windows(2).filter(|pair| !pair[0] && pair[1]).count();
        (total as f64 / PACKETS as f64, total as f64 / bursts.max(1) as f64)
    }

    #[test]
    fn random_loss_takes_its_part_one_by_one() {
        let (part, burst) = measured(Loss::Random(0.05));
        assert!((part - 0.05).abs() < 0.003, "{part}");
        assert!((burst - 1.0 / 0.95).abs() < 0.02, "{burst}");
        assert_eq!(measured(Loss::None).0, 0.0);
    }

    #[test]
    fn bursts_have_the_length_and_the_part_of_gilbert_and_elliott() {
        let (p, r) = (0.03, 0.25);
        let (part, burst) = measured(Loss::Bursts { p, r });
        assert!((part - p / (p + r)).abs() < 0.01, "{part}");
        assert!((burst - 1.0 / r).abs() < 0.2, "{burst}");
    }
}
