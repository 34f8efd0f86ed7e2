//! The wish for a keyframe: many may ask at once, one keyframe answers all of them.

use std::time::{Duration, Instant};

/// A keyframe is many times as large as another frame, so there is at most one in this time.
const INTERVAL: Duration = Duration::from_millis(300);

#[derive(Debug, Default)]
pub(super) struct KeyframeWish {
    wanted: bool,
    newest: Option<Instant>,
}

impl KeyframeWish {
    pub(super) fn want(&mut self) {
        self.wanted = true;
    }

    /// Whether the frame that is encoded now is to be a keyframe.
    pub(super) fn is_due(&self, now: Instant) -> bool {
        self.wanted && self.newest.is_none_or(|newest| now >= newest + INTERVAL)
    }

    /// A keyframe was made, for whatever reason.
    pub(super) fn handle_keyframe(&mut self, now: Instant) {
        self.wanted = false;
        self.newest = Some(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_wishes_end_in_one_keyframe_and_none_is_forgotten() {
        let start = Instant::now();
        let mut wish = KeyframeWish::default();
        let mut made = Vec::new();
        for millis in (0..2_000).step_by(33) {
            let now = start + Duration::from_millis(millis);
            // Everyone asks until half past the second, in every frame.
            if millis < 500 {
                wish.want();
            }
            if wish.is_due(now) {
                wish.handle_keyframe(now);
                made.push(millis);
            }
        }
        assert_eq!(made, [0, 330, 660]);
    }
}
