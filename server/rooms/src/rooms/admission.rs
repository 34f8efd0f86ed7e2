//! Taking seats, knocking, and giving seats up.

use std::time::{Duration, Instant};

use protocol::{ClientId, Role, RoomId};

use super::{Event, Rooms};
use crate::agenda::Topic;
use crate::attempts::Attempt;
use crate::bucket::Rate;
use crate::lobby::{Answer, Knock};
use crate::room::Room;
use crate::seat::{Lease, Seat};
use crate::{Effect, JobId, Pass, Reply, RequestId, RoomError, SessionId};

/// What someone finds who asks for a seat.
enum Approach<'a> {
    OwnSeat,
    FreeSeat(&'a Room),
}

/// What opens the door for someone.
enum Key {
    /// All doors are open.
    Opens,
    /// The password is known to be right, yet someone inside has to open.
    Knocks,
    /// A password, where there is one; then someone inside, where there is a lobby.
    Password { then_knocks: bool },
}

/// What to do with someone who asks for a seat.
enum Admission {
    Seat,
    Knock,
    Check { hash: String },
    Wait,
}

impl Rooms {
    /// `attempt` bears a number of no room yet.
    pub(super) fn join(&mut self, mut attempt: Attempt, now: Instant) {
        match self.directory.room(&attempt.room) {
            None => self.refuse(attempt.request, RoomError::UnknownRoom),
            Some(found) => {
                attempt.number = found.number;
                self.consider(attempt, now);
            }
        }
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
        let key = match self.approach(&attempt) {
            Ok(Approach::OwnSeat) => Ok(Key::Opens),
            Ok(Approach::FreeSeat(room)) => self.key(room, &attempt, now),
            Err(error) => Err(error),
        };
        match key {
            Ok(Key::Opens | Key::Password { then_knocks: false }) => self.seat(attempt, now),
            Ok(Key::Knocks | Key::Password { then_knocks: true }) => self.knock(attempt, now),
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
            Ok(Admission::Knock) => self.knock(attempt, now),
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
        if room.authority.bans(&attempt.client, attempt.mark) {
            return Err(RoomError::Banned);
        }
        if self.directory.knows_client(&attempt.client) {
            return Err(RoomError::SeatTaken);
        }
        if room.is_full() {
            return Err(RoomError::Full { limit: room.door.guest_limit });
        }
        Ok(Approach::FreeSeat(room))
    }

    fn key(&self, room: &Room, attempt: &Attempt, now: Instant) -> Result<Key, RoomError> {
        match attempt.pass {
            Pass::Token(_) => return Ok(Key::Opens),
            Pass::Invite(hash) if room.authority.admits(&hash, self.calendar.unix_s(now)) => return Ok(Key::Opens),
            Pass::Invite(_) => return Err(RoomError::InvalidInvite),
            Pass::None => {}
        }
        let answer = room.lobby.answer_to(&attempt.session);
        match answer {
            Some(Answer::Admitted) => return Ok(Key::Opens),
            Some(Answer::Denied) => return Err(RoomError::Denied),
            Some(Answer::Awaited) | None => {}
        }
        if room.awaited.contains(&attempt.client) {
            return Ok(Key::Opens);
        }
        let keeps_order = room.authority.role_of(&attempt.client) >= Role::Moderator;
        if room.door.locked && !keeps_order {
            return Err(RoomError::Locked);
        }
        let then_knocks = room.door.lobby && !keeps_order;
        Ok(match answer {
            Some(_) if then_knocks => Key::Knocks,
            // The lobby was opened: whoever stood in it has given the password.
            Some(_) => Key::Opens,
            None => Key::Password { then_knocks },
        })
    }

    fn judge(&self, attempt: &Attempt, now: Instant) -> Result<Admission, RoomError> {
        let Approach::FreeSeat(room) = self.approach(attempt)? else { return Ok(Admission::Seat) };
        let then_knocks = match self.key(room, attempt, now)? {
            Key::Opens => return Ok(Admission::Seat),
            Key::Knocks => return Ok(Admission::Knock),
            Key::Password { then_knocks } => then_knocks,
        };
        let Some(hash) = &room.door.password_hash else {
            return Ok(if then_knocks { Admission::Knock } else { Admission::Seat });
        };
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

    /// Stands before the door until someone inside decides or the knocks stop.
    fn knock(&mut self, attempt: Attempt, now: Instant) {
        let Attempt { request, room: id, session, client, from, mark, name, .. } = attempt;
        let Some(room) = self.directory.room_mut(&id) else { return self.refuse(request, RoomError::UnknownRoom) };
        let until = now + self.config.knock;
        let (name, answer) = (name.unwrap_or_default(), Answer::Awaited);
        let knock = Knock { session, client: client.clone(), name, from, mark, answer, until };
        match room.lobby.knock(knock, &self.config) {
            Ok(is_news) => {
                if is_news {
                    room.tell_notices(&mut self.effects);
                }
                self.note_knocks(&id);
                self.effects.reply(request, Reply::Waiting { room: id, client });
            }
            Err(error) => self.refuse(request, error),
        }
    }

    /// Gives the attempt its seat, or the seat that its session has already.
    fn seat(&mut self, attempt: Attempt, now: Instant) {
        let until = now + self.config.seat_unconnected;
        let Attempt { request, room: id, session, client, offers, mark, pass, name, .. } = attempt;
        let client = self.directory.client_of(&session, &id).cloned().unwrap_or(client);
        let is_new = self.directory.seat_in(&id, &client).is_none();
        if is_new {
            let mut seat = Seat::new(client.clone(), session, offers, until, now);
            if let Some(name) = name {
                seat.set_name(name);
            }
            self.directory.seat(&id, seat);
        }
        if let Some(room) = self.directory.room_mut(&id) {
            room.touch(now);
            let role = room.role_of(&client);
            room.take_in(&client, pass, is_new);
            // A token may give another role to one who sits there already.
            if room.role_of(&client) != role && room.connected().any(|seat| seat.client == client) {
                room.tell_events_info(&mut self.effects);
                room.tell_notices(&mut self.effects);
            }
            if let Some(seat) = room.seats.values_mut().find(|seat| seat.client == client) {
                seat.mark = mark;
                if !is_new {
                    seat.renew(offers, until);
                }
            }
            if room.lobby.forget(&client) {
                room.tell_notices(&mut self.effects);
            }
        }
        self.note_seat(&client);
        if is_new {
            self.save_inside(&id);
        }
        if !matches!(pass, Pass::None) {
            self.save(&id);
        }
        self.effects.reply(request, Reply::Seated { room: id, client });
    }

    pub(super) fn leave(&mut self, request: RequestId, room: &RoomId, session: &SessionId, now: Instant) {
        match self.authorize(room, session) {
            Ok(client) => {
                self.give_up(&client, now);
                self.effects.reply(request, Reply::Left);
            }
            Err(_) if self.stop_knocking(room, session) => self.effects.reply(request, Reply::Left),
            Err(error) => self.refuse(request, error),
        }
    }

    /// True: the session stood before the door.
    fn stop_knocking(&mut self, room: &RoomId, session: &SessionId) -> bool {
        let Some(room) = self.directory.room_mut(room) else { return false };
        let Some(client) = room.lobby.client_of(session).cloned() else { return false };
        if room.lobby.forget(&client) {
            room.tell_notices(&mut self.effects);
        }
        true
    }

    /// Knocks that were not renewed are withdrawn.
    pub(super) fn review_knocks(&mut self, id: &RoomId, now: Instant) {
        let Some(room) = self.directory.room_mut(id) else { return };
        if room.lobby.expire(now) {
            room.tell_notices(&mut self.effects);
        }
        self.note_knocks(id);
    }

    pub(super) fn note_knocks(&mut self, id: &RoomId) {
        if let Some(due) = self.directory.room(id).and_then(|room| room.lobby.due()) {
            self.agenda.note(Topic::Knocks(id.clone()), due);
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
        if room.seats.get(&number).is_some_and(Seat::is_connected) {
            self.events.note(|| Event::Left { room: room.id.clone(), client: client.clone() });
        }
        room.part(number, lease.unwrap_or(Lease { until: now, renewed: false }), &mut self.effects, now);
        match lease {
            Some(_) => self.note_seat(client),
            None => self.free(client, now),
        }
    }
}

impl Room {
    /// Someone was given a seat: it is no longer awaited, and what it showed at the door is worth what it is worth.
    fn take_in(&mut self, client: &ClientId, pass: Pass, is_new: bool) {
        self.awaited.retain(|awaited| awaited != client);
        match pass {
            Pass::Invite(hash) if is_new => {
                if self.authority.use_invite(&hash) >= Role::Moderator {
                    // Where the list is full the newcomer stays a guest.
                    drop(self.authority.promote(client));
                }
            }
            Pass::Token(Role::Owner) if self.authority.owner.is_none() => self.authority.hand_over(client),
            Pass::Token(role) => {
                if let Some(seat) = self.seats.values_mut().find(|seat| &seat.client == client) {
                    seat.granted = role.min(Role::Moderator);
                }
            }
            Pass::Invite(_) | Pass::None => {}
        }
    }
}
