//! The native app: a window, or a participant without one, in a room.

pub mod address;
pub mod app;
pub mod cli;
pub mod control;
mod event;
pub mod headless;
pub mod memory;
pub mod mock;
pub mod model;
mod participant;
mod picture;
mod raster;
pub mod report;
pub mod stay;
pub mod ui;

pub use event::{AccountWish, Backend, Command, Doubt, Event, NewRoom, Speaker, Tile};
pub use participant::{Participant, ParticipantConfig};
pub use picture::pixels;
