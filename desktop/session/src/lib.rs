//! One participant: joining, roster, negotiation, back-off. No I/O, no clock.
//!
//! Tell [`Session`] what happened (`handle_*`), carry out what it wants ([`Session::poll_effect`] until `None`), and
//! come back at [`Session::poll_timeout`].

mod backoff;
mod chat;
mod connection;
mod effect;
mod event;
mod history;
mod input;
mod link;
mod negotiation;
mod origin;
mod outbox;
mod peer;
mod peers;
mod roster;
mod session;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use effect::{Effect, PeerKey};
pub use event::{ChatLine, Event, Participant, PeerState, Status};
pub use input::{Command, Config, JoinFailure, Joined, PeerEvent};
pub use session::Session;

/// Some moment to count from: tests run on virtual time.
#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "the only way to a first Instant; nothing depends on which")]
fn moment() -> std::time::Instant {
    std::time::Instant::now()
}
