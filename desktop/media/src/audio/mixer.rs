//! All peers' sound in one: summed with their volumes and kept below full scale, 10 ms at a time.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::time::Instant;

use super::BLOCK;
use super::limiter::Limiter;
use super::opus::CodecError;
use super::voice::Voice;
use crate::lips::Lips;
use crate::packet::{Packet, PeerTag};
use crate::stats::AudioStats;

#[derive(Debug, Default)]
pub(crate) struct Mixer {
    voices: BTreeMap<PeerTag, Voice>,
    limiter: Limiter,
}

impl Mixer {
    /// A peer that is already open stays as it is.
    pub(crate) fn open(&mut self, peer: PeerTag, now: Instant) -> Result<(), CodecError> {
        if let Entry::Vacant(place) = self.voices.entry(peer) {
            place.insert(Voice::new(now)?);
        }
        Ok(())
    }

    /// What the peer's pictures go by.
    pub(crate) fn set_lips(&mut self, peer: PeerTag, lips: Lips) {
        if let Some(voice) = self.voices.get_mut(&peer) {
            voice.set_lips(lips);
        }
    }

    /// The timestamp after the newest sample that was mixed.
    #[cfg(test)]
    pub(crate) fn heard(&self, peer: PeerTag) -> Option<u32> {
        self.voices.get(&peer)?.heard()
    }

    pub(crate) fn close(&mut self, peer: PeerTag) {
        self.voices.remove(&peer);
    }

    pub(crate) fn receive(&mut self, peer: PeerTag, packet: Packet) {
        if let Some(voice) = self.voices.get_mut(&peer) {
            voice.receive(packet);
        }
    }

    pub(crate) fn set_volume(&mut self, peer: PeerTag, volume: f32) {
        if let Some(voice) = self.voices.get_mut(&peer) {
            voice.set_volume(volume);
        }
    }

    pub(crate) fn stats(&mut self, peer: PeerTag, now: Instant) -> AudioStats {
        self.voices.get_mut(&peer).map(|voice| voice.stats(now)).unwrap_or_default()
    }

    /// The next 10 ms, and who began or stopped speaking.
    pub(crate) fn mix(&mut self, now: Instant) -> ([f32; BLOCK], Vec<(PeerTag, bool)>) {
        let mut mix = [0.0; BLOCK];
        let mut changes = Vec::new();
        for (&peer, voice) in &mut self.voices {
            if let Some(speaking) = voice.mix_into(&mut mix, now) {
                changes.push((peer, speaking));
            }
        }
        self.limiter.process(&mut mix);
        (mix, changes)
    }
}

#[cfg(test)]
mod networks;
#[cfg(test)]
mod tests;
