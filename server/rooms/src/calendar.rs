//! The date, as the shell says it now and then; in between it follows from the time that has passed.

use std::time::Instant;

/// What was said last.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Calendar {
    unix_ms: u64,
    at: Instant,
}

impl Calendar {
    /// Until somebody says it, the date is 1970.
    pub(crate) fn new(now: Instant) -> Self {
        Self { unix_ms: 0, at: now }
    }

    pub(crate) fn set(&mut self, unix_ms: u64, now: Instant) {
        *self = Self { unix_ms, at: now };
    }

    /// Milliseconds since 1970.
    pub(crate) fn unix_ms(&self, now: Instant) -> u64 {
        let passed = now.saturating_duration_since(self.at).as_millis();
        self.unix_ms.saturating_add(u64::try_from(passed).unwrap_or(u64::MAX))
    }

    /// Seconds since 1970.
    pub(crate) fn unix_s(&self, now: Instant) -> u64 {
        self.unix_ms(now) / 1_000
    }
}
