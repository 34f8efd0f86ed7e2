//! Chat lines that rooms keep, for as long as the process lives.

use std::time::Instant;

use rooms::{Effect, Kept, LoadedTexts, Rooms, TextRecord};

/// The newest lines of all rooms together.
const TEXTS_MAX: usize = 10_000;

/// What a store would keep.
#[derive(Default)]
pub(crate) struct Memory {
    texts: Vec<TextRecord>,
}

impl Memory {
    /// Does what the rooms want kept, and answers at once.
    pub(crate) fn apply(&mut self, effect: Effect, rooms: &mut Rooms, now: Instant) {
        match effect {
            Effect::KeepText { job, text } => {
                if self.texts.len() >= TEXTS_MAX {
                    self.texts.remove(0);
                }
                self.texts.push(*text);
                rooms.handle_kept(job, Kept::Done, now);
            }
            Effect::EditText { job, room, id, author, text } => {
                let is_meant = |kept: &&mut TextRecord| kept.room == room && kept.id == id && kept.client == author;
                let found = self.texts.iter_mut().find(is_meant);
                let kept = if found.is_some() { Kept::Done } else { Kept::Missing };
                if let Some(found) = found {
                    (found.text, found.edited) = (text, true);
                }
                rooms.handle_kept(job, kept, now);
            }
            Effect::DropText { job, room, id, author } => {
                let count = self.texts.len();
                let may = |kept: &TextRecord| author.as_ref().is_none_or(|author| *author == kept.client);
                self.texts.retain(|kept| !(kept.room == room && kept.id == id && may(kept)));
                let kept = if self.texts.len() < count { Kept::Done } else { Kept::Missing };
                rooms.handle_kept(job, kept, now);
            }
            Effect::LoadTexts { job, room, before, limit, since_ms } => {
                let is_meant = |kept: &&TextRecord| {
                    kept.room == room && kept.time_ms >= since_ms && before.is_none_or(|before| kept.id < before)
                };
                let found: Vec<TextRecord> = self.texts.iter().filter(is_meant).cloned().collect();
                let skipped = found.len().saturating_sub(limit);
                let texts = found.into_iter().skip(skipped).collect();
                rooms.handle_texts(job, Some(LoadedTexts { texts, more: skipped > 0 }), now);
            }
            Effect::ForgetRoom(room) => self.texts.retain(|kept| kept.room != room),
            Effect::ForgetTexts { room, before_ms } => {
                self.texts.retain(|kept| kept.room != room || kept.time_ms >= before_ms);
            }
            Effect::SaveRoom(_)
            | Effect::Reply { .. }
            | Effect::HashPassword { .. }
            | Effect::VerifyPassword { .. }
            | Effect::Send { .. }
            | Effect::Disconnect { .. } => {}
        }
    }
}
