//! How many connections are open, of each address and in all.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::engine::network_of;

/// Counts those who are inside, at every entrance together.
pub(crate) struct Crowd {
    inside: Mutex<Inside>,
}

struct Inside {
    /// Of one address, and in all.
    limits: (usize, usize),
    count: usize,
    of: BTreeMap<IpAddr, usize>,
}

/// A place; free again when this is dropped.
pub(crate) struct Ticket {
    crowd: Arc<Crowd>,
    network: IpAddr,
}

impl Crowd {
    pub(crate) fn new(per_address: usize, in_all: usize) -> Self {
        Self { inside: Mutex::new(Inside { limits: (per_address, in_all), count: 0, of: BTreeMap::new() }) }
    }

    /// Sets how many may be inside; whoever is inside stays.
    pub(crate) fn limit(&self, per_address: usize, in_all: usize) {
        self.inside().limits = (per_address, in_all);
    }

    /// `None`: there are as many as may be.
    pub(crate) fn enter(self: &Arc<Self>, address: IpAddr) -> Option<Ticket> {
        let network = network_of(address);
        let mut inside = self.inside();
        let of_asker = inside.of.get(&network).copied().unwrap_or_default();
        let (per_address, in_all) = inside.limits;
        if inside.count >= in_all || of_asker >= per_address {
            return None;
        }
        inside.count += 1;
        inside.of.insert(network, of_asker + 1);
        Some(Ticket { crowd: Arc::clone(self), network })
    }

    /// Open connections.
    pub(crate) fn count(&self) -> usize {
        self.inside().count
    }

    fn inside(&self) -> MutexGuard<'_, Inside> {
        self.inside.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut inside = self.crowd.inside();
        inside.count -= 1;
        if let Some(count) = inside.of.get_mut(&self.network) {
            *count -= 1;
            if *count == 0 {
                inside.of.remove(&self.network);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_so_many_connections_and_not_one_more() {
        let crowd = Arc::new(Crowd::new(2, 3));
        let (ann, ben): (IpAddr, IpAddr) = ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
        let first = crowd.enter(ann);
        let second = crowd.enter(ann);
        assert!(first.is_some() && second.is_some() && crowd.enter(ann).is_none());
        let third = crowd.enter(ben);
        assert!(third.is_some() && crowd.enter(ben).is_none(), "three in all");
        drop(first);
        assert!(crowd.enter(ben).is_some(), "a place is free again");
        assert_eq!(crowd.count(), 2);
        crowd.limit(1, 1);
        assert!(crowd.enter(ben).is_none() && crowd.count() == 2, "who is inside stays");
        crowd.limit(2, 3);
        assert!(crowd.enter(ben).is_some());
        drop((second, third));
        assert!(crowd.inside().of.is_empty());
    }
}
