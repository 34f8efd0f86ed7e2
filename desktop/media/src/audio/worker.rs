//! A named thread that ends with its owner.

use std::io;
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};

/// A sound server that hangs can hold a thread in a call for ever; then the thread is left behind.
const PATIENCE: Duration = Duration::from_secs(2);

/// Dropping it tells the thread to stop and waits for it.
#[derive(Debug)]
pub(crate) struct Worker {
    name: &'static str,
    stop: Option<Sender<()>>,
    ended: Receiver<()>,
    thread: Option<JoinHandle<()>>,
}

impl Worker {
    /// The body ends as soon as its receiver is disconnected; nothing is ever sent through it.
    pub(crate) fn spawn(name: &'static str, body: impl FnOnce(&Receiver<()>) + Send + 'static) -> io::Result<Self> {
        let (stop, stopped) = bounded(1);
        let (ending, ended) = bounded(1);
        let thread = Builder::new().name(name.into()).spawn(move || {
            // Dropped with the thread, whether it returns or panics.
            let _ending: Sender<()> = ending;
            body(&stopped);
        })?;
        Ok(Self { name, stop: Some(stop), ended, thread: Some(thread) })
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.stop = None;
        if self.ended.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
            tracing::warn!(thread = self.name, "left a thread behind that did not stop in time");
            return;
        }
        if self.thread.take().is_some_and(|thread| thread.join().is_err()) {
            tracing::error!(thread = self.name, "a thread of the sound engine panicked");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn dropping_the_owner_ends_the_thread() {
        let held = Arc::new(());
        let lent = Arc::clone(&held);
        let worker = Worker::spawn("worker-test", move |stopped| {
            let _lent = lent;
            assert!(stopped.recv().is_err());
        });
        drop(worker.unwrap());
        assert_eq!(Arc::strong_count(&held), 1);
    }

    #[test]
    fn a_thread_that_panics_does_not_take_its_owner_along() {
        drop(Worker::spawn("worker-test", |_| panic!("on purpose")).unwrap());
    }
}
