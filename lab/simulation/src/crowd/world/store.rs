//! What outlives the server: records of rooms, chat lines, and a store that takes its time and fails now and then.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use protocol::RoomId;
use rand::RngExt;
use rooms::{Effect, JobId, Kept, LoadedTexts, RoomRecord, Rooms, TextRecord};

use super::{Event, ROOMS, World};
use crate::crowd::hearing::{Heard, Line};
use crate::crowd::model::Outcome;
use crate::crowd::people::{Saying, Standing};
use crate::crowd::{Law, Violation};

/// Lines that one answer has at most, where nothing else was asked for.
const LINES: usize = 50;

/// The disk, as it were.
#[derive(Default)]
pub(super) struct Shelf {
    records: BTreeMap<RoomId, RoomRecord>,
    texts: Vec<TextRecord>,
    /// How often each line is there.
    counts: BTreeMap<u64, usize>,
    /// The store does one thing after the other.
    busy_until: Option<Instant>,
    /// Lines that the store was asked to keep, and has not been asked to drop since.
    wanted: BTreeMap<u64, (RoomId, u64)>,
    /// Those of them that somebody has heard.
    acknowledged: BTreeSet<u64>,
}

/// One job of the store.
pub(super) struct Errand {
    epoch: u64,
    room: RoomId,
    serial: u64,
    key: u64,
    effect: Effect,
}

/// What comes back of it.
pub(super) struct Verdict {
    epoch: u64,
    room: RoomId,
    serial: u64,
    key: u64,
    job: JobId,
    kept: Kept,
    found: Option<LoadedTexts>,
}

impl Shelf {
    fn drop_texts(&mut self, room: &RoomId, before_ms: u64) {
        self.texts.retain(|text| &text.room != room || text.time_ms >= before_ms);
        let kept = |number: &u64| self.texts.iter().any(|text| Line::read(&text.text).number == *number);
        self.counts.retain(|number, _| kept(number));
    }
}

impl World {
    /// Takes an effect that is for the store. `said` is what brought it about.
    pub(super) fn take_errand(&mut self, effect: Effect, said: Option<&Saying>) -> Result<(), Violation> {
        match effect {
            Effect::SaveRoom(record) => drop(self.shelf.records.insert(record.id.clone(), *record)),
            Effect::ForgetRoom(room) => {
                if self.shelf.records.remove(&room).is_none() {
                    return Err(self.violation(Law::NothingLost, "a room is forgotten that was not kept"));
                }
                self.forget_lines(&room, u64::MAX);
                self.shelf.drop_texts(&room, u64::MAX);
            }
            Effect::ForgetTexts { ref room, before_ms } => {
                let room = room.clone();
                self.check_oldest(&room, before_ms)?;
                self.forget_lines(&room, before_ms);
                self.forget_unknown();
                self.send(room, 0, effect);
            }
            Effect::KeepText { ref text, .. } => {
                let (room, number) = (text.room.clone(), Line::read(&text.text).number);
                self.shelf.wanted.entry(number).or_insert_with(|| (room.clone(), text.time_ms));
                self.send(room, number, effect);
            }
            Effect::EditText { ref room, ref text, .. } => {
                let (room, key) = (room.clone(), Line::read(text).edit);
                self.send(room, key, effect);
            }
            Effect::DropText { ref room, .. } => {
                let Some(Saying::Delete { key, .. }) = said else {
                    return Err(self.violation(Law::AsTheModel, "a line is dropped that nobody took back"));
                };
                let (room, key) = (room.clone(), *key);
                self.send(room, key, effect);
            }
            Effect::LoadTexts { ref room, since_ms, .. } => {
                let room = room.clone();
                self.check_oldest(&room, since_ms)?;
                let Some(key) = self.model.take_question(&room) else {
                    return Err(self.violation(Law::AsTheModel, "the store is asked before its time"));
                };
                self.send(room, key, effect);
            }
            Effect::Reply { .. }
            | Effect::HashPassword { .. }
            | Effect::VerifyPassword { .. }
            | Effect::Send { .. }
            | Effect::Disconnect { .. } => {}
        }
        Ok(())
    }

    fn send(&mut self, room: RoomId, key: u64, effect: Effect) {
        let serial = self.model.room(&room).map_or(0, |room| room.serial);
        let within_ms = if self.rng.random_bool(0.1) { 3_000 } else { 200 };
        let delay = Duration::from_nanos(self.rng.random_range(1..within_ms * 1_000_000));
        let due = self.shelf.busy_until.unwrap_or(self.now).max(self.now) + delay;
        self.shelf.busy_until = Some(due);
        let errand = Errand { epoch: self.epoch, room, serial, key, effect };
        self.queue_at(due, Event::Errand(Box::new(errand)));
    }

