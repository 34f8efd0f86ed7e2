//! The world: virtual time, a queue of what will happen, the rooms under test, and the people.

mod answers;
mod deeds;
mod invites;
mod laws;
mod news;
mod requests;
mod store;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::{Duration, Instant};

use protocol::{ClientId, RoomId};
use rand::RngExt;
use rooms::{Config, Effect, InviteHash, JobId, RequestId, Rooms};

use super::dice::Dice;
use super::hearing::hear;
use super::model::{Heards, Model};
use super::people::{Mood, STRANGERS, Saying, Tab};
use super::{Law, Violation};

/// How long people do things, and how long they are left alone afterwards until all is settled.
const BUSY: Duration = Duration::from_secs(60);
const QUIET: Duration = Duration::from_secs(45);

/// A password is checked within this long.
const VERDICT_MS: u64 = 12_000;

/// What the clock on the wall says at the beginning.
const EPOCH_MS: u64 = 1_700_000_000_000;

const ROOMS: [&str; 3] = ["demo", "moon", "mars"];

/// How often each corner was visited.
pub type Counts = BTreeMap<&'static str, u64>;

enum Event {
    Act(usize),
    Ping(usize),
    Alive(usize),
    /// A channel opens.
    Open(usize),
    /// The engine notices that the link of this number is dead.
    Lost(usize, u64),
    /// A client of this version says once more who it is.
    Introduce(usize),
    /// With the number of the server's life.
    Hashed(u64, JobId, String),
    Verified(u64, JobId, bool),
    Errand(Box<store::Errand>),
    Verdict(Box<store::Verdict>),
    /// Many strangers want into the first room at once.
    Storm,
    /// The server is killed.
    Restart,
    /// The clock on the wall is put right, by an hour or so.
    Clock,
}

/// One schedule being played.
pub struct World {
    rng: Dice,
    rooms: Rooms,
    model: Model,
    origin: Instant,
    now: Instant,
    tabs: Vec<Tab>,
    queue: BTreeMap<(Instant, u64), Event>,
    next_number: u64,
    asked: BTreeMap<RequestId, requests::Asked>,
    /// How far the clock on the wall was put forward.
    clock_ms: u64,
    /// Every invite that was ever made, good or not, and in which room.
    invited: Vec<(RoomId, InviteHash)>,
    /// Passwords that are being checked.
    checking: usize,
    /// Wrong passwords: when, from where, into which room.
    wrong: Vec<(Instant, IpAddr, Option<u64>)>,
    rooms_created: BTreeMap<IpAddr, u64>,
    shelf: store::Shelf,
    /// How often the server has been killed.
    epoch: u64,
    /// How the first room is opened: its limit and its password.
    kept: (usize, Option<String>),
    /// The lines that were said, and where.
    spoken: BTreeMap<u64, RoomId>,
    /// What the server calls them: the room's serial, the number.
    ids: BTreeMap<u64, (u64, u64)>,
    /// The highest number heard in the room of each serial.
    highest: BTreeMap<u64, u64>,
    /// The lines that stand, by the serials of their rooms, as far as the server can know of it; and in which of the
    /// server's lives they were heard last.
    stands: BTreeMap<(u64, u64), u64>,
    /// Who is inside by the events that are told outside.
    inside: BTreeSet<(RoomId, ClientId)>,
    /// How many were in each room a moment ago.
    guests: BTreeMap<RoomId, usize>,
    /// What is being said waits for the store.
    is_deferred: bool,
    /// What is being said stands already, though perhaps nobody was there to hear it.
    is_known: bool,
    is_quiet: bool,
    counts: Counts,
    trace: Option<Vec<String>>,
}

