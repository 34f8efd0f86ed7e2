//! What people ask over HTTP, and whether the answer is right.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use protocol::History;
use rand::RngExt;
use rooms::{AddressMark, Pass, Reply, Request, RequestId, RoomError};

use super::World;
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

enum Wish {
    Room { limit: usize, password: Option<String> },
    Seat { password: String },
    Leave { expected: Reply },
}

impl World {
    pub(super) fn ask_for_room(&mut self, tab: usize) -> Result<(), Violation> {
        self.note_deed(tab, "creates the room");
        let limit = [0, 1, 2, 3, 5][self.rng.random_range(0..5)];
        let password = [None, Some(String::new()), Some("right".to_owned())][self.rng.random_range(0..3)].clone();
        let (room, from) = (self.tabs[tab].room.clone(), self.tabs[tab].from);
        let request = Request::Create {
            room,
            password: password.clone(),
            public: true,
            guest_limit: limit,
            from,
            owner: None,
            lobby: false,
            history: History::None,
            kept: false,
        };
        let password = password.filter(|password| !password.is_empty());
        let is_slow = password.is_some();
        self.ask(tab, Wish::Room { limit, password }, request, Vec::new(), is_slow)
    }

    pub(super) fn ask_for_seat(&mut self, tab: usize) -> Result<(), Violation> {
        self.note_deed(tab, "asks for a seat");
        let password = ["right", "right", "right", "wrong", "wrong", ""][self.rng.random_range(0..6)].to_owned();
        let page = &self.tabs[tab];
        let request = Request::Join {
            room: page.room.clone(),
            session: page.session,
            client: page.client.clone(),
            password: Some(password.clone()),
            from: page.from,
            offers: page.offers(),
            mark: AddressMark::default(),
            pass: Pass::None,
            name: None,
        };
        let is_locked = self.model.room(&page.room).is_some_and(|room| room.password.is_some());
        let is_slow = is_locked && !password.is_empty();
        self.ask(tab, Wish::Seat { password }, request, Vec::new(), is_slow)
    }

    pub(super) fn ask_to_leave(&mut self, tab: usize) -> Result<(), Violation> {
        self.note_deed(tab, "leaves");
        let page = &self.tabs[tab];
        let (room, session, client) = (page.room.clone(), page.session, page.client.clone());
        let expected = match self.model.room(&room) {
            None => Reply::Refused(RoomError::UnknownRoom),
            Some(_) if self.model.has_seat(&room, &session) => Reply::Left,
            Some(_) if self.model.has_any_seat(&session) => Reply::Refused(RoomError::WrongRoom),
            Some(_) => Reply::Refused(RoomError::UnknownClient),
        };
        let heards = if expected == Reply::Left { self.model.leave(&client, self.now) } else { Vec::new() };
        if expected == Reply::Left && !self.tabs[tab].is_open() {
            let now = self.now;
            self.tabs[tab].close(now);
        }
        self.ask(tab, Wish::Leave { expected }, Request::Leave { room, session }, heards, false)
    }

    fn ask(
        &mut self,
        tab: usize,
        wish: Wish,
        request: Request,
        expected: crate::crowd::model::Heards,
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

    pub(super) fn take_reply(&mut self, id: RequestId, reply: &Reply) -> Result<(), Violation> {
        self.note(|| format!("    {id:?}: {reply:?}"));
        let Some(asked) = self.asked.remove(&id) else {
            return Err(self.violation(Law::AnswersAreRight, format!("{id:?} was answered twice")));
        };
        let is_right = match &asked.wish {
            Wish::Room { limit, password } => self.take_created(&asked, *limit, password.as_ref(), reply),
            Wish::Seat { password } => self.take_seated(&asked, password, reply)?,
            Wish::Leave { expected } => expected == reply,
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
        Ok(())
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
                self.model.open_room(room.clone(), limit, password.cloned(), false, self.now);
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

    /// Is this the answer that the wish for a seat deserves, at this moment?
    fn take_seated(&mut self, asked: &Asked, password: &str, reply: &Reply) -> Result<bool, Violation> {
        let page = &self.tabs[asked.tab];
        let (session, client, from) = (page.session, page.client.clone(), page.from);
        let (now, name) = (self.now, page.room.clone());
        if *reply == Reply::Refused(RoomError::WrongPassword) {
            self.wrong.push((now, from, asked.serial));
            self.check_guesses()?;
        }
        let Some(room) = self.model.room(&name).filter(|room| Some(room.serial) == asked.serial) else {
            let is_known_wrong = *reply == Reply::Refused(RoomError::WrongPassword) && password != "right";
            return Ok(is_known_wrong || *reply == Reply::Refused(RoomError::UnknownRoom));
        };
        let (is_own, is_full) = (self.model.has_seat(&name, &session), self.model.is_full(room));
        let opens = room.password.as_deref().is_none_or(|right| right == password);
        let is_locked = room.password.is_some();
        Ok(match reply {
            Reply::Seated { room, client: seated } => {
                self.model.seat(&name, session, &client, now);
                self.note_seat(asked.tab, is_own);
                room == &name && seated == &client && (is_own || (!is_full && opens))
            }
            Reply::Refused(RoomError::Full { .. }) => !is_own && is_full,
            Reply::Refused(RoomError::PasswordRequired) => !is_own && is_locked && password.is_empty(),
            Reply::Refused(RoomError::WrongPassword) => is_locked && !opens,
            Reply::Refused(RoomError::TooManyPasswords) => {
                !is_own && is_locked && self.has_guessed_enough(from, asked.serial)
            }
            _ => false,
        })
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
        Reply::Waiting { .. }
        | Reply::Updated(_)
        | Reply::Deleted
        | Reply::Done
        | Reply::Invited(_)
        | Reply::Invites(_)
        | Reply::Bans(_) => "unexpected",
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
            _ => "unexpected",
        },
    }
}
