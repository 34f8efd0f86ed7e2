//! What people do, and how it reaches the server.

use std::time::Duration;

use protocol::ClientId;
use rand::RngExt;
use rand::seq::IndexedRandom;

use super::{Event, World};
use crate::crowd::Violation;
use crate::crowd::people::{MALFORMED_COUNT, Mood, Saying, Standing};

impl World {
    /// One person does one thing.
    pub(super) fn act(&mut self, tab: usize) -> Result<(), Violation> {
        let dice = self.rng.random_range(0..100);
        match self.tabs[tab].standing {
            Standing::Away => self.act_away(tab, dice),
            Standing::Seated => self.act_seated(tab, dice),
            Standing::Open { mood: Mood::Well } => self.act_well(tab, dice),
            Standing::Open { mood: Mood::Silent } => self.act_silent(tab, dice),
            Standing::Open { mood: Mood::Crashed } if dice < 25 => self.reload(tab, &[]),
            Standing::Open { mood: Mood::Crashed } => Ok(()),
        }
    }

    fn act_away(&mut self, tab: usize, dice: u32) -> Result<(), Violation> {
        match dice {
            0..70 => self.ask_for_seat(tab),
            70..90 => self.ask_for_room(tab),
            90..95 => self.say(tab, &Saying::AskRoster),
            _ => self.ask_to_leave(tab),
        }
    }

    fn act_seated(&mut self, tab: usize, dice: u32) -> Result<(), Violation> {
        match dice {
            0..60 => self.later(4_000, Event::Open(tab)),
            60..70 => self.ask_to_leave(tab)?,
            70..80 => self.ask_for_seat(tab)?,
            _ => self.count("dawdled"),
        }
        Ok(())
    }

    fn act_well(&mut self, tab: usize, dice: u32) -> Result<(), Violation> {
        let keeps_order = self.model.keeps_order(&self.tabs[tab].room, &self.tabs[tab].client);
        if keeps_order && self.rng.random_bool(0.3) {
            return match self.rng.random_range(0..100) {
                0..60 => self.keep_order(tab),
                60..80 => self.set_room(tab),
                80..92 => self.invite(tab),
                _ => self.set_password(tab),
            };
        }
        match dice {
            0..22 => self.write(tab, None),
            22..30 => self.keep_order(tab),
            30..36 => {
                let someone = self.someone();
                self.write(tab, Some(someone))
            }
            36..37 => self.say_again(tab),
            37..38 => self.write(tab, Some(ClientId::new("nobody"))),
            38..41 => {
                let key = self.number();
                self.say(tab, &Saying::GetChat { key })
            }
            41..44 => {
                let name = format!("name {}", self.number());
                let takes_events = self.tabs[tab].is_introduced && self.rng.random_bool(0.5);
                self.say(tab, &Saying::Profile { name, takes_events })
            }
            44..52 => self.say(tab, &Saying::AskRoster),
            52..57 => {
                let to = self.someone();
                self.say(tab, &Saying::Offer { to })
            }
            57..59 => self.say(tab, &Saying::Unknown),
            59..62 => {
                let which = self.rng.random_range(0..MALFORMED_COUNT);
                self.say(tab, &Saying::Malformed(which))
            }
            62..64 => self.say(tab, &Saying::Binary),
            64..66 => self.flood(tab),
            66..69 => self.chatter(tab),
            69..73 => self.say(tab, &Saying::Bye),
            73..77 => self.ask_to_leave(tab),
            77..83 => self.crash(tab),
            83..88 => {
                self.count("fell silent");
                self.tabs[tab].standing = Standing::Open { mood: Mood::Silent };
                Ok(())
            }
            88..96 => {
                let goodbyes =
                    [Goodbye::Bye, Goodbye::Leave, Goodbye::Lost].map(|one| (one, self.rng.random_bool(0.5)));
                let goodbyes: Vec<_> = goodbyes.into_iter().filter(|(_, said)| *said).map(|(one, _)| one).collect();
                self.reload(tab, &goodbyes)
            }
            96..97 => self.open(tab),
            97..98 => self.set_room(tab),
            98..99 => match self.rng.random_range(0..3) {
                0 => self.set_password(tab),
                _ => self.invite(tab),
            },
            _ => self.change_a_line(tab),
        }
    }

