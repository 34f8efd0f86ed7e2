//! The link to the server: joining, staying, losing it and coming back.

use std::ops::RangeInclusive;
use std::time::{Duration, Instant};

use protocol::limits::{PING_EVERY, RETRY_MAX, SERVER_SILENCE};
use rand_chacha::ChaCha12Rng;

use crate::backoff::Backoff;

const BACKOFF: Backoff = Backoff { first: Duration::from_millis(500), max: RETRY_MAX };
/// From the seat to the open channel; a server frees the seat after this long.
const CONNECT_MAX: Duration = Duration::from_secs(15);
/// A server of an earlier version pings after 60 s without a message and drops us 60 s later.
const PING_EVERY_EARLIER: Duration = Duration::from_secs(15);
/// One ping may go unanswered on a server of an earlier version.
const SILENCE_GONE_EARLIER: Duration = Duration::from_secs(30);
/// A knock that is asked about less often would be withdrawn, and one asked about more often is a burden.
const KNOCK_EVERY: RangeInclusive<Duration> = Duration::from_millis(500)..=Duration::from_secs(8);
/// `get-room-info` is said again when this long no answer came.
const ASK_AGAIN: Duration = Duration::from_secs(5);

/// The way to and from the server.
#[derive(Debug)]
pub(crate) struct Link {
    state: State,
    /// Failures in a row.
    failures: u32,
    /// The room was entered once: what comes now is a return.
    entered_before: bool,
    /// The server is of ours.
    pub(crate) ours: bool,
}

#[derive(Debug)]
enum State {
    Joining,
    Knocking { ask_at: Instant },
    Connecting { until: Instant },
    Up(Up),
    Waiting { retry_at: Instant },
    Ended,
}

#[derive(Debug)]
struct Up {
    heard_at: Instant,
    pinged_at: Instant,
    room: Room,
}

/// Whether the server has told us who is in the room.
#[derive(Debug)]
enum Room {
    Asked { at: Instant },
    Entered,
}

/// Something that is due on the link.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Duty {
    Join,
    Ping,
    AskAgain,
    /// The link is to be given up.
    GiveUp(&'static str),
}

impl Link {
    pub(crate) fn new() -> Self {
        Self { state: State::Joining, failures: 0, entered_before: false, ours: true }
    }

    pub(crate) fn is_joining(&self) -> bool {
        matches!(self.state, State::Joining)
    }

    pub(crate) fn is_connecting(&self) -> bool {
        matches!(self.state, State::Connecting { .. })
    }

    pub(crate) fn is_up(&self) -> bool {
        matches!(self.state, State::Up(_))
    }

    /// The link is up and we know who is in the room.
    pub(crate) fn is_in_room(&self) -> bool {
        matches!(self.state, State::Up(Up { room: Room::Entered, .. }))
    }

    pub(crate) fn is_ended(&self) -> bool {
        matches!(self.state, State::Ended)
    }

    /// Nothing went wrong so far and the room was not entered yet.
    pub(crate) fn is_first_try(&self) -> bool {
        self.failures == 0 && !self.entered_before
    }

    pub(crate) fn was_in_room_before(&self) -> bool {
        self.entered_before
    }

    pub(crate) fn seated(&mut self, ours: bool, now: Instant) {
        self.ours = ours;
        self.state = State::Connecting { until: now + CONNECT_MAX };
    }

    pub(crate) fn up(&mut self, now: Instant) {
        self.state = State::Up(Up { heard_at: now, pinged_at: now, room: Room::Asked { at: now } });
    }

    /// A frame came.
    pub(crate) fn heard(&mut self, now: Instant) {
        if let State::Up(up) = &mut self.state {
            up.heard_at = now;
        }
    }

    pub(crate) fn entered(&mut self) {
        if let State::Up(up) = &mut self.state {
            up.room = Room::Entered;
            self.failures = 0;
            self.entered_before = true;
        }
    }

    /// We knock, and ask again then.
    pub(crate) fn knocks(&mut self, retry_after: Duration, now: Instant) {
        let retry_after = retry_after.clamp(*KNOCK_EVERY.start(), *KNOCK_EVERY.end());
        self.state = State::Knocking { ask_at: now + retry_after };
    }

    /// Backs off; returns the number of the attempt to come and its time.
    pub(crate) fn lost(&mut self, rng: &mut ChaCha12Rng, now: Instant) -> (u32, Instant) {
        self.failures += 1;
        let retry_at = now + BACKOFF.delay(self.failures, rng);
        self.state = State::Waiting { retry_at };
        (self.failures, retry_at)
    }

    pub(crate) fn end(&mut self) {
        self.state = State::Ended;
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        match &self.state {
            State::Joining | State::Ended => None,
            State::Connecting { until } => Some(*until),
            State::Waiting { retry_at } => Some(*retry_at),
            State::Knocking { ask_at } => Some(*ask_at),
            State::Up(up) => up.ask_at().into_iter().chain([self.ping_at(up), self.gone_at(up)]).min(),
        }
    }

