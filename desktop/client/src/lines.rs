//! The connections of a client as its media sees them: where to send, and what was counted.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use protocol::ClientId;
use session::PeerKey;

use crate::outlet::{Frame, Outlet};
use crate::record::Record;
use crate::{OutgoingAudio, OutgoingVideo, PeerReport, vp8};

/// Connections that are remembered for the report after they have ended.
const ENDED_MAX: usize = 256;

/// One connection.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) peer: PeerKey,
    pub(crate) outlet: Arc<Outlet>,
    pub(crate) record: Arc<Record>,
}

/// Every connection, in the order in which they were opened.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    live: Mutex<Vec<Line>>,
    ended: Mutex<Vec<Line>>,
}

impl Lines {
    pub(crate) fn open(&self, line: Line) {
        self.live().push(line);
    }

    pub(crate) fn close(&self, peer: &PeerKey) {
        let mut live = self.live();
        let Some(i) = live.iter().position(|line| line.peer == *peer) else { return };
        let line = live.remove(i);
        line.outlet.close();
        line.record.set_disconnected();
        let mut ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        if ended.len() == ENDED_MAX {
            ended.remove(0);
        }
        ended.push(line);
    }

    pub(crate) fn send_video(&self, frame: OutgoingVideo, to: &[ClientId]) {
        let live = self.live();
        let meant = |line: &&Line| line.outlet.is_open() && to.contains(&line.peer.client);
        if !live.iter().any(|line| meant(&line)) {
            return;
        }
        let now = Instant::now();
        let OutgoingVideo { data, timestamp, keyframe } = frame;
        let frame = Arc::new(Frame { payloads: vp8::packetize(&data), timestamp, keyframe });
        for line in live.iter().filter(meant) {
            line.outlet.push_video(Arc::clone(&frame), now);
        }
    }

    pub(crate) fn send_audio(&self, packet: OutgoingAudio) {
        for line in &*self.live() {
            line.outlet.push_audio(packet.clone());
        }
    }

    /// What may be sent to those that are connected, in bit/s.
    pub(crate) fn bitrates(&self) -> Vec<(ClientId, u32)> {
        let live = self.live();
        let connected = live.iter().filter(|line| line.record.is_connected());
        connected.filter_map(|line| Some((line.peer.client.clone(), line.record.target()?))).collect()
    }

    pub(crate) fn reports(&self) -> Vec<PeerReport> {
        let ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let live = self.live().clone();
        ended.iter().chain(&live).map(|line| line.record.report(&line.outlet)).collect()
    }

    fn live(&self) -> MutexGuard<'_, Vec<Line>> {
        self.live.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
