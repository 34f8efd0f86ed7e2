//! Creating rooms, taking seats and giving them up.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use protocol::{ClientId, OfferForm, RoomId};

use super::{Creation, Rooms};
use crate::attempts::Attempt;
use crate::bucket::Rate;
use crate::room::{Door, Room};
use crate::seat::{Lease, Seat};
use crate::{Effect, JobId, Reply, RequestId, RoomError, SessionId};

/// One who asks for a seat, the password apart.
pub(super) struct Arrival {
    pub(super) request: RequestId,
    pub(super) room: RoomId,
    pub(super) session: SessionId,
    pub(super) client: ClientId,
    pub(super) from: IpAddr,
    pub(super) offers: Option<OfferForm>,
}

/// What someone finds who asks for a seat.
enum Approach<'a> {
    OwnSeat,
    FreeSeat(&'a Room),
}

/// What to do with someone who asks for a seat.
enum Admission {
    Seat,
    Check { hash: String },
    Wait,
}

impl Rooms {
    pub(super) fn create(&mut self, creation: Creation, password: Option<String>, from: IpAddr, now: Instant) {
        let password = password.filter(|password| !password.is_empty());
        if let Err(error) = self.may_create(&creation.room, password.as_deref(), from, now) {
            return self.refuse(creation.request, error);
        }
        match password {
            None => self.open(creation, None, now),
            Some(password) => {
                let job = self.job();
                self.creations.insert(job, creation);
                self.effects.push(Effect::HashPassword { job, password });
            }
        }
    }

    fn may_create(
        &mut self,
        room: &RoomId,
        password: Option<&str>,
        from: IpAddr,
        now: Instant,
    ) -> Result<(), RoomError> {
        let limit = self.config.password_bytes;
        if self.directory.room(room).is_some() || self.creations.values().any(|other| &other.room == room) {
            return Err(RoomError::RoomExists);
        }
        if password.is_some_and(|password| password.len() > limit) {
            return Err(RoomError::PasswordTooLong { limit });
        }
        if !self.rooms_created.take(from, now) {
            return Err(RoomError::TooManyRooms);
        }
        Ok(())
    }

    /// The hash that an [`Effect::HashPassword`] asked for.
    pub fn handle_hashed(&mut self, job: JobId, hash: String, now: Instant) {
        let Some(creation) = self.creations.remove(&job) else { return };
        if self.directory.room(&creation.room).is_some() {
            return self.refuse(creation.request, RoomError::RoomExists);
        }
        self.open(creation, Some(hash), now);
    }

    fn open(&mut self, creation: Creation, password_hash: Option<String>, now: Instant) {
        let Creation { request, room, public, guest_limit } = creation;
        let door = Door { public, guest_limit, password_hash, kept: false };
        let summary = self.directory.open(room.clone(), door, now).summary(now);
        self.note_room(&room);
        self.effects.reply(request, Reply::Created(summary));
    }

    pub(super) fn join(&mut self, arrival: Arrival, password: Option<String>, now: Instant) {
        let Arrival { request, room, session, client, from, offers } = arrival;
        let Some(found) = self.directory.room(&room) else {
            return self.refuse(request, RoomError::UnknownRoom);
        };
        let attempt = Attempt {
            request,
            number: found.number,
            session,
            client,
            password: password.unwrap_or_default(),
            from,
            offers,
            room,
        };
        self.consider(attempt, now);
    }

    /// Whether the password of an [`Effect::VerifyPassword`] is right.
    pub fn handle_verified(&mut self, job: JobId, right: bool, now: Instant) {
        let Some(attempt) = self.attempts.checking.remove(&job) else { return };
        if right {
            self.wrong_passwords.give_back(attempt.from);
            let rate = self.room_guesses();
            if let Some(room) = self.directory.room_mut(&attempt.room).filter(|room| room.number == attempt.number) {
                room.guesses.give_back(rate);
            }
            self.admit(attempt, now);
        } else {
            self.refuse(attempt.request, RoomError::WrongPassword);
        }
        self.reconsider(now);
    }

    /// The password was right. What has become of the room meanwhile?
    fn admit(&mut self, attempt: Attempt, now: Instant) {
        match self.approach(&attempt) {
            Ok(Approach::OwnSeat | Approach::FreeSeat(_)) => self.seat(attempt, now),
            Err(error) => self.refuse(attempt.request, error),
        }
    }

    /// A verdict has come: perhaps someone who waits has a guess again, or none to hope for.
    pub(super) fn reconsider(&mut self, now: Instant) {
        for attempt in std::mem::take(&mut self.attempts.waiting) {
            self.consider(attempt, now);
        }
    }