    /// The store does what it was asked, or fails at it. What the server hears of it comes a little later.
    pub(super) fn run_errand(&mut self, errand: Errand) {
        let Errand { epoch, room, serial, key, effect } = errand;
        let is_of_now = self.model.room(&room).is_some_and(|found| found.serial == serial);
        if epoch != self.epoch || !is_of_now {
            return;
        }
        let fails = self.rng.random_bool(0.05);
        let Shelf { texts, counts, .. } = &mut self.shelf;
        let (mut kept, mut found) = (Kept::Done, None);
        let job = match effect {
            Effect::ForgetTexts { room, before_ms } => {
                self.shelf.drop_texts(&room, before_ms);
                return self.forget_unknown();
            }
            Effect::KeepText { job, .. } | Effect::EditText { job, .. } | Effect::DropText { job, .. } if fails => {
                kept = Kept::Failed;
                job
            }
            Effect::LoadTexts { job, .. } if fails => job,
            Effect::KeepText { job, text } if said_before(texts, &text).is_some() => {
                self.count("said again after a restart");
                let Shelf { texts, .. } = &self.shelf;
                kept = Kept::Before(said_before(texts, &text).expect("it is there"));
                job
            }
            Effect::KeepText { job, text } => {
                *counts.entry(Line::read(&text.text).number).or_default() += 1;
                texts.push(*text);
                job
            }
            Effect::EditText { job, room, id, author, text } => {
                match texts.iter_mut().find(|kept| (&kept.room, kept.id, &kept.client) == (&room, id, &author)) {
                    Some(kept) => kept.text = text,
                    None => kept = Kept::Missing,
                }
                job
            }
            Effect::DropText { job, room, id, author } => {
                let is_it = |kept: &TextRecord| {
                    kept.room == room && kept.id == id && author.as_ref().is_none_or(|author| *author == kept.client)
                };
                match texts.iter().position(is_it) {
                    Some(at) => {
                        let number = Line::read(&texts.remove(at).text).number;
                        counts.remove(&number);
                        self.shelf.wanted.remove(&number);
                        self.shelf.acknowledged.remove(&number);
                        self.forget_unknown();
                    }
                    None => kept = Kept::Missing,
                }
                job
            }
            Effect::LoadTexts { job, room, limit, since_ms, .. } => {
                let is_it = |text: &&TextRecord| text.room == room && text.time_ms >= since_ms;
                let all: Vec<_> = texts.iter().filter(is_it).cloned().collect();
                let skipped = all.len().saturating_sub(limit.min(LINES));
                found = Some(LoadedTexts { texts: all.into_iter().skip(skipped).collect(), more: skipped > 0 });
                job
            }
            _ => return,
        };
        if fails {
            self.count("the store failed");
        }
        let verdict = Verdict { epoch, room, serial, key, job, kept, found };
        self.later(100, Event::Verdict(Box::new(verdict)));
    }

    pub(super) fn take_verdict(&mut self, verdict: Verdict) -> Result<(), Violation> {
        let Verdict { epoch, room, serial, key, job, kept, found } = verdict;
        if epoch != self.epoch {
            return Ok(());
        }
        self.note(|| format!("{job:?} of the store: {kept:?}"));
        let is_question = found.is_some();
        let outcome = match (&found, kept) {
            (Some(found), _) => Outcome::Found(found.texts.iter().map(|text| Line::read(&text.text)).collect()),
            (None, Kept::Done) => Outcome::Done,
            (None, Kept::Before(_)) => Outcome::Before,
            (None, Kept::Missing) => Outcome::Missing,
            (None, Kept::Failed) => Outcome::Failed,
        };
        let is_failed_question = self.model.is_question(&room, serial, key) && !is_question;
        let outcome = if is_failed_question { Outcome::Failed } else { outcome };
        let expected = self.model.settle_line(&room, serial, key, outcome);
        if is_question || is_failed_question {
            self.rooms.handle_texts(job, found, self.now);
        } else {
            self.rooms.handle_kept(job, kept, self.now);
        }
        self.settle(expected, None)
    }

    /// A line that somebody has heard and that is kept is on the shelf, once. Numbers rise within a room.
    pub(super) fn check_kept(&mut self, heard: &Heard) -> Result<(), Violation> {
        match heard {
            Heard::Text { line, .. } if self.shelf.wanted.contains_key(&line.number) => {
                self.shelf.acknowledged.insert(line.number);
                self.check_line(line.number)
            }
            Heard::Numbered { number, id } => {
                let room = self.spoken.get(number).cloned().expect("somebody said it");
                let Some(serial) = self.model.room(&room).map(|room| room.serial) else { return Ok(()) };
                let highest = self.highest.get(&serial).copied();
                let keeps = self.model.room(&room).is_some_and(|room| room.keeps);
                let mut kept = self.shelf.texts.iter().filter(|text| keeps && text.room == room);
                if let Some(kept) = kept.find(|text| Line::read(&text.text).number == *number) {
                    // It may have been kept in an earlier life, and nobody heard of it then.
                    self.ids.entry(*number).or_insert((serial, kept.id));
                }
                match self.ids.get(number).filter(|(of, _)| *of == serial) {
                    Some((_, known)) if known == id => Ok(()),
                    None if self.is_known => Ok(()),
                    None if highest.is_none_or(|highest| *id > highest) => {
                        self.ids.insert(*number, (serial, *id));
                        self.highest.insert(serial, *id);
                        Ok(())
                    }
                    other => Err(self.violation(Law::NumbersRise, format!("{id} after {highest:?}, {other:?}"))),
                }
            }
            _ => Ok(()),
        }
    }

