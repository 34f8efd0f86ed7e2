//! How often one address may post offers.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::{Duration, Instant};

/// Addresses that are remembered; the ones with the fullest buckets are forgotten first.
const ADDRESSES_MAX: usize = 10_000;

/// A bucket of tokens for every address.
pub(crate) struct Rate {
    /// One token comes back after this long.
    every: Duration,
    burst: u32,
    buckets: BTreeMap<IpAddr, Bucket>,
}

struct Bucket {
    /// When the bucket will be full again: a bucket that is full needs no memory.
    full_at: Instant,
}

impl Rate {
    pub(crate) fn per_minute(count: u32, burst: u32) -> Self {
        Self { every: every(count), burst: burst.max(1), buckets: BTreeMap::new() }
    }

    /// What was taken before counts on.
    pub(crate) fn set(&mut self, count: u32, burst: u32) {
        (self.every, self.burst) = (every(count), burst.max(1));
    }

    /// Whether there is a token to take.
    pub(crate) fn has_token(&self, from: IpAddr, now: Instant) -> bool {
        let full_at = self.buckets.get(&network_of(from)).map_or(now, |bucket| bucket.full_at.max(now));
        full_at + self.every <= now + self.every * self.burst
    }

    /// Takes a token, where there is one.
    pub(crate) fn admits(&mut self, from: IpAddr, now: Instant) -> bool {
        if self.buckets.len() >= ADDRESSES_MAX {
            self.buckets.retain(|_, bucket| bucket.full_at > now);
        }
        if self.buckets.len() >= ADDRESSES_MAX {
            self.buckets.clear();
        }
        let bucket = self.buckets.entry(network_of(from)).or_insert(Bucket { full_at: now });
        let full_at = bucket.full_at.max(now) + self.every;
        if full_at > now + self.every * self.burst {
            return false;
        }
        bucket.full_at = full_at;
        true
    }
}

fn every(count: u32) -> Duration {
    Duration::from_secs(60) / count.max(1)
}

/// Who asks: an IPv4 address, or the /64 that one IPv6 customer usually has.
pub(crate) fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn an_address_has_its_burst_and_then_its_rate() {
        let start = Instant::now();
        let mut rate = Rate::per_minute(120, 60);
        let ann = address("192.0.2.1");
        assert_eq!((0..61).filter(|_| rate.admits(ann, start)).count(), 60);
        assert!(rate.admits(address("192.0.2.2"), start));
        assert!(!rate.admits(ann, start + Duration::from_millis(499)));
        assert!(rate.admits(ann, start + Duration::from_millis(500)));
        assert!(!rate.admits(ann, start + Duration::from_millis(500)));
        let minute =
            (1..=600).filter(|tenth| rate.admits(ann, start + Duration::from_millis(500 + tenth * 100))).count();
        assert_eq!(minute, 120);
    }

    #[test]
    fn one_network_of_ipv6_counts_as_one() {
        let start = Instant::now();
        let mut rate = Rate::per_minute(60, 1);
        assert!(rate.admits(address("2001:db8::1"), start));
        assert!(!rate.admits(address("2001:db8::2"), start));
        assert!(rate.admits(address("2001:db8:0:1::1"), start));
        assert!(rate.admits(address("::ffff:192.0.2.1"), start));
        assert!(!rate.admits(address("192.0.2.1"), start));
    }
}
