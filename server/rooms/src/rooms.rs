//! The rooms as the shell sees them: inputs, effects, questions.

mod administration;
mod admission;
mod chat;
mod events;
mod founding;
mod oversight;
mod presence;
mod speech;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use protocol::{ClientId, ClientInfo, Message, Role, RoomId, api};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

pub use events::Event;
use events::Events;
pub use oversight::Census;

use crate::agenda::{Agenda, Topic};
use crate::attempts::{Attempt, Attempts};
use crate::bucket::{AddressBuckets, Rate};
use crate::calendar::Calendar;
use crate::directory::Directory;
use crate::effect::Effects;
use crate::room::{Door, RoomNumber};
use crate::{By, Config, Effect, JobId, Reply, Request, RequestId, RoomError, SessionId};
use founding::{Creation, Hashing};

/// All rooms of one server (or of one shard).
#[derive(Debug)]
pub struct Rooms {
    config: Config,
    rng: ChaCha8Rng,
    effects: Effects,
    events: Events,
    agenda: Agenda,
    directory: Directory,
    calendar: Calendar,
    /// Rooms whose password is being hashed.
    hashing: BTreeMap<JobId, Hashing>,
    attempts: Attempts,
    /// What the store was asked about chat lines, and of which room.
    text_jobs: BTreeMap<JobId, (RoomId, RoomNumber)>,
    next_job: u64,
    rooms_created: AddressBuckets,
    wrong_passwords: AddressBuckets,
    is_stopping: bool,
}

impl Rooms {
    pub fn new(config: Config, seed: [u8; 32], now: Instant) -> Self {
        let (creations, guesses) = rates(&config);
        Self {
            rng: ChaCha8Rng::from_seed(seed),
            effects: Effects::default(),
            events: Events::default(),
            agenda: Agenda::default(),
            directory: Directory::default(),
            calendar: Calendar::new(now),
            hashing: BTreeMap::new(),
            text_jobs: BTreeMap::new(),
            attempts: Attempts::default(),
            next_job: 0,
            rooms_created: AddressBuckets::new(creations),
            wrong_passwords: AddressBuckets::new(guesses),
            is_stopping: false,
            config,
        }
    }

    /// Exchanges the limits while people are inside. What was counted counts on; a span that has begun with a time to end
    /// (a lease, a knock) ends then; silence and emptiness are judged by the new limits at once.
    pub fn configure(&mut self, config: Config, now: Instant) {
        let (creations, guesses) = rates(&config);
        self.rooms_created.set_rate(creations);
        self.wrong_passwords.set_rate(guesses);
        self.config = config;
        for room in self.directory.rooms() {
            self.agenda.note(Topic::Room(room.id.clone()), now);
            for seat in room.seats.values() {
                self.agenda.note(Topic::Seat(seat.client.clone()), now);
            }
        }
    }

    /// Says what the date is: at the start, and again once a minute or so, because clocks are put right.
    /// `unix_ms`: milliseconds since 1970.
    pub fn set_calendar(&mut self, unix_ms: u64, now: Instant) {
        self.calendar.set(unix_ms, now);
    }

    pub fn handle_request(&mut self, id: RequestId, request: Request, now: Instant) {
        if self.is_stopping {
            return self.refuse(id, RoomError::ShuttingDown);
        }
        match request {
            Request::Create { room, password, public, guest_limit, from, owner, lobby, history, kept } => {
                let (password_hash, locked) = (None, false);
                let door = Door { public, guest_limit, password_hash, kept, lobby, locked, history };
                self.create(Creation { request: id, room, door, owner }, password, from, now);
            }
            Request::Join { room, session, client, password, from, offers, mark, pass, name } => {
                let (number, password) = (RoomNumber(0), password.unwrap_or_default());
                let request = id;
                let attempt =
                    Attempt { request, room, number, session, client, password, from, offers, mark, pass, name };
                self.join(attempt, now);
            }
            Request::Leave { room, session } => self.leave(id, &room, &session, now),
            Request::Edit { room, by, change } => self.edit(id, &room, by, change, now),
            Request::Delete { room, by } => self.delete(id, &room, &by, now),
            Request::Moderate { room, by, deed } => self.answer_moderate(id, &room, &by, deed, now),
            Request::Invite { room, by, invite } => self.invite(id, &room, &by, &invite, now),
            Request::Revoke { room, by, invite } => self.revoke(id, &room, &by, &invite),
            Request::ListInvites { room, by } => self.list_invites(id, &room, &by, now),
            Request::ListBans { room, by } => self.list_bans(id, &room, &by),
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
        let hashing = std::mem::take(&mut self.hashing).into_values().map(|hashing| hashing.request());
        let attempts = self.attempts.take_all().into_iter().map(|attempt| attempt.request);
        for request in hashing.chain(attempts).collect::<Vec<_>>() {
            self.refuse(request, RoomError::ShuttingDown);
        }
        for room in self.directory.rooms() {
            for seat in room.connected() {
                self.effects.tell(&seat.client, &Message::Bye);
                self.effects.disconnect(&seat.client);
                self.events.note(|| Event::Left { room: room.id.clone(), client: seat.client.clone() });
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
                Topic::Knocks(room) => self.review_knocks(&room, now),
                Topic::Comeback(room) => self.review_comeback(&room),
                Topic::History(room) => self.forget_texts(&room, now),
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

    /// One room as its owner sees it.
    pub fn details(&self, room: &RoomId, now: Instant) -> Option<api::RoomDetails> {
        self.directory.room(room).map(|room| room.details(now))
    }

    /// Who is connected in the room, in join order.
    pub fn people(&self, room: &RoomId) -> Vec<ClientInfo> {
        let Some(room) = self.directory.room(room) else { return Vec::new() };
        room.connected().map(|seat| seat.info(room.role_at(seat))).collect()
    }

    /// What `by` may do in the room, whether or not it is inside. An administrator may what an owner may.
    pub fn role(&self, room: &RoomId, by: &By) -> Option<Role> {
        self.directory.room(room).map(|room| room.rank(by))
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

/// Of rooms created, and of wrong passwords, by one address.
fn rates(config: &Config) -> (Rate, Rate) {
    let (free, per_hour) = config.rooms_per_address;
    let (per_minute, _) = config.wrong_passwords_per_minute;
    (Rate::new(per_hour, Duration::from_hours(1), free), Rate::new(per_minute, Duration::from_mins(1), per_minute))
}
