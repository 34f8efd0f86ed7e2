//! Whether an answer is the one that the wish deserved.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use protocol::api::RoomDetails;
use rooms::{Pass, Reply, RoomError};

use super::World;
use super::requests::{Asked, Wish};
use crate::crowd::Violation;
use crate::crowd::model::{Answer, Heards};
use crate::crowd::people::Standing;

/// What someone finds who asks for a seat.
#[derive(Debug, PartialEq, Eq)]
enum Door {
    Open,
    Knock,
    Password,
    Banned,
    Full,
    Denied,
    Locked,
    InvalidInvite,
}

impl World {
    /// Is this the answer that the wish for a room deserves?
    pub(super) fn take_created(
        &mut self,
        asked: &Asked,
        limit: usize,
        password: Option<&String>,
        reply: &Reply,
    ) -> bool {
        let (room, from) = (self.tabs[asked.tab].room.clone(), self.tabs[asked.tab].from);
        let exists = self.model.room(&room).is_some();
        let is_being_made = self.asked.values().any(|other| {
            self.tabs[other.tab].room == room && matches!(other.wish, Wish::Room { password: Some(_), .. })
        });
        let (free, an_hour) = self.model.config.rooms_per_address;
        let created = self.rooms_created.entry(from).or_default();
        let minutes = (self.now - self.origin).as_secs() * u64::from(an_hour) / 3600;
        match reply {
            Reply::Created(summary) => {
                *created += 1;
                let is_within = *created <= u64::from(free) + minutes + 1;
                let owner = Some(self.tabs[asked.tab].client.clone());
                self.model.open_room(room.clone(), limit, password.cloned(), false, owner, self.now);
                !exists
                    && is_within
                    && summary.id == room
                    && summary.guest_limit == limit
                    && summary.has_password == password.is_some()
            }
            Reply::Refused(RoomError::RoomExists) => exists || is_being_made,
            Reply::Refused(RoomError::TooManyRooms) => !exists && !is_being_made,
            _ => false,
        }
    }

    pub(super) fn is_as_the_model(&self, details: &RoomDetails) -> bool {
        self.model.room(&details.summary.id).is_some_and(|room| {
            (details.history, &details.owner, details.summary.lobby) == (room.history(), &room.owner, room.lobby)
                && (details.summary.guest_limit, details.summary.locked) == (room.limit, room.locked)
        })
    }

    /// Is this the answer that the wish for another password deserves, at this moment?
    pub(super) fn take_password(
        &mut self,
        asked: &Asked,
        password: Option<&String>,
        reply: &Reply,
        heards: &mut Heards,
    ) -> bool {
        let (name, client) = (self.tabs[asked.tab].room.clone(), self.tabs[asked.tab].client.clone());
        let is_busy = self
            .asked
            .values()
            .any(|other| other.serial == asked.serial && matches!(other.wish, Wish::Password { password: Some(_) }));
        let room = self.model.room(&name).filter(|room| Some(room.serial) == asked.serial);
        let is_owner = room.map(|room| room.owner.as_ref() == Some(&client));
        match reply {
            Reply::Updated(_) => {
                heards.extend(self.model.set_password(&name, password.cloned(), self.now));
                self.count("another password");
                is_owner == Some(true)
            }
            Reply::Refused(RoomError::Forbidden) => is_owner == Some(false),
            Reply::Refused(RoomError::UnknownRoom) => is_owner.is_none(),
            Reply::Refused(RoomError::TooManyInRoom { .. }) => {
                is_owner == Some(true) && is_busy && asked.at == self.now
            }
            _ => false,
        }
    }

    /// Is this the answer that the wish for a seat deserves, at this moment?
    pub(super) fn take_seated(
        &mut self,
        asked: &Asked,
        password: &str,
        pass: Pass,
        reply: &Reply,
        heards: &mut Heards,
    ) -> Result<bool, Violation> {
        let page = &self.tabs[asked.tab];
        let (session, client, from) = (page.session, page.client.clone(), page.from);
        let (now, name) = (self.now, page.room.clone());
        if *reply == Reply::Refused(RoomError::WrongPassword) {
            self.wrong.push((now, from, asked.serial));
            self.check_guesses()?;
        }
        let Some(room) = self.model.room(&name).filter(|room| Some(room.serial) == asked.serial) else {
            // It was compared with a password that nobody knows any more.
            let is_known_wrong = *reply == Reply::Refused(RoomError::WrongPassword);
            return Ok(is_known_wrong || *reply == Reply::Refused(RoomError::UnknownRoom));
        };
        let is_own = self.model.has_seat(&name, &session);
        let opens = room.passwords_since(asked.at).any(|right| right.is_none_or(|right| right == password));
        let shuts = room.passwords_since(asked.at).any(|right| right.is_some_and(|right| right != password));
        let is_locked = room.passwords_since(asked.at).any(|right| right.is_some());
        let door = self.door(asked, pass, opens);
        Ok(match reply {
            Reply::Seated { room: granted, client: seated } => {
                let corner = match room.answer_to(&session) {
                    _ if is_own => None,
                    _ if matches!(pass, Pass::Invite(_)) => Some("came by an invite"),
                    _ if matches!(pass, Pass::Token(_)) => Some("came by a join token"),
                    Some(Answer::Admitted) => Some("let in"),
                    _ if room.is_guarded() && room.awaits(&client, now) => Some("came back after a restart"),
                    _ => None,
                };
                corner.into_iter().for_each(|corner| self.count(corner));
                heards.extend(self.model.seat(&name, session, &client, from, now));
                heards.extend(self.model.take_pass(&name, &client, pass, !is_own));
                self.note_seat(asked.tab, is_own);
                granted == &name && seated == &client && door == Door::Open
            }
            Reply::Waiting { room, client: waiting } => {
                heards.extend(self.model.knock(&name, session, &client, from, now));
                room == &name && waiting == &client && door == Door::Knock
            }
            Reply::Refused(RoomError::Full { .. }) => door == Door::Full,
            Reply::Refused(RoomError::Banned) => door == Door::Banned,
            Reply::Refused(RoomError::Locked) => door == Door::Locked,
            Reply::Refused(RoomError::Denied) => door == Door::Denied,
            Reply::Refused(RoomError::PasswordRequired) => door == Door::Password && password.is_empty(),
            Reply::Refused(RoomError::InvalidInvite) => door == Door::InvalidInvite,
            Reply::Refused(RoomError::WrongPassword) => shuts,
            Reply::Refused(RoomError::TooManyPasswords) => {
                !is_own && is_locked && self.has_guessed_enough(from, asked.serial)
            }
            _ => false,
        })
    }

