//! The chat lines of one room: their numbers, whose they are, and what waits to be durable.
//!
//! Where the room keeps a history, nobody hears of a line before it is durable: what was acknowledged survives. So
//! everything said about lines stands in one queue, and leaves it in the order in which it came.

use std::collections::VecDeque;

use protocol::limits::TEXTS_REMEMBERED;
use protocol::{ClientId, Envelope};

use crate::JobId;
use crate::record::{Kept, LoadedTexts};

/// Numbers are promised to the store in blocks, so that a restart never gives a number twice and not every line
/// changes the room's record.
const BLOCK: u64 = 1_024;

#[derive(Debug)]
pub(crate) struct TextLog {
    /// The number of the next line.
    next: u64,
    /// Lines have smaller numbers, also after a restart.
    reserved: u64,
    /// Who wrote the last lines that everyone has heard.
    authors: VecDeque<(u64, ClientId)>,
    queue: VecDeque<Entry>,
}

/// Something said about lines, on its way.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) by: ClientId,
    pub(crate) deed: Deed,
    pub(crate) state: State,
}

#[derive(Debug)]
pub(crate) enum Deed {
    Say { id: u64, key: Option<String>, envelope: Envelope },
    Edit { id: u64, text: String, time_ms: u64 },
    Delete { id: u64 },
    Load { before: Option<u64>, limit: usize },
}

#[derive(Debug)]
pub(crate) enum State {
    /// A question that is asked once all that stands before it is durable.
    Unasked,
    Working(JobId),
    Kept(Kept),
    Found(Option<LoadedTexts>),
}

impl Default for TextLog {
    fn default() -> Self {
        Self { next: 1, reserved: 1, authors: VecDeque::new(), queue: VecDeque::new() }
    }
}

impl TextLog {
    /// Goes on after a restart.
    pub(crate) fn resume(next: u64) -> Self {
        let next = next.max(1);
        Self { next, reserved: next, ..Self::default() }
    }

    pub(crate) fn reserved(&self) -> u64 {
        self.reserved
    }

    /// The number of a new line.
    pub(crate) fn number(&mut self) -> u64 {
        let number = self.next;
        self.next += 1;
        if self.next > self.reserved {
            self.reserved = self.next + BLOCK;
        }
        number
    }

    /// How many things of this client wait, and how many in all.
    pub(crate) fn waiting(&self, by: &ClientId) -> (usize, usize) {
        (self.queue.iter().filter(|entry| &entry.by == by).count(), self.queue.len())
    }

    /// How many questions of this client wait.
    pub(crate) fn questions(&self, by: &ClientId) -> usize {
        self.queue.iter().filter(|entry| &entry.by == by && matches!(entry.deed, Deed::Load { .. })).count()
    }

    /// Has nobody heard the line yet?
    pub(crate) fn is_unheard(&self, id: u64) -> bool {
        self.queue.iter().any(|entry| matches!(entry.deed, Deed::Say { id: said, .. } if said == id))
    }

    pub(crate) fn push(&mut self, entry: Entry) {
        self.queue.push_back(entry);
    }

    /// Notes what came of a job.
    pub(crate) fn settle(&mut self, job: JobId, state: State) {
        let working = |entry: &&mut Entry| matches!(entry.state, State::Working(of) if of == job);
        if let Some(entry) = self.queue.iter_mut().find(working) {
            entry.state = state;
        }
    }

    /// The next thing of which everything before it has been done.
    pub(crate) fn next_done(&mut self) -> Option<Entry> {
        let is_done = matches!(self.queue.front()?.state, State::Kept(_) | State::Found(_));
        if is_done { self.queue.pop_front() } else { None }
    }

    /// The questions at the head of the queue that can be asked now.
    pub(crate) fn askable(&mut self) -> impl Iterator<Item = &mut Entry> {
        let questions = self.queue.iter_mut().take_while(|entry| matches!(entry.deed, Deed::Load { .. }));
        questions.filter(|entry| matches!(entry.state, State::Unasked))
    }

    pub(crate) fn author_of(&self, id: u64) -> Option<&ClientId> {
        self.authors.iter().rev().find(|(of, _)| *of == id).map(|(_, author)| author)
    }

    /// Everyone has heard the line.
    pub(crate) fn note_author(&mut self, id: u64, author: ClientId) {
        self.authors.push_back((id, author));
        if self.authors.len() > TEXTS_REMEMBERED {
            self.authors.pop_front();
        }
    }

    /// True: it was remembered.
    pub(crate) fn forget(&mut self, id: u64) -> bool {
        let count = self.authors.len();
        self.authors.retain(|(of, _)| *of != id);
        self.authors.len() < count
    }
}
