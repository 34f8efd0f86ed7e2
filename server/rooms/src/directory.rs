//! All rooms, and the ways to find a seat in them.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::time::Instant;

use protocol::{ClientId, RoomId};

use crate::SessionId;
use crate::room::{Door, Room, RoomNumber, SeatNumber};
use crate::seat::Seat;

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

    /// Closes a room. Whoever still has a seat in it has none any more.
    pub(crate) fn close(&mut self, id: &RoomId) -> Option<Room> {
        let room = self.rooms.remove(id)?;
        for seat in room.seats.values() {
            self.by_client.remove(&seat.client);
            self.forget_session(&seat.session, id);
        }
        Some(room)
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

    /// Whom the seat of this client belongs to, in this room, whether or not it is connected.
    pub(crate) fn seat_in(&self, room: &RoomId, client: &ClientId) -> Option<SeatNumber> {
        self.by_client.get(client).filter(|place| &place.room == room).map(|place| place.seat)
    }

    pub(crate) fn seat_of(&self, client: &ClientId) -> Option<&Seat> {
        let place = self.by_client.get(client)?;
        self.rooms.get(&place.room)?.seats.get(&place.seat)
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
        self.forget_session(&seat.session, &place.room);
    }

    fn forget_session(&mut self, session: &SessionId, room: &RoomId) {
        if let Entry::Occupied(mut seats) = self.by_session.entry(*session) {
            seats.get_mut().remove(room);
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
