//! What the members of a fleet saw, summed up.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use protocol::ClientId;

/// What all members share.
#[derive(Debug, Default)]
pub(super) struct Notes {
    pub tally: Tally,
    /// Nobody talks at the moment, whatever the habits.
    pub is_hushed: bool,
    /// When those said `bye` who did.
    pub byes: BTreeMap<ClientId, Instant>,
}

/// Counts since the last time that somebody asked.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// Who is there now.
    pub members: usize,
    /// Connections that ended without a member's wish.
    pub lost: usize,
    pub texts_sent: usize,
    /// Lines that came in, over all members.
    pub texts_heard: usize,
    pub errors: usize,
    /// From saying a line to hearing it, of those who had only one under way.
    pub echoes: Vec<Duration>,
    /// Frames of floods that were sent.
    pub rubbish: usize,
    /// From someone's `bye` to `left` at each of the others.
    pub departures: Vec<Duration>,
    /// From a ping to its pong. A ping that has no answer when the next is due counts as it stands.
    pub pings: Vec<Duration>,
    pub overdue_pings: usize,
    /// The most by which the thread itself was late: what it adds to the pings.
    pub late: Duration,
}

/// The value below which `part` of `values` lie, by the nearest rank.
pub fn percentile(values: &mut [Duration], part: f64) -> Duration {
    values.sort_unstable();
    let rank = (values.len() as f64 * part).ceil() as usize;
    values.get(rank.saturating_sub(1)).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_a_value_that_was_seen() {
        let mut values: Vec<_> = (1..=200).rev().map(Duration::from_millis).collect();
        assert_eq!(percentile(&mut values, 0.5), Duration::from_millis(100));
        assert_eq!(percentile(&mut values, 0.99), Duration::from_millis(198));
        assert_eq!(percentile(&mut values, 1.0), Duration::from_millis(200));
        assert_eq!(percentile(&mut [], 0.5), Duration::ZERO);
    }
}
