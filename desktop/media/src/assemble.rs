//! From RTP packets to whole VP8 frames, in the order in which they can be decoded.
//!
//! A frame goes out as soon as it and everything before it are complete. A hole stops the stream: a late packet (the
//! network asks for it again) may close it for a while, or a whole keyframe beyond it makes it pointless. After that
//! nothing goes out before a keyframe, which is asked for. Told the time, does no I/O.

mod descriptor;
mod store;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use bytes::Bytes;

use store::{Packet, Run, Store};

/// How long a hole may hold up the stream at first: a round trip and a half on most paths. Later, a keyframe is the faster
/// way. Where lost packets take longer to come again, that is learnt, up to the second bound.
const PATIENCE_MIN: Duration = Duration::from_millis(150);
const PATIENCE_MAX: Duration = Duration::from_millis(800);

/// A stream begins with a keyframe; its packets may come in the wrong order, so we complain only after this.
const START_GRACE: Duration = Duration::from_millis(30);

/// Asking more often would only make the sender's answers larger.
const ASK_INTERVAL: Duration = Duration::from_millis(400);

/// Packets this far behind belong to a stream that was restarted, or to no stream…
const RESTART_DISTANCE: u64 = 512;

/// …and so many in a row mean the former.
const RESTART_RUN: u32 = 8;

/// Room for a frame from the beginning on, so that a larger one than before need not look for more.
const FRAME_ROOM: usize = 64 * 1024;

#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    Frame(Frame),
    /// Nothing can be shown before a keyframe (PLI).
    KeyframeNeeded,
}

/// One complete frame.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Frame {
    pub(crate) data: Vec<u8>,
    /// 90 kHz.
    pub(crate) timestamp: u32,
    pub(crate) keyframe: bool,
    /// Nothing is missing between the frame before and this one.
    pub(crate) contiguous: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// The next frame begins at `next`. `stuck` since a hole there held up what came after it.
    Flowing { next: u64, stuck: Option<Instant> },
    /// Only a keyframe helps; it is asked for at `ask`, if anything comes in at all.
    Waiting { ask: Instant },
}

#[derive(Debug)]
pub(crate) struct Assembler {
    store: Store,
    state: Option<State>,
    /// Everything before this sequence number is done with.
    floor: u64,
    newest: Option<u64>,
    far_behind: u32,
    asked: Option<Instant>,
    heard_since_asked: bool,
    contiguous: bool,
    effects: VecDeque<Effect>,
    spare: Vec<Vec<u8>>,
    dropped: u64,
    /// How long holes are waited for.
    patience: Duration,
    /// A hole that was given up, and since when it was there: what is missing may still come.
    given_up: Option<(u64, Instant)>,
}

impl Assembler {
    pub(crate) fn new() -> Self {
        Self {
            store: Store::default(),
            state: None,
            floor: 0,
            newest: None,
            far_behind: 0,
            asked: None,
            heard_since_asked: false,
            contiguous: false,
            effects: VecDeque::new(),
            spare: Vec::new(),
            dropped: 0,
            patience: PATIENCE_MIN,
            given_up: None,
        }
    }

    pub(crate) fn handle_packet(&mut self, sequence: u16, timestamp: u32, marker: bool, payload: Bytes, now: Instant) {
        let Some(sequence) = self.place(sequence) else { return };
        let fragment = descriptor::parse(&payload);
        self.heard_since_asked = true;
        self.state.get_or_insert(State::Waiting { ask: now + START_GRACE });
        // Padding carries no frame, yet takes a number.
        let filler = fragment.is_none();
        let (offset, start, key) = fragment.map_or((0, false, false), |f| (f.offset, f.start, f.key));
        let payload = payload.slice(offset..);
        self.store.insert(sequence, Packet { timestamp, marker, start, key, filler, payload, arrived: now });
        self.advance(now);
    }

    pub(crate) fn handle_timeout(&mut self, now: Instant) {
        self.advance(now);
    }

    /// The decoder could not use a frame, so it cannot use what builds on it.
    pub(crate) fn handle_undecodable(&mut self, now: Instant) {
        self.lose(now);
        self.advance(now);
    }