    /// What is due; ask until `None`.
    pub(crate) fn due(&mut self, now: Instant) -> Option<Duty> {
        match &self.state {
            State::Joining | State::Ended => None,
            State::Connecting { until } => (now >= *until).then_some(Duty::GiveUp("the server does not connect")),
            State::Waiting { retry_at: at } | State::Knocking { ask_at: at } if now < *at => None,
            State::Waiting { .. } | State::Knocking { .. } => {
                self.state = State::Joining;
                Some(Duty::Join)
            }
            State::Up(up) if now >= self.gone_at(up) => Some(Duty::GiveUp("the server is silent")),
            State::Up(up) if now >= self.ping_at(up) => {
                self.ping_sent(now);
                Some(Duty::Ping)
            }
            State::Up(up) if up.ask_at().is_some_and(|at| now >= at) => {
                self.asked(now);
                Some(Duty::AskAgain)
            }
            State::Up(_) => None,
        }
    }

    fn ping_sent(&mut self, now: Instant) {
        if let State::Up(up) = &mut self.state {
            up.pinged_at = now;
        }
    }

    fn asked(&mut self, now: Instant) {
        if let State::Up(up) = &mut self.state {
            up.room = Room::Asked { at: now };
        }
    }

    fn ping_at(&self, up: &Up) -> Instant {
        up.pinged_at + if self.ours { PING_EVERY } else { PING_EVERY_EARLIER }
    }

    fn gone_at(&self, up: &Up) -> Instant {
        up.heard_at + if self.ours { SERVER_SILENCE } else { SILENCE_GONE_EARLIER }
    }
}

impl Up {
    fn ask_at(&self) -> Option<Instant> {
        match self.room {
            Room::Asked { at } => Some(at + ASK_AGAIN),
            Room::Entered => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;
    use crate::moment;

    fn seconds(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    fn up(ours: bool, now: Instant) -> Link {
        let mut link = Link::new();
        link.seated(ours, now);
        link.up(now);
        link
    }

    /// Runs the link on its own deadlines until `end` and says when each duty was due.
    fn duties(link: &mut Link, start: Instant, end: Instant) -> Vec<(u64, Duty)> {
        let mut seen = Vec::new();
        while let Some(at) = link.deadline().filter(|at| *at <= end) {
            let before = seen.len();
            while let Some(duty) = link.due(at) {
                let over = matches!(duty, Duty::GiveUp(_));
                seen.push(((at - start).as_secs(), duty));
                if over {
                    return seen;
                }
            }
            assert!(seen.len() > before, "a deadline has a duty");
        }
        seen
    }

    #[test]
    fn a_server_of_ours_is_pinged_every_2_s_and_given_up_after_two_pings_in_vain() {
        let start = moment();
        let mut link = up(true, start);
        link.entered();
        let seen = duties(&mut link, start, start + seconds(60));
        let pings: Vec<u64> = seen.iter().filter(|(_, duty)| *duty == Duty::Ping).map(|(at, _)| *at).collect();
        assert_eq!(pings, [2, 4]);
        assert_eq!(seen.last(), Some(&(4, Duty::GiveUp("the server is silent"))));
    }

    #[test]
    fn a_server_of_an_earlier_version_is_pinged_every_15_s() {
        let start = moment();
        let mut link = up(false, start);
        link.entered();
        assert_eq!(duties(&mut link, start, start + seconds(29)), [(15, Duty::Ping)]);
        link.heard(start + seconds(16));
        let seen = duties(&mut link, start, start + seconds(60));
        assert_eq!(seen, [(30, Duty::Ping), (45, Duty::Ping), (46, Duty::GiveUp("the server is silent"))]);
    }

    #[test]
    fn an_unanswered_question_is_asked_again() {
        let start = moment();
        let mut link = up(false, start);
        let seen = duties(&mut link, start, start + seconds(12));
        assert_eq!(seen, [(5, Duty::AskAgain), (10, Duty::AskAgain)]);
    }

    #[test]
    fn a_seat_without_a_channel_is_given_up() {
        let start = moment();
        let mut link = Link::new();
        link.seated(true, start);
        assert_eq!(duties(&mut link, start, start + seconds(60)), [(15, Duty::GiveUp("the server does not connect"))]);
    }

    #[test]
    fn the_back_off_grows_until_the_room_is_entered_again() {
        let start = moment();
        let mut rng = ChaCha12Rng::from_seed([3; 32]);
        let mut link = up(true, start);
        for expected in 1..=6 {
            let (attempt, retry_at) = link.lost(&mut rng, start);
            assert_eq!(attempt, expected);
            assert!(retry_at <= start + RETRY_MAX);
            assert_eq!(link.due(retry_at), Some(Duty::Join));
            link.seated(true, start);
            link.up(start);
        }
        link.entered();
        assert_eq!(link.lost(&mut rng, start).0, 1);
    }
}
