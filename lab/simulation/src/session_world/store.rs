//! What outlives the server of a room that keeps its lines: a store that takes its time, and loses what it has not
//! written when the server is killed.

use std::collections::BTreeMap;
use std::time::Instant;

use protocol::{ClientId, Envelope};
use rand::RngExt;
use rooms::{Effect, JobId, Kept, LoadedTexts, RoomRecord, TextRecord};

use super::{Happening, Plan, World};

#[derive(Default)]
pub(super) struct Store {
    pub(super) record: Option<RoomRecord>,
    texts: Vec<TextRecord>,
    /// How often the server has been started.
    pub(super) life: u64,
    /// It does one thing after the other.
    busy_until: Option<Instant>,
    /// How often each line with a key was sent to someone else than its author, in one life of the server.
    heard: BTreeMap<(u64, ClientId, String, String), usize>,
}

/// What comes back of one thing that was asked of the store.
#[derive(Debug)]
pub(super) enum Answer {
    Kept(JobId, Kept),
    Found(JobId, LoadedTexts),
}

impl Store {
    fn work(&mut self, effect: Effect) -> Option<Answer> {
        match effect {
            Effect::KeepText { job, text } => {
                let is_it =
                    |kept: &&TextRecord| kept.key.is_some() && (&kept.client, &kept.key) == (&text.client, &text.key);
                let before = self.texts.iter().find(is_it).map(|kept| kept.id);
                if before.is_none() {
                    self.texts.push(*text);
                }
                Some(Answer::Kept(job, before.map_or(Kept::Done, Kept::Before)))
            }
            Effect::LoadTexts { job, before, limit, .. } => {
                let all: Vec<_> =
                    self.texts.iter().filter(|text| before.is_none_or(|id| text.id < id)).cloned().collect();
                let skipped = all.len().saturating_sub(limit);
                let texts = all.into_iter().skip(skipped).collect();
                Some(Answer::Found(job, LoadedTexts { texts, more: skipped > 0 }))
            }
            _ => None,
        }
    }
}

impl World {
    pub(super) fn ask_store(&mut self, effect: Effect) {
        if let Effect::SaveRoom(record) = effect {
            self.store.record = Some(*record);
            return;
        }
        let delay = if self.rng.random_bool(0.1) { self.millis(100..2_000) } else { self.millis(1..40) };
        let at = self.store.busy_until.unwrap_or(self.now).max(self.now) + delay;
        self.store.busy_until = Some(at);
        self.at(at, Happening::StoreWorks { life: self.store.life, effect: Box::new(effect) });
    }

    pub(super) fn store_works(&mut self, life: u64, effect: Effect) {
        if life != self.store.life || self.server.is_none() {
            return;
        }
        if let Some(answer) = self.store.work(effect) {
            let delay = self.millis(0..60);
            self.after(delay, Happening::StoreAnswers { life, answer });
        }
    }

    pub(super) fn store_answers(&mut self, life: u64, answer: Answer) {
        if life != self.store.life {
            return;
        }
        if let Some(server) = &mut self.server {
            match answer {
                Answer::Kept(job, kept) => server.handle_kept(job, kept, self.now),
                Answer::Found(job, texts) => server.handle_texts(job, texts, self.now),
            }
            self.drain_server();
        }
    }

    /// Notes a chat line that goes out to someone.
    pub(super) fn note_line(&mut self, to: &ClientId, frame: &str) {
        let Ok(envelope) = Envelope::parse(frame.as_bytes()) else { return };
        let (Some(sender), Some(key)) = (envelope.sender, envelope.data["key"].as_str()) else { return };
        if envelope.kind == "text" && sender.as_str() != to.as_str() {
            let line = (self.store.life, to.clone(), sender.as_str().to_owned(), key.to_owned());
            *self.store.heard.entry(line).or_default() += 1;
        }
    }

    /// A line that is said again is sent to nobody but its author, and is kept once.
    pub fn check_lines_stand_once(&self) -> Result<(), String> {
        if let Some((line, count)) = self.store.heard.iter().find(|(_, count)| **count > 1) {
            return Err(format!("{line:?} was sent {count} times"));
        }
        if self.plan != Plan::Keeping {
            return Ok(());
        }
        for person in &self.people {
            for said in &person.said {
                let count = self.store.texts.iter().filter(|text| text.text == *said).count();
                if count > 1 || (count == 0 && person.is_here()) {
                    return Err(format!("{said:?} of {} is kept {count} times", person.name));
                }
            }
        }
        Ok(())
    }
}
