//! Token buckets that are told the time.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::{Duration, Instant};

/// How fast a bucket refills and how much it holds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rate {
    /// One token comes back every so often.
    interval: Duration,
    burst: u32,
}

impl Rate {
    /// `tokens` come back every `period`; `burst` may be taken at once. No tokens: they take years to come back.
    pub(crate) fn new(tokens: u32, period: Duration, burst: u32) -> Self {
        const YEAR: Duration = Duration::from_hours(365 * 24);
        Self { interval: if tokens == 0 { YEAR } else { period / tokens }, burst }
    }

    pub(crate) fn per_second((tokens, burst): (u32, u32)) -> Self {
        Self::new(tokens, Duration::from_secs(1), burst)
    }
}

/// One token bucket, kept as the instant at which it is full again (a generic cell rate algorithm).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bucket {
    full_at: Instant,
}

impl Bucket {
    pub(crate) fn full(now: Instant) -> Self {
        Self { full_at: now }
    }

    pub(crate) fn has_token(&self, rate: Rate, now: Instant) -> bool {
        self.full_at.max(now) + rate.interval <= now + rate.interval * rate.burst
    }

    /// Takes a token if there is one.
    pub(crate) fn take(&mut self, rate: Rate, now: Instant) -> bool {
        let has_token = self.has_token(rate, now);
        if has_token {
            self.full_at = self.full_at.max(now) + rate.interval;
        }
        has_token
    }

    /// Puts a token back that was taken before its time.
    pub(crate) fn give_back(&mut self, rate: Rate) {
        self.full_at = self.full_at.checked_sub(rate.interval).unwrap_or(self.full_at);
    }

    fn is_full(&self, now: Instant) -> bool {
        self.full_at <= now
    }
}

/// One bucket for each name of some kind.
#[derive(Debug)]
pub(crate) struct Buckets<K> {
    rate: Rate,
    buckets: BTreeMap<K, Bucket>,
    /// Full buckets say nothing and are dropped when there are so many.
    sweep_at: usize,
}

impl<K: Ord> Buckets<K> {
    const SWEEP_AT_LEAST: usize = 1_024;

    pub(crate) fn new(rate: Rate) -> Self {
        Self { rate, buckets: BTreeMap::new(), sweep_at: Self::SWEEP_AT_LEAST }
    }

    /// What was taken before counts on.
    pub(crate) fn set_rate(&mut self, rate: Rate) {
        self.rate = rate;
    }

    pub(crate) fn has_token(&self, of: &K, now: Instant) -> bool {
        self.buckets.get(of).copied().unwrap_or(Bucket::full(now)).has_token(self.rate, now)
    }

    pub(crate) fn take(&mut self, of: K, now: Instant) -> bool {
        if self.buckets.len() >= self.sweep_at {
            self.buckets.retain(|_, bucket| !bucket.is_full(now));
            self.sweep_at = Self::SWEEP_AT_LEAST.max(2 * self.buckets.len());
        }
        self.buckets.entry(of).or_insert_with(|| Bucket::full(now)).take(self.rate, now)
    }

    pub(crate) fn give_back(&mut self, of: &K) {
        if let Some(bucket) = self.buckets.get_mut(of) {
            bucket.give_back(self.rate);
        }
    }
}

/// One bucket for each address.
#[derive(Debug)]
pub(crate) struct AddressBuckets(Buckets<IpAddr>);

impl AddressBuckets {
    pub(crate) fn new(rate: Rate) -> Self {
        Self(Buckets::new(rate))
    }

    /// What was taken before counts on.
    pub(crate) fn set_rate(&mut self, rate: Rate) {
        self.0.set_rate(rate);
    }

    pub(crate) fn has_token(&self, from: IpAddr, now: Instant) -> bool {
        self.0.has_token(&network(from), now)
    }

    pub(crate) fn take(&mut self, from: IpAddr, now: Instant) -> bool {
        self.0.take(network(from), now)
    }

    pub(crate) fn give_back(&mut self, from: IpAddr) {
        self.0.give_back(&network(from));
    }
}

/// What counts as one address: with IPv6 a whole /64, which is what one subscriber is given.
pub(crate) fn network(from: IpAddr) -> IpAddr {
    match from.to_canonical() {
        IpAddr::V4(v4) => IpAddr::V4(v4),
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::origin;

    const RATE: (u32, u32) = (5, 20);

    #[test]
    fn a_burst_passes_and_the_next_waits_for_its_token() {
        let (rate, now) = (Rate::per_second(RATE), origin());
        let mut bucket = Bucket::full(now);
        assert_eq!((0..21).filter(|_| bucket.take(rate, now)).count(), 20);
        assert!(!bucket.take(rate, now + Duration::from_millis(199)));
        assert!(bucket.take(rate, now + Duration::from_millis(200)));
        assert!(!bucket.take(rate, now + Duration::from_millis(200)));
    }

    #[test]
    fn a_bucket_never_holds_more_than_its_burst() {
        let (rate, now) = (Rate::per_second(RATE), origin());
        let mut bucket = Bucket::full(now);
        let later = now + Duration::from_hours(1);
        assert_eq!((0..100).filter(|_| bucket.take(rate, later)).count(), 20);
    }

    #[test]
    fn a_token_given_back_can_be_taken_again() {
        let (rate, now) = (Rate::per_second((1, 1)), origin());
        let mut bucket = Bucket::full(now);
        assert!(bucket.take(rate, now));
        assert!(!bucket.has_token(rate, now));
        bucket.give_back(rate);
        assert!(bucket.take(rate, now));
    }

    #[test]
    fn a_rate_of_nothing_lets_the_burst_pass_and_no_more() {
        let (rate, now) = (Rate::per_second((0, 2)), origin());
        let mut bucket = Bucket::full(now);
        assert_eq!((0..9).filter(|_| bucket.take(rate, now)).count(), 2);
        assert!(!bucket.take(rate, now + Duration::from_hours(1)));
    }

    #[test]
    fn neighbours_in_one_ipv6_network_share_a_bucket() {
        let now = origin();
        let mut buckets = AddressBuckets::new(Rate::per_second((1, 1)));
        assert!(buckets.take("2001:db8::1".parse().unwrap(), now));
        assert!(!buckets.take("2001:db8::2".parse().unwrap(), now));
        assert!(buckets.take("2001:db8:0:1::1".parse().unwrap(), now));
        assert!(buckets.take("192.0.2.1".parse().unwrap(), now));
        assert!(!buckets.take("::ffff:192.0.2.1".parse().unwrap(), now));
    }

    #[test]
    fn addresses_that_used_nothing_lately_are_forgotten() {
        let mut now = origin();
        let mut buckets = AddressBuckets::new(Rate::per_second((1, 1)));
        for n in 0..10_000u32 {
            now += Duration::from_millis(10);
            assert!(buckets.take(IpAddr::from(n.to_be_bytes()), now));
        }
        assert!(buckets.0.buckets.len() <= Buckets::<IpAddr>::SWEEP_AT_LEAST);
    }
}
