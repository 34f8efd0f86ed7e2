//! The laws, judged by what people did and heard. The model has no say in them, except in the last.

use std::time::{Duration, Instant};

use protocol::{ClientId, RoomId};
use rooms::Event;

use super::{ROOMS, VERDICT_MS, World};
use crate::crowd::hearing::{Entry, Heard, Line};
use crate::crowd::model::Heards;
use crate::crowd::people::{Saying, Tab};
use crate::crowd::{Law, Violation};

/// A seat without a connection, and a connection without a sign of life, last so long and no longer.
const LEASE: Duration = Duration::from_secs(15);

impl World {
    /// A text that was not refused arrives exactly once at everyone whom it is for, and at nobody else.
    pub(super) fn check_text(
        &self,
        author: usize,
        to: Option<&ClientId>,
        number: u64,
        heards: &Heards,
    ) -> Result<(), Violation> {
        let author = &self.tabs[author];
        let is_refused = heards.iter().any(|(who, heard)| *who == author.client && matches!(heard, Heard::Error(_)));
        let is_for = |tab: &&Tab| to.is_none_or(|to| *to == tab.client || tab.client == author.client);
        let mut expected: Vec<_> = Vec::new();
        let serial = self.model.room(&author.room).map_or(0, |room| room.serial);
        let stands = self.is_known || self.stands.contains_key(&(serial, number));
        if author.is_open() && !is_refused && stands {
            expected.push(&author.client);
        } else if author.is_open() && !is_refused {
            let mates = self.tabs.iter().filter(|tab| tab.room == author.room && tab.is_open());
            expected.extend(mates.filter(is_for).map(|tab| &tab.client));
        }
        let is_this = |heard: &Heard| matches!(heard, Heard::Text { line, .. } if line.number == number);
        let mut arrived: Vec<_> = heards.iter().filter(|(_, heard)| is_this(heard)).map(|(who, _)| who).collect();
        expected.sort();
        arrived.sort();
        // Who floods is told so once a second; what falls into the pause is not mentioned.
        let may_be_dropped = author.scolded_at.is_some_and(|at| self.now < at + Duration::from_secs(1));
        if arrived == expected || (arrived.is_empty() && may_be_dropped) {
            return Ok(());
        }
        Err(self.violation(Law::TextsArriveOnce, format!("text {number} came to {arrived:?}, not {expected:?}")))
    }

    /// A line that is said again is heard by its author alone.
    pub(super) fn check_once(&mut self, heards: &Heards) -> Result<(), Violation> {
        let mut new = Vec::new();
        for (client, heard) in heards {
            let Heard::Text { sender, line, .. } = heard else { continue };
            let room = RoomId::parse(&line.room).expect("a name");
            let serial = self.model.room(&room).map_or(0, |room| room.serial);
            let is_own = sender == client.as_str();
            if self.stands.contains_key(&(serial, line.number)) && !is_own {
                return Err(self.violation(Law::TextsArriveOnce, format!("{client} hears {line:?} again")));
            }
            new.push(((serial, line.number), self.epoch));
        }
        self.stands.extend(new);
        Ok(())
    }

    /// Those who watch from outside are told of everyone who comes and goes, once, and count who is there.
    pub(super) fn check_events(&mut self) -> Result<(), Violation> {
        while let Some(event) = self.rooms.poll_event() {
            let is_sound = match &event {
                Event::Joined { room, client } => self.inside.insert((room.clone(), client.clone())),
                Event::Left { room, client } => self.inside.remove(&(room.clone(), client.clone())),
                Event::RoomOpened { .. } => true,
                Event::RoomClosed { room } => self.inside.iter().all(|(of, _)| of != room),
            };
            if !is_sound {
                return Err(self.violation(Law::AsTheModel, format!("{event:?} is told")));
            }
        }
        let census = self.rooms.census();
        let known = (self.model.rooms.len(), self.model.seats.len(), self.inside.len());
        if (census.rooms, census.seats, census.connected) == known {
            return Ok(());
        }
        Err(self.violation(Law::AsTheModel, format!("{census:?}, not {known:?}")))
    }

