//! Wishes for a keyframe of ours, from whoever needs one, made one.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use protocol::ClientId;
use tokio::sync::Notify;

use crate::Kind;

/// Keyframes are asked for at most so often: an encoder serves many peers.
pub(crate) const MERGE: Duration = Duration::from_millis(300);

/// Everyone's wishes. Two of the same participant that nobody has heard of yet are one.
#[derive(Debug, Clone, Default)]
pub(crate) struct KeyframeWishes(Arc<Inner>);

/// One participant's.
#[derive(Debug, Clone)]
pub(crate) struct KeyframeWish {
    wishes: KeyframeWishes,
    client: ClientId,
}

#[derive(Debug, Default)]
struct Inner {
    wished: Mutex<BTreeSet<(ClientId, Kind)>>,
    told: Notify,
}

impl KeyframeWish {
    pub(crate) fn wish(&self, kind: Kind) {
        self.wishes.list().insert((self.client.clone(), kind));
        self.wishes.0.told.notify_one();
    }
}

impl KeyframeWishes {
    pub(crate) fn of(&self, client: ClientId) -> KeyframeWish {
        KeyframeWish { wishes: self.clone(), client }
    }

    /// Waits for the next wish; it stays until it is taken.
    pub(crate) async fn wished(&self) {
        while self.list().is_empty() {
            self.0.told.notified().await;
        }
    }

    pub(crate) fn take(&self) -> BTreeSet<(ClientId, Kind)> {
        std::mem::take(&mut *self.list())
    }

    fn list(&self) -> MutexGuard<'_, BTreeSet<(ClientId, Kind)>> {
        self.0.wished.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Spaces what is passed on: the first at once, the next no sooner than [`MERGE`] later.
#[derive(Debug, Default)]
pub(crate) struct Spacing {
    last: Option<Instant>,
}

impl Spacing {
    /// When the next one may be passed on.
    pub(crate) fn due(&self, now: Instant) -> Instant {
        self.last.map_or(now, |last| (last + MERGE).max(now))
    }

    pub(crate) fn passed(&mut self, now: Instant) {
        self.last = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_wish_is_passed_on_at_once_and_the_next_after_300_ms() {
        let start = Instant::now();
        let mut spacing = Spacing::default();
        assert_eq!(spacing.due(start), start);
        spacing.passed(start);
        assert_eq!(spacing.due(start + Duration::from_millis(1)), start + MERGE);
        assert_eq!(spacing.due(start + Duration::from_secs(1)), start + Duration::from_secs(1));
    }

    #[test]
    fn two_wishes_of_one_that_nobody_heard_are_one() {
        let wishes = KeyframeWishes::default();
        let (a, b) = (ClientId::new("a"), ClientId::new("b"));
        let wish = wishes.of(a.clone());
        wish.wish(Kind::Video);
        wish.clone().wish(Kind::Video);
        wish.wish(Kind::Screen);
        wishes.of(b.clone()).wish(Kind::Video);
        let wished = BTreeSet::from([(a.clone(), Kind::Video), (a, Kind::Screen), (b, Kind::Video)]);
        assert_eq!(wishes.take(), wished);
        assert!(wishes.take().is_empty());
    }
}
