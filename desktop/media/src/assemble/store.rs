//! The packets that wait to become frames, by sequence number, and what can be made of them.

use std::collections::VecDeque;
use std::time::Instant;

use bytes::Bytes;

/// Some seconds of a good picture. What does not fit pushes out the oldest.
const PACKETS_MAX: usize = 1024;
const BYTES_MAX: usize = 4 << 20;
/// From the oldest to the newest, with everything that is missing between them.
const SPAN_MAX: u64 = 4096;

#[derive(Debug)]
pub(super) struct Packet {
    pub(super) timestamp: u32,
    /// The last packet of its frame.
    pub(super) marker: bool,
    pub(super) start: bool,
    pub(super) key: bool,
    /// No part of a frame.
    pub(super) filler: bool,
    /// Without its descriptor.
    pub(super) payload: Bytes,
    pub(super) arrived: Instant,
}

/// What begins at a sequence number.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Run {
    /// A whole frame, up to and with `last`.
    Frame {
        last: u64,
    },
    /// Part of a frame, or nothing yet: the packet `end` is missing.
    Open {
        end: u64,
    },
    Filler,
    /// Something that is not the beginning of a frame, or a frame that begins twice.
    Broken,
}

/// Keeps its places, so a running stream allocates nothing.
#[derive(Debug, Default)]
pub(super) struct Store {
    /// One place for each number from `base` on; the first and the last are taken.
    places: VecDeque<Option<Packet>>,
    base: u64,
    packets: usize,
    bytes: usize,
}

impl Store {
    /// A number that is taken already stays as it is.
    pub(super) fn insert(&mut self, sequence: u64, packet: Packet) {
        if self.places.is_empty() {
            self.base = sequence;
        }
        while sequence.saturating_sub(self.base) >= SPAN_MAX && !self.places.is_empty() {
            self.pop_first();
        }
        if self.places.is_empty() {
            self.base = sequence;
        }
        if sequence + SPAN_MAX <= self.end() {
            return;
        }
        while sequence < self.base {
            self.places.push_front(None);
            self.base -= 1;
        }
        while sequence >= self.end() {
            self.places.push_back(None);
        }
        let place = &mut self.places[(sequence - self.base) as usize];
        if place.is_none() {
            self.bytes += packet.payload.len();
            self.packets += 1;
            *place = Some(packet);
        }
        while self.packets > PACKETS_MAX || self.bytes > BYTES_MAX {
            self.pop_first();
        }
    }

    #[cfg(test)]
    pub(super) fn is_bounded(&self) -> bool {
        let there = || self.places.iter().flatten();
        let bytes: usize = there().map(|packet| packet.payload.len()).sum();
        there().count() <= PACKETS_MAX
            && bytes <= BYTES_MAX
            && (there().count(), bytes) == (self.packets, self.bytes)
            && self.places.len() as u64 <= SPAN_MAX
    }

    pub(super) fn remove(&mut self, sequence: u64) -> Option<Packet> {
        let place = sequence.checked_sub(self.base).and_then(|place| self.places.get_mut(place as usize))?;
        let packet = place.take()?;
        self.note_gone(&packet);
        self.trim();
        Some(packet)
    }

    /// The number behind the last place.
    fn end(&self) -> u64 {
        self.base + self.places.len() as u64
    }

    fn get(&self, sequence: u64) -> Option<&Packet> {
        self.places.get(sequence.checked_sub(self.base)? as usize)?.as_ref()
    }

    fn pop_first(&mut self) -> Option<Packet> {
        let packet = self.places.pop_front()?;
        self.base += 1;
        if let Some(packet) = &packet {
            self.note_gone(packet);
        }
        self.trim();
        packet
    }

    fn note_gone(&mut self, packet: &Packet) {
        self.packets -= 1;
        self.bytes -= packet.payload.len();
    }

    /// Places at the ends that nobody has.
    fn trim(&mut self) {
        while self.places.front().is_some_and(Option::is_none) {
            self.places.pop_front();
            self.base += 1;
        }
        while self.places.back().is_some_and(Option::is_none) {
            self.places.pop_back();
        }
    }

    /// Lets go of everything before `floor` and says how many frames that was.
    pub(super) fn clear_below(&mut self, floor: u64) -> u64 {
        let mut frames = 0;
        let mut newest = None;
        while self.base < floor {
            let Some(packet) = self.pop_first() else { break };
            if !packet.filler && newest.replace(packet.timestamp) != Some(packet.timestamp) {
                frames += 1;
            }
        }
        frames
    }

    pub(super) fn run_at(&self, first: u64) -> Run {
        let Some(head) = self.get(first) else { return Run::Open { end: first } };
        if head.filler {
            return Run::Filler;
        }
        if !head.start {
            return Run::Broken;
        }
        for sequence in first..self.end() {
            let Some(packet) = self.get(sequence) else { return Run::Open { end: sequence } };
            if packet.timestamp != head.timestamp {
                // The marker is missing, but the next frame has begun.
                return Run::Frame { last: sequence - 1 };
            }
            if packet.start && sequence != first {
                return Run::Broken;
            }
            if packet.marker {
                return Run::Frame { last: sequence };
            }
        }
        Run::Open { end: self.end() }
    }

    /// Where the newest keyframe begins that is complete.
    pub(super) fn newest_whole_key(&self) -> Option<u64> {
        let is_whole_key = |sequence: &u64| {
            self.get(*sequence).is_some_and(|packet| packet.key) && matches!(self.run_at(*sequence), Run::Frame { .. })
        };
        (self.base..self.end()).rev().find(is_whole_key)
    }

    /// When the first packet of the newest keyframe came, complete or not.
    pub(super) fn newest_key_arrival(&self) -> Option<Instant> {
        self.places.iter().rev().flatten().find(|packet| packet.key).map(|packet| packet.arrived)
    }

    /// Takes a whole frame out: appends its bytes to `data`, and says its timestamp and whether it is a keyframe.
    pub(super) fn take_frame(&mut self, first: u64, last: u64, data: &mut Vec<u8>) -> (u32, bool) {
        let head = self.get(first).map_or((0, false), |head| (head.timestamp, head.key));
        for sequence in first..=last {
            // Padding in the middle of a frame has no bytes of it.
            if let Some(packet) = self.remove(sequence).filter(|packet| !packet.filler) {
                data.extend_from_slice(&packet.payload);
            }
        }
        head
    }
}
