//! Rooms are created, changed, kept, brought back and closed.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use protocol::limits::HISTORY_HOURS;
use protocol::{ClientId, History, Message, RoomId, api};

use super::{Event, Rooms};
use crate::agenda::Topic;
use crate::authority::Authority;
use crate::chat::TextLog;
use crate::room::{Door, Room, RoomNumber};
use crate::{By, Effect, JobId, Reply, RequestId, RoomError, RoomRecord};

/// Chat lines that a room keeps for some hours are looked through this often.
const FORGET_EVERY: Duration = Duration::from_hours(1);

/// A room that exists as soon as its password is hashed. Its name is taken already.
#[derive(Debug)]
pub(super) struct Creation {
    pub(super) request: RequestId,
    pub(super) room: RoomId,
    pub(super) door: Door,
    pub(super) owner: Option<ClientId>,
}

/// A change that is made as soon as its password is hashed.
#[derive(Debug)]
pub(super) struct Change {
    request: RequestId,
    room: RoomId,
    number: RoomNumber,
    by: By,
    change: api::EditRoom,
}

/// What waits for a hash.
#[derive(Debug)]
pub(super) enum Hashing {
    Creation(Creation),
    Change(Change),
}

impl Hashing {
    pub(super) fn request(&self) -> RequestId {
        match self {
            Self::Creation(creation) => creation.request,
            Self::Change(change) => change.request,
        }
    }
}

impl Rooms {
    pub(super) fn create(&mut self, creation: Creation, password: Option<String>, from: IpAddr, now: Instant) {
        let password = password.filter(|password| !password.is_empty());
        if let Err(error) = self.may_create(&creation, password.as_deref(), from, now) {
            return self.refuse(creation.request, error);
        }
        match password {
            None => self.open(creation, now),
            Some(password) => self.hash(password, Hashing::Creation(creation)),
        }
    }

    fn hash(&mut self, password: String, hashing: Hashing) {
        let job = self.job();
        self.hashing.insert(job, hashing);
        self.effects.push(Effect::HashPassword { job, password });
    }

    fn may_create(
        &mut self,
        creation: &Creation,
        password: Option<&str>,
        from: IpAddr,
        now: Instant,
    ) -> Result<(), RoomError> {
        let is_being_made = |hashing: &Hashing| match hashing {
            Hashing::Creation(other) => other.room == creation.room,
            Hashing::Change(_) => false,
        };
        if self.directory.room(&creation.room).is_some() || self.hashing.values().any(is_being_made) {
            return Err(RoomError::RoomExists);
        }
        self.check_password(password)?;
        check_history(creation.door.history)?;
        if !self.rooms_created.take(from, now) {
            return Err(RoomError::TooManyRooms);
        }
        Ok(())
    }

    fn check_password(&self, password: Option<&str>) -> Result<(), RoomError> {
        let limit = self.config.password_bytes;
        let is_too_long = password.is_some_and(|password| password.len() > limit);
        if is_too_long { Err(RoomError::PasswordTooLong { limit }) } else { Ok(()) }
    }

    /// The hash that an [`Effect::HashPassword`] asked for.
    pub fn handle_hashed(&mut self, job: JobId, hash: String, now: Instant) {
        match self.hashing.remove(&job) {
            Some(Hashing::Creation(mut creation)) => {
                if self.directory.room(&creation.room).is_some() {
                    return self.refuse(creation.request, RoomError::RoomExists);
                }
                creation.door.password_hash = Some(hash);
                self.open(creation, now);
            }
            Some(Hashing::Change(change)) => {
                let Change { request, room, number, by, change } = change;
                let is_same = self.directory.room(&room).is_some_and(|found| found.number == number);
                let done = if is_same { self.owned(&room, &by).map(drop) } else { Err(RoomError::UnknownRoom) };
                match done {
                    Ok(()) => self.change(request, &room, change, Some(Some(hash)), now),
                    Err(error) => self.refuse(request, error),
                }
            }
            None => {}
        }
    }

    fn open(&mut self, creation: Creation, now: Instant) {
        let Creation { request, room, door, owner } = creation;
        let created_s = self.calendar.unix_s(now);
        let opened = self.directory.open(room.clone(), door, now);
        opened.authority.owner = owner;
        opened.created_s = created_s;
        let summary = opened.summary(now);
        self.note_room(&room);
        self.note_history(&room, now);
        self.save(&room);
        self.events.note(|| Event::RoomOpened { room });
        self.effects.reply(request, Reply::Created(summary));
    }

