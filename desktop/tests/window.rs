//! The window, looked at and used as a screen reader does it: by accessible names. No display, no network, no clock.

#![allow(clippy::unwrap_used, reason = "a test may panic, its helpers too")]

#[path = "window/account.rs"]
mod account;
#[path = "window/before.rs"]
mod before;
#[path = "window/bench.rs"]
mod bench;
#[path = "window/chat.rs"]
mod chat;
#[path = "window/lobby.rs"]
mod lobby;
#[path = "window/names.rs"]
mod names;
#[path = "window/order.rs"]
mod order;
#[path = "window/room.rs"]
mod room;
#[path = "window/screens.rs"]
mod screens;
#[path = "window/strangers.rs"]
mod strangers;
