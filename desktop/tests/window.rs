//! The window, looked at and used as a screen reader does it: by accessible names. No display, no network, no clock.

#[path = "window/bench.rs"]
mod bench;
#[path = "window/lobby.rs"]
mod lobby;
#[path = "window/names.rs"]
mod names;
#[path = "window/room.rs"]
mod room;
#[path = "window/strangers.rs"]
mod strangers;
