//! Every number that the core enforces, with the protocol's limits as defaults.
//!
//! The shape of a frame (its size, its depth, the length of a name or a text) is checked by `protocol` itself.

use std::time::Duration;

use protocol::{IceServer, limits};

/// How the rooms are run.
#[derive(Debug, Clone)]
pub struct Config {
    /// Messages of one client: sustained rate a second, and how many may come at once.
    pub messages: (u32, u32),
    /// Text messages of one client: sustained rate a second, and how many may come at once.
    pub texts: (u32, u32),
    /// Bytes in a password.
    pub password_bytes: usize,
    /// Wrong passwords a minute: per address, and per room. So many may also come at once.
    pub wrong_passwords_per_minute: (u32, u32),
    /// Password attempts that may wait for their turn, in all.
    pub waiting_attempts: usize,
    /// Rooms created per address: the first ones free, then so many an hour.
    pub rooms_per_address: (u32, u32),
    /// An empty room that is not kept expires after this long.
    pub empty_room: Duration,
    /// A seat that nobody connects to is free again after this long.
    pub seat_unconnected: Duration,
    /// A client with `events` that says nothing for this long is shown as unstable.
    pub silence_unstable: Duration,
    /// A client that says nothing (an earlier version: whose connection gives no sign of life) for this long is gone.
    pub silence_gone: Duration,
    /// A knock that is not renewed for this long is withdrawn; one that was denied is refused for this long.
    pub knock: Duration,
    /// People who may knock at one room: in all, and from one address.
    pub knocks: (usize, usize),
    /// Who was inside before a restart may come back for this long without a password and without knocking.
    pub comeback: Duration,
    /// Chat lines of one client, and of a whole room, that may wait to be stored.
    pub texts_waiting: (usize, usize),
    /// How long a client of an earlier version is not told of a newcomer of this version that introduces itself:
    /// it would offer at once, while the newcomer's own offer is on its way. Zero: it is told at once.
    pub newcomer_offers_within: Duration,
    /// The answer to `get-ice-servers`.
    pub ice_servers: Vec<IceServer>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            messages: limits::MESSAGES,
            texts: limits::TEXTS,
            password_bytes: limits::PASSWORD_BYTES,
            wrong_passwords_per_minute: limits::WRONG_PASSWORDS_PER_MINUTE,
            waiting_attempts: 1_024,
            rooms_per_address: limits::ROOMS_PER_ADDRESS,
            empty_room: limits::EMPTY_ROOM,
            seat_unconnected: limits::SEAT_UNCONNECTED,
            silence_unstable: limits::SILENCE_UNSTABLE,
            silence_gone: limits::SILENCE_GONE,
            knock: limits::KNOCK,
            knocks: limits::KNOCKS,
            comeback: limits::COMEBACK,
            texts_waiting: limits::TEXTS_WAITING,
            newcomer_offers_within: Duration::from_secs(3),
            ice_servers: Vec::new(),
        }
    }
}
