//! What the rooms want kept, on its way to the store; and what may only be said once it is there.

use std::time::Duration;

use rooms::{Effect, Reply, RequestId};

use crate::store::{Answer, Change, Store};

/// How often the rooms are told the date: the machine's clock may be put right meanwhile.
pub(crate) const CALENDAR_EVERY: Duration = Duration::from_mins(1);

/// The store, and the answers that wait for it.
pub(crate) struct Keeping {
    store: Store,
    /// Replies to requests that must not be said before their mark has passed, in order.
    held: Vec<(u64, RequestId, Reply)>,
}

impl Keeping {
    pub(crate) fn new(store: Store) -> Self {
        Self { store, held: Vec::new() }
    }

    /// Passes a wish of the rooms on to the store. Every job comes back by [`Self::next`].
    pub(crate) fn apply(&mut self, effect: Effect) {
        match effect {
            Effect::SaveRoom(room) => self.store.write(Change::SaveRoom(room)),
            Effect::ForgetRoom(room) => self.store.write(Change::ForgetRoom(room)),
            Effect::KeepText { job, text } => self.store.write(Change::KeepText { job, text }),
            Effect::EditText { job, room, id, author, text } => {
                self.store.write(Change::EditText { job, room, id, author, text });
            }
            Effect::DropText { job, room, id, author } => {
                self.store.write(Change::DropText { job, room, id, author });
            }
            Effect::ForgetTexts { room, before_ms } => self.store.write(Change::ForgetTexts { room, before_ms }),
            Effect::LoadTexts { job, room, before, limit, since_ms } => {
                self.store.load(job, room, before, limit, since_ms);
            }
            Effect::Reply { .. }
            | Effect::HashPassword { .. }
            | Effect::VerifyPassword { .. }
            | Effect::Send { .. }
            | Effect::Disconnect { .. } => {}
        }
    }

    /// What the accounts want kept.
    pub(crate) fn write(&mut self, change: Change) {
        self.store.write(change);
    }

    /// The reply, unless it may tell of something that is not kept yet: then it comes with [`Self::release`].
    pub(crate) fn hold(&mut self, request: RequestId, reply: Reply) -> Option<Reply> {
        if matches!(reply, Reply::Refused(_)) {
            return Some(reply);
        }
        match self.store.mark() {
            None => Some(reply),
            Some(mark) => {
                self.held.push((mark, request, reply));
                None
            }
        }
    }

    /// What was held back for this mark or an earlier one.
    pub(crate) fn release(&mut self, mark: u64) -> Vec<(RequestId, Reply)> {
        let count = self.held.partition_point(|(held, _, _)| *held <= mark);
        self.held.drain(..count).map(|(_, request, reply)| (request, reply)).collect()
    }

    /// What the store has done. Cancel safe.
    pub(crate) async fn next(&mut self) -> Vec<Answer> {
        self.store.next().await
    }

    pub(crate) async fn finish(self) {
        self.store.finish().await;
    }
}
