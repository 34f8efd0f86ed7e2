//! The way in: every peer's packets, decoded on time, mixed and played.

use std::path::PathBuf;

use crate::choice::SpeakerChoice;
use crate::event::Events;
use crate::packet::{Packet, PeerTag};
use crate::stats::AudioStats;

/// The speaker's side: emits `Speaking { who: Some(..), .. }` and notices. Dropping it ends its threads, releases the
/// device and closes the files.
#[derive(Debug)]
pub(crate) struct In {}

impl In {
    /// Never fails: without a device there is a notice, and everything is decoded on time and heard by no one. `record`
    /// is a WAV file that gets the mix besides.
    pub(crate) fn start(_choice: SpeakerChoice, _record: Option<PathBuf>, _events: Events) -> Self {
        Self {}
    }

    pub(crate) fn open_peer(&self, _peer: PeerTag) {}

    pub(crate) fn close_peer(&self, _peer: PeerTag) {}

    /// Never blocks for long. Packets of an unknown peer are dropped.
    pub(crate) fn receive(&self, _peer: PeerTag, _packet: Packet) {}

    /// 1.0 is as sent, 0.0 is silence; at most 4.
    pub(crate) fn set_volume(&self, _peer: PeerTag, _volume: f32) {}

    pub(crate) fn stats(&self, _peer: PeerTag) -> AudioStats {
        AudioStats::default()
    }
}