impl World {
    pub(super) fn new(mut rng: Dice, origin: Instant, with_trace: bool) -> Self {
        let config = Config {
            empty_room: Duration::from_secs(10),
            wrong_passwords_per_minute: (3, 8),
            rooms_per_address: (2, 60),
            waiting_attempts: 4,
            comeback: Duration::from_secs(20),
            ..Config::default()
        };
        let mut model = Model::new(config.clone());
        let mut rooms = Rooms::new(config, rng.random(), origin);
        rooms.report_events();
        rooms.set_calendar(EPOCH_MS, origin);
        let demo = RoomId::parse(ROOMS[0]).expect("a name");
        let limit = [0, 1, 2, 3, 5][rng.random_range(0..5)];
        let password = rng.random_bool(0.3).then(|| "right".to_owned());
        rooms.open_kept_room(demo.clone(), true, limit, password.clone().map(hash), origin);
        model.open_room(demo, limit, password.clone(), true, None, origin);
        let tabs = people(&mut rng);
        let mut world = Self {
            rng,
            rooms,
            model,
            origin,
            now: origin,
            tabs,
            queue: BTreeMap::new(),
            next_number: 0,
            asked: BTreeMap::new(),
            clock_ms: 0,
            invited: Vec::new(),
            checking: 0,
            wrong: Vec::new(),
            rooms_created: BTreeMap::new(),
            shelf: store::Shelf::default(),
            epoch: 0,
            kept: (limit, password),
            spoken: BTreeMap::new(),
            ids: BTreeMap::new(),
            highest: BTreeMap::new(),
            stands: BTreeMap::new(),
            inside: BTreeSet::new(),
            guests: BTreeMap::new(),
            is_deferred: false,
            is_known: false,
            is_quiet: false,
            counts: Counts::new(),
            trace: with_trace.then(Vec::new),
        };
        if world.rng.random_bool(0.2) {
            world.later(50_000, Event::Storm);
        }
        for _ in 0..world.rng.random_range(0..3) {
            world.later(55_000, Event::Restart);
        }
        for _ in 0..world.rng.random_range(0..3) {
            world.later(55_000, Event::Clock);
        }
        for tab in 0..world.tabs.len() {
            if world.tabs[tab].is_stranger() {
                continue;
            }
            world.later(3_000, Event::Act(tab));
            world.later(2_000, Event::Ping(tab));
            world.later(2_500, Event::Alive(tab));
        }
        world
    }

    /// Lets people do what they do, then lets everything settle, then asks everyone what they know.
    pub fn play(&mut self) -> Result<Counts, Violation> {
        self.run_until(self.origin + BUSY)?;
        self.is_quiet = true;
        self.run_until(self.now + QUIET)?;
        self.check_the_end()?;
        Ok(self.counts.clone())
    }

    pub fn take_trace(&mut self) -> Vec<String> {
        self.trace.take().unwrap_or_default()
    }

    fn run_until(&mut self, end: Instant) -> Result<(), Violation> {
        while let Some(entry) = self.queue.first_entry() {
            if entry.key().0 > end {
                break;
            }
            if self.rng.is_over() && !self.is_quiet {
                return Ok(());
            }
            let ((at, _), event) = entry.remove_entry();
            self.pass_time(at)?;
            self.happen(event)?;
        }
        self.pass_time(end)
    }

    /// A punctual shell: time-outs are handled exactly when they are due, and sometimes for nothing.
    fn pass_time(&mut self, until: Instant) -> Result<(), Violation> {
        while let Some(due) = self.rooms.poll_timeout().filter(|due| *due <= until) {
            if due < self.now {
                return Err(self.violation(Law::TimeMovesForward, "a time-out lies in the past"));
            }
            self.now = due;
            let expected = self.advance_model(due);
            self.rooms.handle_timeout(due);
            self.settle(expected, None)?;
            if self.rooms.poll_timeout().is_some_and(|next| next <= due) {
                return Err(self.violation(Law::TimeMovesForward, "a time-out stays where it was"));
            }
        }
        self.now = until;
        // Whatever the model does here, the core has slept through.
        let expected = self.advance_model(until);
        if self.rng.random_bool(0.05) {
            self.rooms.handle_timeout(until);
        }
        self.settle(expected, None)
    }

    fn advance_model(&mut self, now: Instant) -> Heards {
        let rooms = self.model.rooms.len();
        let expected = self.model.advance(now);
        (self.model.rooms.len()..rooms).for_each(|_| self.count("rooms expired"));
        expected
    }

    fn happen(&mut self, event: Event) -> Result<(), Violation> {
        match event {
            Event::Act(tab) => {
                self.later(4_000, Event::Act(tab));
                if self.is_quiet { Ok(()) } else { self.act(tab) }
            }
            Event::Ping(tab) => {
                self.later_by(2_000, Event::Ping(tab));
                if self.tabs[tab].mood() == Some(Mood::Well) && self.tabs[tab].is_introduced {
                    let number = self.number();
                    self.say(tab, &Saying::Ping(number))?;
                }
                Ok(())
            }
            Event::Alive(tab) => {
                self.later_by(2_500, Event::Alive(tab));
                if !matches!(self.tabs[tab].mood(), None | Some(Mood::Crashed)) {
                    self.alive(tab)?;
                }
                Ok(())
            }
            Event::Open(tab) => self.open(tab),
            Event::Lost(tab, link) => {
                if self.tabs[tab].link == link && self.tabs[tab].is_open() {
                    self.lose(tab)
                } else {
                    Ok(())
                }
            }
            Event::Introduce(tab) => self.introduce(tab),
            Event::Hashed(epoch, ..) | Event::Verified(epoch, ..) if epoch != self.epoch => Ok(()),
            Event::Errand(errand) => {
                self.run_errand(*errand);
                Ok(())
            }
            Event::Verdict(verdict) => self.take_verdict(*verdict),
            Event::Storm | Event::Restart | Event::Clock if self.is_quiet => Ok(()),
            Event::Storm => self.storm(),
            Event::Restart => self.restart(),
            Event::Clock => {
                self.put_clock_right();
                Ok(())
            }
            Event::Hashed(_, job, hash) => {
                self.note(|| format!("{job:?} hashed"));
                self.rooms.handle_hashed(job, hash, self.now);
                self.settle(Vec::new(), None)
            }
            Event::Verified(_, job, right) => {
                self.note(|| format!("{job:?} {right}"));
                self.checking -= 1;
                self.rooms.handle_verified(job, right, self.now);
                self.settle(Vec::new(), None)
            }
        }
    }

