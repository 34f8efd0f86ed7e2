//! A source of pictures on a thread of its own: camera, clip, screen or pattern.

use std::io;
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};

use crate::frame::I420;
use crate::slot::{SlotReader, SlotWriter, slot};

/// A driver that does not give its thread back in this time keeps it until it does; the rest of the engine goes on.
const STOP_MAX: Duration = Duration::from_secs(2);

#[derive(Debug)]
pub(crate) enum FromSource {
    Picture(Arc<I420>),
    /// There is nothing to see until there is a picture again, and this is why: a sentence for a person.
    Away(String),
    /// It has ended, and this is why: a sentence for a person.
    Failed(String),
    /// The person has ended it, and need not be told.
    Ended,
}

/// How a source ends that was not stopped.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// A sentence for a person.
    Failed(String),
    /// By the person, where it was chosen.
    Ended,
}

impl From<String> for Ending {
    fn from(sentence: String) -> Self {
        Self::Failed(sentence)
    }
}

/// A running source. Dropping it stops it.
#[derive(Debug)]
pub(crate) struct Source {
    pictures: SlotReader<FromSource>,
    stop: Option<Sender<()>>,
    renew: Sender<()>,
    ended: Receiver<()>,
    thread: Option<JoinHandle<()>>,
}

/// The source's side: where its pictures go, and when it has to stop.
#[derive(Debug)]
pub(crate) struct Outlet {
    pictures: SlotWriter<FromSource>,
    stop: Receiver<()>,
    renew: Receiver<()>,
}

impl Source {
    /// Runs `run` on a thread of this name, until it fails or the source is dropped.
    pub(crate) fn start<E: Into<Ending>>(
        name: &str,
        run: impl FnOnce(&Outlet) -> Result<(), E> + Send + 'static,
    ) -> io::Result<Self> {
        let (writer, pictures) = slot();
        let (stop, stopped) = crossbeam_channel::bounded(1);
        let (renew, renewed) = crossbeam_channel::bounded(1);
        let (end, ended) = crossbeam_channel::bounded(1);
        let thread = Builder::new().name(name.to_owned()).spawn(move || {
            let _end: Sender<()> = end;
            let outlet = Outlet { pictures: writer, stop: stopped, renew: renewed };
            if let Err(ending) = run(&outlet) {
                outlet.pictures.put(match ending.into() {
                    Ending::Failed(sentence) => FromSource::Failed(sentence),
                    Ending::Ended => FromSource::Ended,
                });
            }
        })?;
        Ok(Self { pictures, stop: Some(stop), renew, ended, thread: Some(thread) })
    }

    pub(crate) fn pictures(&self) -> &SlotReader<FromSource> {
        &self.pictures
    }

    /// Somebody needs a picture although there may be nothing new: a source that rests shows its newest one again.
    pub(crate) fn renew(&self) {
        // A full bell has been rung already.
        let _ = self.renew.try_send(());
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        self.stop = None;
        if self.ended.recv_timeout(STOP_MAX) == Err(RecvTimeoutError::Timeout) {
            tracing::warn!("a source does not stop: its driver hangs");
            return;
        }
        // A source that panicked has ended too.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

impl Outlet {
    pub(crate) fn send(&self, picture: Arc<I420>) {
        self.pictures.put(FromSource::Picture(picture));
    }

    /// The next picture says that it is over.
    pub(crate) fn send_away(&self, sentence: String) {
        self.pictures.put(FromSource::Away(sentence));
    }

    pub(crate) fn stopped(&self) -> bool {
        self.stop.try_recv() != Err(crossbeam_channel::TryRecvError::Empty)
    }

    /// Whether somebody needs a picture, new or not. Asking takes the wish away.
    pub(crate) fn renewed(&self) -> bool {
        self.renew.try_recv().is_ok()
    }

    /// Says whether to go on.
    pub(crate) fn sleep_until(&self, due: Instant) -> bool {
        self.stop.recv_deadline(due) == Err(RecvTimeoutError::Timeout)
    }
}

/// Says when each picture of a steady stream is due. A late one is followed by the next at its time, not by a burst.
#[derive(Debug)]
pub(crate) struct Pacer {
    start: Instant,
    count: u32,
    /// Pictures per so many seconds.
    rate: (u32, u32),
}

impl Pacer {
    pub(crate) fn new((pictures, seconds): (u32, u32), start: Instant) -> Self {
        Self { start, count: 0, rate: (pictures.max(1), seconds.max(1)) }
    }

    /// When the next picture is due, if the one before was finished `now`.
    pub(crate) fn next(&mut self, now: Instant) -> Instant {
        let due = self.start + self.offset(self.count);
        if due + self.offset(1) < now {
            (self.start, self.count) = (now, 1);
            return now;
        }
        self.count += 1;
        due
    }

    fn offset(&self, count: u32) -> Duration {
        let (pictures, seconds) = self.rate;
        Duration::from_nanos(u64::from(count) * u64::from(seconds) * 1_000_000_000 / u64::from(pictures))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(10);

    #[test]
    fn a_pacer_keeps_the_rate_without_drift() {
        let start = Instant::now();
        let mut pacer = Pacer::new((30_000, 1001), start);
        let due: Vec<Duration> = (0..30_001).map(|_| pacer.next(start) - start).collect();
        assert_eq!((due[0], due[30_000]), (Duration::ZERO, Duration::from_secs(1001)));
    }

    #[test]
    fn a_late_pacer_does_not_catch_up() {
        let start = Instant::now();
        let mut pacer = Pacer::new((10, 1), start);
        pacer.next(start);
        let late = start + Duration::from_secs(5);
        assert_eq!(pacer.next(late), late);
        assert_eq!(pacer.next(late), late + Duration::from_millis(100));
    }

    #[test]
    fn a_source_says_why_it_ended() {
        let source = Source::start("test", |_| Err("The camera fell down.".to_owned())).unwrap();
        source.pictures().bell().recv_timeout(PATIENCE).unwrap();
        assert!(matches!(source.pictures().take(), Some(FromSource::Failed(sentence)) if sentence.contains("fell")));
    }

    #[test]
    fn a_dropped_source_has_ended() {
        let (witness, ended) = crossbeam_channel::bounded::<()>(0);
        let source = Source::start("test", move |outlet| {
            let _witness = witness;
            while outlet.sleep_until(Instant::now() + PATIENCE) {}
            Ok::<(), String>(())
        });
        drop(source.unwrap());
        assert_eq!(ended.try_recv(), Err(crossbeam_channel::TryRecvError::Disconnected));
    }
}
