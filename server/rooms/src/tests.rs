//! The laws of the rooms, one behaviour a file.

mod expiry;
mod frames;
mod passwords;
mod relay;
mod roster;
mod seats;
mod silence;
mod stopping;
