//! What people ask over HTTP, and how the answer comes.

use std::time::Instant;

use protocol::History;
use protocol::api::EditRoom;
use rand::RngExt;
use rooms::{By, Pass, Reply, Request, RequestId, RoomError};

use super::World;
use super::answers::corner;
use crate::crowd::dice::Dice;
use crate::crowd::model::Heards;
use crate::crowd::people::Standing;
use crate::crowd::{Law, Violation};

/// A request that is not answered yet.
pub(super) struct Asked {
    pub(super) tab: usize,
    pub(super) wish: Wish,
    pub(super) at: Instant,
    /// The room of that name as it was then.
    pub(super) serial: Option<u64>,
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
}
