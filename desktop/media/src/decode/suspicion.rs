//! Whose frames break the decoders. Told the time.
//!
//! When the process ends, whoever was being decoded is a suspect. Suspects are decoded while nobody else is, so that the
//! next time it is certain who it was, and nobody is blamed for another's frames.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, Instant};

/// How long a suspect is decoded alone.
const SUSPECT_FOR: Duration = Duration::from_secs(30);

/// So many ends of the process within so long, and the stream is not decoded any more.
const STRIKES_MAX: usize = 3;
const STRIKES_WITHIN: Duration = Duration::from_secs(60);

/// How a stream's next frame is decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    Together,
    Alone,
    Never,
}

#[derive(Debug, Default)]
pub(super) struct Suspicion {
    streams: BTreeMap<u64, Suspect>,
}

#[derive(Debug, Default)]
struct Suspect {
    until: Option<Instant>,
    strikes: VecDeque<Instant>,
    stopped: bool,
}

impl Suspicion {
    pub(super) fn turn(&self, stream: u64, now: Instant) -> Turn {
        match self.streams.get(&stream) {
            Some(Suspect { stopped: true, .. }) => Turn::Never,
            Some(suspect) if suspect.until.is_some_and(|until| now < until) => Turn::Alone,
            Some(_) | None => Turn::Together,
        }
    }

    /// The process ended, or hung, while it decoded this stream. Says how the stream goes on.
    pub(super) fn handle_failure(&mut self, stream: u64, turn: Turn, now: Instant) -> Turn {
        let suspect = self.streams.entry(stream).or_default();
        suspect.until = Some(now + SUSPECT_FOR);
        if turn == Turn::Alone {
            suspect.strikes.push_back(now);
            while suspect.strikes.front().is_some_and(|first| now.saturating_duration_since(*first) > STRIKES_WITHIN) {
                suspect.strikes.pop_front();
            }
            suspect.stopped |= suspect.strikes.len() >= STRIKES_MAX;
        }
        self.turn(stream, now)
    }

    /// The stream has ended; another of its name starts without a record.
    pub(super) fn forget(&mut self, stream: u64) {
        self.streams.remove(&stream);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn whoever_breaks_it_alone_three_times_is_stopped_and_nobody_else() {
        let (mut suspicion, mut now) = (Suspicion::default(), Instant::now());
        let (guilty, innocent) = (1, 2);
        assert_eq!(suspicion.turn(guilty, now), Turn::Together);
        // Both were being decoded: nobody knows yet.
        assert_eq!(suspicion.handle_failure(guilty, Turn::Together, now), Turn::Alone);
        assert_eq!(suspicion.handle_failure(innocent, Turn::Together, now), Turn::Alone);
        for expected in [Turn::Alone, Turn::Alone, Turn::Never] {
            now += SECOND;
            assert_eq!(suspicion.handle_failure(guilty, Turn::Alone, now), expected);
        }
        assert_eq!(suspicion.turn(innocent, now), Turn::Alone);
        assert_eq!(suspicion.turn(innocent, now + SUSPECT_FOR), Turn::Together);
        assert_eq!(suspicion.turn(guilty, now + 1_000 * SECOND), Turn::Never);
        suspicion.forget(guilty);
        assert_eq!(suspicion.turn(guilty, now), Turn::Together);
    }

    #[test]
    fn bad_luck_now_and_then_stops_nobody() {
        let (mut suspicion, mut now) = (Suspicion::default(), Instant::now());
        for _ in 0..100 {
            assert_eq!(suspicion.handle_failure(1, Turn::Together, now), Turn::Alone);
            assert_eq!(suspicion.handle_failure(1, Turn::Alone, now), Turn::Alone);
            now += STRIKES_WITHIN;
        }
    }
}
