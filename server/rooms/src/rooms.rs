//! The rooms as the shell sees them: inputs, effects, questions.

use std::time::Instant;

use protocol::{ClientId, RoomId, api};

use crate::effect::Effects;
use crate::{Config, Effect, JobId, Request, RequestId, RoomError, SessionId};

/// All rooms of one server (or of one shard).
#[derive(Debug)]
pub struct Rooms {
    #[allow(dead_code)]
    config: Config,
    effects: Effects,
}

impl Rooms {
    pub fn new(config: Config, _seed: [u8; 32], _now: Instant) -> Self {
        Self { config, effects: Effects::default() }
    }

    /// Opens a room that never expires. A room of this name that exists already stays as it is.
    pub fn open_kept_room(
        &mut self,
        _room: RoomId,
        _public: bool,
        _guest_limit: usize,
        _password_hash: Option<String>,
        _now: Instant,
    ) {
    }

    pub fn handle_request(&mut self, _id: RequestId, _request: Request, _now: Instant) {}

    /// The hash that an [`Effect::HashPassword`] asked for.
    pub fn handle_hashed(&mut self, _job: JobId, _hash: String, _now: Instant) {}

    /// Whether the password of an [`Effect::VerifyPassword`] is right.
    pub fn handle_verified(&mut self, _job: JobId, _right: bool, _now: Instant) {}

    /// May this session connect to its seat in `room`? As which client?
    pub fn authorize(&self, _room: &RoomId, _session: &SessionId) -> Result<ClientId, RoomError> {
        Err(RoomError::UnknownRoom)
    }

    /// The client's channel is open. An older connection of the same client no longer counts; the shell closes it.
    pub fn handle_connected(&mut self, _client: &ClientId, _now: Instant) {}

    /// A text frame arrived on the client's channel.
    pub fn handle_frame(&mut self, _from: &ClientId, _frame: &[u8], _now: Instant) {}

    /// A binary frame arrived on the client's channel.
    pub fn handle_binary(&mut self, _from: &ClientId, _now: Instant) {}

    /// The client's connection gave a sign of life (ICE, DTLS or SCTP), whether or not the client said something.
    pub fn handle_alive(&mut self, _client: &ClientId, _now: Instant) {}

    /// The client's current connection is gone for good.
    pub fn handle_disconnected(&mut self, _client: &ClientId, _now: Instant) {}

    /// Says `bye` to everyone and disconnects them. Every later request is refused.
    pub fn handle_shutdown(&mut self, _now: Instant) {}

    /// The instant of [`Self::poll_timeout`] has come. Calling it early or twice changes nothing.
    pub fn handle_timeout(&mut self, _now: Instant) {}

    /// The next thing to do. `None`: all is done for now.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.next()
    }

    /// When [`Self::handle_timeout`] is due. `None`: nothing is waiting for time to pass.
    pub fn poll_timeout(&self) -> Option<Instant> {
        None
    }

    /// The public rooms, the most recently active first.
    pub fn list(&self, _now: Instant) -> Vec<api::RoomSummary> {
        Vec::new()
    }

    /// One room, public or not.
    pub fn inspect(&self, _room: &RoomId, _now: Instant) -> Option<api::RoomSummary> {
        None
    }

    pub fn has_seat(&self, _room: &RoomId, _session: &SessionId) -> bool {
        false
    }
}