    /// Opens a room that never expires. Of a room of this name that exists already only that changes.
    pub fn open_kept_room(
        &mut self,
        room: RoomId,
        public: bool,
        guest_limit: usize,
        password_hash: Option<String>,
        now: Instant,
    ) {
        let (kept, lobby, locked, history) = (true, false, false, History::None);
        let door = Door { public, guest_limit, password_hash, kept, lobby, locked, history };
        if self.directory.room(&room).is_none() {
            self.events.note(|| Event::RoomOpened { room: room.clone() });
        }
        self.directory.open(room, door, now).door.kept = true;
    }

    /// Opens a room as it was before a restart. Who was inside may come back for a while without knocking.
    /// A room of this name that exists already stays as it is.
    pub fn restore(&mut self, record: RoomRecord, now: Instant) {
        if self.directory.room(&record.id).is_some() {
            return;
        }
        let door = Door {
            public: record.public,
            guest_limit: record.guest_limit,
            password_hash: record.password_hash.clone(),
            kept: record.kept,
            lobby: record.lobby,
            locked: record.locked,
            history: record.history,
        };
        let room = self.directory.open(record.id.clone(), door, now);
        room.authority = Authority {
            owner: record.owner.clone(),
            moderators: record.moderators.clone(),
            bans: record.bans.clone(),
            invites: record.invites.clone(),
        };
        room.texts = TextLog::resume(record.next_text_id);
        room.awaited = record.inside.clone();
        room.created_s = record.created_s;
        if !room.awaited.is_empty() {
            self.agenda.note(Topic::Comeback(record.id.clone()), now + self.config.comeback);
        }
        let id = record.id.clone();
        room.saved = Some(Box::new(record));
        self.note_room(&id);
        self.note_history(&id, now);
    }

    pub(super) fn edit(&mut self, request: RequestId, room: &RoomId, by: By, change: api::EditRoom, now: Instant) {
        if let Err(error) = self.may_edit(room, &by, &change) {
            return self.refuse(request, error);
        }
        let Some(number) = self.directory.room(room).map(|found| found.number) else { return };
        match change.password.clone() {
            None => self.change(request, room, change, None, now),
            Some(none) if none.is_empty() => self.change(request, room, change, Some(None), now),
            Some(password) => {
                let change = Change { request, room: room.clone(), number, by, change };
                self.hash(password, Hashing::Change(change));
            }
        }
    }

    fn may_edit(&mut self, room: &RoomId, by: &By, change: &api::EditRoom) -> Result<(), RoomError> {
        let number = self.owned(room, by)?.number;
        if change.kept.is_some() && *by != By::Administrator {
            return Err(RoomError::Forbidden);
        }
        self.check_password(change.password.as_deref())?;
        check_history(change.history.unwrap_or_default())?;
        let is_changing = |hashing: &Hashing| match hashing {
            Hashing::Creation(_) => false,
            Hashing::Change(other) => other.number == number,
        };
        // Hashing costs more than asking.
        if change.password.is_some() && self.hashing.values().any(is_changing) {
            return Err(RoomError::TooManyInRoom { what: "changes of its password at once", limit: 1 });
        }
        Ok(())
    }

    /// The room, if whoever asks owns it.
    pub(super) fn owned(&mut self, room: &RoomId, by: &By) -> Result<&mut Room, RoomError> {
        self.ruled(room, by, protocol::Role::Owner)
    }

    fn change(
        &mut self,
        request: RequestId,
        id: &RoomId,
        change: api::EditRoom,
        password_hash: Option<Option<String>>,
        now: Instant,
    ) {
        let Some(room) = self.directory.room_mut(id) else { return self.refuse(request, RoomError::UnknownRoom) };
        let before = room.door.clone();
        let door = &mut room.door;
        door.public = change.public.unwrap_or(door.public);
        door.guest_limit = change.guest_limit.unwrap_or(door.guest_limit);
        door.lobby = change.lobby.unwrap_or(door.lobby);
        door.locked = change.locked.unwrap_or(door.locked);
        door.history = change.history.unwrap_or(door.history);
        door.kept = change.kept.unwrap_or(door.kept);
        door.password_hash = password_hash.unwrap_or(door.password_hash.take());
        if before.kept && !door.kept {
            room.let_expire(now);
        }
        let is_history_new = room.door.history != before.history;
        room.tell_notices(&mut self.effects);
        let details = room.details(now);
        self.note_room(id);
        self.save(id);
        if is_history_new {
            self.forget_texts(id, now);
        }
        self.effects.reply(request, Reply::Updated(details));
    }

