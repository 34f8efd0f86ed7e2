//! One participant: joining, roster, negotiation, back-off. No I/O, no clock.

mod event;

pub use event::{ChatLine, Event, Participant, PeerState, Status};
