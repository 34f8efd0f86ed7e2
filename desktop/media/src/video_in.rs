//! The way in: every peer's packets, put together and decoded on a few threads, shown in slots.

mod lane;
mod meters;
mod record;
mod stream;

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, TrySendError};

use crate::decode::{Decoders, Helper, Isolation};
use crate::event::Events;
use crate::frame::Picture;
use crate::lips::Lips;
use crate::packet::{Packet, PeerTag};
use crate::slot::lock;
use crate::stats::VideoStats;
use lane::{Feed, Lane};
use meters::{FreezeMeter, MarkMeter};
use record::Recording;
use stream::Stream;

/// Packets that wait for a decoder: more than a second of a good picture.
const BACKLOG_MAX: usize = 512;

/// More threads than this do not make a call any smoother, and each costs memory.
const LANES_MAX: usize = 4;

/// A peer that is closed while its thread waits for a decoder that hangs ends a little later.
const CLOSE_MAX: Duration = Duration::from_millis(250);

/// Emits `MediaEvent::Picture(Some(..))`, `KeyframeNeeded` and notices. Dropping it ends its threads.
#[derive(Debug)]
pub(crate) struct VideoIn {
    peers: RwLock<BTreeMap<PeerTag, Peer>>,
    lanes: Vec<Lane>,
    helper: Option<Arc<Helper>>,
    record: Option<(PathBuf, Duration)>,
    /// Whether anyone has said that nothing can be decoded.
    missing_told: Arc<AtomicBool>,
    events: Events,
}

#[derive(Debug)]
struct Peer {
    packets: Sender<Packet>,
    /// For taking out the oldest.
    backlog: Receiver<Packet>,
    shared: Arc<Shared>,
    lane: usize,
    /// Disconnected when its thread has let go of it.
    ended: Receiver<()>,
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
    /// `record` is a folder for what comes in, and the time between two pictures in it.
    pub(crate) fn new(record: Option<(PathBuf, Duration)>, isolation: Isolation, events: Events) -> Self {
        let threads = std::thread::available_parallelism().map_or(1, usize::from).min(LANES_MAX);
        let helper = match isolation {
            Isolation::Process(program) => Some(Arc::new(Helper::new(program, threads))),
            Isolation::Off => None,
        };
        let decoders = |lane| helper.as_ref().map_or_else(Decoders::here, |it| Decoders::there(Arc::clone(it), lane));
        let lanes = (0..threads).map(|lane| Lane::start(lane, decoders(lane))).collect::<io::Result<_>>();
        let lanes = lanes.unwrap_or_else(|error| {
            events.notice(format!("Nobody's picture can be shown: {error}."));
            Vec::new()
        });
        Self { peers: RwLock::default(), lanes, helper, record, missing_told: Arc::default(), events }
    }

    /// The number of the process where pictures are decoded, if there is one.
    pub(crate) fn process(&self) -> Option<u32> {
        self.helper.as_ref()?.process()
    }

    /// A peer that is open already stays as it is. `lips`: what is known of its sound.
    pub(crate) fn open_peer(&self, peer: PeerTag, lips: Lips) {
        let mut peers = self.peers.write().unwrap_or_else(PoisonError::into_inner);
        if peers.contains_key(&peer) {
            return;
        }
        // Where the fewest are.
        let load = |lane: &usize| peers.values().filter(|peer| peer.lane == *lane).count();
        let Some(lane) = (0..self.lanes.len()).min_by_key(load) else { return };
        let recording = self.record.clone().map(|(folder, every)| Recording::new(folder, every, peer));
        let (packets, backlog) = crossbeam_channel::bounded(BACKLOG_MAX);
        let (shared, incoming) = (Arc::<Shared>::default(), backlog.clone());
        let stream = Stream::new(peer, incoming, Arc::clone(&shared), self.events.clone());
        let stream = stream.with(recording, lips, Arc::clone(&self.missing_told));
        let (feed, ended) = Feed::new(stream);
        self.lanes[lane].open(peer, feed);
        peers.insert(peer, Peer { packets, backlog, shared, lane, ended });
    }

    pub(crate) fn close_peer(&self, peer: PeerTag) {
        let closed = self.peers.write().unwrap_or_else(PoisonError::into_inner).remove(&peer);
        let Some(closed) = closed else { return };
        // What waits would be decoded for no one.
        while closed.backlog.try_recv().is_ok() {}
        self.lanes[closed.lane].close(peer);
        // It says nothing: it disconnects, or is late.
        let _ = closed.ended.recv_timeout(CLOSE_MAX);
    }

    /// Never blocks; if the decoder cannot keep up, the newest packets win. Packets of an unknown peer are dropped.
    pub(crate) fn receive(&self, peer: PeerTag, packet: Packet) {
        self.with(peer, |peer| {
            peer.receive(packet);
            self.lanes[peer.lane].ring();
        });
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
    fn receive(&self, packet: Packet) {
        let mut packet = packet;
        while let Err(TrySendError::Full(again)) = self.packets.try_send(packet) {
            // What is missing now is found and dealt with like any loss.
            let _ = self.backlog.try_recv();
            packet = again;
        }
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