    /// Takes all effects, lets the people hear them, checks the laws, and compares with what the model expects.
    fn settle(&mut self, mut expected: Heards, said: Option<(usize, &Saying)>) -> Result<(), Violation> {
        let mut heards = Vec::new();
        while let Some(effect) = self.rooms.poll_effect() {
            match effect {
                Effect::Reply { request, reply } => expected.extend(self.take_reply(request, &reply)?),
                Effect::HashPassword { job, password } => {
                    self.later(3_000, Event::Hashed(self.epoch, job, hash(password)))
                }
                Effect::VerifyPassword { job, password, hash: right } => {
                    let is_right = hash(password) == right;
                    let within_ms = if self.rng.random_bool(0.2) { VERDICT_MS } else { 1_000 };
                    self.later(within_ms, Event::Verified(self.epoch, job, is_right));
                    self.checking += 1;
                }
                Effect::Send { .. } | Effect::Disconnect { .. } => heards.extend(hear(&effect)),
                Effect::SaveRoom(_)
                | Effect::ForgetRoom(_)
                | Effect::KeepText { .. }
                | Effect::EditText { .. }
                | Effect::DropText { .. }
                | Effect::ForgetTexts { .. }
                | Effect::LoadTexts { .. } => self.take_errand(effect, said.map(|(_, saying)| saying))?,
            }
        }
        if self.trace.is_some() {
            for (client, heard) in &heards {
                self.note(|| format!("    {client} hears {heard:?}"));
            }
        }
        if let Some((tab, Saying::Text { to, number, .. })) = said
            && (to.is_some() || !self.is_deferred)
        {
            self.check_text(tab, to.as_ref(), *number, &heards)?;
        }
        self.check_once(&heards)?;
        self.check_events()?;
        for (client, heard) in &heards {
            self.check_heard(client, heard)?;
            self.check_kept(heard)?;
            self.take_in(client, heard);
        }
        self.check_rooms()?;
        self.compare(expected, heards)
    }

    fn later(&mut self, within_ms: u64, event: Event) {
        let delay = Duration::from_nanos(self.rng.random_range(1..within_ms * 1_000_000));
        self.queue_at(self.now + delay, event);
    }

    /// After this time, give or take a tenth of it.
    fn later_by(&mut self, ms: u64, event: Event) {
        let nanos = ms * 1_000_000;
        let delay = Duration::from_nanos(self.rng.random_range(nanos * 9 / 10..nanos * 11 / 10));
        self.queue_at(self.now + delay, event);
    }

    fn queue_at(&mut self, at: Instant, event: Event) {
        let number = self.number();
        self.queue.insert((at, number), event);
    }

    fn number(&mut self) -> u64 {
        self.next_number += 1;
        self.next_number
    }

    fn count(&mut self, corner: &'static str) {
        *self.counts.entry(corner).or_default() += 1;
    }

    fn note(&mut self, line: impl FnOnce() -> String) {
        let at = self.now - self.origin;
        if let Some(trace) = &mut self.trace {
            trace.push(format!("{:>10.6} {}", at.as_secs_f64(), line()));
        }
    }

    fn violation(&self, law: Law, what: impl Into<String>) -> Violation {
        Violation { law, what: what.into(), at_ms: (self.now - self.origin).as_millis() }
    }
}

/// A stand-in for a slow hash.
fn hash(password: String) -> String {
    format!("hash of {password}")
}

/// A few people, each with a tab in one or two rooms, behind two addresses.
fn people(rng: &mut Dice) -> Vec<Tab> {
    let mut tabs = Vec::new();
    for person in 0..rng.random_range(3..=7u8) {
        let from = IpAddr::from([192, 0, 2, rng.random_range(1..=2)]);
        let first = rng.random_range(0..ROOMS.len());
        for offset in 0..rng.random_range(1..=2) {
            let room = RoomId::parse(ROOMS[(first + offset) % ROOMS.len()]).expect("a name");
            tabs.push(Tab::new(person, room, from, rng.random_bool(0.5)));
        }
    }
    let demo = RoomId::parse(ROOMS[0]).expect("a name");
    for stranger in 0..30 {
        tabs.push(Tab::new(STRANGERS + stranger, demo.clone(), IpAddr::from([198, 51, 100, stranger % 4]), false));
    }
    tabs
}
