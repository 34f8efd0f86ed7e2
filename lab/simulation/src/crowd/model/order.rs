//! Roles, bans, knocks, and what those who understand them are told.

use std::net::IpAddr;
use std::time::Instant;

use protocol::{ClientId, History, RoomId};
use rooms::SessionId;

use super::{Heards, Model, ModelRoom};
use crate::crowd::hearing::{Heard, Settings};

/// One who stands before the door.
pub(crate) struct Knocker {
    pub(crate) session: SessionId,
    pub(crate) client: ClientId,
    from: IpAddr,
    answer: Answer,
    until: Instant,
}

/// What someone does to someone.
#[derive(Clone, Copy)]
pub(super) struct Deed<'a> {
    pub(super) by: &'a ClientId,
    pub(super) room: &'a RoomId,
    pub(super) action: &'a str,
    pub(super) client: &'a ClientId,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    Awaited,
    Admitted,
    Denied,
}

impl ModelRoom {
    pub(crate) fn answer_to(&self, session: &SessionId) -> Option<Answer> {
        self.knockers.iter().find(|knocker| &knocker.session == session).map(|knocker| knocker.answer)
    }

    pub(crate) fn awaits(&self, client: &ClientId, now: Instant) -> bool {
        self.awaited_until.is_some_and(|until| now < until) && self.awaited.contains(client)
    }

    pub(crate) fn is_guarded(&self) -> bool {
        self.password.is_some() || self.lobby || self.locked
    }
}

