//! Wishes for a keyframe of ours, from whoever needs one, made one.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::Notify;

/// An encoder is asked for a keyframe at most so often: it serves every peer.
pub(crate) const MERGE: Duration = Duration::from_millis(300);

/// The wish, shared by everyone who may have it. Two wishes that nobody has heard of yet are one.
#[derive(Debug, Clone, Default)]
pub(crate) struct KeyframeWish(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    wished: AtomicBool,
    told: Notify,
}

impl KeyframeWish {
    pub(crate) fn wish(&self) {
        self.0.wished.store(true, Ordering::Release);
        self.0.told.notify_one();
    }

    /// Waits for the next wish; it stays until it is taken.
    pub(crate) async fn wished(&self) {
        while !self.0.wished.load(Ordering::Acquire) {
            self.0.told.notified().await;
        }
    }

    pub(crate) fn take(&self) -> bool {
        self.0.wished.swap(false, Ordering::AcqRel)
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
    fn two_wishes_that_nobody_heard_are_one() {
        let wish = KeyframeWish::default();
        wish.wish();
        wish.clone().wish();
        assert!(wish.take());
        assert!(!wish.take());
    }
}
