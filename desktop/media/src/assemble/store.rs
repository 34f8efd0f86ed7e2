//! The packets that wait to become frames, by sequence number, and what can be made of them.

use std::collections::BTreeMap;
use std::time::Instant;

use bytes::Bytes;

/// Some seconds of a good picture. What does not fit pushes out the oldest.
const PACKETS_MAX: usize = 1024;
const BYTES_MAX: usize = 4 << 20;

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

#[derive(Debug, Default)]
pub(super) struct Store {
    packets: BTreeMap<u64, Packet>,
    bytes: usize,
}

impl Store {
    /// A number that is taken already stays as it is.
    pub(super) fn insert(&mut self, sequence: u64, packet: Packet) {
        if self.packets.contains_key(&sequence) {
            return;
        }
        self.bytes += packet.payload.len();
        self.packets.insert(sequence, packet);
        while self.packets.len() > PACKETS_MAX || self.bytes > BYTES_MAX {
            let Some((_, oldest)) = self.packets.pop_first() else { return };
            self.bytes -= oldest.payload.len();
        }
    }

    #[cfg(test)]
    pub(super) fn is_bounded(&self) -> bool {
        let bytes: usize = self.packets.values().map(|packet| packet.payload.len()).sum();
        self.packets.len() <= PACKETS_MAX && bytes <= BYTES_MAX && bytes == self.bytes
    }

    pub(super) fn remove(&mut self, sequence: u64) -> Option<Packet> {
        let packet = self.packets.remove(&sequence)?;
        self.bytes -= packet.payload.len();
        Some(packet)
    }

    /// Lets go of everything before `floor` and says how many frames that was.
    pub(super) fn clear_below(&mut self, floor: u64) -> u64 {
        let mut frames = 0;
        let mut newest = None;
        while let Some(entry) = self.packets.first_entry().filter(|entry| *entry.key() < floor) {
            let packet = entry.remove();
            self.bytes -= packet.payload.len();
            if !packet.filler && newest.replace(packet.timestamp) != Some(packet.timestamp) {
                frames += 1;
            }
        }
        frames
    }

    pub(super) fn run_at(&self, first: u64) -> Run {
        let Some(head) = self.packets.get(&first) else { return Run::Open { end: first } };
        if head.filler {
            return Run::Filler;
        }
        if !head.start {
            return Run::Broken;
        }
        let mut expected = first;
        for (sequence, packet) in self.packets.range(first..) {
            if *sequence != expected {
                return Run::Open { end: expected };
            }
            if packet.timestamp != head.timestamp {
                // The marker is missing, but the next frame has begun.
                return Run::Frame { last: sequence - 1 };
            }
            if packet.start && *sequence != first {
                return Run::Broken;
            }
            if packet.marker {
                return Run::Frame { last: *sequence };
            }
            expected += 1;
        }
        Run::Open { end: expected }
    }

    /// Where the newest keyframe begins that is complete.
    pub(super) fn newest_whole_key(&self) -> Option<u64> {
        let starts = self.packets.iter().rev().filter(|(_, packet)| packet.key).map(|(sequence, _)| *sequence);
        starts.into_iter().find(|start| matches!(self.run_at(*start), Run::Frame { .. }))
    }

    /// When the first packet of the newest keyframe came, complete or not.
    pub(super) fn newest_key_arrival(&self) -> Option<Instant> {
        self.packets.values().rev().find(|packet| packet.key).map(|packet| packet.arrived)
    }

    /// Takes a whole frame out: appends its bytes to `data`, and says its timestamp and whether it is a keyframe.
    pub(super) fn take_frame(&mut self, first: u64, last: u64, data: &mut Vec<u8>) -> (u32, bool) {
        let head = self.packets.get(&first).map_or((0, false), |head| (head.timestamp, head.key));
        for sequence in first..=last {
            // Padding in the middle of a frame has no bytes of it.
            if let Some(packet) = self.remove(sequence).filter(|packet| !packet.filler) {
                data.extend_from_slice(&packet.payload);
            }
        }
        head
    }
}
