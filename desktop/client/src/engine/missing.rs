//! Which packets of a stream are missing, and when to ask for them: at once, and again after a round trip. Told the time.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::record::RoundTrip;

/// Holes at one time. With more than that nothing but a keyframe helps.
const HOLES_MAX: usize = 256;
/// So often each packet is asked for, and so long: whoever waits has given it up by then.
const ASKS_MAX: u32 = 6;
const AGE_MAX: Duration = Duration::from_millis(1500);
/// Until the first answer has told it.
const ROUND_TRIP: Duration = Duration::from_millis(50);
/// The first two times again: an answer is lost as easily as what it answers. From then on it is waited twice as long as
/// before: a queue that has just filled makes the round trip many times as long as it was a moment ago, and whoever is asked
/// again and again fills it with answers.
const AGAIN_MIN: Duration = Duration::from_millis(15);
const AGAIN_MAX: Duration = Duration::from_millis(500);
/// On a way that was never shorter than this, whoever asks again asks twice, so far apart that one loss rarely takes both:
/// another round trip costs more than an answer too many. One that has become so long has a queue, which needs fewer answers.
const LONG: Duration = Duration::from_millis(60);
const TWIN: Duration = Duration::from_millis(15);
/// An answer takes a little longer than a round trip.
const SLACK: Duration = Duration::from_millis(5);
/// Packets that overtake each other are waited for before they are asked for, but not longer than this.
const HOLD_MAX: Duration = Duration::from_millis(20);

/// How a packet came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// By itself.
    Sent,
    /// As an answer.
    Answered,
    /// The other side answers with the same packet as before.
    Unknown,
}

#[derive(Debug)]
struct Hole {
    since: Instant,
    first_asked: Option<Instant>,
    asks: u32,
    /// When it is asked for next.
    due: Instant,
    /// When after that, if what is due is only to be said once more.
    twin: Option<Instant>,
}

/// Of one stream.
#[derive(Debug)]
pub(super) struct Missing {
    /// Without its wrap.
    newest: Option<u64>,
    holes: BTreeMap<u64, Hole>,
    /// From asking to having it, as far as that was seen.
    seen: Option<RoundTrip>,
    /// How late packets come that nobody had to ask for.
    hold: Duration,
}

impl Missing {
    pub(super) fn new() -> Self {
        Self { newest: None, holes: BTreeMap::new(), seen: None, hold: Duration::ZERO }
    }

    pub(super) fn handle_packet(&mut self, sequence: u16, origin: Origin, now: Instant) {
        let newest = *self.newest.get_or_insert(u64::from(sequence) + (1 << 32));
        let ahead = sequence.wrapping_sub(newest as u16) as i16;
        let Some(place) = newest.checked_add_signed(i64::from(ahead)) else { return };
        if place <= newest {
            if let Some(hole) = self.holes.remove(&place) {
                self.learn(&hole, origin, now);
            }
            return;
        }
        self.newest = Some(place);
        if place - newest > HOLES_MAX as u64 {
            // Another stream under the same name, or one that was away.
            self.holes.clear();
            return;
        }
        let hole = |place| (place, Hole { since: now, first_asked: None, asks: 0, due: now + self.hold, twin: None });
        self.holes.extend((newest + 1..place).map(hole));
        while self.holes.len() > HOLES_MAX {
            self.holes.pop_first();
        }
    }