    pub(super) fn delete(&mut self, request: RequestId, room: &RoomId, by: &By, now: Instant) {
        if let Err(error) = self.owned(room, by) {
            return self.refuse(request, error);
        }
        self.close(room, now);
        self.effects.reply(request, Reply::Deleted);
    }

    /// The room is gone, and whoever is inside with it.
    pub(super) fn close(&mut self, id: &RoomId, now: Instant) {
        let Some(room) = self.directory.close(id) else { return };
        for seat in room.seats.values() {
            if seat.is_connected() {
                self.effects.tell(&seat.client, &Message::Bye);
                self.effects.disconnect(&seat.client);
                self.events.note(|| Event::Left { room: id.clone(), client: seat.client.clone() });
            }
            self.agenda.forget(&Topic::Seat(seat.client.clone()));
        }
        for topic in [Topic::Room, Topic::Knocks, Topic::Comeback, Topic::History] {
            self.agenda.forget(&topic(id.clone()));
        }
        if room.saved.is_some() {
            self.effects.push(Effect::ForgetRoom(id.clone()));
        }
        self.events.note(|| Event::RoomClosed { room: id.clone() });
        self.reconsider(now);
    }

    /// Has the room kept as it is now, unless it is kept like that already.
    pub(super) fn save(&mut self, id: &RoomId) {
        let Some(room) = self.directory.room_mut(id) else { return };
        let record = Box::new(room.record());
        if room.saved.as_ref() != Some(&record) {
            room.saved = Some(record.clone());
            self.effects.push(Effect::SaveRoom(record));
        }
    }

    /// Someone has a seat or has none any more: that is kept of rooms that do not let everyone in.
    pub(super) fn save_inside(&mut self, id: &RoomId) {
        let Some(room) = self.directory.room(id) else { return };
        let had_some = room.saved.as_ref().is_some_and(|saved| !saved.inside.is_empty());
        if room.door.is_guarded() || had_some {
            self.save(id);
        }
    }

    /// Who has not come back by now has left.
    pub(super) fn review_comeback(&mut self, id: &RoomId) {
        if let Some(room) = self.directory.room_mut(id) {
            room.awaited.clear();
            self.save_inside(id);
        }
    }

    pub(super) fn note_history(&mut self, id: &RoomId, now: Instant) {
        if let Some(History::Hours(_)) = self.directory.room(id).map(|room| room.door.history) {
            self.agenda.note(Topic::History(id.clone()), now + FORGET_EVERY);
        }
    }

    /// Drops the chat lines that the room no longer keeps.
    pub(super) fn forget_texts(&mut self, id: &RoomId, now: Instant) {
        let Some(history) = self.directory.room(id).map(|room| room.door.history) else { return };
        if let Some(before_ms) = self.oldest_kept_ms(history, now).filter(|before_ms| *before_ms > 0) {
            self.effects.push(Effect::ForgetTexts { room: id.clone(), before_ms });
        }
        self.note_history(id, now);
    }

    /// Chat lines older than this are gone. `None`: they are kept for ever.
    pub(super) fn oldest_kept_ms(&self, history: History, now: Instant) -> Option<u64> {
        match history {
            History::None => Some(u64::MAX),
            History::Hours(hours) => Some(self.calendar.unix_ms(now).saturating_sub(u64::from(hours) * 3_600_000)),
            History::Forever => None,
        }
    }
}

fn check_history(history: History) -> Result<(), RoomError> {
    match history {
        History::None | History::Forever | History::Hours(1..=HISTORY_HOURS) => Ok(()),
        History::Hours(_) => Err(RoomError::OutOfRange { what: "the hours of a history", wanted: "1 to 8784" }),
    }
}
