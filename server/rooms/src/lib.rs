//! Who is in which room and who hears what. No I/O, no clock: every input carries `now`, every deed is an [`Effect`].
//!
//! The shell calls a `handle_*`, then drains [`Rooms::poll_effect`] until `None`, and calls
//! [`Rooms::handle_timeout`] when the instant of [`Rooms::poll_timeout`] has come.
//!
//! Of one client's connections only the one whose channel opened last counts. The shell reports frames, life and the
//! end of that one only.

pub mod accounts;
mod agenda;
mod attempts;
mod authority;
mod bucket;
mod calendar;
mod chat;
mod config;
mod directory;
mod effect;
mod ids;
mod keys;
mod lobby;
mod notices;
mod record;
mod refusal;
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
pub use ids::{AddressMark, InviteHash, InviteId, JobId, RequestId, SessionId};
pub use record::{BanRecord, InviteRecord, Kept, LoadedTexts, RoomRecord, TextRecord};
pub use refusal::RoomError;
pub use request::{By, NewInvite, Pass, Reply, Request};
pub use rooms::{Census, Event, Rooms};