    /// Moderators do this and that, and guests try to.
    fn keep_order(&mut self, tab: usize) -> Result<(), Violation> {
        let room = self.tabs[tab].room.clone();
        if !self.model.keeps_order(&room, &self.tabs[tab].client) && self.rng.random_bool(0.7) {
            return Ok(());
        }
        let (waiting, banned) = self.model.outside(&room);
        let action = match self.rng.random_range(0..100) {
            0..30 if !waiting.is_empty() => ["admit", "admit", "deny"][self.rng.random_range(0..3)],
            0..10 => "mute",
            10..15 => "mute-all",
            15..20 => "lower-hand",
            20..40 => "unlock",
            40..46 => "lock",
            46..56 => "kick",
            56..62 => "ban",
            62..74 => "unban",
            74..86 => "promote",
            86..90 => "demote",
            90..93 => "hand-over",
            93..97 => "admit",
            _ => "deny",
        };
        let mates = match action {
            "admit" | "deny" if !waiting.is_empty() => waiting,
            "unban" if !banned.is_empty() => banned,
            _ => self.tabs.iter().filter(|mate| mate.room == room).map(|mate| mate.client.clone()).take(7).collect(),
        };
        let client = mates.choose(&mut self.rng).cloned().unwrap_or(ClientId::new("nobody"));
        let address = self.rng.random_bool(0.3);
        let before = self.model.role(&room, &client);
        self.say(tab, &Saying::Moderate { action, client: client.clone(), address })?;
        match (before, self.model.role(&room, &client)) {
            ("guest", "moderator") => self.count("promoted"),
            ("guest" | "moderator", "owner") => self.count("handed over"),
            _ => {}
        }
        Ok(())
    }

    fn change_a_line(&mut self, tab: usize) -> Result<(), Violation> {
        let serial = self.model.room(&self.tabs[tab].room).map(|room| room.serial);
        let known: Vec<_> =
            self.ids.iter().filter(|(_, (of, _))| Some(*of) == serial).map(|(n, (_, id))| (*n, *id)).collect();
        let (number, id) = known.choose(&mut self.rng).copied().unwrap_or((0, 4_000_000_000));
        let key = self.number();
        let is_edit = self.rng.random_bool(0.6);
        let saying = if is_edit { Saying::Edit { number, id, key } } else { Saying::Delete { number, id, key } };
        self.say(tab, &saying)
    }

    /// Strangers come all at once.
    pub(super) fn storm(&mut self) -> Result<(), Violation> {
        self.count("stormed");
        for tab in (0..self.tabs.len()).filter(|tab| self.tabs[*tab].is_stranger()).collect::<Vec<_>>() {
            self.ask_for_seat(tab)?;
            if self.tabs[tab].standing == Standing::Seated && self.rng.random_bool(0.5) {
                self.later(10_000, Event::Open(tab));
            }
        }
        Ok(())
    }

    fn act_silent(&mut self, tab: usize, dice: u32) -> Result<(), Violation> {
        match dice {
            0..30 => {
                self.count("woke up");
                self.tabs[tab].standing = Standing::Open { mood: Mood::Well };
                self.say(tab, &Saying::AskRoster)
            }
            30..40 => self.crash(tab),
            _ => Ok(()),
        }
    }

    /// Anyone at all, in whatever room and wherever they stand.
    fn someone(&mut self) -> ClientId {
        self.tabs.choose(&mut self.rng).map_or(ClientId::new("nobody"), |tab| tab.client.clone())
    }

    fn write(&mut self, tab: usize, to: Option<ClientId>) -> Result<(), Violation> {
        let (number, has_key) = (self.number(), self.rng.random_bool(0.7));
        let saying = Saying::Text { to, number, has_key };
        self.tabs[tab].note_said(&saying);
        self.say(tab, &saying)
    }

    /// Whoever does not know whether lines got through says them again.
    fn say_again(&mut self, tab: usize) -> Result<(), Violation> {
        let skipped = self.tabs[tab].said.len().saturating_sub(self.rng.random_range(1..5));
        for saying in self.tabs[tab].said.iter().skip(skipped).cloned().collect::<Vec<_>>() {
            self.count("said again");
            self.say(tab, &saying)?;
        }
        Ok(())
    }

    fn flood(&mut self, tab: usize) -> Result<(), Violation> {
        for _ in 0..self.rng.random_range(40..90) {
            let number = self.number();
            self.say(tab, &Saying::Ping(number))?;
        }
        Ok(())
    }

    fn chatter(&mut self, tab: usize) -> Result<(), Violation> {
        for _ in 0..self.rng.random_range(10..30) {
            self.write(tab, None)?;
        }
        Ok(())
    }

    fn crash(&mut self, tab: usize) -> Result<(), Violation> {
        self.count("crashed");
        self.note_deed(tab, "crashes");
        self.tabs[tab].standing = Standing::Open { mood: Mood::Crashed };
        if self.rng.random_bool(0.5) {
            let link = self.tabs[tab].link;
            self.later(14_400, Event::Lost(tab, link));
        }
        Ok(())
    }

    /// The page asks for its seat again; then its old self says goodbye in some way; then, mostly, the new one connects.
    fn reload(&mut self, tab: usize, goodbyes: &[Goodbye]) -> Result<(), Violation> {
        self.count("reloaded");
        self.ask_for_seat(tab)?;
        for goodbye in goodbyes {
            match goodbye {
                Goodbye::Bye => self.say(tab, &Saying::Bye)?,
                Goodbye::Leave => self.ask_to_leave(tab)?,
                Goodbye::Lost => self.lose(tab)?,
            }
        }
        if self.rng.random_bool(0.85) {
            self.later(5_000, Event::Open(tab));
        }
        Ok(())
    }