    pub(super) fn check_heard(&self, client: &ClientId, heard: &Heard) -> Result<(), Violation> {
        let Some(hearer) = self.tab(client.as_str()) else {
            return Err(self.violation(Law::RoomsApart, format!("{client} does not exist")));
        };
        match heard {
            Heard::Roster(entries) => entries.iter().try_for_each(|entry| self.check_entry(hearer, entry)),
            Heard::Joined(entry) => self.check_entry(hearer, entry),
            Heard::Text { line, sender, .. } | Heard::Edited { line, client: sender } => {
                self.check_line_of(hearer, line)?;
                self.check_sender(hearer, sender)
            }
            Heard::Chat(lines) => lines.iter().try_for_each(|line| self.check_line_of(hearer, line)),
            Heard::Knocking(clients) => clients.iter().try_for_each(|client| self.check_sender(hearer, client)),
            Heard::Deleted { client } | Heard::Moderated { by: client, .. } => self.check_sender(hearer, client),
            Heard::Offer { sender } => self.check_sender(hearer, sender),
            Heard::Left(_)
            | Heard::Greeting
            | Heard::Pong(_)
            | Heard::Error(_)
            | Heard::Bye
            | Heard::Closed
            | Heard::Numbered { .. }
            | Heard::Settings(_) => Ok(()),
        }
    }

    fn check_line_of(&self, hearer: &Tab, line: &Line) -> Result<(), Violation> {
        if line.room == hearer.room.as_str() {
            return Ok(());
        }
        Err(self.violation(Law::RoomsApart, format!("{} heard a text of {}", hearer.client, line.room)))
    }

    /// Whoever is listed is in the hearer's room, and lives.
    fn check_entry(&self, hearer: &Tab, entry: &Entry) -> Result<(), Violation> {
        self.check_sender(hearer, &entry.id)?;
        let lives = self.tab(&entry.id).is_some_and(|tab| is_fresh(tab.alive_at, self.now));
        if lives { Ok(()) } else { Err(self.violation(Law::NoGhosts, format!("{} is listed", entry.id))) }
    }

    fn check_sender(&self, hearer: &Tab, sender: &str) -> Result<(), Violation> {
        if self.tab(sender).is_some_and(|tab| tab.room == hearer.room) {
            return Ok(());
        }
        Err(self.violation(Law::RoomsApart, format!("{} heard of {sender}", hearer.client)))
    }

    /// Every room has as many guests as its limit and its living allow.
    pub(super) fn check_rooms(&mut self) -> Result<(), Violation> {
        for name in ROOMS {
            let id = RoomId::parse(name).expect("a name");
            let (real, expected) = (self.rooms.inspect(&id, self.now), self.model.room(&id));
            if real.is_some() != expected.is_some() {
                return Err(self.violation(Law::AsTheModel, format!("{name} exists: {}", real.is_some())));
            }
            let Some(real) = real else { continue };
            // A limit that is lowered throws nobody out; it lets nobody in either.
            let before = self.guests.insert(id.clone(), real.participants).unwrap_or(0);
            if real.guest_limit > 0 && real.participants > real.guest_limit.max(before) {
                return Err(self.violation(Law::LimitsHold, format!("{} guests in {name}", real.participants)));
            }
            let holds = |tab: &&Tab| is_fresh(tab.seated_at, self.now) || is_fresh(tab.alive_at, self.now);
            let possible = self.tabs.iter().filter(|tab| tab.room == id).filter(holds).count();
            if real.participants > possible {
                let what = format!("{} guests in {name}, of whom {possible} live", real.participants);
                return Err(self.violation(Law::NoGhosts, what));
            }
            if real.participants != self.model.guests(&id) {
                let what = format!("{} guests in {name}, not {}", real.participants, self.model.guests(&id));
                return Err(self.violation(Law::AsTheModel, what));
            }
        }
        Ok(())
    }