impl Model {
    pub(crate) fn role(&self, room: &RoomId, client: &ClientId) -> &'static str {
        ["guest", "moderator", "owner"][self.rank(room, client)]
    }

    /// What the room gives, or a join token for as long as the seat lasts: 0 to a guest, 2 to the owner.
    pub(super) fn rank(&self, room: &RoomId, client: &ClientId) -> usize {
        let seat = self.seats.iter().find(|seat| &seat.room == room && &seat.client == client);
        self.lasting_rank(room, client).max(seat.map_or(0, |seat| seat.granted))
    }

    fn lasting_rank(&self, room: &RoomId, client: &ClientId) -> usize {
        match self.room(room) {
            Some(room) if room.owner.as_ref() == Some(client) => 2,
            Some(room) if room.moderators.contains(client) => 1,
            _ => 0,
        }
    }

    pub(crate) fn keeps_order(&self, room: &RoomId, client: &ClientId) -> bool {
        self.role(room, client) != "guest"
    }

    pub(crate) fn is_banned(&self, room: &RoomId, client: &ClientId, from: IpAddr) -> bool {
        let spares_address = self.keeps_order(room, client);
        let Some(room) = self.room(room) else { return false };
        room.bans.iter().any(|(who, address)| who == client || (!spares_address && *address == Some(from)))
    }

    /// Everyone of this version hears what is different from what it heard last.
    pub(crate) fn tell_notices(&mut self) -> Heards {
        let mut out = Vec::new();
        for at in 0..self.seats.len() {
            let (id, client) = (self.seats[at].room.clone(), self.seats[at].client.clone());
            let role = self.role(&id, &client);
            let Some(room) = self.rooms.iter().find(|room| room.id == id) else { continue };
            let settings = Settings {
                locked: room.locked,
                lobby: room.lobby,
                has_password: room.password.is_some(),
                limit: room.limit,
                keeps: room.keeps,
                hours: room.hours.filter(|_| room.keeps),
                role: role.to_owned(),
            };
            let waiting = room.knockers.iter().filter(|one| role != "guest" && one.answer == Answer::Awaited);
            let waiting: Vec<_> = waiting.map(|one| one.client.to_string()).collect();
            let seat = &mut self.seats[at];
            let Some(here) = seat.here.as_mut().filter(|here| here.is_introduced && seat.takes_events) else {
                continue;
            };
            if here.settings.as_ref() != Some(&settings) {
                here.settings = Some(settings.clone());
                out.push((client.clone(), Heard::Settings(settings)));
            }
            if here.knockers != waiting {
                here.knockers.clone_from(&waiting);
                out.push((client, Heard::Knocking(waiting)));
            }
        }
        out
    }

    pub(crate) fn knock(
        &mut self,
        id: &RoomId,
        session: SessionId,
        client: &ClientId,
        from: IpAddr,
        now: Instant,
    ) -> Heards {
        let until = now + self.config.knock;
        for room in self.rooms.iter_mut().filter(|room| &room.id == id) {
            match room.knockers.iter_mut().find(|knocker| knocker.session == session) {
                Some(knocker) => (knocker.until, knocker.from) = (until, from),
                None => {
                    let (client, answer) = (client.clone(), Answer::Awaited);
                    room.knockers.push(Knocker { session, client, from, answer, until });
                }
            }
        }
        self.tell_notices()
    }

    /// Who waits before the door, and who is banned.
    pub(crate) fn outside(&self, id: &RoomId) -> (Vec<ClientId>, Vec<ClientId>) {
        let Some(room) = self.room(id) else { return (Vec::new(), Vec::new()) };
        let waiting = room.knockers.iter().filter(|one| one.answer == Answer::Awaited).map(|one| one.client.clone());
        (waiting.collect(), room.bans.iter().map(|(client, _)| client.clone()).collect())
    }

    /// True: the session stood before the door.
    pub(crate) fn stop_knocking(&mut self, id: &RoomId, session: &SessionId) -> (bool, Heards) {
        let Some(room) = self.rooms.iter_mut().find(|room| &room.id == id) else { return (false, Vec::new()) };
        let count = room.knockers.len();
        room.knockers.retain(|knocker| &knocker.session != session);
        let was_there = room.knockers.len() < count;
        (was_there, self.tell_notices())
    }

    pub(super) fn forget_knockers(&mut self, now: Instant) -> Heards {
        let mut knockers = self.rooms.iter().flat_map(|room| &room.knockers);
        if knockers.all(|knocker| knocker.until > now) {
            return Vec::new();
        }
        for room in &mut self.rooms {
            room.knockers.retain(|knocker| knocker.until > now);
        }
        self.tell_notices()
    }

    /// The owner sets the room.
    pub(crate) fn set(
        &mut self,
        id: &RoomId,
        lobby: Option<bool>,
        history: Option<History>,
        limit: Option<usize>,
    ) -> Heards {
        for room in self.rooms.iter_mut().filter(|room| &room.id == id) {
            room.lobby = lobby.unwrap_or(room.lobby);
            let history = history.unwrap_or(room.history());
            room.keeps = history != History::None;
            room.hours = if let History::Hours(hours) = history { Some(hours) } else { None };
            room.limit = limit.unwrap_or(room.limit);
        }
        self.tell_notices()
    }

    /// The room is gone.
    pub(crate) fn delete(&mut self, id: &RoomId) -> Heards {
        let present: Vec<_> = self.present(id).map(|seat| seat.client.clone()).collect();
        self.seats.retain(|seat| &seat.room != id);
        self.rooms.retain(|room| &room.id != id);
        present.into_iter().flat_map(|client| [(client.clone(), Heard::Bye), (client, Heard::Closed)]).collect()
    }

    /// The server is killed and starts again with what was kept.
    pub(crate) fn restart(&mut self, now: Instant) {
        let seats = std::mem::take(&mut self.seats);
        for room in &mut self.rooms {
            let inside = seats.iter().filter(|seat| seat.room == room.id).map(|seat| seat.client.clone());
            let inside: Vec<_> = inside.collect();
            let still_awaited = room.awaited_until.is_some_and(|until| now < until);
            room.awaited.retain(|client| still_awaited && !inside.contains(client));
            room.awaited.splice(0..0, inside);
            if !room.is_guarded() {
                room.awaited.clear();
            }
            room.awaited_until = Some(now + self.config.comeback);
            room.empty_since = Some(now);
            room.knockers.clear();
            room.pending.clear();
            room.keys.clear();
            room.lines.clear();
        }
    }

    pub(super) fn moderate(
        &mut self,
        deed: &Deed<'_>,
        address: bool,
        now: Instant,
        out: &mut Heards,
    ) -> Result<(), &'static str> {
        let Deed { by, room: id, action, client } = *deed;
        if !self.keeps_order(id, by) {
            return Err("forbidden");
        }
        let until = now + self.config.knock;
        let Some(room) = self.rooms.iter_mut().find(|room| &room.id == id) else { return Ok(()) };
        match action {
            "lock" => room.locked = true,
            "unlock" => room.locked = false,
            "mute-all" | "mute" | "lower-hand" => self.ask_mates(deed, out)?,
            "admit" | "deny" => {
                let waits = |one: &&mut Knocker| &one.client == client && one.answer == Answer::Awaited;
                let knocker = room.knockers.iter_mut().find(waits).ok_or("unknown-receiver")?;
                knocker.answer = if action == "admit" { Answer::Admitted } else { Answer::Denied };
                knocker.until = until;
            }
            "unban" => {
                let at = room.bans.iter().position(|(who, _)| who == client).ok_or("unknown-receiver")?;
                room.bans.remove(at);
            }
            "kick" | "ban" => self.remove(deed, address, now, out)?,
            "promote" | "demote" | "hand-over" => self.give_role(deed, out)?,
            other => panic!("nobody does {other}"),
        }
        out.extend(self.tell_notices());
        Ok(())
    }

    fn ask_mates(&self, deed: &Deed<'_>, out: &mut Heards) -> Result<(), &'static str> {
        let Deed { by, room, action, client } = *deed;
        if action != "mute-all" && !self.present(room).any(|seat| &seat.client == client) {
            return Err("unknown-receiver");
        }
        let is_asked = |seat: &ClientId| if action == "mute-all" { seat != by } else { seat == client };
        for seat in self.present(room).filter(|seat| seat.takes_events && is_asked(&seat.client)) {
            out.push((seat.client.clone(), Heard::Moderated { action: action.into(), by: by.to_string() }));
        }
        Ok(())
    }

    fn remove(&mut self, deed: &Deed<'_>, address: bool, now: Instant, out: &mut Heards) -> Result<(), &'static str> {
        let Deed { by, room: id, action, client } = *deed;
        let (mine, theirs) = (self.rank(id, by), self.rank(id, client));
        let seat = self.seats.iter().find(|seat| &seat.room == id && &seat.client == client).map(|seat| seat.from);
        let Some(room) = self.rooms.iter_mut().find(|room| &room.id == id) else { return Ok(()) };
        let waits = |one: &&Knocker| &one.client == client && one.answer == Answer::Awaited;
        let knocker = room.knockers.iter().find(waits).map(|knocker| knocker.from);
        if seat.is_none() && (action == "kick" || knocker.is_none()) {
            return Err("unknown-receiver");
        }
        if theirs >= mine {
            return Err("forbidden");
        }
        room.awaited.retain(|awaited| awaited != client);
        if action == "ban" {
            room.bans.retain(|(who, _)| who != client);
            room.bans.push((client.clone(), seat.or(knocker).filter(|_| address)));
            room.moderators.retain(|moderator| moderator != client);
            room.knockers.retain(|knocker| &knocker.client != client);
        }
        self.expel(by, client, action, now, out);
        Ok(())
    }

    fn give_role(&mut self, deed: &Deed<'_>, out: &mut Heards) -> Result<(), &'static str> {
        let Deed { by, room: id, action, client } = *deed;
        let (mine, theirs) = (self.rank(id, by), self.lasting_rank(id, client));
        let is_seated = self.seats.iter().any(|seat| &seat.room == id && &seat.client == client);
        if mine < 2 || (theirs == 2 && action != "hand-over") {
            return Err("forbidden");
        }
        if !is_seated && theirs == 0 {
            return Err("unknown-receiver");
        }
        let Some(room) = self.rooms.iter_mut().find(|room| &room.id == id) else { return Ok(()) };
        match action {
            "promote" if theirs == 0 => room.moderators.push(client.clone()),
            "demote" => {
                room.moderators.retain(|moderator| moderator != client);
                for seat in self.seats.iter_mut().filter(|seat| &seat.room == id && &seat.client == client) {
                    seat.granted = 0;
                }
            }
            "hand-over" if theirs < 2 => {
                room.moderators.retain(|moderator| moderator != client);
                room.moderators.extend(room.owner.replace(client.clone()));
            }
            _ => {}
        }
        self.tell_roster(id, |seat| seat.takes_events, out);
        Ok(())
    }

    fn expel(&mut self, by: &ClientId, client: &ClientId, action: &str, now: Instant, out: &mut Heards) {
        let Some(at) = self.index(client) else { return };
        let was_here = self.seats[at].here.is_some();
        if was_here {
            if self.seats[at].takes_events {
                out.push((client.clone(), Heard::Moderated { action: action.into(), by: by.to_string() }));
            }
            out.push((client.clone(), Heard::Bye));
        }
        self.vanish(at, out);
        self.free(at, now);
        if was_here {
            out.push((client.clone(), Heard::Closed));
        }
    }
}
