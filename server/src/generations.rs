//! Which tokens of a session count: the engine raises the numbers, every request is judged by them.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use rooms::SessionId;

/// The generation of each session that ever had an account; every other session's is 0. Clones are the same book.
#[derive(Debug, Clone, Default)]
pub(crate) struct Generations(Arc<RwLock<BTreeMap<SessionId, u64>>>);

impl Generations {
    pub(crate) fn of(&self, session: &SessionId) -> u64 {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(session).copied().unwrap_or(0)
    }

    /// Tokens of every other generation count no more.
    pub(crate) fn set(&self, session: SessionId, generation: u64) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(session, generation);
    }
}
