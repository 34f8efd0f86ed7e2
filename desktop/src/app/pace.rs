//! How often the window is painted: not more often than an eye follows, and only when there is something new.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use eframe::egui::{Context, ViewportId};

/// Thirty pictures a second come from every person; one repaint shows the newest of all of them.
const REPAINT_EVERY: Duration = Duration::from_millis(32);

/// Joins wake-ups of many threads into few repaints.
pub struct Pace {
    ctx: Context,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    last: Option<Instant>,
    /// A repaint is on its way.
    asked: bool,
}

impl Pace {
    pub fn new(ctx: Context) -> Self {
        Self { ctx, state: Mutex::default() }
    }

    pub fn wake(&self, now: Instant) {
        let wait = self.state.lock().unwrap_or_else(PoisonError::into_inner).ask(now);
        if let Some(wait) = wait {
            self.ctx.request_repaint_after_for(wait, ViewportId::ROOT);
        }
    }

    /// The window is about to be painted: whatever comes from now on needs another repaint.
    pub(super) fn note_repaint(&self, now: Instant) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        *state = State { last: Some(now), asked: false };
    }
}

impl State {
    /// How long to wait with the repaint; `None` if one is coming anyway.
    fn ask(&mut self, now: Instant) -> Option<Duration> {
        if std::mem::replace(&mut self.asked, true) {
            return None;
        }
        let due = self.last.map_or(now, |last| last + REPAINT_EVERY);
        // Zero would mean "twice at once".
        Some(due.saturating_duration_since(now).max(Duration::from_millis(1)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_wake_ups_are_one_repaint_and_repaints_keep_their_distance() {
        let start = Instant::now();
        let mut state = State::default();
        assert_eq!(state.ask(start), Some(Duration::from_millis(1)));
        assert_eq!(state.ask(start), None);
        state = State { last: Some(start), asked: false };
        let wait = state.ask(start + Duration::from_millis(10)).unwrap();
        assert_eq!(wait, REPAINT_EVERY - Duration::from_millis(10));
        assert_eq!(state.ask(start + Duration::from_millis(11)), None);
    }

    #[test]
    fn after_a_quiet_time_the_repaint_comes_at_once() {
        let start = Instant::now();
        let mut state = State { last: Some(start), asked: false };
        assert_eq!(state.ask(start + Duration::from_secs(5)), Some(Duration::from_millis(1)));
    }
}
