//! What people ask over HTTP, and whether the answer is right.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use protocol::History;
use protocol::api::{EditRoom, RoomDetails};
use rand::RngExt;
use rooms::{By, Pass, Reply, Request, RequestId, RoomError};

use super::World;
use crate::crowd::dice::Dice;
use crate::crowd::model::{Answer, Heards};
use crate::crowd::people::Standing;
use crate::crowd::{Law, Violation};

/// A request that is not answered yet.
pub(super) struct Asked {
    tab: usize,
    wish: Wish,
    at: Instant,
    /// The room of that name as it was then.
    serial: Option<u64>,
}

pub(super) enum Wish {
    Room {
        limit: usize,
        password: Option<String>,
        lobby: bool,
        history: History,
    },
    Seat {
        password: String,
        pass: Pass,
    },
    /// The answer is known beforehand.
    Sure {
        expected: Reply,
    },
    /// Another password, or none.
    Password {
        password: Option<String>,
    },
    /// To set the room or to delete it.
    Rule {
        expected: Option<RoomError>,
    },
}

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

/// Now and then for an hour or two, otherwise for ever or not at all.
fn any_history(rng: &mut Dice) -> History {
    [History::None, History::None, History::Forever, History::Forever, History::Hours(1), History::Hours(2)]
        [rng.random_range(0..6)]
}

impl World {
    pub(super) fn ask_for_room(&mut self, tab: usize) -> Result<(), Violation> {
        self.note_deed(tab, "creates the room");
        let limit = [0, 1, 2, 3, 5][self.rng.random_range(0..5)];
        let password = [None, Some(String::new()), Some("right".to_owned())][self.rng.random_range(0..3)].clone();
        let (room, from) = (self.tabs[tab].room.clone(), self.tabs[tab].from);
        let (lobby, history) = (self.rng.random_bool(0.25), any_history(&mut self.rng));
        let request = Request::Create {
            room,
            password: password.clone(),
            public: true,
            guest_limit: limit,
            from,
            owner: Some(self.tabs[tab].client.clone()),
            lobby,
            history,
            kept: false,
        };
        let password = password.filter(|password| !password.is_empty());
        let is_slow = password.is_some();
        self.ask(tab, Wish::Room { limit, password, lobby, history }, request, Vec::new(), is_slow)
    }

    pub(super) fn ask_for_seat(&mut self, tab: usize) -> Result<(), Violation> {
        self.note_deed(tab, "asks for a seat");
        let password =
            ["right", "right", "right", "other", "wrong", "wrong", ""][self.rng.random_range(0..7)].to_owned();
        let pass = self.pass(tab);
        let page = &self.tabs[tab];
        let request = Request::Join {
            room: page.room.clone(),
            session: page.session,
            client: page.client.clone(),
            password: Some(password.clone()),
            from: page.from,
            offers: page.offers(),
            mark: page.mark(),
            pass,
            name: None,
        };
        let is_locked = self.model.room(&page.room).is_some_and(|room| room.password.is_some());
        let is_slow = is_locked && !password.is_empty() && pass == Pass::None;
        self.ask(tab, Wish::Seat { password, pass }, request, Vec::new(), is_slow)
    }

    /// Owners set their rooms and, rarely, delete them; others try to.
    pub(super) fn set_room(&mut self, tab: usize) -> Result<(), Violation> {
        let page = &self.tabs[tab];
        let (room, client) = (page.room.clone(), page.client.clone());
        let Some(owner) = self.model.room(&room).map(|room| room.owner.clone()) else { return Ok(()) };
        let by = if owner.is_none() { By::Administrator } else { By::Client(client.clone()) };
        let expected = (owner.is_some() && owner != Some(client)).then_some(RoomError::Forbidden);
        let is_allowed = expected.is_none();
        if is_allowed && owner.is_some() && self.rng.random_bool(0.05) {
            self.note_deed(tab, "deletes the room");
            let heards = self.model.delete(&room);
            for other in self.tabs.iter_mut().filter(|other| other.room == room && !other.is_open()) {
                (other.standing, other.renewed_until) = (Standing::Away, None);
            }
            for other in self.tabs.iter_mut().filter(|other| other.room == room) {
                other.renewed_until = None;
            }
            return self.ask(tab, Wish::Rule { expected }, Request::Delete { room, by }, heards, false);
        }
        let coin = |rng: &mut Dice| rng.random_bool(0.5).then(|| rng.random_bool(0.5));
        let lobby = coin(&mut self.rng);
        let history = self.rng.random_bool(0.5).then(|| any_history(&mut self.rng));
        let guest_limit = self.rng.random_bool(0.2).then(|| [0, 1, 2, 3, 5][self.rng.random_range(0..5)]);
        let heards = if is_allowed { self.model.set(&room, lobby, history, guest_limit) } else { Vec::new() };
        self.note_deed(tab, &format!("sets the room: {lobby:?} {history:?} {guest_limit:?}"));
        let change = EditRoom { lobby, history, guest_limit, ..EditRoom::default() };
        self.ask(tab, Wish::Rule { expected }, Request::Edit { room, by, change }, heards, false)
    }

