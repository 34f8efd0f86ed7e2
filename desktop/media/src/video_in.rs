//! The way in: every peer's packets, put together and decoded on a thread of its own, shown in a slot.

mod meters;
mod record;
mod worker;

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::{Builder, JoinHandle};

use crossbeam_channel::{Receiver, Sender, TrySendError};

use crate::event::Events;
use crate::frame::Picture;
use crate::packet::{Packet, PeerTag};
use crate::slot::lock;
use crate::stats::VideoStats;
use meters::{FreezeMeter, MarkMeter};
use record::Recording;
use worker::Worker;

/// Packets that wait for a decoder: more than a second of a good picture.
const BACKLOG_MAX: usize = 512;

/// Emits `MediaEvent::Picture(Some(..))`, `KeyframeNeeded` and notices. Dropping it ends its threads.
#[derive(Debug)]
pub(crate) struct VideoIn {
    peers: RwLock<BTreeMap<PeerTag, Peer>>,
    record: Option<PathBuf>,
    events: Events,
}

#[derive(Debug)]
struct Peer {
    packets: Option<Sender<Packet>>,
    /// For taking out the oldest.
    backlog: Receiver<Packet>,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug, Default)]
struct Shared {
    slot: Mutex<Option<Picture>>,
    meters: Mutex<Meters>,
}

#[derive(Debug, Default)]
struct Meters {
    stats: VideoStats,
    freeze: FreezeMeter,
    marks: MarkMeter,
}

impl VideoIn {
    /// `record` is a folder for what comes in.
    pub(crate) fn new(record: Option<PathBuf>, events: Events) -> Self {
        Self { peers: RwLock::default(), record, events }
    }

    /// A peer that is open already stays as it is.
    pub(crate) fn open_peer(&self, peer: PeerTag) {
        let mut peers = self.peers.write().unwrap_or_else(PoisonError::into_inner);
        if peers.contains_key(&peer) {
            return;
        }
        let recording = self.record.clone().map(|folder| Recording::new(folder, peer));
        match Peer::start(peer, recording, self.events.clone()) {
            Ok(started) => drop(peers.insert(peer, started)),
            Err(error) => self.events.notice(format!("A participant cannot be shown: {error}.")),
        }
    }

    pub(crate) fn close_peer(&self, peer: PeerTag) {
        // Ends its thread once the others can go on.
        let closed = self.peers.write().unwrap_or_else(PoisonError::into_inner).remove(&peer);
        drop(closed);
    }

    /// Never blocks; if the decoder cannot keep up, the newest packets win. Packets of an unknown peer are dropped.
    pub(crate) fn receive(&self, peer: PeerTag, packet: Packet) {
        self.with(peer, |peer| peer.receive(packet));
    }

    pub(crate) fn picture(&self, peer: PeerTag) -> Option<Picture> {
        self.with(peer, |peer| lock(&peer.shared.slot).clone()).flatten()
    }

    pub(crate) fn stats(&self, peer: PeerTag) -> VideoStats {
        self.with(peer, |peer| lock(&peer.shared.meters).snapshot()).unwrap_or_default()
    }

    fn with<T>(&self, peer: PeerTag, look: impl FnOnce(&Peer) -> T) -> Option<T> {
        self.peers.read().unwrap_or_else(PoisonError::into_inner).get(&peer).map(look)
    }
}

impl Peer {
    fn start(tag: PeerTag, recording: Option<Recording>, events: Events) -> io::Result<Self> {
        let (packets, backlog) = crossbeam_channel::bounded(BACKLOG_MAX);
        let shared = Arc::new(Shared::default());
        let worker = Worker::new(tag, Arc::clone(&shared), recording, events);
        let incoming = backlog.clone();
        let thread = Builder::new().name(format!("video-in-{}", tag.0)).spawn(move || worker.run(&incoming))?;
        Ok(Self { packets: Some(packets), backlog, shared, thread: Some(thread) })
    }

    fn receive(&self, packet: Packet) {
        let Some(packets) = &self.packets else { return };
        let mut packet = packet;
        while let Err(TrySendError::Full(again)) = packets.try_send(packet) {
            // What is missing now is found and dealt with like any loss.
            let _ = self.backlog.try_recv();
            packet = again;
        }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        self.packets = None;
        // What waits would be decoded for no one.
        while self.backlog.try_recv().is_ok() {}
        // A thread that panicked has ended too.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}

impl Meters {
    fn snapshot(&self) -> VideoStats {
        VideoStats {
            frozen_ms: self.freeze.frozen().as_millis() as u64,
            longest_gap_ms: self.freeze.longest().as_millis() as u64,
            last_mark: self.marks.newest(),
            marks_seen: self.marks.seen(),
            latency_p50_ms: self.marks.percentile(50),
            latency_p95_ms: self.marks.percentile(95),
            ..self.stats.clone()
        }
    }
}

#[cfg(test)]
mod tests;
