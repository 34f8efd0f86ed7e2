//! The session: the public face of the core.

use std::collections::VecDeque;
use std::time::Instant;

use crate::{Command, Config, Effect, JoinFailure, Joined, PeerEvent, PeerKey};

/// One participant in one room.
pub struct Session {
    _config: Config,
    effects: VecDeque<Effect>,
}

impl Session {
    /// Begins with [`Effect::Join`].
    pub fn new(config: Config, _seed: [u8; 32], _now: Instant) -> Self {
        Self { _config: config, effects: VecDeque::from([Effect::Join]) }
    }

    pub fn handle_command(&mut self, _command: Command, _now: Instant) {}

    /// The answer to [`Effect::Join`].
    pub fn handle_join_result(&mut self, result: Result<Joined, JoinFailure>, _now: Instant) {
        if result.is_ok() {
            self.effects.push_back(Effect::Connect);
        }
    }

    /// The data channel to the server is open.
    pub fn handle_link_up(&mut self, _now: Instant) {}

    /// The data channel could not be opened, or is closed.
    pub fn handle_link_down(&mut self, _reason: String, _now: Instant) {}

    /// One text frame from the server.
    pub fn handle_frame(&mut self, _frame: &str, _now: Instant) {}

    pub fn handle_peer(&mut self, _peer: PeerKey, _event: PeerEvent, _now: Instant) {}

    pub fn handle_timeout(&mut self, _now: Instant) {}

    /// What to do next; ask until `None`.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.pop_front()
    }

    /// When to call [`handle_timeout`](Self::handle_timeout), unless something else happens before.
    pub fn poll_timeout(&self) -> Option<Instant> {
        None
    }
}
