//! One room: its door, its seats.

use std::collections::BTreeMap;
use std::time::Instant;

use protocol::limits::NAMES_SHOWN;
use protocol::{ClientId, History, RoomId, api};

use crate::Config;
use crate::authority::Authority;
use crate::bucket::Bucket;
use crate::chat::TextLog;
use crate::keys::Keys;
use crate::lobby::Lobby;
use crate::record::RoomRecord;
use crate::seat::Seat;

/// Which room of this name: a later room of the same name has another number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RoomNumber(pub(crate) u64);

/// The order in which seats were taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SeatNumber(pub(crate) u64);

/// How a room is opened.
#[derive(Debug, Clone)]
pub(crate) struct Door {
    pub(crate) public: bool,
    /// 0: no limit.
    pub(crate) guest_limit: usize,
    pub(crate) password_hash: Option<String>,
    /// It never expires.
    pub(crate) kept: bool,
    /// Newcomers knock and wait.
    pub(crate) lobby: bool,
    /// Nobody new comes in.
    pub(crate) locked: bool,
    pub(crate) history: History,
}

impl Door {
    /// Can someone who was inside not simply come in again?
    pub(crate) fn is_guarded(&self) -> bool {
        self.password_hash.is_some() || self.lobby || self.locked
    }
}

#[derive(Debug)]
pub(crate) struct Room {
    pub(crate) id: RoomId,
    pub(crate) number: RoomNumber,
    pub(crate) door: Door,
    pub(crate) authority: Authority,
    pub(crate) lobby: Lobby,
    pub(crate) texts: TextLog,
    pub(crate) keys: Keys,
    /// Those who were inside before a restart and have not come back yet.
    pub(crate) awaited: Vec<ClientId>,
    /// What is kept of the room, as far as the shell was told.
    pub(crate) saved: Option<Box<RoomRecord>>,
    /// Seconds since 1970.
    pub(crate) created_s: u64,
    /// In join order.
    pub(crate) seats: BTreeMap<SeatNumber, Seat>,
    /// Wrong passwords that may still be tried.
    pub(crate) guesses: Bucket,
    last_active: Instant,
    empty_since: Option<Instant>,
}

impl Room {
    pub(crate) fn new(id: RoomId, number: RoomNumber, door: Door, now: Instant) -> Self {
        Self {
            id,
            number,
            door,
            authority: Authority::default(),
            lobby: Lobby::default(),
            texts: TextLog::default(),
            keys: Keys::default(),
            awaited: Vec::new(),
            saved: None,
            created_s: 0,
            seats: BTreeMap::new(),
            guesses: Bucket::full(now),
            last_active: now,
            empty_since: Some(now),
        }
    }

    pub(crate) fn is_full(&self) -> bool {
        self.door.guest_limit != 0 && self.seats.len() >= self.door.guest_limit
    }

    pub(crate) fn seat(&mut self, number: SeatNumber, seat: Seat) {
        self.keys.seated(&seat.client);
        self.seats.insert(number, seat);
        self.empty_since = None;
    }

    pub(crate) fn free(&mut self, number: SeatNumber, now: Instant) -> Option<Seat> {
        let seat = self.seats.remove(&number);
        if let Some(seat) = &seat {
            self.keys.left(&seat.client);
        }
        if self.seats.is_empty() && self.empty_since.is_none() {
            self.empty_since = Some(now);
        }
        seat
    }

    /// Someone joined, left or wrote.
    pub(crate) fn touch(&mut self, now: Instant) {
        self.last_active = now;
    }

    pub(crate) fn last_active(&self) -> Instant {
        self.last_active
    }

    /// When the room expires unless someone comes. `None`: not at all.
    pub(crate) fn due(&self, config: &Config) -> Option<Instant> {
        if self.door.kept { None } else { self.empty_since.map(|since| since + config.empty_room) }
    }

    pub(crate) fn connected(&self) -> impl Iterator<Item = &Seat> {
        self.seats.values().filter(|seat| seat.is_connected())
    }

    pub(crate) fn summary(&self, now: Instant) -> api::RoomSummary {
        api::RoomSummary {
            id: self.id.clone(),
            participants: self.seats.len(),
            guest_limit: self.door.guest_limit,
            has_password: self.door.password_hash.is_some(),
            public: self.door.public,
            idle_seconds: now.saturating_duration_since(self.last_active).as_secs(),
            lobby: self.door.lobby,
            locked: self.door.locked,
            who: if self.door.public { self.names() } else { Vec::new() },
        }
    }

    fn names(&self) -> Vec<String> {
        self.connected().take(NAMES_SHOWN).map(|seat| seat.username().to_string()).collect()
    }

    pub(crate) fn details(&self, now: Instant) -> api::RoomDetails {
        api::RoomDetails {
            summary: self.summary(now),
            kept: self.door.kept,
            history: self.door.history,
            owner: self.authority.owner.clone(),
            moderators: self.authority.moderators.clone(),
        }
    }

    /// From now on the room expires when it stays empty.
    pub(crate) fn let_expire(&mut self, now: Instant) {
        self.empty_since = self.seats.is_empty().then_some(now);
    }

    /// What shall outlive the process.
    pub(crate) fn record(&self) -> RoomRecord {
        let seated = self.seats.values().map(|seat| seat.client.clone());
        let awaited = self.awaited.iter().filter(|client| !self.has_seat_of(client)).cloned();
        RoomRecord {
            id: self.id.clone(),
            public: self.door.public,
            guest_limit: self.door.guest_limit,
            password_hash: self.door.password_hash.clone(),
            kept: self.door.kept,
            lobby: self.door.lobby,
            locked: self.door.locked,
            history: self.door.history,
            owner: self.authority.owner.clone(),
            moderators: self.authority.moderators.clone(),
            bans: self.authority.bans.clone(),
            invites: self.authority.invites.clone(),
            inside: if self.door.is_guarded() { seated.chain(awaited).collect() } else { Vec::new() },
            created_s: self.created_s,
            next_text_id: self.texts.reserved(),
        }
    }

    fn has_seat_of(&self, client: &ClientId) -> bool {
        self.seats.values().any(|seat| &seat.client == client)
    }
}
