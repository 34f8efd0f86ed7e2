//! What must be looked at, and when.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use protocol::{ClientId, RoomId};

/// What is due still, or again, right after it was looked at waits for this long. It never should be; yet if it is,
/// the core must neither turn in a circle nor ask to be called at once for ever.
const PAUSE: Duration = Duration::from_secs(1);

/// Something that time changes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Topic {
    Seat(ClientId),
    Room(RoomId),
    /// Those who knock at it.
    Knocks(RoomId),
    /// Those who were inside before a restart.
    Comeback(RoomId),
    /// Its chat lines.
    History(RoomId),
}

/// One entry for each topic. An entry may come too early (then its topic is looked at for nothing and noted again),
/// never too late: so a client that merely talks costs no bookkeeping.
#[derive(Debug, Default)]
pub(crate) struct Agenda {
    by_time: BTreeSet<(Instant, Topic)>,
    by_topic: BTreeMap<Topic, Instant>,
    /// What was taken, and at what time: at one moment each topic is looked at once.
    taken: (Option<Instant>, BTreeSet<Topic>),
}

impl Agenda {
    /// Makes sure that `topic` is looked at by `at`.
    pub(crate) fn note(&mut self, topic: Topic, at: Instant) {
        match self.by_topic.get(&topic) {
            Some(&noted) if noted <= at => return,
            Some(&noted) => drop(self.by_time.remove(&(noted, topic.clone()))),
            None => {}
        }
        self.by_topic.insert(topic.clone(), at);
        self.by_time.insert((at, topic));
    }

    pub(crate) fn forget(&mut self, topic: &Topic) {
        if let Some(at) = self.by_topic.remove(topic) {
            self.by_time.remove(&(at, topic.clone()));
        }
    }

    pub(crate) fn next(&self) -> Option<Instant> {
        self.by_time.first().map(|(at, _)| *at)
    }

    /// Takes what is due, one at a time, in order of time. Whatever is noted meanwhile, at one moment there is an end to
    /// it, and what is left is due later.
    pub(crate) fn take_due(&mut self, now: Instant) -> Option<Topic> {
        if self.taken.0 != Some(now) {
            self.taken = (Some(now), BTreeSet::new());
        }
        while self.next()? <= now {
            let (_, topic) = self.by_time.pop_first()?;
            self.by_topic.remove(&topic);
            if self.taken.1.insert(topic.clone()) {
                return Some(topic);
            }
            self.note(topic, now + PAUSE);
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::testing::origin;

    fn seat(name: &str) -> Topic {
        Topic::Seat(ClientId::new(name))
    }

    #[test]
    fn topics_come_in_order_of_time_and_only_when_due() {
        let now = origin();
        let mut agenda = Agenda::default();
        agenda.note(seat("b"), now + Duration::from_secs(2));
        agenda.note(seat("a"), now + Duration::from_secs(1));
        assert_eq!(agenda.take_due(now), None);
        assert_eq!(agenda.take_due(now + Duration::from_secs(9)), Some(seat("a")));
        assert_eq!(agenda.take_due(now + Duration::from_secs(9)), Some(seat("b")));
        assert_eq!(agenda.next(), None);
    }

    #[test]
    fn of_two_notes_on_one_topic_the_earlier_counts() {
        let now = origin();
        let mut agenda = Agenda::default();
        agenda.note(seat("a"), now + Duration::from_secs(2));
        agenda.note(seat("a"), now + Duration::from_secs(3));
        assert_eq!(agenda.next(), Some(now + Duration::from_secs(2)));
        agenda.note(seat("a"), now + Duration::from_secs(1));
        assert_eq!(agenda.take_due(now + Duration::from_secs(9)), Some(seat("a")));
        assert_eq!(agenda.take_due(now + Duration::from_secs(9)), None);
    }

    #[test]
    fn a_topic_that_stays_due_is_looked_at_once_and_time_moves_forward() {
        let now = origin();
        let mut agenda = Agenda::default();
        agenda.note(seat("stuck"), now);
        agenda.note(seat("sound"), now);
        for at in [now, now, now + PAUSE, now + PAUSE * 2] {
            let mut looked_at = Vec::new();
            while let Some(topic) = agenda.take_due(at) {
                if topic == seat("stuck") {
                    agenda.note(topic.clone(), now);
                }
                looked_at.push(topic);
                assert!(looked_at.len() < 3, "in a circle");
            }
            assert!(agenda.next().is_some_and(|next| next > at), "{looked_at:?}");
        }
    }

    #[test]
    fn what_is_forgotten_does_not_come() {
        let now = origin();
        let mut agenda = Agenda::default();
        agenda.note(seat("a"), now);
        agenda.forget(&seat("a"));
        assert_eq!(agenda.take_due(now), None);
    }
}