    pub(crate) fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        match self.state? {
            State::Flowing { stuck, .. } => stuck.map(|since| since + self.patience),
            State::Waiting { ask } => self.heard_since_asked.then_some(ask),
        }
    }

    /// Takes the buffer of a frame back, for one to come.
    pub(crate) fn recycle(&mut self, buffer: Vec<u8>) {
        if self.spare.len() < 4 {
            self.spare.push(buffer);
        }
    }

    /// Frames that were seen, at least in part, and given up.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped
    }

    /// The sequence number without its wrap; `None` if the packet comes too late, or not from this stream.
    fn place(&mut self, sequence: u16) -> Option<u64> {
        let newest = *self.newest.get_or_insert(u64::from(sequence) + (1 << 32));
        let ahead = sequence.wrapping_sub(newest as u16) as i16;
        let place = newest.checked_add_signed(i64::from(ahead))?;
        if place < self.floor {
            let far = place + RESTART_DISTANCE < self.floor;
            self.far_behind = if far { self.far_behind + 1 } else { 0 };
            if self.far_behind < RESTART_RUN {
                return None;
            }
            self.restart();
            return self.place(sequence);
        }
        self.far_behind = 0;
        self.newest = Some(newest.max(place));
        Some(place)
    }

    fn restart(&mut self) {
        self.dropped += self.store.clear_below(u64::MAX);
        self.state = None;
        self.floor = 0;
        self.newest = None;
        self.far_behind = 0;
        self.contiguous = false;
        self.given_up = None;
    }

    /// Puts out whatever can go out now.
    fn advance(&mut self, now: Instant) {
        while let Some(state) = self.state {
            let moved = match state {
                State::Flowing { next, stuck } => self.flow(next, stuck, now),
                State::Waiting { ask } => self.wait(ask, now),
            };
            if !moved {
                return;
            }
        }
    }

    /// Says whether there may be more to do.
    fn flow(&mut self, next: u64, stuck: Option<Instant>, now: Instant) -> bool {
        match self.store.run_at(next) {
            Run::Filler => {
                self.store.remove(next);
                self.go_on_at(next + 1);
                true
            }
            Run::Frame { last } => {
                if let Some(since) = stuck {
                    self.learn(now.saturating_duration_since(since));
                }
                self.emit(next, last);
                self.go_on_at(last + 1);
                true
            }
            Run::Broken => {
                self.lose(now);
                true
            }
            Run::Open { end } => {
                if self.newest.is_none_or(|newest| newest < end) {
                    return false;
                }
                let since = stuck.unwrap_or(now);
                self.state = Some(State::Flowing { next, stuck: Some(since) });
                if self.jump() {
                    return true;
                }
                if now < since + self.patience {
                    return false;
                }
                self.lose(now);
                self.given_up = Some((next, since));
                true
            }
        }
    }

    fn wait(&mut self, ask: Instant, now: Instant) -> bool {
        if self.jump() || self.resume(now) {
            return true;
        }
        if now < ask || !self.heard_since_asked {
            return false;
        }
        // One that is on its way deserves the patience that any hole gets.
        let under_way = self.store.newest_key_arrival().map(|arrived| arrived + self.patience);
        match under_way.filter(|patience| *patience > now) {
            Some(patience) => self.state = Some(State::Waiting { ask: patience }),
            None => {
                self.asked = Some(now);
                self.heard_since_asked = false;
                self.effects.push_back(Effect::KeyframeNeeded);
                self.state = Some(State::Waiting { ask: now + ASK_INTERVAL });
            }
        }
        false
    }

    /// Goes on at the newest whole keyframe, if there is one.
    fn jump(&mut self) -> bool {
        let Some(first) = self.store.newest_whole_key() else { return false };
        self.dropped += self.store.clear_below(first);
        self.contiguous = false;
        self.go_on_at(first);
        true
    }

    /// Goes on where a hole was given up that is filled after all: everything after it is still there.
    fn resume(&mut self, now: Instant) -> bool {
        let Some((next, since)) = self.given_up else { return false };
        if !matches!(self.store.run_at(next), Run::Frame { .. } | Run::Filler) {
            return false;
        }
        self.learn(now.saturating_duration_since(since));
        self.contiguous = true;
        self.go_on_at(next);
        true
    }

    /// A hole was filled after so long. Patience grows at once and goes slowly.
    fn learn(&mut self, took: Duration) {
        let wanted = (took * 5 / 4).clamp(PATIENCE_MIN, PATIENCE_MAX);
        let shrunk = self.patience - self.patience.saturating_sub(wanted) / 16;
        self.patience = wanted.max(shrunk);
    }

    fn go_on_at(&mut self, next: u64) {
        self.given_up = None;
        self.floor = next;
        self.state = Some(State::Flowing { next, stuck: None });
    }

    fn lose(&mut self, now: Instant) {
        let ask = self.asked.map_or(now, |asked| now.max(asked + ASK_INTERVAL));
        self.contiguous = false;
        self.given_up = None;
        self.state = Some(State::Waiting { ask });
    }

    fn emit(&mut self, first: u64, last: u64) {
        let mut data = self.spare.pop().unwrap_or_else(|| Vec::with_capacity(FRAME_ROOM));
        data.clear();
        let (timestamp, keyframe) = self.store.take_frame(first, last, &mut data);
        let contiguous = std::mem::replace(&mut self.contiguous, true);
        self.effects.push_back(Effect::Frame(Frame { data, timestamp, keyframe, contiguous }));
    }
}

#[cfg(test)]
mod tests;
