//! Who is in which room and who hears what. No I/O, no clock: every input carries `now`, every deed is an [`Effect`].
//!
//! The shell calls a `handle_*`, then drains [`Rooms::poll_effect`] until `None`, and calls
//! [`Rooms::handle_timeout`] when the instant of [`Rooms::poll_timeout`] has come.
//!
//! Of one client's connections only the one whose channel opened last counts. The shell reports frames, life and the
//! end of that one only.

mod agenda;
mod attempts;
mod bucket;
mod config;
mod effect;
mod ids;
mod relay;
mod request;
mod room;
mod rooms;
mod roster;
mod seat;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use config::Config;
pub use effect::Effect;
pub use ids::{JobId, RequestId, SessionId};
pub use request::{Reply, Request, RoomError};
pub use rooms::Rooms;
