//! One room: its door, its seats.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::time::Instant;

use protocol::{ClientId, RoomId, api};

use crate::bucket::Bucket;
use crate::seat::Seat;
use crate::{Config, SessionId};

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
}

#[derive(Debug)]
pub(crate) struct Room {
    pub(crate) id: RoomId,
    pub(crate) number: RoomNumber,
    pub(crate) door: Door,
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
        self.seats.insert(number, seat);
        self.empty_since = None;
    }

    pub(crate) fn free(&mut self, number: SeatNumber, now: Instant) -> Option<Seat> {
        let seat = self.seats.remove(&number);
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
        }
    }
}

/// Where a client sits.
#[derive(Debug, Clone)]
struct Place {
    room: RoomId,
    seat: SeatNumber,
}

/// All rooms, and the ways to find a seat in them.
#[derive(Debug, Default)]
pub(crate) struct Directory {
    rooms: BTreeMap<RoomId, Room>,
    by_client: BTreeMap<ClientId, Place>,
    by_session: BTreeMap<SessionId, BTreeMap<RoomId, ClientId>>,
    next_number: u64,
}

impl Directory {
    pub(crate) fn open(&mut self, id: RoomId, door: Door, now: Instant) -> &mut Room {
        let number = RoomNumber(self.number());
        self.rooms.entry(id.clone()).or_insert_with(|| Room::new(id, number, door, now))
    }

    /// Closes an empty room.
    pub(crate) fn close(&mut self, id: &RoomId) {
        self.rooms.remove(id);
    }

    pub(crate) fn rooms(&self) -> impl Iterator<Item = &Room> {
        self.rooms.values()
    }

    pub(crate) fn room(&self, id: &RoomId) -> Option<&Room> {
        self.rooms.get(id)
    }

    pub(crate) fn room_mut(&mut self, id: &RoomId) -> Option<&mut Room> {
        self.rooms.get_mut(id)
    }

    pub(crate) fn knows_client(&self, client: &ClientId) -> bool {
        self.by_client.contains_key(client)
    }

    /// The client's room, and its seat there.
    pub(crate) fn place(&mut self, client: &ClientId) -> Option<(&mut Room, SeatNumber)> {
        let place = self.by_client.get(client)?;
        Some((self.rooms.get_mut(&place.room)?, place.seat))
    }

    /// Where a connected client of this room sits.
    pub(crate) fn connected_in(&self, room: &RoomId, client: &ClientId) -> Option<SeatNumber> {
        let place = self.by_client.get(client).filter(|place| &place.room == room)?;
        self.rooms.get(room)?.seats.get(&place.seat)?.is_connected().then_some(place.seat)
    }

    pub(crate) fn seat_mut(&mut self, client: &ClientId) -> Option<&mut Seat> {
        let (room, number) = self.place(client)?;
        room.seats.get_mut(&number)
    }

    /// What the session is called in the room, if it has a seat there.
    pub(crate) fn client_of(&self, session: &SessionId, room: &RoomId) -> Option<&ClientId> {
        self.by_session.get(session)?.get(room)
    }

    /// Has the session a seat anywhere?
    pub(crate) fn is_seated(&self, session: &SessionId) -> bool {
        self.by_session.contains_key(session)
    }

    pub(crate) fn seat(&mut self, room: &RoomId, seat: Seat) {
        let number = SeatNumber(self.number());
        let Some(found) = self.rooms.get_mut(room) else { return };
        self.by_client.insert(seat.client.clone(), Place { room: room.clone(), seat: number });
        self.by_session.entry(seat.session).or_default().insert(room.clone(), seat.client.clone());
        found.seat(number, seat);
    }

    pub(crate) fn free(&mut self, client: &ClientId, now: Instant) {
        let Some(place) = self.by_client.remove(client) else { return };
        let Some(room) = self.rooms.get_mut(&place.room) else { return };
        let Some(seat) = room.free(place.seat, now) else { return };
        if let Entry::Occupied(mut seats) = self.by_session.entry(seat.session) {
            seats.get_mut().remove(&place.room);
            if seats.get().is_empty() {
                seats.remove();
            }
        }
    }

    fn number(&mut self) -> u64 {
        self.next_number += 1;
        self.next_number
    }
}
