//! What every unit test needs.

use std::time::Instant;

/// Where a test's time begins; from there on it only adds.
#[expect(clippy::disallowed_methods, reason = "an `Instant` cannot be made in another way")]
pub(crate) fn origin() -> Instant {
    Instant::now()
}
