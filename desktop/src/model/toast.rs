//! Short messages that go away by themselves.

use std::time::{Duration, Instant};

/// Long enough to read a sentence twice.
const NOTICE_SHOWN: Duration = Duration::from_secs(6);
const ERROR_SHOWN: Duration = Duration::from_secs(9);
/// More than this at once nobody reads; the oldest gives way.
const TOASTS_MAX: usize = 4;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ToastKind {
    Notice,
    Error,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Toast {
    pub id: u64,
    pub kind: ToastKind,
    pub text: String,
    until: Instant,
}

/// The toasts that are shown, oldest first.
#[derive(Debug, Default)]
pub struct Toasts {
    shown: Vec<Toast>,
    last_id: u64,
}

impl Toasts {
    pub fn iter(&self) -> impl Iterator<Item = &Toast> {
        self.shown.iter()
    }

    /// The same sentence again is shown longer, not twice.
    pub fn push(&mut self, kind: ToastKind, text: String, now: Instant) {
        let until = now
            + match kind {
                ToastKind::Notice => NOTICE_SHOWN,
                ToastKind::Error => ERROR_SHOWN,
            };
        if let Some(same) = self.shown.iter_mut().find(|toast| toast.text == text) {
            same.until = until;
            return;
        }
        if self.shown.len() == TOASTS_MAX {
            self.shown.remove(0);
        }
        self.last_id += 1;
        self.shown.push(Toast { id: self.last_id, kind, text, until });
    }

    pub fn dismiss(&mut self, id: u64) {
        self.shown.retain(|toast| toast.id != id);
    }

    /// It is no longer true.
    pub(super) fn withdraw(&mut self, text: &str) {
        self.shown.retain(|toast| toast.text != text);
    }

    pub(super) fn expire(&mut self, now: Instant) {
        self.shown.retain(|toast| toast.until > now);
    }

    pub(super) fn next_expiry(&self) -> Option<Instant> {
        self.shown.iter().map(|toast| toast.until).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_toast_goes_away_when_its_time_has_come() {
        let start = Instant::now();
        let mut toasts = Toasts::default();
        toasts.push(ToastKind::Notice, "no camera".into(), start);
        toasts.push(ToastKind::Error, "full".into(), start);
        toasts.expire(start + NOTICE_SHOWN);
        assert_eq!(toasts.iter().map(|t| t.text.as_str()).collect::<Vec<_>>(), ["full"]);
        assert_eq!(toasts.next_expiry(), Some(start + ERROR_SHOWN));
    }

    #[test]
    fn the_same_sentence_is_shown_once_and_a_flood_is_bounded() {
        let start = Instant::now();
        let mut toasts = Toasts::default();
        toasts.push(ToastKind::Notice, "no camera".into(), start);
        toasts.push(ToastKind::Notice, "no camera".into(), start + Duration::from_secs(1));
        assert_eq!(toasts.iter().count(), 1);
        for n in 0..100 {
            toasts.push(ToastKind::Error, n.to_string(), start);
        }
        assert_eq!(toasts.iter().count(), TOASTS_MAX);
    }
}
