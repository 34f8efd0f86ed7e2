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

/// Per cent. Of less, nothing is heard.
const LOSS_MIN: u8 = 2;

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
        let OutgoingVideo { data, timestamp, keyframe, screen } = frame;
        let frame = Arc::new(Frame { payloads: vp8::packetize(&data), timestamp, keyframe, screen });
        for line in live.iter().filter(meant) {
            line.outlet.push_video(Arc::clone(&frame), now);
        }
    }

    pub(crate) fn send_audio(&self, packet: OutgoingAudio) {
        for line in &*self.live() {
            line.outlet.push_audio(packet.clone());
        }
    }

    /// Whether someone takes a screen's picture beside a camera's.
    pub(crate) fn takes_both(&self, client: &ClientId) -> bool {
        self.live().iter().any(|line| line.peer.client == *client && line.outlet.takes_both())
    }

    /// What may be sent to those that are connected, in bit/s.
    pub(crate) fn bitrates(&self) -> Vec<(ClientId, u32)> {
        let live = self.live();
        let connected = live.iter().filter(|line| line.record.is_connected());
        connected.filter_map(|line| Some((line.peer.client.clone(), line.record.target()?))).collect()
    }

    /// How much of our sound is lost on the way to whoever hears worst, in per cent: one encoder feeds everyone.
    pub(crate) fn sound_loss(&self) -> u8 {
        let connected =
            self.live().iter().filter(|line| line.record.is_connected()).map(|line| line.record.sound_loss()).max();
        connected.filter(|&loss| loss >= LOSS_MIN).unwrap_or(0)
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use protocol::ClientId;

    use super::*;
    use crate::keyframes::KeyframeWishes;

    fn line(name: &str, loss: u8) -> Line {
        let record = Arc::new(Record::new(ClientId::new(name)));
        record.set_connected(Duration::ZERO);
        record.hear_sound_loss(loss);
        let peer = PeerKey { client: ClientId::new(name), generation: 1 };
        Line { peer, outlet: Arc::new(Outlet::new(KeyframeWishes::default().of(ClientId::new(name)))), record }
    }

    #[test]
    fn whoever_hears_worst_counts_as_long_as_they_are_connected() {
        let lines = Lines::default();
        assert_eq!(lines.sound_loss(), 0);
        lines.open(line("a", 2));
        assert_eq!(lines.sound_loss(), 0, "less than two per cent is not worth a bit");
        let worst = line("b", 64);
        lines.open(worst.clone());
        lines.open(line("c", 13));
        assert_eq!(lines.sound_loss(), 25);
        worst.record.set_disconnected();
        assert_eq!(lines.sound_loss(), 6);
    }
}
