//! One participant: joining, roster, negotiation, back-off. No I/O, no clock.

mod command;
mod event;

pub use command::Command;
pub use event::{ChatLine, Event, Participant, PeerState, Status};
