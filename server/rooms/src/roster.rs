//! What a room is told of who is in it: `room-info`, `joined`, `left`.
//!
//! A page of an earlier version offers at once to whomever it reads of in a `room-info`, and so does every newcomer to
//! whomever it finds: neither such page rolls back. So nobody is told of a newcomer by a `room-info`; it introduces
//! itself with its offer, and clients that announced `events` are told with `joined`.

use std::time::Instant;

use protocol::{ClientId, ClientInfo, Message, RoomInfo};

use crate::Config;
use crate::effect::Effects;
use crate::room::{Room, SeatNumber};
use crate::seat::{Lease, Presence};

impl Room {
    fn info(&self) -> Message {
        let clients = self.connected().map(|seat| seat.info(self.role_at(seat))).collect();
        Message::RoomInfo(RoomInfo { room_id: self.id.as_str().to_owned(), clients })
    }

    fn info_of(&self, number: SeatNumber) -> Option<ClientInfo> {
        self.seats.get(&number).map(|seat| seat.info(self.role_at(seat)))
    }

    /// Sends `room-info` to one client.
    pub(crate) fn tell_info(&mut self, to: SeatNumber, effects: &mut Effects) {
        let info = self.info();
        let Some(seat) = self.seats.get_mut(&to) else { return };
        let Some(link) = seat.link_mut() else { return };
        link.owed_info = None;
        effects.tell(&seat.client, &info);
    }

    /// Sends `room-info` to everyone.
    pub(crate) fn tell_all_info(&mut self, effects: &mut Effects) {
        self.tell_some_info(|_, _| true, effects);
    }

    /// Sends `room-info` to the clients that understand `unstable`.
    pub(crate) fn tell_events_info(&mut self, effects: &mut Effects) {
        self.tell_some_info(|_, takes_events| takes_events, effects);
    }

    fn tell_some_info(&mut self, mut wanted: impl FnMut(SeatNumber, bool) -> bool, effects: &mut Effects) {
        let info = self.info();
        for (&number, seat) in &mut self.seats {
            let takes_events = seat.takes_events();
            let Some(link) = seat.link_mut() else { continue };
            if wanted(number, takes_events) {
                link.owed_info = None;
                effects.tell(&seat.client, &info);
            }
        }
    }

    /// A newcomer is there: it is connected and has said who it is or has asked who else is there.
    pub(crate) fn announce(&mut self, newcomer: SeatNumber, effects: &mut Effects) {
        let Some(seat) = self.seats.get_mut(&newcomer) else { return };
        let Some(link) = seat.link_mut() else { return };
        if std::mem::replace(&mut link.announced, true) {
            return;
        }
        let Some(joined) = self.info_of(newcomer).map(Message::Joined) else { return };
        self.tell_others_with_events(newcomer, &joined, effects);
    }

    /// Sends the `room-info` that follows a profile.
    ///
    /// Returns the clients to which it is owed: when the first profile shows a newcomer of this version, a client of
    /// an earlier one shall get the newcomer's offer before it reads of it.
    pub(crate) fn tell_profile(
        &mut self,
        of: SeatNumber,
        config: &Config,
        effects: &mut Effects,
        now: Instant,
    ) -> Vec<ClientId> {
        let Some(seat) = self.seats.get_mut(&of) else { return Vec::new() };
        let of_this_version = seat.takes_events();
        let Some(link) = seat.link_mut() else { return Vec::new() };
        let is_first = !std::mem::replace(&mut link.introduced, true);
        if !(is_first && of_this_version) || config.newcomer_offers_within.is_zero() {
            self.tell_all_info(effects);
            return Vec::new();
        }
        self.tell_some_info(|number, takes_events| takes_events || number == of, effects);
        self.owe_info(now + config.newcomer_offers_within)
    }

    fn owe_info(&mut self, until: Instant) -> Vec<ClientId> {
        let mut owed = Vec::new();
        for seat in self.seats.values_mut() {
            if seat.takes_events() {
                continue;
            }
            let Some(link) = seat.link_mut() else { continue };
            link.owed_info.get_or_insert(until);
            owed.push(seat.client.clone());
        }
        owed
    }

    /// Ends the presence of a client in the room. Its seat is left with `lease`: the caller frees it or keeps it.
    pub(crate) fn part(&mut self, leaver: SeatNumber, lease: Lease, effects: &mut Effects, now: Instant) {
        let Some(left) = self.info_of(leaver).map(Message::Left) else { return };
        let Some(seat) = self.seats.get_mut(&leaver) else { return };
        let was_announced = match std::mem::replace(&mut seat.presence, Presence::Reserved(lease)) {
            Presence::Connected(link) => link.announced,
            Presence::Reserved(_) => return,
        };
        self.touch(now);
        if was_announced {
            self.tell_others_with_events(leaver, &left, effects);
        }
        self.tell_all_info(effects);
    }

    fn tell_others_with_events(&self, but: SeatNumber, message: &Message, effects: &mut Effects) {
        for (&number, seat) in &self.seats {
            if number != but && seat.is_connected() && seat.takes_events() {
                effects.tell(&seat.client, message);
            }
        }
    }
}
