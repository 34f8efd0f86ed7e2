//! The laws of the rooms, one behaviour a file.

mod doors;
mod expiry;
mod frames;
mod lobby;
mod oversight;
mod passwords;
mod relay;
mod resent;
mod roles;
mod roster;
mod seats;
mod settings;
mod silence;
mod stopping;
mod texts;