    fn consider(&mut self, attempt: Attempt, now: Instant) {
        match self.judge(&attempt, now) {
            Ok(Admission::Seat) => self.seat(attempt, now),
            Ok(Admission::Check { hash }) => self.check(attempt, hash, now),
            Ok(Admission::Wait) => self.attempts.waiting.push_back(attempt),
            Err(error) => self.refuse(attempt.request, error),
        }
    }

    fn approach(&self, attempt: &Attempt) -> Result<Approach<'_>, RoomError> {
        let room = self.directory.room(&attempt.room).filter(|room| room.number == attempt.number);
        let room = room.ok_or(RoomError::UnknownRoom)?;
        if self.directory.client_of(&attempt.session, &attempt.room).is_some() {
            return Ok(Approach::OwnSeat);
        }
        if self.directory.knows_client(&attempt.client) {
            return Err(RoomError::SeatTaken);
        }
        if room.is_full() {
            return Err(RoomError::Full { limit: room.door.guest_limit });
        }
        Ok(Approach::FreeSeat(room))
    }

    fn judge(&self, attempt: &Attempt, now: Instant) -> Result<Admission, RoomError> {
        let Approach::FreeSeat(room) = self.approach(attempt)? else { return Ok(Admission::Seat) };
        let Some(hash) = &room.door.password_hash else { return Ok(Admission::Seat) };
        let limit = self.config.password_bytes;
        match attempt.password.len() {
            0 => return Err(RoomError::PasswordRequired),
            bytes if bytes > limit => return Err(RoomError::PasswordTooLong { limit }),
            _ => {}
        }
        let address_may = self.wrong_passwords.has_token(attempt.from, now);
        let room_may = room.guesses.has_token(self.room_guesses(), now);
        if address_may && room_may {
            return Ok(Admission::Check { hash: hash.clone() });
        }
        let has_place = self.attempts.waiting.len() < self.config.waiting_attempts;
        if has_place && self.attempts.may_hope(attempt, !address_may, !room_may) {
            return Ok(Admission::Wait);
        }
        Err(RoomError::TooManyPasswords)
    }

    fn check(&mut self, attempt: Attempt, hash: String, now: Instant) {
        let rate = self.room_guesses();
        self.wrong_passwords.take(attempt.from, now);
        if let Some(room) = self.directory.room_mut(&attempt.room) {
            room.guesses.take(rate, now);
        }
        let job = self.job();
        self.effects.push(Effect::VerifyPassword { job, password: attempt.password.clone(), hash });
        self.attempts.checking.insert(job, attempt);
    }

    fn room_guesses(&self) -> Rate {
        let (_, per_minute) = self.config.wrong_passwords_per_minute;
        Rate::new(per_minute, Duration::from_mins(1), per_minute)
    }

    /// Gives the attempt its seat, or the seat that its session has already.
    fn seat(&mut self, attempt: Attempt, now: Instant) {
        let until = now + self.config.seat_unconnected;
        let Attempt { request, room, session, client, offers, .. } = attempt;
        let client = self.directory.client_of(&session, &room).cloned().unwrap_or(client);
        match self.directory.seat_mut(&client) {
            Some(seat) => seat.renew(offers, until),
            None => self.directory.seat(&room, Seat::new(client.clone(), session, offers, until, now)),
        }
        if let Some(room) = self.directory.room_mut(&room) {
            room.touch(now);
        }
        self.note_seat(&client);
        self.effects.reply(request, Reply::Seated { room, client });
    }

    pub(super) fn leave(&mut self, request: RequestId, room: &RoomId, session: &SessionId, now: Instant) {
        match self.authorize(room, session) {
            Ok(client) => {
                self.give_up(&client, now);
                self.effects.reply(request, Reply::Left);
            }
            Err(error) => self.refuse(request, error),
        }
    }

    /// The holder leaves. If it has asked for the seat anew meanwhile, then it was a page that says goodbye while it is
    /// reloaded: the seat awaits the new page.
    pub(super) fn give_up(&mut self, client: &ClientId, now: Instant) {
        let Some(seat) = self.directory.seat_mut(client) else { return };
        let was_connected = seat.is_connected();
        let lease = seat.renewed_lease(now);
        self.end_link(client, lease, now);
        if was_connected {
            self.effects.disconnect(client);
        }
    }

    /// The room is told, and the seat is free again unless a lease holds it.
    pub(super) fn end_link(&mut self, client: &ClientId, lease: Option<Lease>, now: Instant) {
        let Some((room, number)) = self.directory.place(client) else { return };
        room.part(number, lease.unwrap_or(Lease { until: now, renewed: false }), &mut self.effects, now);
        match lease {
            Some(_) => self.note_seat(client),
            None => self.free(client, now),
        }
    }
}
