//! What waits to be written: texts up to a limit, rooms without one but each only once.

use std::collections::VecDeque;

use rooms::Kept;

use super::sqlite::{DatabaseError, Done};
use super::{Answer, Change};

/// Texts that may wait for the disk, of all rooms together.
const TEXTS_MAX: usize = 4096;

/// Changes in order, and what is to be said about those that are done.
#[derive(Debug, Default)]
pub(super) struct Queue {
    changes: VecDeque<Change>,
    texts: usize,
    /// Changes to rooms that wait or are being written.
    rooms: usize,
    answers: Vec<Answer>,
}

impl Queue {
    pub(super) fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// Whether a change to a room waits or is being written.
    pub(super) fn has_rooms(&self) -> bool {
        self.rooms > 0
    }

    pub(super) fn push(&mut self, change: Change) {
        if change.job().is_some() {
            if self.texts >= TEXTS_MAX {
                return self.say(&change, Kept::Failed);
            }
            self.texts += 1;
        }
        self.append(change);
    }

    pub(super) fn answer(&mut self, answer: Answer) {
        self.answers.push(answer);
    }

    pub(super) fn take_answers(&mut self) -> Vec<Answer> {
        std::mem::take(&mut self.answers)
    }

    /// The next ones, `limit` at most.
    pub(super) fn take_batch(&mut self, limit: usize) -> Vec<Change> {
        let count = self.changes.len().min(limit);
        let batch: Vec<_> = self.changes.drain(..count).collect();
        self.texts -= batch.iter().filter(|change| change.job().is_some()).count();
        batch
    }

    /// Says what came of a batch. Rooms that could not be written because nothing can wait for better times.
    pub(super) fn settle(&mut self, changes: Vec<Change>, results: &[Done]) {
        let mut again = Vec::new();
        for (change, result) in changes.into_iter().zip(results) {
            self.rooms -= usize::from(change.is_about_a_room());
            self.say(&change, kept_of(result));
            if change.is_about_a_room() && matches!(result, Err(DatabaseError::Unusable(_))) {
                again.push(change);
            }
        }
        self.put_back(again);
    }

    /// Nobody can write this batch, now or later.
    pub(super) fn refuse(&mut self, changes: Vec<Change>) {
        for change in changes {
            self.rooms -= usize::from(change.is_about_a_room());
            self.say(&change, Kept::Failed);
        }
    }

    fn say(&mut self, change: &Change, kept: Kept) {
        if let Some(job) = change.job() {
            self.answers.push(Answer::Written { job, kept });
            return;
        }
        match change {
            Change::Account { job, .. } => {
                self.answers.push(Answer::Account { job: *job, kept: kept == Kept::Done });
            }
            Change::Mark(number) => self.answers.push(Answer::Passed(*number)),
            Change::SaveRoom(_)
            | Change::ForgetRoom(_)
            | Change::ForgetTexts { .. }
            | Change::KeepText { .. }
            | Change::EditText { .. }
            | Change::DropText { .. } => {}
        }
    }

    /// In front, because what waits may lean on it: a text on its room.
    fn put_back(&mut self, changes: Vec<Change>) {
        if changes.is_empty() {
            return;
        }
        let waiting = std::mem::take(&mut self.changes);
        self.rooms -= waiting.iter().filter(|change| change.is_about_a_room()).count();
        for change in changes.into_iter().chain(waiting) {
            self.append(change);
        }
    }

    /// A room's newer record takes the place of the one that waits.
    fn append(&mut self, change: Change) {
        if let Some(before) = self.superseded(&change) {
            *before = change;
            return;
        }
        self.rooms += usize::from(change.is_about_a_room());
        self.changes.push_back(change);
    }

    /// The earlier wish for the same room that a newer one makes pointless.
    fn superseded(&mut self, change: &Change) -> Option<&mut Change> {
        let Change::SaveRoom(room) = change else { return None };
        let latest = self.changes.iter_mut().rev().find(|earlier| match earlier {
            Change::SaveRoom(earlier) => earlier.id == room.id,
            Change::ForgetRoom(id) => *id == room.id,
            Change::KeepText { .. } | Change::EditText { .. } | Change::DropText { .. } => false,
            Change::Account { .. } => false,
            // What was promised with an earlier record must not wait for a later one.
            Change::ForgetTexts { .. } | Change::Mark(_) => false,
        });
        latest.filter(|latest| matches!(latest, Change::SaveRoom(_)))
    }
}

