//! A place for the newest of something: what was there before is replaced, and the reader hears a bell.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crossbeam_channel::{Receiver, Sender};

/// The data of our mutexes is valid after every statement, so a panic elsewhere does not spoil it.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(crate) fn slot<T>() -> (SlotWriter<T>, SlotReader<T>) {
    let (ring, bell) = crossbeam_channel::bounded(1);
    let place = Arc::new(Mutex::new(None));
    (SlotWriter { place: Arc::clone(&place), ring }, SlotReader { place, bell })
}

#[derive(Debug)]
pub(crate) struct SlotWriter<T> {
    place: Arc<Mutex<Option<T>>>,
    ring: Sender<()>,
}

#[derive(Debug)]
pub(crate) struct SlotReader<T> {
    place: Arc<Mutex<Option<T>>>,
    bell: Receiver<()>,
}

impl<T> SlotWriter<T> {
    pub(crate) fn put(&self, newest: T) {
        *lock(&self.place) = Some(newest);
        // A full bell has been rung already, and a reader that is gone needs none.
        let _ = self.ring.try_send(());
    }
}

impl<T> SlotReader<T> {
    /// Rings at least once after the last `put`; disconnected when the writer is gone.
    pub(crate) fn bell(&self) -> &Receiver<()> {
        &self.bell
    }

    pub(crate) fn take(&self) -> Option<T> {
        lock(&self.place).take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_wins_and_the_bell_rings_once() {
        let (writer, reader) = slot();
        writer.put(1);
        writer.put(2);
        assert_eq!(reader.bell().try_recv(), Ok(()));
        assert!(reader.bell().try_recv().is_err());
        assert_eq!((reader.take(), reader.take()), (Some(2), None));
    }
}
