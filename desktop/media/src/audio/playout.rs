//! What of one peer to play next: puts packets in order, waits as long as the network's jitter asks for, and bridges
//! what is missing. Decodes nothing and reads no clock.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use bytes::Bytes;

use super::jitter::Jitter;
use super::opus::{GRAIN, Shape};
use super::{FRAME, SAMPLE_RATE};
use crate::packet::Packet;

/// A sequence number further away than this belongs to another stream: 20 s of packets of 20 ms.
const SEQUENCE_JUMP_MAX: i64 = 1000;

/// Samples. What is waiting beyond a second is no conversation any more.
const WAITING_MAX: usize = SAMPLE_RATE as usize;
const PACKETS_MAX: usize = 400;

/// Samples that are made up at a stretch, 60 ms: concealment sounds odd after that, and silence does not.
const BRIDGE_MAX: usize = 2880;

/// Samples made up at a time while nobody knows how much is missing.
const BRIDGE_STEP: usize = 480;

/// Samples. A timestamp that jumps by more without a lost packet means that the sender paused.
const PAUSE_MIN: i64 = 5760;

/// How far the delay may be above its target before the sound is squeezed, and below before it is stretched: the target
/// is only a packet longer than the jitter. And from where on it hurries.
const SLACK_US: i64 = 20_000;
const SLACK_BELOW_US: i64 = 12_000;
/// While packets are lost the copy in the next one must be here before the loudspeaker asks for the lost one, whenever that
/// is: the delay may not be below the target by as much.
const COPY_US: i64 = 10_000;
const HURRY_US: i64 = 150_000;

/// Packets that must agree before the pace changes, and packets between two changes.
const TOO_LONG_FOR: u32 = 25;
const TOO_SHORT_FOR: u32 = 5;
const PACE_EVERY: u32 = 3;

/// For how long the noise of a room goes on after the last word of it.
const REST_MAX: Duration = Duration::from_secs(1);

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    Play {
        payload: Bytes,
        pace: Pace,
    },
    /// A packet is lost, the next one is here.
    Recover {
        next: Bytes,
        samples: usize,
    },
    Conceal {
        samples: usize,
    },
    /// Nobody speaks: the noise of the speaker's room goes on.
    Comfort {
        samples: usize,
    },
    /// Nothing is being said, or too much is missing.
    Silence,
}

/// How the delay should change with a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    Normal,
    Faster,
    Slower,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Counts {
    pub(crate) packets: u64,
    /// Packets that came after their turn.
    pub(crate) late: u64,
    pub(crate) duplicates: u64,
    /// Packets that were skipped because too much was waiting.
    pub(crate) dropped: u64,
    /// Samples that should have come and did not come in time, whatever was played instead.
    pub(crate) concealed_samples: u64,
    /// New streams under the same peer.
    pub(crate) restarts: u64,
}

/// Sequence number and timestamp, counted on beyond their wrap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Position {
    sequence: i64,
    timestamp: i64,
}

#[derive(Debug)]
struct Waiting {
    timestamp: i64,
    shape: Shape,
    payload: Bytes,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Until the first packet's time has come.
    Waiting,
    /// The same, since this time: the other side said that nobody speaks there.
    Resting(Instant),
    Playing,
}

#[derive(Debug)]
pub(crate) struct Playout {
    epoch: Instant,
    queue: BTreeMap<i64, Waiting>,
    newest: Option<Position>,
    /// Bit n: the packet n before the newest came.
    seen: u64,
    /// A packet that fits nothing; the next one says whether a new stream began.
    stray: Option<(Packet, Shape)>,
    phase: Phase,
    /// What is due next: nothing before it is of use.
    next: Option<Position>,
    /// Samples made up since the last packet while it was unknown what is missing.
    made_up: usize,
    /// The last packet's duration in samples.
    frame: usize,
    jitter: Jitter,
    too_long_for: u32,
    too_short_for: u32,
    delay_us: i64,
    /// How much longer than the jitter asks for it waits, because the pictures are late.
    wait_us: i64,
    counts: Counts,
}

