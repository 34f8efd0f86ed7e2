//! One direction of a network. It is told packets and the time; it says when which packet arrives.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::{Conditions, Phase, Profile};

/// The wandering delay heads for a new place this often.
const WANDER_EVERY: Duration = Duration::from_millis(100);
/// By how much a packet is late that others overtake.
const HELD_BACK: std::ops::Range<f64> = 0.005..0.030;
/// What waits on the way at most, over all delays: beyond it the path loses packets.
const UNDERWAY_MAX: usize = 65_536;

/// What became of the packets so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    pub offered: u64,
    /// Of those that were offered: whole packets, from the IP header on.
    pub offered_bytes: u64,
    pub delivered: u64,
    /// By loss or outage.
    pub lost: u64,
    /// There was no place before the bottleneck.
    pub overflowed: u64,
    pub duplicated: u64,
    /// Held back on purpose.
    pub held_back: u64,
}

/// Packets on their way from one end to the other.
pub struct Path {
    rng: ChaCha8Rng,
    phases: Vec<Phase>,
    start: Instant,
    /// In the bad state of a burst.
    is_bad: bool,
    /// The bottleneck is at work until then.
    busy_until: Instant,
    wander: Wander,
    /// When the last packet arrives that kept its place.
    last_due: Instant,
    underway: BTreeMap<(Instant, u64), Vec<u8>>,
    next: u64,
    counts: Counts,
}

/// A delay that goes from place to place, −1 to 1.
struct Wander {
    from: f64,
    to: f64,
    since: Instant,
}

impl Path {
    pub fn new(profile: Profile, seed: u64, now: Instant) -> Self {
        Self::with_phases(profile.phases(), seed, now)
    }

    /// The last phase lasts for ever, whatever it says; no phase at all is a wire.
    pub fn with_phases(phases: Vec<Phase>, seed: u64, now: Instant) -> Self {
        Self {
            rng: ChaCha8Rng::seed_from_u64(seed),
            phases,
            start: now,
            is_bad: false,
            busy_until: now,
            wander: Wander { from: 0.0, to: 0.0, since: now },
            last_due: now,
            underway: BTreeMap::new(),
            next: 0,
            counts: Counts::default(),
        }
    }

    /// The first phase begins now. What is on its way stays there.
    pub fn restart(&mut self, now: Instant) {
        self.start = now;
    }

    /// Someone sends this. `now` never goes back.
    pub fn handle_packet(&mut self, packet: &[u8], now: Instant) {
        self.counts.offered += 1;
        self.counts.offered_bytes += packet.len() as u64;
        let conditions = self.conditions(now);
        let Some(departs) = self.pass_bottleneck(&conditions, packet.len(), now) else {
            self.counts.overflowed += 1;
            return;
        };
        if conditions.is_out || conditions.loss.takes(&mut self.is_bad, &mut self.rng) {
            self.counts.lost += 1;
            return;
        }
        let due = self.due(&conditions, departs, now);
        if self.rng.random_bool(conditions.duplication) {
            self.counts.duplicated += 1;
            self.post(due, packet);
        }
        self.post(due, packet);
    }

    /// The next packet that has arrived by `now`.
    pub fn poll_arrival(&mut self, now: Instant) -> Option<Vec<u8>> {
        let entry = self.underway.first_entry().filter(|entry| entry.key().0 <= now)?;
        self.counts.delivered += 1;
        Some(entry.remove())
    }

    /// When the next packet arrives.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.underway.keys().next().map(|(at, _)| *at)
    }

    pub fn counts(&self) -> Counts {
        self.counts
    }

    fn conditions(&self, now: Instant) -> Conditions {
        let mut since = now.saturating_duration_since(self.start);
        for phase in &self.phases {
            match phase.lasts {
                Some(lasts) if since >= lasts => since -= lasts,
                Some(_) | None => return phase.conditions,
            }
        }
        self.phases.last().map(|phase| phase.conditions).unwrap_or_default()
    }

    /// When the packet's last bit is through. `None`: there is no place for it in the queue.
    fn pass_bottleneck(&mut self, conditions: &Conditions, bytes: usize, now: Instant) -> Option<Instant> {
        let Some(rate) = conditions.rate else { return Some(now) };
        if self.busy_until.saturating_duration_since(now) > rate.queue {
            return None;
        }
        let takes = Duration::from_secs_f64(bytes as f64 * 8.0 / rate.bits_per_second as f64);
        self.busy_until = self.busy_until.max(now) + takes;
        Some(self.busy_until)
    }

    fn due(&mut self, conditions: &Conditions, departs: Instant, now: Instant) -> Instant {
        let jitter = conditions.jitter.as_secs_f64();
        if self.rng.random_bool(conditions.reordering) {
            self.counts.held_back += 1;
            let late = Duration::from_secs_f64(self.rng.random_range(HELD_BACK));
            return departs.max(self.last_due) + conditions.delay.min(WANDER_EVERY) / 4 + late;
        }
        if conditions.overtakes {
            let offset = jitter * self.rng.random_range(-1.0..=1.0);
            return departs + shifted(conditions.delay, offset);
        }
        let offset = jitter * self.wander.at(now, &mut self.rng);
        self.last_due = self.last_due.max(departs + shifted(conditions.delay, offset));
        self.last_due
    }

    fn post(&mut self, due: Instant, packet: &[u8]) {
        if self.underway.len() >= UNDERWAY_MAX {
            self.counts.overflowed += 1;
            return;
        }
        self.underway.insert((due, self.next), packet.to_vec());
        self.next += 1;
    }
}

impl Wander {
    fn at(&mut self, now: Instant, rng: &mut ChaCha8Rng) -> f64 {
        let mut part = now.saturating_duration_since(self.since).as_secs_f64() / WANDER_EVERY.as_secs_f64();
        if part >= 1.0 {
            (self.from, self.to) = (self.to, rng.random_range(-1.0..=1.0));
            self.since = now;
            part = 0.0;
        }
        self.from + (self.to - self.from) * part
    }
}

/// A delay is never negative.
fn shifted(delay: Duration, offset: f64) -> Duration {
    Duration::from_secs_f64((delay.as_secs_f64() + offset).max(0.0))
}

#[cfg(test)]
mod tests;
