//! Connections come and go, and time passes.

use std::time::Instant;

use protocol::{Address, ClientId, Envelope, ErrorId, ErrorNotice, Message, RoomId};
use rand::seq::IndexedRandom;

use super::{Event, Rooms};
use crate::agenda::Topic;
use crate::seat::{Fate, Lease, Seat};

/// What a newcomer is greeted with. Nobody reads it but people who debug.
const GREETINGS: [&str; 3] =
    ["This is ground control.", "Ground control reads you loud and clear.", "Welcome aboard. Ground control here."];

impl Rooms {
    /// The client's channel is open. An older connection of the same client no longer counts; the shell closes it.
    pub fn handle_connected(&mut self, client: &ClientId, now: Instant) {
        let Some((room, number)) = self.directory.place(client) else {
            return self.effects.disconnect(client);
        };
        if room.seats.get(&number).is_some_and(Seat::is_connected) {
            self.events.note(|| Event::Left { room: room.id.clone(), client: client.clone() });
        }
        // To the room, a reloaded page is someone who left and someone who came: its peer connections are new.
        room.part(number, Lease { until: now, renewed: false }, &mut self.effects, now);
        if let Some(seat) = room.seats.get_mut(&number) {
            seat.connect(now);
            self.events.note(|| Event::Joined { room: room.id.clone(), client: client.clone() });
        }
        let greeting = GREETINGS.choose(&mut self.rng).copied().unwrap_or_default();
        self.effects.tell(client, &Message::Greeting(greeting.to_owned()));
        self.note_seat(client);
    }

    /// What the client's connection is to be told before another one takes its place: an earlier version would not know what
    /// to make of it.
    pub fn last_words(&self, client: &ClientId) -> Option<String> {
        let seat = self.directory.seat_of(client).filter(|seat| seat.is_connected() && seat.is_ours())?;
        let notice = ErrorNotice::new(ErrorId::Elsewhere, "you are in this room on another device now");
        let receiver = Address::Client(seat.client.clone());
        Some(Envelope::new(Some(Address::GroundControl), receiver, &Message::Error(notice)).to_json())
    }

    /// The client's connection gave a sign of life (ICE, DTLS or SCTP), whether or not the client said something.
    pub fn handle_alive(&mut self, client: &ClientId, now: Instant) {
        if let Some(seat) = self.directory.seat_mut(client) {
            seat.note_alive(now);
        }
    }

    /// The client's current connection is gone for good.
    pub fn handle_disconnected(&mut self, client: &ClientId, now: Instant) {
        let Some(seat) = self.directory.seat_mut(client).filter(|seat| seat.is_connected()) else { return };
        let lease = seat.renewed_lease(now);
        self.end_link(client, lease, now);
    }

    /// What has become of a seat with time?
    pub(super) fn review_seat(&mut self, client: &ClientId, now: Instant) {
        let Some((room, number)) = self.directory.place(client) else { return };
        let Some(seat) = room.seats.get_mut(&number) else { return };
        match seat.fate(&self.config, now) {
            Fate::Same => {}
            Fate::Expired => return self.free(client, now),
            Fate::Gone => {
                let lease = seat.renewed_lease(now);
                self.effects.tell(client, &Message::Bye);
                self.effects.disconnect(client);
                return self.end_link(client, lease, now);
            }
            Fate::Unstable => {
                if let Some(link) = seat.link_mut() {
                    link.unstable = true;
                }
                room.tell_events_info(&mut self.effects);
            }
            Fate::InfoDue => room.tell_info(number, &mut self.effects),
        }
        self.note_seat(client);
    }

    pub(super) fn review_room(&mut self, room: &RoomId, now: Instant) {
        let due = self.directory.room(room).and_then(|room| room.due(&self.config));
        match due {
            Some(due) if due <= now => {
                self.close(room, now);
            }
            Some(_) => self.note_room(room),
            None => {}
        }
    }

    pub(super) fn free(&mut self, client: &ClientId, now: Instant) {
        let room = self.directory.place(client).map(|(room, _)| room.id.clone());
        self.directory.free(client, now);
        self.agenda.forget(&Topic::Seat(client.clone()));
        if let Some(room) = room {
            self.note_room(&room);
            self.save_inside(&room);
        }
    }

    pub(super) fn note_seat(&mut self, client: &ClientId) {
        if let Some(seat) = self.directory.seat_mut(client) {
            let due = seat.due(&self.config);
            self.agenda.note(Topic::Seat(client.clone()), due);
        }
    }

    pub(super) fn note_room(&mut self, room: &RoomId) {
        if let Some(due) = self.directory.room(room).and_then(|room| room.due(&self.config)) {
            self.agenda.note(Topic::Room(room.clone()), due);
        }
    }
}
