//! Samples on their way between a device's callback and a thread, bounded, without a lock.

use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

/// One thread may push and one may take at a time. (More would mix up samples, no worse.)
#[derive(Debug)]
pub(crate) struct Ring {
    /// `f32`s as their bits: samples need no lock if they are atomic.
    slots: Box<[AtomicU32]>,
    /// Samples ever pushed and ever taken.
    pushed: AtomicUsize,
    taken: AtomicUsize,
}

impl Ring {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            slots: (0..capacity).map(|_| AtomicU32::new(0)).collect(),
            pushed: AtomicUsize::new(0),
            taken: AtomicUsize::new(0),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.pushed.load(Ordering::Acquire).wrapping_sub(self.taken.load(Ordering::Acquire)).min(self.slots.len())
    }

    /// Says how many samples found room.
    pub(crate) fn push(&self, samples: impl IntoIterator<Item = f32>) -> usize {
        let pushed = self.pushed.load(Ordering::Relaxed);
        let room = self.slots.len() - self.len();
        let mut count = 0;
        for sample in samples.into_iter().take(room) {
            self.slots[pushed.wrapping_add(count) % self.slots.len()].store(sample.to_bits(), Ordering::Relaxed);
            count += 1;
        }
        self.pushed.store(pushed.wrapping_add(count), Ordering::Release);
        count
    }

    /// Says how many samples there were.
    pub(crate) fn take(&self, out: &mut [f32]) -> usize {
        let taken = self.taken.load(Ordering::Relaxed);
        let count = self.len().min(out.len());
        for (i, slot) in out[..count].iter_mut().enumerate() {
            *slot = f32::from_bits(self.slots[taken.wrapping_add(i) % self.slots.len()].load(Ordering::Relaxed));
        }
        self.taken.store(taken.wrapping_add(count), Ordering::Release);
        count
    }

    pub(crate) fn clear(&self) {
        self.taken.store(self.pushed.load(Ordering::Acquire), Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn samples_come_out_in_order_and_what_finds_no_room_is_left() {
        let ring = Ring::new(4);
        assert_eq!(ring.push([1.0, 2.0, 3.0]), 3);
        assert_eq!(ring.push([4.0, 5.0]), 1);
        let mut out = [0.0; 3];
        assert_eq!(ring.take(&mut out), 3);
        assert_eq!(out, [1.0, 2.0, 3.0]);
        assert_eq!(ring.push([6.0, 7.0]), 2);
        let mut out = [0.0; 8];
        assert_eq!(ring.take(&mut out), 3);
        assert_eq!(out[..3], [4.0, 6.0, 7.0]);
        ring.push([8.0]);
        ring.clear();
        assert_eq!(ring.len(), 0);
    }

    #[test]
    fn two_threads_lose_nothing() {
        const SAMPLES: u32 = 100_000;
        let ring = Arc::new(Ring::new(64));
        let feeding = Arc::clone(&ring);
        let feeder = std::thread::Builder::new().name("ring-test".into()).spawn(move || {
            let mut next = 0;
            while next < SAMPLES {
                next += feeding.push((next..SAMPLES).map(|i| i as f32)) as u32;
                std::thread::yield_now();
            }
        });
        let mut expected = 0;
        let mut out = [0.0; 50];
        while expected < SAMPLES {
            let count = ring.take(&mut out);
            for sample in &out[..count] {
                assert_eq!(*sample, expected as f32);
                expected += 1;
            }
            std::thread::yield_now();
        }
        feeder.unwrap().join().unwrap();
    }
}
