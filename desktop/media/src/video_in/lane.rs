//! A thread that puts together and decodes the pictures of some peers, a little of each in turn.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex};
use std::thread::{Builder, JoinHandle};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, TryRecvError};

use super::stream::Stream;
use crate::decode::Decoders;
use crate::packet::PeerTag;
use crate::slot::lock;

/// Dropping it ends the thread.
#[derive(Debug)]
pub(super) struct Lane {
    desired: Arc<Mutex<Desired>>,
    bell: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// Whom the thread should care for. The thread compares it with whom it does.
#[derive(Debug, Default)]
struct Desired {
    /// Those who are new, with what belongs to them.
    opened: BTreeMap<PeerTag, Feed>,
    closed: Vec<PeerTag>,
}

/// A peer on its way to its thread.
pub(super) struct Feed {
    stream: Stream,
    _end: Sender<()>,
}

impl std::fmt::Debug for Feed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Feed")
    }
}

impl Feed {
    /// The second is disconnected when the peer is let go of.
    pub(super) fn new(stream: Stream) -> (Self, Receiver<()>) {
        let (end, ended) = crossbeam_channel::bounded(1);
        (Self { stream, _end: end }, ended)
    }
}

impl Lane {
    pub(super) fn start(number: usize, mut decoders: Decoders) -> io::Result<Self> {
        let (ring, bell) = crossbeam_channel::bounded(1);
        let desired = Arc::<Mutex<Desired>>::default();
        let wishes = Arc::clone(&desired);
        let thread =
            Builder::new().name(format!("video-in-{number}")).spawn(move || run(&wishes, &bell, &mut decoders))?;
        Ok(Self { desired, bell: Some(ring), thread: Some(thread) })
    }

    pub(super) fn open(&self, peer: PeerTag, feed: Feed) {
        lock(&self.desired).opened.insert(peer, feed);
        self.ring();
    }

    pub(super) fn close(&self, peer: PeerTag) {
        {
            let mut desired = lock(&self.desired);
            desired.opened.remove(&peer);
            desired.closed.push(peer);
        }
        self.ring();
    }

    /// There is something to do.
    pub(super) fn ring(&self) {
        // A full bell has been rung already.
        let _ = self.bell.as_ref().map(|bell| bell.try_send(()));
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        self.bell = None;
        // A thread that panicked has ended too.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

fn run(wishes: &Mutex<Desired>, bell: &Receiver<()>, decoders: &mut Decoders) {
    let mut feeds: BTreeMap<PeerTag, Feed> = BTreeMap::new();
    loop {
        let rung = match feeds.values().filter_map(|feed| feed.stream.timeout()).min() {
            Some(deadline) => bell.recv_deadline(deadline),
            None => bell.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        if rung == Err(RecvTimeoutError::Disconnected) {
            return;
        }
        let mut more = true;
        while more {
            apply(wishes, &mut feeds, decoders);
            more = false;
            for feed in feeds.values_mut() {
                more |= feed.stream.advance(decoders);
            }
            // The end of the engine does not wait for what nobody will see.
            more &= bell.try_recv() != Err(TryRecvError::Disconnected);
        }
    }
}

fn apply(wishes: &Mutex<Desired>, feeds: &mut BTreeMap<PeerTag, Feed>, decoders: &mut Decoders) {
    let (opened, closed) = {
        let mut wishes = lock(wishes);
        (std::mem::take(&mut wishes.opened), std::mem::take(&mut wishes.closed))
    };
    for peer in closed {
        feeds.remove(&peer);
        decoders.close(peer.0);
    }
    feeds.extend(opened);
}
