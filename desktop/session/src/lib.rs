//! One participant: joining, roster, negotiation, back-off. No I/O, no clock.
//!
//! Tell [`Session`] what happened (`handle_*`), carry out what it wants ([`Session::poll_effect`] until `None`), and
//! come back at [`Session::poll_timeout`].

mod effect;
mod event;
mod input;
mod session;

pub use effect::{Effect, PeerKey};
pub use event::{ChatLine, Event, Participant, PeerState, Status};
pub use input::{Command, Config, JoinFailure, Joined, PeerEvent};
pub use session::Session;