    /// In any minute at most the burst and what comes back in that minute. A guess counts when it is checked, the
    /// verdict comes later.
    pub(super) fn check_guesses(&self) -> Result<(), Violation> {
        let (per_address, per_room) = self.model.config.wrong_passwords_per_minute;
        let Some((_, from, room)) = self.wrong.last() else { return Ok(()) };
        let recent =
            |(at, ..): &&(Instant, _, _)| self.now - *at < Duration::from_secs(60) - Duration::from_millis(VERDICT_MS);
        let by_address = self.wrong.iter().filter(recent).filter(|(_, by, _)| by == from).count();
        let by_room = self.wrong.iter().filter(recent).filter(|(.., of)| of == room).count();
        if by_address <= 2 * per_address as usize && by_room <= 2 * per_room as usize {
            return Ok(());
        }
        Err(self.violation(Law::LimitsHold, format!("{by_address} guesses of one address, {by_room} at one room")))
    }

    /// Every client hears exactly what the model says, in that order.
    pub(super) fn compare(&self, mut expected: Heards, mut heards: Heards) -> Result<(), Violation> {
        for (_, heard) in &mut heards {
            if let Heard::Numbered { id, .. } = heard {
                *id = 0;
            }
        }
        expected.sort_by(|(a, _), (b, _)| a.cmp(b));
        heards.sort_by(|(a, _), (b, _)| a.cmp(b));
        if expected == heards {
            return Ok(());
        }
        let first = expected.iter().zip(&heards).position(|(a, b)| a != b).unwrap_or(expected.len().min(heards.len()));
        let what = format!("heard {:?}, not {:?}", heards.get(first), expected.get(first));
        Err(self.violation(Law::AsTheModel, what))
    }

    /// All is settled: everyone who is well asks who is there, and everyone hears goodbye.
    pub(super) fn check_the_end(&mut self) -> Result<(), Violation> {
        if !self.asked.is_empty() {
            return Err(self.violation(Law::AnswersAreRight, format!("{} requests wait for ever", self.asked.len())));
        }
        let well: Vec<_> = (0..self.tabs.len()).filter(|tab| self.tabs[*tab].is_well()).collect();
        // The first question makes everyone known; the answer to the second is the truth.
        for &tab in &well {
            self.say(tab, &Saying::AskRoster)?;
        }
        for &tab in &well {
            self.check_converged(tab, "was told")?;
        }
        for &tab in &well {
            self.say(tab, &Saying::AskRoster)?;
            self.check_converged(tab, "asked and was told")?;
            self.count("rosters converged");
        }
        self.check_shelf()?;
        let mut expected = Vec::new();
        for tab in self.tabs.iter().filter(|tab| tab.is_open()) {
            expected.extend([(tab.client.clone(), Heard::Bye), (tab.client.clone(), Heard::Closed)]);
        }
        self.rooms.handle_shutdown(self.now);
        let mut heards = Vec::new();
        while let Some(effect) = self.rooms.poll_effect() {
            heards.extend(crate::crowd::hearing::hear(&effect));
        }
        self.compare(expected, heards)
    }

    /// What this tab knows is who is there: those who are well, and nobody else.
    fn check_converged(&self, tab: usize, how: &str) -> Result<(), Violation> {
        let tab = &self.tabs[tab];
        let there = self.tabs.iter().filter(|other| other.room == tab.room && other.is_well());
        let mut expected: Vec<_> = there.map(|other| other.client.to_string()).collect();
        let mut known = tab.roster.clone();
        expected.sort();
        known.sort();
        // A client of an earlier version hears of a newcomer by its offer only.
        let must_know_all = tab.is_introduced || how != "was told";
        if known == expected || !must_know_all {
            return Ok(());
        }
        Err(self.violation(Law::RostersConverge, format!("{} {how} {known:?}, not {expected:?}", tab.client)))
    }

    fn tab(&self, client: &str) -> Option<&Tab> {
        self.tabs.iter().find(|tab| tab.client.as_str() == client)
    }
}

fn is_fresh(sign: Option<Instant>, now: Instant) -> bool {
    sign.is_some_and(|at| now < at + LEASE)
}