    pub(super) fn ask_to_leave(&mut self, tab: usize) -> Result<(), Violation> {
        self.note_deed(tab, "leaves");
        let page = &self.tabs[tab];
        let (room, session, client) = (page.room.clone(), page.session, page.client.clone());
        let (was_knocking, withdrawn) = match self.model.has_seat(&room, &session) {
            true => (false, Vec::new()),
            false => self.model.stop_knocking(&room, &session),
        };
        let expected = match self.model.room(&room) {
            Some(_) if was_knocking => Reply::Left,
            None => Reply::Refused(RoomError::UnknownRoom),
            Some(_) if self.model.has_seat(&room, &session) => Reply::Left,
            Some(_) if self.model.has_any_seat(&session) => Reply::Refused(RoomError::WrongRoom),
            Some(_) => Reply::Refused(RoomError::UnknownClient),
        };
        let mut heards = if expected == Reply::Left { self.model.leave(&client, self.now) } else { Vec::new() };
        heards.extend(withdrawn);
        if expected == Reply::Left && !self.tabs[tab].is_open() {
            let now = self.now;
            self.tabs[tab].close(now);
        }
        self.ask(tab, Wish::Sure { expected }, Request::Leave { room, session }, heards, false)
    }

    pub(super) fn ask_surely(&mut self, tab: usize, request: Request, expected: Reply) -> Result<(), Violation> {
        self.ask(tab, Wish::Sure { expected }, request, Vec::new(), false)
    }

    pub(super) fn ask(
        &mut self,
        tab: usize,
        wish: Wish,
        request: Request,
        expected: Heards,
        is_slow: bool,
    ) -> Result<(), Violation> {
        let id = RequestId(self.number());
        let serial = self.model.room(&self.tabs[tab].room).map(|room| room.serial);
        self.asked.insert(id, Asked { tab, wish, at: self.now, serial });
        self.rooms.handle_request(id, request, self.now);
        self.settle(expected, None)?;
        let seats_asked = self.asked.values().filter(|asked| matches!(asked.wish, Wish::Seat { .. })).count();
        if seats_asked > self.checking {
            self.count("waited at the door");
        }
        if !is_slow && self.asked.contains_key(&id) {
            return Err(self.violation(Law::AnswersAreRight, "a request without a password waits"));
        }
        Ok(())
    }

    pub(super) fn take_reply(&mut self, id: RequestId, reply: &Reply) -> Result<Heards, Violation> {
        self.note(|| format!("    {id:?}: {reply:?}"));
        let Some(asked) = self.asked.remove(&id) else {
            return Err(self.violation(Law::AnswersAreRight, format!("{id:?} was answered twice")));
        };
        let mut heards = Vec::new();
        let is_right = match &asked.wish {
            Wish::Rule { expected } => match (expected, reply) {
                (Some(error), Reply::Refused(refused)) => error == refused,
                (None, Reply::Updated(details)) => self.is_as_the_model(details),
                (None, Reply::Deleted) => true,
                _ => false,
            },
            Wish::Room { limit, password, lobby, history } => {
                let is_right = self.take_created(&asked, *limit, password.as_ref(), reply);
                if matches!(reply, Reply::Created(_)) {
                    heards.extend(self.model.set(&self.tabs[asked.tab].room, Some(*lobby), Some(*history), None));
                }
                is_right
            }
            Wish::Seat { password, pass } => self.take_seated(&asked, password, *pass, reply, &mut heards)?,
            Wish::Sure { expected } => expected == reply,
            Wish::Password { password } => self.take_password(&asked, password.as_ref(), reply, &mut heards),
        };
        if !is_right {
            return Err(self.violation(Law::AnswersAreRight, format!("{id:?} was answered {reply:?}")));
        }
        let is_late = asked.at < self.now && matches!(asked.wish, Wish::Seat { .. });
        match reply {
            Reply::Refused(RoomError::UnknownRoom) if is_late => self.count("the room vanished meanwhile"),
            Reply::Refused(RoomError::Full { .. }) if is_late => self.count("the room filled up meanwhile"),
            _ => self.count(corner(reply)),
        }
        Ok(heards)
    }

    /// Is this the answer that the wish for a room deserves?
    fn take_created(&mut self, asked: &Asked, limit: usize, password: Option<&String>, reply: &Reply) -> bool {
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

    fn is_as_the_model(&self, details: &RoomDetails) -> bool {
        self.model.room(&details.summary.id).is_some_and(|room| {
            (details.history, &details.owner, details.summary.lobby) == (room.history(), &room.owner, room.lobby)
                && (details.summary.guest_limit, details.summary.locked) == (room.limit, room.locked)
        })
    }

    /// Is this the answer that the wish for another password deserves, at this moment?
    fn take_password(&mut self, asked: &Asked, password: Option<&String>, reply: &Reply, heards: &mut Heards) -> bool {
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
                is_owner == Some(true) && is_busy && password.is_some() && asked.at == self.now
            }
            _ => false,
        }
    }

    /// Is this the answer that the wish for a seat deserves, at this moment?
    fn take_seated(
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

fn corner(reply: &Reply) -> &'static str {
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
