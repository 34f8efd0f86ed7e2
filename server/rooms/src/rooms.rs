//! The rooms as the shell sees them: inputs, effects, questions.

mod admission;
mod presence;
mod speech;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use protocol::{ClientId, Message, RoomId, api};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use crate::agenda::{Agenda, Topic};
use crate::attempts::Attempts;
use crate::bucket::{AddressBuckets, Rate};
use crate::effect::Effects;
use crate::room::{Directory, Door};
use crate::{Config, Effect, JobId, Reply, Request, RequestId, RoomError, SessionId};

/// All rooms of one server (or of one shard).
#[derive(Debug)]
pub struct Rooms {
    config: Config,
    rng: ChaCha8Rng,
    effects: Effects,
    agenda: Agenda,
    directory: Directory,
    /// Rooms whose password is being hashed.
    creations: BTreeMap<JobId, Creation>,
    attempts: Attempts,
    next_job: u64,
    rooms_created: AddressBuckets,
    wrong_passwords: AddressBuckets,
    is_stopping: bool,
}

/// A room that exists as soon as its password is hashed. Its name is taken already.
#[derive(Debug)]
struct Creation {
    request: RequestId,
    room: RoomId,
    public: bool,
    guest_limit: usize,
}

impl Rooms {
    pub fn new(config: Config, seed: [u8; 32], _now: Instant) -> Self {
        let (free, per_hour) = config.rooms_per_address;
        let (per_minute, _) = config.wrong_passwords_per_minute;
        Self {
            rng: ChaCha8Rng::from_seed(seed),
            effects: Effects::default(),
            agenda: Agenda::default(),
            directory: Directory::default(),
            creations: BTreeMap::new(),
            attempts: Attempts::default(),
            next_job: 0,
            rooms_created: AddressBuckets::new(Rate::new(per_hour, Duration::from_hours(1), free)),
            wrong_passwords: AddressBuckets::new(Rate::new(per_minute, Duration::from_mins(1), per_minute)),
            is_stopping: false,
            config,
        }
    }

    /// Opens a room that never expires. A room of this name that exists already stays as it is.
    pub fn open_kept_room(
        &mut self,
        room: RoomId,
        public: bool,
        guest_limit: usize,
        password_hash: Option<String>,
        now: Instant,
    ) {
        self.directory.open(room, Door { public, guest_limit, password_hash, kept: true }, now);
    }

    pub fn handle_request(&mut self, id: RequestId, request: Request, now: Instant) {
        if self.is_stopping {
            return self.refuse(id, RoomError::ShuttingDown);
        }
        match request {
            Request::Create { room, password, public, guest_limit, from } => {
                let creation = Creation { request: id, room, public, guest_limit };
                self.create(creation, password, from, now);
            }
            Request::Join { room, session, client, password, from, offers } => {
                self.join(admission::Arrival { request: id, room, session, client, from, offers }, password, now);
            }
            Request::Leave { room, session } => self.leave(id, &room, &session, now),
        }
    }

    /// May this session connect to its seat in `room`? As which client?
    pub fn authorize(&self, room: &RoomId, session: &SessionId) -> Result<ClientId, RoomError> {
        if self.is_stopping {
            return Err(RoomError::ShuttingDown);
        }
        if self.directory.room(room).is_none() {
            return Err(RoomError::UnknownRoom);
        }
        match self.directory.client_of(session, room) {
            Some(client) => Ok(client.clone()),
            None if self.directory.is_seated(session) => Err(RoomError::WrongRoom),
            None => Err(RoomError::UnknownClient),
        }
    }

    /// Says `bye` to everyone and disconnects them. Every later request is refused.
    pub fn handle_shutdown(&mut self, _now: Instant) {
        self.is_stopping = true;
        let creations = std::mem::take(&mut self.creations).into_values().map(|creation| creation.request);
        let attempts = self.attempts.take_all().into_iter().map(|attempt| attempt.request);
        for request in creations.chain(attempts).collect::<Vec<_>>() {
            self.refuse(request, RoomError::ShuttingDown);
        }
        for room in self.directory.rooms() {
            for seat in room.connected() {
                self.effects.tell(&seat.client, &Message::Bye);
                self.effects.disconnect(&seat.client);
            }
        }
        self.directory = Directory::default();
        self.agenda = Agenda::default();
    }

    /// The instant of [`Self::poll_timeout`] has come. Calling it early or twice changes nothing.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some(topic) = self.agenda.take_due(now) {
            match topic {
                Topic::Seat(client) => self.review_seat(&client, now),
                Topic::Room(room) => self.review_room(&room, now),
            }
        }
    }

    /// The next thing to do. `None`: all is done for now.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        self.effects.next()
    }

    /// When [`Self::handle_timeout`] is due. `None`: nothing is waiting for time to pass.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.agenda.next()
    }

    /// The public rooms, the most recently active first.
    pub fn list(&self, now: Instant) -> Vec<api::RoomSummary> {
        let mut rooms: Vec<_> = self.directory.rooms().filter(|room| room.door.public).collect();
        rooms.sort_by_key(|room| std::cmp::Reverse(room.last_active()));
        rooms.into_iter().map(|room| room.summary(now)).collect()
    }

    /// One room, public or not.
    pub fn inspect(&self, room: &RoomId, now: Instant) -> Option<api::RoomSummary> {
        self.directory.room(room).map(|room| room.summary(now))
    }

    pub fn has_seat(&self, room: &RoomId, session: &SessionId) -> bool {
        self.directory.client_of(session, room).is_some()
    }

    fn refuse(&mut self, request: RequestId, error: RoomError) {
        self.effects.reply(request, Reply::Refused(error));
    }

    fn job(&mut self) -> JobId {
        self.next_job += 1;
        JobId(self.next_job)
    }
}
