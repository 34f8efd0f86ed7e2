//! The slow work of the bench: a hash that is the password itself, and a store in memory.

use super::Bench;
use crate::{Effect, JobId, Kept, LoadedTexts, TextRecord};

impl Bench {
    pub(crate) fn work_once(&mut self) {
        match self.jobs.remove(0) {
            Effect::HashPassword { job, password } => self.rooms.handle_hashed(job, password, self.now),
            Effect::VerifyPassword { job, password, hash } => self.verdict(job, password == hash),
            Effect::KeepText { job, text } => {
                let is_it = |kept: &&TextRecord| {
                    kept.key.is_some() && (&kept.room, &kept.client, &kept.key) == (&text.room, &text.client, &text.key)
                };
                let kept = self.texts.iter().find(is_it).map_or(Kept::Done, |kept| Kept::Before(kept.id));
                if kept == Kept::Done {
                    self.texts.push(*text);
                }
                self.rooms.handle_kept(job, kept, self.now);
            }
            Effect::EditText { job, room, id, author, text } => {
                let found =
                    self.texts.iter_mut().find(|kept| (&kept.room, kept.id, &kept.client) == (&room, id, &author));
                let kept = if found.is_some() { Kept::Done } else { Kept::Missing };
                if let Some(found) = found {
                    (found.text, found.edited) = (text, true);
                }
                self.rooms.handle_kept(job, kept, self.now);
            }
            Effect::DropText { job, room, id, author } => {
                let count = self.texts.len();
                let is_meant = |kept: &TextRecord| {
                    kept.room == room && kept.id == id && author.as_ref().is_none_or(|author| *author == kept.client)
                };
                self.texts.retain(|kept| !is_meant(kept));
                let kept = if self.texts.len() < count { Kept::Done } else { Kept::Missing };
                self.rooms.handle_kept(job, kept, self.now);
            }
            Effect::LoadTexts { job, room, before, limit, since_ms } => {
                let is_meant = |kept: &&TextRecord| {
                    kept.room == room && before.is_none_or(|before| kept.id < before) && kept.time_ms >= since_ms
                };
                let texts: Vec<_> = self.texts.iter().filter(is_meant).cloned().collect();
                let (more, skipped) = (texts.len() > limit, texts.len().saturating_sub(limit));
                let texts = texts.into_iter().skip(skipped).collect();
                self.rooms.handle_texts(job, Some(LoadedTexts { texts, more }), self.now);
            }
            Effect::Reply { .. }
            | Effect::Send { .. }
            | Effect::Disconnect { .. }
            | Effect::SaveRoom(_)
            | Effect::ForgetRoom(_)
            | Effect::ForgetTexts { .. } => unreachable!("no job"),
        }
        self.drain();
    }

    /// The next piece of slow work fails.
    pub(crate) fn fail_once(&mut self) {
        match self.jobs.remove(0) {
            Effect::KeepText { job, .. } | Effect::EditText { job, .. } | Effect::DropText { job, .. } => {
                self.rooms.handle_kept(job, Kept::Failed, self.now);
            }
            Effect::LoadTexts { job, .. } => self.rooms.handle_texts(job, None, self.now),
            other => unreachable!("{other:?} cannot fail"),
        }
        self.drain();
    }

    fn verdict(&mut self, job: JobId, right: bool) {
        self.rooms.handle_verified(job, right, self.now);
    }
}