    /// What is to be asked for now. `told` is the way's round trip, if somebody knows it.
    pub(super) fn take_due(&mut self, told: Option<RoundTrip>, now: Instant) -> Vec<u16> {
        let again = (self.known(told) + SLACK).clamp(AGAIN_MIN, AGAIN_MAX);
        let shortest = self.seen.into_iter().chain(told).map(|round_trip| round_trip.shortest).min();
        let is_long = shortest.is_some_and(|shortest| shortest >= LONG);
        let asked = |hole: &Hole| hole.asks == ASKS_MAX && hole.twin.is_none();
        let given_up = |hole: &Hole| asked(hole) || now >= hole.since + AGE_MAX;
        self.holes.retain(|_, hole| hole.due > now || !given_up(hole));
        let due = self.holes.iter_mut().filter(|(_, hole)| hole.due <= now);
        due.map(|(place, hole)| {
            hole.first_asked.get_or_insert(now);
            if let Some(next) = hole.twin.take() {
                hole.due = next;
                return *place as u16;
            }
            let next = now + (again * 2_u32.pow(hole.asks.saturating_sub(1))).min(AGAIN_MAX);
            hole.asks += 1;
            hole.twin = (hole.asks > 1 && is_long).then_some(next);
            hole.due = if hole.twin.is_some() { now + TWIN } else { next };
            *place as u16
        })
        .collect()
    }

    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        self.holes.values().map(|hole| hole.due).min()
    }

    /// What was seen here is newer, unless the way has become much longer: then nothing is answered before it is asked
    /// for again, and nobody knows which asking it was that was answered.
    fn known(&self, told: Option<RoundTrip>) -> Duration {
        match (self.seen, told) {
            (Some(seen), Some(told)) if told.newest > seen.newest * 2 => told.newest,
            (Some(round_trip), _) | (None, Some(round_trip)) => round_trip.newest,
            (None, None) => ROUND_TRIP,
        }
    }

    /// A hole is filled.
    fn learn(&mut self, hole: &Hole, origin: Origin, now: Instant) {
        let late = now.saturating_duration_since(hole.since);
        let took = hole.first_asked.map(|asked| now.saturating_duration_since(asked));
        let Some(took) = took.filter(|took| match origin {
            Origin::Sent => false,
            Origin::Answered => true,
            Origin::Unknown => *took * 2 >= self.known(None),
        }) else {
            // It was only overtaken.
            self.hold = self.hold.max(late * 5 / 4).min(HOLD_MAX);
            return;
        };
        self.hold -= self.hold / 8;
        if hole.asks == 1 {
            self.seen = Some(self.seen.map_or(RoundTrip { newest: took, shortest: took }, |seen| RoundTrip {
                newest: (seen.newest * 7 + took) / 8,
                shortest: seen.shortest.min(took),
            }));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    fn always(round_trip: Duration) -> RoundTrip {
        RoundTrip { newest: round_trip, shortest: round_trip }
    }

    /// A packet each 10 ms, of which every tenth is lost and comes `round_trip` after it was asked for, unless that is
    /// lost too; the longest time between noticing and having, in the second half.
    fn longest_wait(round_trip: Duration, lose_first_answer: bool) -> Duration {
        let start = Instant::now();
        let mut missing = Missing::new();
        let mut answers: Vec<(Instant, u16)> = Vec::new();
        let mut noticed: BTreeMap<u16, Instant> = BTreeMap::new();
        let (mut asked, mut longest) = (BTreeMap::<u16, u32>::new(), Duration::ZERO);
        for tick in 0..6000_u64 {
            let now = start + ms(tick);
            let number = (65_000 + tick / 10) as u16;
            if tick % 10 == 0 && (tick / 10) % 10 != 5 {
                missing.handle_packet(number, Origin::Sent, now);
                if (tick / 10) % 10 == 6 {
                    noticed.insert(number.wrapping_sub(1), now);
                }
            }
            for (_, number) in answers.extract_if(.., |(at, _)| *at <= now) {
                missing.handle_packet(number, Origin::Answered, now);
                if let Some(since) = noticed.remove(&number).filter(|_| tick > 3000) {
                    longest = longest.max(now.duration_since(since));
                }
            }
            for number in missing.take_due(Some(always(round_trip)), now) {
                let asks = asked.entry(number).or_default();
                *asks += 1;
                if *asks > u32::from(lose_first_answer) {
                    answers.push((now + round_trip, number));
                }
            }
        }
        longest
    }

    #[test]
    fn what_is_missing_is_asked_for_at_once_and_again_after_a_round_trip() {
        assert_eq!(longest_wait(ms(2), false), ms(2));
        assert_eq!(longest_wait(ms(200), false), ms(200));
        let again = longest_wait(ms(2), true);
        assert!(again <= ms(2 + 2 + 15), "{again:?}");
        let again = longest_wait(ms(100), true);
        assert!((ms(200)..ms(260)).contains(&again), "{again:?}");
    }

    #[test]
    fn packets_that_overtake_each_other_are_soon_not_asked_for() {
        let start = Instant::now();
        let mut missing = Missing::new();
        let mut asked = 0;
        missing.handle_packet(0, Origin::Sent, start);
        for pair in 0..100_u16 {
            let now = start + ms(20 * u64::from(pair));
            missing.handle_packet(pair * 2 + 2, Origin::Sent, now);
            asked += missing.take_due(None, now).len();
            missing.handle_packet(pair * 2 + 1, Origin::Sent, now + ms(8));
            asked += missing.take_due(None, now + ms(8)).len();
        }
        assert!(asked <= 2, "{asked}");
    }

    #[test]
    fn nothing_is_asked_for_that_is_there_or_for_ever() {
        let start = Instant::now();
        let mut missing = Missing::new();
        missing.handle_packet(10, Origin::Sent, start);
        missing.handle_packet(13, Origin::Sent, start);
        assert_eq!(missing.take_due(None, start), [11, 12]);
        missing.handle_packet(11, Origin::Unknown, start + ms(1));
        let asks: Vec<u64> = (1..5000).filter(|tick| missing.take_due(None, start + ms(*tick)) == [12]).collect();
        assert_eq!(asks.len() as u32, ASKS_MAX - 1);
        assert_eq!(missing.poll_timeout(), None);
        assert!(asks.windows(2).all(|pair| pair[1] >= (pair[0] * 2).min(pair[0] + 500)), "{asks:?}");
    }

    #[test]
    fn what_is_not_answered_is_asked_for_once_more_as_soon_and_then_ever_more_rarely() {
        let start = Instant::now();
        let mut missing = Missing::new();
        missing.handle_packet(0, Origin::Sent, start);
        missing.handle_packet(2, Origin::Sent, start);
        let mut asked = Vec::new();
        while let Some(due) = missing.poll_timeout() {
            if missing.take_due(Some(always(ms(10))), due) == [1] {
                asked.push((due - start).as_millis());
            }
        }
        assert_eq!(asked, [0, 15, 30, 60, 120, 240]);
    }

    #[test]
    fn on_a_long_way_what_was_not_answered_is_asked_for_twice_each_time() {
        // One that has a queue now was shorter once.
        for (shortest, round_trip, expected) in [
            (195, 195, &[0, 200, 215, 400, 415, 800, 815, 1300, 1315][..]),
            (60, 60, &[0, 65, 80, 130, 145, 260, 275, 520, 535, 1020, 1035]),
            (59, 195, &[0, 200, 400, 800, 1300]),
        ] {
            let start = Instant::now();
            let mut missing = Missing::new();
            let told = RoundTrip { newest: ms(round_trip), shortest: ms(shortest) };
            missing.handle_packet(0, Origin::Sent, start);
            missing.handle_packet(2, Origin::Sent, start);
            let mut asked = Vec::new();
            while let Some(due) = missing.poll_timeout() {
                if missing.take_due(Some(told), due) == [1] {
                    asked.push((due - start).as_millis());
                }
            }
            assert_eq!(asked, expected, "{shortest} {round_trip}");
        }
    }

    #[test]
    fn a_stream_that_begins_elsewhere_is_no_hole_and_holes_are_bounded() {
        let now = Instant::now();
        let mut missing = Missing::new();
        missing.handle_packet(0, Origin::Sent, now);
        missing.handle_packet(20_000, Origin::Sent, now);
        assert_eq!(missing.take_due(None, now), [0_u16; 0]);
        for i in 1..1000_u16 {
            missing.handle_packet(20_000 + i * 3, Origin::Sent, now);
        }
        assert_eq!(missing.take_due(None, now).len(), HOLES_MAX);
    }
}