    fn check_line(&self, number: u64) -> Result<(), Violation> {
        let count = self.shelf.counts.get(&number).copied().unwrap_or(0);
        if count == 1 {
            return Ok(());
        }
        Err(self.violation(Law::NothingLost, format!("line {number} is kept {count} times")))
    }

    /// Every acknowledged line is there once, and no line that nobody said.
    pub(super) fn check_shelf(&self) -> Result<(), Violation> {
        self.shelf.acknowledged.iter().try_for_each(|number| self.check_line(*number))?;
        let is_strange = |text: &&TextRecord| !self.spoken.contains_key(&Line::read(&text.text).number);
        match self.shelf.texts.iter().find(is_strange) {
            Some(text) => Err(self.violation(Law::NothingLost, format!("{text:?} was never said"))),
            None => Ok(()),
        }
    }

    fn forget_lines(&mut self, room: &RoomId, before_ms: u64) {
        let Shelf { wanted, acknowledged, .. } = &mut self.shelf;
        wanted.retain(|_, (of, time_ms)| of != room || *time_ms >= before_ms);
        acknowledged.retain(|number| wanted.contains_key(number));
    }

    /// Lines are to be had for as long as the room keeps them, and no longer.
    fn check_oldest(&mut self, room: &RoomId, oldest_ms: u64) -> Result<(), Violation> {
        let expected = self.model.room(room).map(|room| room.oldest_ms(self.wall_ms()));
        if expected.is_some_and(|ms| ms > 0 && ms < u64::MAX) {
            self.count("lines of some hours");
        }
        if expected == Some(oldest_ms) {
            return Ok(());
        }
        Err(self.violation(Law::AsTheModel, format!("lines since {oldest_ms}, not {expected:?}")))
    }

    /// What neither the server's memory nor the shelf knows may be said, and numbered, once more.
    fn forget_unknown(&mut self) {
        let mut kept = BTreeSet::new();
        for text in self.shelf.texts.iter().filter(|text| text.key.is_some()) {
            if let Some(room) = self.model.room(&text.room).filter(|room| room.keeps) {
                kept.insert((room.serial, Line::read(&text.text).number));
            }
        }
        let epoch = self.epoch;
        self.stands.retain(|line, heard_in| *heard_in == epoch || kept.contains(line));
        let stands = &self.stands;
        self.ids.retain(|number, (serial, _)| stands.contains_key(&(*serial, *number)));
    }

    /// The server is killed, and starts again with what is on the shelf.
    pub(super) fn restart(&mut self) -> Result<(), Violation> {
        self.count("restarted");
        self.note(|| "the server is killed and starts again".to_owned());
        self.epoch += 1;
        self.check_shelf()?;
        self.rooms = Rooms::new(self.model.config.clone(), self.rng.random(), self.now);
        for record in self.shelf.records.values() {
            self.rooms.restore(record.clone(), self.now);
        }
        let demo = RoomId::parse(ROOMS[0]).expect("a name");
        let (limit, password) = self.kept.clone();
        self.rooms.open_kept_room(demo.clone(), true, limit, password.clone().map(super::hash), self.now);
        self.model.open_kept_room(demo, limit, password, self.now);
        self.rooms.report_events();
        self.tell_calendar();
        self.inside.clear();
        self.model.restart(self.now);
        self.forget_unknown();
        self.asked.clear();
        self.checking = 0;
        self.wrong.clear();
        self.rooms_created.clear();
        self.shelf.busy_until = None;
        for tab in &mut self.tabs {
            tab.standing = Standing::Away;
            (tab.is_introduced, tab.renewed_until) = (false, None);
        }
        self.settle(Vec::new(), None)
    }
}

/// The number of the line that this one says again.
fn said_before(texts: &[TextRecord], text: &TextRecord) -> Option<u64> {
    let is_it = |kept: &&TextRecord| (&kept.room, &kept.client, &kept.key) == (&text.room, &text.client, &text.key);
    texts.iter().find(is_it).filter(|kept| kept.key.is_some()).map(|kept| kept.id)
}