    /// What the one who asks finds, at this moment.
    fn door(&self, asked: &Asked, pass: Pass, knows_password: bool) -> Door {
        let page = &self.tabs[asked.tab];
        let Some(room) = self.model.room(&page.room) else { return Door::Password };
        let answer = room.answer_to(&page.session);
        let keeps_order = self.model.keeps_order(&page.room, &page.client);
        match answer {
            _ if self.model.has_seat(&page.room, &page.session) => Door::Open,
            _ if self.model.is_banned(&page.room, &page.client, page.from) => Door::Banned,
            _ if self.model.is_full(room) => Door::Full,
            _ if matches!(pass, Pass::Token(_)) => Door::Open,
            _ if let Pass::Invite(hash) = pass => {
                if room.admits(&hash, self.wall_ms() / 1_000) {
                    Door::Open
                } else {
                    Door::InvalidInvite
                }
            }
            Some(Answer::Admitted) => Door::Open,
            Some(Answer::Denied) => Door::Denied,
            _ if room.awaits(&page.client, self.now) => Door::Open,
            _ if room.locked && !keeps_order => Door::Locked,
            None if !knows_password => Door::Password,
            _ if room.lobby && !keeps_order => Door::Knock,
            Some(Answer::Awaited) | None => Door::Open,
        }
    }

    fn note_seat(&mut self, tab: usize, is_own: bool) {
        let (now, until) = (self.now, self.now + self.lease());
        let page = &mut self.tabs[tab];
        page.seated_at = Some(now);
        if page.standing == Standing::Away {
            page.standing = Standing::Seated;
        }
        if is_own {
            page.renewed_until = Some(until);
            self.count("taken over");
        }
    }

    /// Were so many passwords tried that a further one may be refused unseen? Those being checked count too.
    fn has_guessed_enough(&self, from: IpAddr, serial: Option<u64>) -> bool {
        let (per_address, per_room) = self.model.config.wrong_passwords_per_minute;
        let recent = |(at, ..): &&(Instant, IpAddr, Option<u64>)| self.now - *at < Duration::from_secs(60);
        let by_address = self.wrong.iter().filter(recent).filter(|(_, by, _)| *by == from).count();
        let by_room = self.wrong.iter().filter(recent).filter(|(_, _, of)| *of == serial).count();
        let waiting = self.asked.values().filter(|asked| matches!(asked.wish, Wish::Seat { .. })).count();
        by_address >= per_address as usize
            || by_room >= per_room as usize
            || waiting >= self.model.config.waiting_attempts
    }
}

pub(super) fn corner(reply: &Reply) -> &'static str {
    match reply {
        Reply::Created(_) => "rooms created",
        Reply::Seated { .. } => "seated",
        Reply::Left => "left by request",
        Reply::Waiting { .. } => "knocked",
        Reply::Updated(_) => "set",
        Reply::Deleted => "rooms deleted",
        Reply::Done => "revoked",
        Reply::Invited(_) => "invited",
        Reply::Invites(_) => "looked at the invites",
        Reply::Bans(_) => "unexpected",
        Reply::Refused(error) => match error {
            RoomError::UnknownRoom => "unknown room",
            RoomError::RoomExists => "room exists",
            RoomError::Full { .. } => "full",
            RoomError::PasswordRequired => "password required",
            RoomError::WrongPassword => "wrong password",
            RoomError::TooManyPasswords => "too many passwords",
            RoomError::TooManyRooms => "too many rooms",
            RoomError::UnknownClient => "unknown client",
            RoomError::WrongRoom => "wrong room",
            RoomError::Banned => "banned",
            RoomError::Locked => "locked",
            RoomError::Denied => "denied",
            RoomError::Forbidden => "not the owner",
            RoomError::InvalidInvite => "invalid invite",
            RoomError::TooManyInRoom { .. } => "one password at a time",
            RoomError::PasswordTooLong { .. }
            | RoomError::SeatTaken
            | RoomError::TooManyKnocks
            | RoomError::UnknownReceiver
            | RoomError::OutOfRange { .. }
            | RoomError::ShuttingDown => "unexpected",
        },
    }
}