    pub(super) fn open(&mut self, tab: usize) -> Result<(), Violation> {
        self.note_deed(tab, "connects");
        let (client, now) = (self.tabs[tab].client.clone(), self.now);
        let page = &mut self.tabs[tab];
        page.link += 1;
        page.standing = Standing::Open { mood: Mood::Well };
        page.is_introduced = false;
        page.renewed_until = None;
        page.alive_at = Some(now);
        let expected = self.model.connect(&client, now);
        self.rooms.handle_connected(&client, now);
        self.settle(expected, None)?;
        if !self.tabs[tab].is_open() {
            self.count("came too late");
            return Ok(());
        }
        let asks_first = self.rng.random_bool(0.5);
        if asks_first {
            self.say(tab, &Saying::AskRoster)?;
        }
        self.introduce(tab)?;
        if !asks_first && self.rng.random_bool(0.7) {
            self.say(tab, &Saying::AskRoster)?;
        }
        if self.rng.random_bool(0.4) { self.say_again(tab) } else { Ok(()) }
    }

    /// A client of this version says so; when it is told that it says too much, it tries again.
    pub(super) fn introduce(&mut self, tab: usize) -> Result<(), Violation> {
        let page = &self.tabs[tab];
        if !page.is_new || page.is_introduced || page.mood() != Some(Mood::Well) {
            return Ok(());
        }
        let name = page.client.to_string();
        self.say(tab, &Saying::Profile { name, takes_events: true })?;
        if !self.tabs[tab].is_introduced {
            self.later(1_000, Event::Introduce(tab));
        }
        Ok(())
    }

    pub(super) fn alive(&mut self, tab: usize) -> Result<(), Violation> {
        let (client, now) = (self.tabs[tab].client.clone(), self.now);
        if !self.tabs[tab].is_introduced {
            self.tabs[tab].alive_at = Some(now);
        }
        self.model.alive(&client, now);
        self.rooms.handle_alive(&client, now);
        self.settle(Vec::new(), None)
    }

    pub(super) fn lose(&mut self, tab: usize) -> Result<(), Violation> {
        self.note_deed(tab, "is lost");
        let (client, now) = (self.tabs[tab].client.clone(), self.now);
        if self.tabs[tab].is_open() {
            self.tabs[tab].close(now);
        }
        let expected = self.model.lose(&client, now);
        self.rooms.handle_disconnected(&client, now);
        self.settle(expected, None)
    }

    pub(super) fn say(&mut self, tab: usize, saying: &Saying) -> Result<(), Violation> {
        if self.trace.is_some() {
            self.note_deed(tab, &format!("says {saying:?}"));
        }
        let (client, now) = (self.tabs[tab].client.clone(), self.now);
        let claimed = self.rng.random_bool(0.1).then(|| self.someone());
        let frame = saying.frame(&self.tabs[tab].room, claimed.as_ref());
        if self.tabs[tab].is_open() {
            self.tabs[tab].alive_at = Some(now);
        }
        let is_deferred = self.model.defers(&self.tabs[tab].room);
        self.is_known = self.model.stands(&client, saying);
        if let Saying::Text { number, .. } = saying {
            self.spoken.insert(*number, self.tabs[tab].room.clone());
        }
        let expected = self.model.say(&client, saying, now);
        match frame {
            Some(frame) => self.rooms.handle_frame(&client, frame.as_bytes(), now),
            None => self.rooms.handle_binary(&client, now),
        }
        let counted = self.counts.get("too much said").copied();
        self.is_deferred = is_deferred;
        self.settle(expected, Some((tab, saying)))?;
        self.is_known = false;
        let was_heard = counted == self.counts.get("too much said").copied();
        if matches!(saying, Saying::Profile { takes_events: true, .. }) && self.tabs[tab].is_open() && was_heard {
            self.tabs[tab].is_introduced |= self.has_heard_itself(tab);
        }
        Ok(())
    }

    /// The answer to a profile is a roster with oneself in it.
    fn has_heard_itself(&self, tab: usize) -> bool {
        let page = &self.tabs[tab];
        page.roster.iter().any(|id| id == page.client.as_str()) && page.alive_at == Some(self.now)
    }

    pub(super) fn note_deed(&mut self, tab: usize, deed: &str) {
        let client = self.tabs[tab].client.clone();
        self.note(|| format!("{client} {deed}"));
    }

    /// How long a seat waits for a connection.
    pub(super) fn lease(&self) -> Duration {
        self.model.config.seat_unconnected
    }
}

/// How a page that is being replaced says goodbye.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Goodbye {
    Bye,
    Leave,
    Lost,
}