impl Playout {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            epoch: now,
            queue: BTreeMap::new(),
            newest: None,
            seen: 0,
            stray: None,
            phase: Phase::Waiting,
            next: None,
            made_up: 0,
            frame: FRAME,
            jitter: Jitter::default(),
            too_long_for: 0,
            too_short_for: 0,
            delay_us: 0,
            wait_us: 0,
            counts: Counts::default(),
        }
    }

    pub(crate) fn handle_packet(&mut self, packet: Packet, shape: Shape) {
        self.counts.packets += 1;
        if let Some(position) = self.locate(&packet) {
            self.stray = None;
            return self.insert(position, packet, shape);
        }
        match self.stray.take() {
            Some((first, first_shape)) if packet.sequence == first.sequence.wrapping_add(1) => {
                self.restart();
                for (packet, shape) in [(first, first_shape), (packet, shape)] {
                    if let Some(position) = self.locate(&packet) {
                        self.insert(position, packet, shape);
                    }
                }
            }
            _ => self.stray = Some((packet, shape)),
        }
    }

    /// Asked when less than a block of decoded sound is left; `queued` is what is left, in samples.
    pub(crate) fn poll(&mut self, now: Instant, queued: usize) -> Step {
        let now_us = self.since_epoch(now);
        let phase = self.phase;
        if phase != Phase::Playing && !self.begin(now_us) {
            return match phase {
                Phase::Resting(since) => self.rest(since, now),
                Phase::Waiting | Phase::Playing => Step::Silence,
            };
        }
        let (Some(next), Some((&sequence, front))) = (self.next, self.queue.first_key_value()) else {
            return self.bridge();
        };
        let ahead = front.timestamp - next.timestamp;
        if sequence == next.sequence {
            return if ahead.abs() > PAUSE_MIN { self.pause() } else { self.play(now, queued) };
        }
        self.fill_gap(sequence - next.sequence, ahead, now, queued)
    }

    pub(crate) fn counts(&self) -> Counts {
        self.counts
    }

    /// Between the earliest possible arrival of a sound and its playing, and what it should be.
    pub(crate) fn delay_us(&self) -> (i64, i64) {
        (self.delay_us, self.target_us())
    }

    /// From now on everything is played so much later than the jitter asks for.
    pub(crate) fn set_wait(&mut self, wait_us: i64) {
        self.wait_us = wait_us;
    }

    /// The timestamp of what is heard now, while `queued` samples are decoded and not yet played; `None` while what is
    /// heard is made up.
    pub(crate) fn heard(&self, queued: usize) -> Option<u32> {
        let next = self.next.filter(|_| self.phase == Phase::Playing && self.made_up == 0)?;
        Some((next.timestamp - queued as i64) as u32)
    }

    fn target_us(&self) -> i64 {
        let loses = self.seen.count_ones() + self.seen.leading_zeros() < u64::BITS;
        self.jitter.target_us() + self.wait_us + if loses { COPY_US } else { 0 }
    }

    /// Where in the known stream a packet belongs; `None` if nowhere.
    fn locate(&self, packet: &Packet) -> Option<Position> {
        let Some(newest) = self.newest else {
            return Some(Position { sequence: i64::from(packet.sequence), timestamp: i64::from(packet.timestamp) });
        };
        let steps = i64::from(packet.sequence.wrapping_sub(newest.sequence as u16) as i16);
        let ticks = i64::from(packet.timestamp.wrapping_sub(newest.timestamp as u32) as i32);
        (steps.abs() <= SEQUENCE_JUMP_MAX && steps.signum() == ticks.signum())
            .then(|| Position { sequence: newest.sequence + steps, timestamp: newest.timestamp + ticks })
    }

    fn insert(&mut self, position: Position, packet: Packet, shape: Shape) {
        if !self.note_seen(position) {
            self.counts.duplicates += 1;
            return;
        }
        self.jitter.handle_packet(self.since_epoch(packet.arrived), position.timestamp, shape.samples);
        if self.next.is_some_and(|next| position.sequence < next.sequence) {
            self.counts.late += 1;
            return;
        }
        let waiting = Waiting { timestamp: position.timestamp, shape, payload: packet.payload };
        self.queue.insert(position.sequence, waiting);
        self.drop_surplus();
    }

    /// Says whether the packet is new. One that is too old to be remembered counts as new: it is late in any case.
    fn note_seen(&mut self, position: Position) -> bool {
        let age = self.newest.map_or(-1, |newest| newest.sequence - position.sequence);
        if age < 0 {
            self.seen = u32::try_from(-age).ok().and_then(|steps| self.seen.checked_shl(steps)).unwrap_or(0) | 1;
            self.newest = Some(position);
            return true;
        }
        let Some(bit) = u32::try_from(age).ok().and_then(|age| 1_u64.checked_shl(age)) else { return true };
        let new = self.seen & bit == 0;
        self.seen |= bit;
        new
    }

    fn drop_surplus(&mut self) {
        let mut waiting: usize = self.queue.values().map(|packet| packet.shape.samples).sum();
        while waiting > WAITING_MAX || self.queue.len() > PACKETS_MAX {
            let Some((_, dropped)) = self.queue.pop_first() else { return };
            waiting -= dropped.shape.samples;
            self.counts.dropped += 1;
            self.next = self.front();
            self.made_up = 0;
        }
    }

    fn restart(&mut self) {
        let counts = Counts { restarts: self.counts.restarts + 1, ..self.counts };
        let (epoch, wait_us) = (self.epoch, self.wait_us);
        *self = Self { counts, wait_us, ..Self::new(epoch) };
    }

    fn since_epoch(&self, now: Instant) -> i64 {
        let micros = |later: Instant, earlier: Instant| later.saturating_duration_since(earlier).as_micros() as i64;
        micros(now, self.epoch) - micros(self.epoch, now)
    }

    fn front(&self) -> Option<Position> {
        let (&sequence, waiting) = self.queue.first_key_value()?;
        Some(Position { sequence, timestamp: waiting.timestamp })
    }

    /// The delay that playing this timestamp now would mean.
    fn delay_at(&self, timestamp: i64, now_us: i64) -> i64 {
        self.jitter.earliest_arrival(timestamp).map_or(0, |earliest| now_us - earliest)
    }

    /// Ends the wait if the first packet's time has come.
    fn begin(&mut self, now_us: i64) -> bool {
        let target = self.target_us();
        // What has waited far too long is skipped: nothing is being heard at the moment.
        while self.queue.len() > 1
            && self.front().is_some_and(|front| self.delay_at(front.timestamp, now_us) > target + HURRY_US)
        {
            self.queue.pop_first();
            self.counts.dropped += 1;
        }
        let Some(front) = self.front() else { return false };
        if self.delay_at(front.timestamp, now_us) < target {
            return false;
        }
        if let Some(next) = self.next {
            let missing = (front.sequence - next.sequence) * self.frame as i64;
            let ahead = front.timestamp - next.timestamp;
            let interrupted = ahead.abs() <= PAUSE_MIN || missing > 0;
            let made_up = if interrupted { (self.made_up as i64).max(missing.min(ahead)) } else { 0 };
            self.counts.concealed_samples += u64::try_from(made_up).unwrap_or(0);
        }
        self.made_up = 0;
        self.next = Some(front);
        self.phase = Phase::Playing;
        true
    }

    fn play(&mut self, now: Instant, queued: usize) -> Step {
        let Some((sequence, packet)) = self.queue.pop_first() else { return Step::Silence };
        self.counts.concealed_samples += self.made_up as u64;
        self.made_up = 0;
        self.frame = packet.shape.samples;
        let timestamp = packet.timestamp + packet.shape.samples as i64;
        self.next = Some(Position { sequence: sequence + 1, timestamp });
        self.delay_us = self.delay_at(packet.timestamp - queued as i64, self.since_epoch(now));
        if packet.shape.resting {
            self.phase = Phase::Resting(now);
        }
        Step::Play { payload: packet.payload, pace: self.pace() }
    }

    fn pace(&mut self) -> Pace {
        let excess = self.delay_us - self.target_us();
        self.too_long_for = if excess > SLACK_US { self.too_long_for + 1 } else { 0 };
        self.too_short_for = if excess < -SLACK_BELOW_US { self.too_short_for + 1 } else { 0 };
        if excess > HURRY_US {
            Pace::Faster
        } else if self.too_long_for >= TOO_LONG_FOR {
            self.too_long_for -= PACE_EVERY;
            Pace::Faster
        } else if self.too_short_for >= TOO_SHORT_FOR {
            self.too_short_for -= PACE_EVERY;
            Pace::Slower
        } else {
            Pace::Normal
        }
    }

    /// Nothing is here: perhaps it is late, perhaps lost, perhaps nobody speaks. What is made up does not count before
    /// the next packet says which. If it was late it is still played, so the delay grows.
    fn bridge(&mut self) -> Step {
        if self.made_up >= BRIDGE_MAX {
            return self.pause();
        }
        self.made_up += BRIDGE_STEP;
        Step::Conceal { samples: BRIDGE_STEP }
    }

    /// Whoever rests says so every 400 ms; without a word for longer they have switched their microphone off.
    fn rest(&mut self, since: Instant, now: Instant) -> Step {
        if now.saturating_duration_since(since) > REST_MAX {
            return self.pause();
        }
        Step::Comfort { samples: BRIDGE_STEP }
    }

    fn pause(&mut self) -> Step {
        self.phase = Phase::Waiting;
        Step::Silence
    }

    /// `missing` packets, `ahead` samples in all, did not come; the one after them is here.
    fn fill_gap(&mut self, missing: i64, ahead: i64, now: Instant, queued: usize) -> Step {
        let (Some(front), Some(next)) = (self.front(), self.next.as_mut()) else { return Step::Silence };
        // What was made up before stands for the first of them.
        let owed = usize::try_from(ahead).unwrap_or(0).saturating_sub(self.made_up);
        if owed > BRIDGE_MAX {
            return self.pause();
        }
        self.counts.concealed_samples += self.made_up as u64;
        self.made_up = 0;
        let samples = if missing > 1 { owed.min(self.frame) } else { owed } / GRAIN * GRAIN;
        if samples == 0 {
            self.next = Some(front);
            return self.play(now, queued);
        }
        self.counts.concealed_samples += samples as u64;
        if missing > 1 {
            next.sequence += 1;
            next.timestamp = front.timestamp - (owed - samples) as i64;
            return Step::Conceal { samples };
        }
        self.next = Some(front);
        match self.queue.first_key_value() {
            // Of a part of it libopus has no copy.
            Some((_, packet)) if packet.shape.redundant && samples == packet.shape.samples => {
                Step::Recover { next: packet.payload.clone(), samples }
            }
            _ => Step::Conceal { samples },
        }
    }
}

#[cfg(test)]
mod tests;
