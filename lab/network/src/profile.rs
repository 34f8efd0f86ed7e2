//! The networks that everything is measured on, by name.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use thiserror::Error;

use crate::{Conditions, Loss, Rate};

/// Conditions for a while.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Phase {
    /// `None`: for ever.
    pub lasts: Option<Duration>,
    pub conditions: Conditions,
}

/// A network, the same in both directions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    Clean,
    /// 100 ± 25 ms with 5 % loss.
    Far,
    /// 250 ± 100 ms with bursts of loss, 2 % duplicates, 5 % reordering, 300 kbit/s.
    Awful,
    /// Ten good seconds, ten with bursts of loss, good from then on.
    Patch,
    /// So many percent of the packets, each by itself.
    Loss(u8),
    /// So many kbit/s with 100 ms of queue.
    Narrow(u32),
    /// 30 ms of jitter, where packets overtake each other.
    Jitter,
    /// Ten good seconds, nothing at all for 30 s, good from then on.
    Outage,
}

/// There is no such profile.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[error("`{0}` is none of {known}", known = names())]
pub struct UnknownProfile(pub String);

const MS: Duration = Duration::from_millis(1);
const SOON: Duration = Duration::from_secs(10);

impl Profile {
    pub const ALL: [Self; 13] = [
        Self::Clean,
        Self::Far,
        Self::Awful,
        Self::Patch,
        Self::Loss(2),
        Self::Loss(5),
        Self::Loss(10),
        Self::Loss(20),
        Self::Narrow(300),
        Self::Narrow(800),
        Self::Narrow(3000),
        Self::Jitter,
        Self::Outage,
    ];

    /// What happens one after the other; the last phase lasts for ever.
    pub fn phases(self) -> Vec<Phase> {
        let clean = Conditions::default();
        match self {
            Self::Clean => vec![always(clean)],
            Self::Far => {
                let loss = Loss::Random(0.05);
                vec![always(Conditions { delay: 100 * MS, jitter: 25 * MS, loss, ..clean })]
            }
            Self::Awful => vec![always(Conditions {
                delay: 250 * MS,
                jitter: 100 * MS,
                loss: Loss::Bursts { p: 0.03, r: 0.25 },
                duplication: 0.02,
                reordering: 0.05,
                // As long as the profile's own delay: a modem's worth of patience.
                rate: Some(Rate { bits_per_second: 300_000, queue: 250 * MS }),
                ..clean
            })],
            Self::Patch => {
                let bad = Conditions { loss: Loss::Bursts { p: 0.11, r: 0.25 }, ..clean };
                vec![for_a_while(SOON, clean), for_a_while(SOON, bad), always(clean)]
            }
            Self::Loss(percent) => {
                vec![always(Conditions { loss: Loss::Random(f64::from(percent.min(100)) / 100.0), ..clean })]
            }
            Self::Narrow(kilobits) => {
                let rate = Rate { bits_per_second: u64::from(kilobits) * 1000, queue: 100 * MS };
                vec![always(Conditions { rate: Some(rate), ..clean })]
            }
            Self::Jitter => vec![always(Conditions { delay: 30 * MS, jitter: 30 * MS, overtakes: true, ..clean })],
            Self::Outage => {
                let out = Conditions { is_out: true, ..clean };
                vec![for_a_while(SOON, clean), for_a_while(Duration::from_secs(30), out), always(clean)]
            }
        }
    }
}

fn always(conditions: Conditions) -> Phase {
    Phase { lasts: None, conditions }
}

fn for_a_while(lasts: Duration, conditions: Conditions) -> Phase {
    Phase { lasts: Some(lasts), conditions }
}

fn names() -> String {
    Profile::ALL.map(|profile| profile.to_string()).join(", ")
}

impl fmt::Display for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Clean => f.write_str("clean"),
            Self::Far => f.write_str("far"),
            Self::Awful => f.write_str("awful"),
            Self::Patch => f.write_str("patch"),
            Self::Loss(percent) => write!(f, "loss-{percent}"),
            Self::Narrow(kilobits) => write!(f, "narrow-{kilobits}"),
            Self::Jitter => f.write_str("jitter"),
            Self::Outage => f.write_str("outage"),
        }
    }
}

impl FromStr for Profile {
    type Err = UnknownProfile;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.into_iter().find(|profile| profile.to_string() == name);
        known.ok_or_else(|| UnknownProfile(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_profile_is_found_by_its_name_and_lasts_for_ever() {
        for profile in Profile::ALL {
            assert_eq!(profile.to_string().parse(), Ok(profile));
            let phases = profile.phases();
            let (last, before) = phases.split_last().unwrap();
            assert!(last.lasts.is_none() && before.iter().all(|phase| phase.lasts.is_some()), "{profile}");
        }
        let refused = "lovely".parse::<Profile>().unwrap_err().to_string();
        assert!(refused.contains("lovely") && refused.contains("loss-20"), "{refused}");
    }
}