fn kept_of(result: &Done) -> Kept {
    match result {
        Ok(None) => Kept::Done,
        Ok(Some(before)) => Kept::Before(*before),
        Err(DatabaseError::Missing) => Kept::Missing,
        Err(DatabaseError::Unusable(_) | DatabaseError::Refused(_)) => Kept::Failed,
    }
}

#[cfg(test)]
mod tests {
    use protocol::RoomId;
    use rooms::{JobId, RoomRecord};

    use super::*;
    use crate::store::sample;

    fn save(room: &str, guest_limit: usize) -> Change {
        Change::SaveRoom(Box::new(RoomRecord { guest_limit, ..sample::room(room) }))
    }

    fn drop_text(job: u64) -> Change {
        Change::DropText { job: JobId(job), room: RoomId::parse("demo").unwrap(), id: job, author: None }
    }

    fn forget(room: &str) -> Change {
        Change::ForgetRoom(RoomId::parse(room).unwrap())
    }

    fn unusable() -> Done {
        Err(DatabaseError::given_up())
    }

    #[test]
    fn a_room_waits_once_with_its_newest_record() {
        let mut queue = Queue::default();
        for limit in 1..=3 {
            queue.push(save("demo", limit));
            queue.push(save("other", limit));
        }
        assert_eq!(queue.take_batch(9), [save("demo", 3), save("other", 3)]);
    }

    #[test]
    fn a_room_that_is_made_again_is_still_forgotten_first() {
        let mut queue = Queue::default();
        for change in [save("demo", 1), forget("demo"), save("demo", 2), save("demo", 3)] {
            queue.push(change);
        }
        assert_eq!(queue.take_batch(9), [save("demo", 1), forget("demo"), save("demo", 3)]);
    }

    #[test]
    fn so_many_texts_wait_and_the_next_one_is_refused() {
        let mut queue = Queue::default();
        let most = u64::try_from(TEXTS_MAX).unwrap();
        (0..most).for_each(|job| queue.push(drop_text(job)));
        assert_eq!(queue.take_answers(), []);
        queue.push(drop_text(most));
        assert_eq!(queue.take_answers(), [Answer::Written { job: JobId(most), kept: Kept::Failed }]);
        queue.push(save("demo", 1));
        assert_eq!(queue.take_batch(usize::MAX).len(), TEXTS_MAX + 1, "a room is never refused");
        queue.push(drop_text(0));
        assert_eq!(queue.take_answers(), [], "there is place again");
    }

    fn batch_of(queue: &mut Queue, changes: impl IntoIterator<Item = Change>) -> Vec<Change> {
        changes.into_iter().for_each(|change| queue.push(change));
        queue.take_batch(usize::MAX)
    }

    #[test]
    fn rooms_that_could_not_be_written_come_first_again_and_texts_are_refused() {
        let mut queue = Queue::default();
        let batch = batch_of(&mut queue, [save("demo", 1), drop_text(1), forget("other")]);
        queue.push(drop_text(2));
        queue.push(save("demo", 2));
        queue.settle(batch, &[unusable(), unusable(), unusable()]);
        assert_eq!(queue.take_answers(), [Answer::Written { job: JobId(1), kept: Kept::Failed }]);
        assert_eq!(queue.take_batch(9), [save("demo", 2), forget("other"), drop_text(2)]);
    }

    #[test]
    fn a_mark_comes_back_when_what_is_before_it_was_tried() {
        for outcome in [Ok(None), unusable()] {
            let mut queue = Queue::default();
            assert!(!queue.has_rooms());
            queue.push(save("demo", 1));
            assert!(queue.has_rooms());
            queue.push(Change::Mark(7));
            let batch = queue.take_batch(9);
            assert!(queue.has_rooms(), "it is being written");
            let failed = outcome.is_err();
            queue.settle(batch, &[outcome, Ok(None)]);
            assert_eq!(queue.take_answers(), [Answer::Passed(7)]);
            assert_eq!((queue.has_rooms(), queue.take_batch(9).len()), (failed, usize::from(failed)));
        }
    }

    #[test]
    fn a_room_that_the_database_refuses_does_not_come_again() {
        let mut queue = Queue::default();
        let batch = batch_of(&mut queue, [save("demo", 1), drop_text(1), drop_text(2)]);
        queue.settle(batch, &[Err(DatabaseError::Missing), Ok(None), Err(DatabaseError::Missing)]);
        assert!(queue.is_empty() && !queue.has_rooms());
        let answers =
            [(1, Kept::Done), (2, Kept::Missing)].map(|(job, kept)| Answer::Written { job: JobId(job), kept });
        assert_eq!(queue.take_answers(), answers);
    }
}
