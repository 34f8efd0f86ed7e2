//! Chat lines: said, kept, read again, changed, taken back.

use std::time::Instant;

use protocol::limits::{CHAT_LINES, CHATS_WAITING, FRAME_BYTES_SDP};
use protocol::{
    Capability, Chat, ClientId, DeleteText, EditText, Envelope, ErrorId, GetChat, History, Message, Role, RoomId, Text,
    TextDeleted, TextEdited, TextId,
};

use super::Rooms;
use crate::chat::{Deed, Entry, State};
use crate::keys::Said;
use crate::record::chat_of;
use crate::relay::FrameError;
use crate::room::Room;
use crate::{Effect, JobId, Kept, LoadedTexts, TextRecord};

/// What a frame has around the lines of a `chat`.
const AROUND_CHAT: usize = 512;

impl Rooms {
    /// A line for the whole room. Where the room keeps lines it is relayed once it is durable.
    pub(super) fn say(
        &mut self,
        from: &ClientId,
        id: &RoomId,
        envelope: Envelope,
        text: Text,
        now: Instant,
    ) -> Result<(), FrameError> {
        let time_ms = self.calendar.unix_ms(now);
        let Some(room) = self.directory.room_mut(id) else { return Ok(()) };
        let keeps = room.door.history != History::None;
        if keeps {
            may_wait(room, from, self.config.texts_waiting)?;
        }
        let number = room.texts.number();
        if let Some(key) = text.key.clone() {
            room.keys.note(from, key, Said::OnItsWay);
        }
        let name = room.seats.values().find(|seat| &seat.client == from).map(|seat| seat.username().clone());
        let record = TextRecord {
            room: id.clone(),
            id: number,
            client: from.clone(),
            name: name.unwrap_or_default(),
            time_ms,
            said_ms: text.time,
            text: text.text,
            key: text.key.clone(),
            edited: false,
        };
        // A block of numbers is promised before the first of them is used.
        if room.saved.as_ref().is_none_or(|saved| saved.next_text_id <= number) {
            self.save(id);
        }
        let deed = Deed::Say { id: number, key: text.key, envelope };
        let work = |job| Effect::KeepText { job, text: Box::new(record) };
        self.enqueue(from, id, deed, keeps.then_some(work), now);
        Ok(())
    }

    pub(super) fn edit_text(&mut self, from: &ClientId, edit: EditText, now: Instant) -> Result<(), FrameError> {
        Text { text: edit.text.clone(), ..Text::default() }.check()?;
        let time_ms = self.calendar.unix_ms(now);
        let Some((room, number)) = self.directory.place(from) else { return Ok(()) };
        let Some(seat) = room.seats.get_mut(&number) else { return Ok(()) };
        if !seat.may_write(&self.config, now) {
            return Err(FrameError::TooManyTexts(self.config.texts.0));
        }
        let (TextId(number), id) = (edit.id, room.id.clone());
        let keeps = may_change(room, from, number, false)?;
        if keeps {
            may_wait(room, from, self.config.texts_waiting)?;
        }
        room.touch(now);
        let (author, text, of) = (from.clone(), edit.text.clone(), id.clone());
        let work = move |job| Effect::EditText { job, room: of, id: number, author, text };
        let deed = Deed::Edit { id: number, text: edit.text, time_ms };
        self.enqueue(from, &id, deed, keeps.then_some(work), now);
        Ok(())
    }

    pub(super) fn delete_text(&mut self, from: &ClientId, delete: DeleteText, now: Instant) -> Result<(), FrameError> {
        let Some((room, _)) = self.directory.place(from) else { return Ok(()) };
        let (TextId(number), id) = (delete.id, room.id.clone());
        let may_any = room.role_of(from) >= Role::Moderator;
        let keeps = may_change(room, from, number, may_any)?;
        if keeps {
            may_wait(room, from, self.config.texts_waiting)?;
        }
        let (author, of) = ((!may_any).then(|| from.clone()), id.clone());
        let work = move |job| Effect::DropText { job, room: of, id: number, author };
        self.enqueue(from, &id, Deed::Delete { id: number }, keeps.then_some(work), now);
        Ok(())
    }

    pub(super) fn get_chat(&mut self, from: &ClientId, question: GetChat, now: Instant) -> Result<(), FrameError> {
        let Some((room, _)) = self.directory.place(from) else { return Ok(()) };
        if room.door.history == History::None {
            self.effects.tell(from, &Message::Chat(Chat::default()));
            return Ok(());
        }
        may_wait(room, from, self.config.texts_waiting)?;
        if room.texts.questions(from) >= CHATS_WAITING {
            return Err(FrameError::TooManyWaiting);
        }
        let limit = question.limit.clamp(1, CHAT_LINES.1);
        let deed = Deed::Load { before: question.before.map(|TextId(id)| id), limit };
        room.texts.push(Entry { by: from.clone(), deed, state: State::Unasked });
        let id = room.id.clone();
        self.advance_texts(&id, now);
        Ok(())
    }

    /// Whether a chat line is durable, changed or dropped: the verdict on an [`Effect::KeepText`],
    /// [`Effect::EditText`] or [`Effect::DropText`].
    pub fn handle_kept(&mut self, job: JobId, kept: Kept, now: Instant) {
        self.settle_text(job, State::Kept(kept), now);
    }

    /// The chat lines that an [`Effect::LoadTexts`] asked for. `None`: the store is broken.
    pub fn handle_texts(&mut self, job: JobId, texts: Option<LoadedTexts>, now: Instant) {
        self.settle_text(job, State::Found(texts), now);
    }

    fn settle_text(&mut self, job: JobId, state: State, now: Instant) {
        let Some((id, number)) = self.text_jobs.remove(&job) else { return };
        let Some(room) = self.directory.room_mut(&id).filter(|room| room.number == number) else { return };
        room.texts.settle(job, state);
        self.advance_texts(&id, now);
    }

    /// `work` is what the store has to do first, if anything.
    fn enqueue(
        &mut self,
        by: &ClientId,
        id: &RoomId,
        deed: Deed,
        work: Option<impl FnOnce(JobId) -> Effect>,
        now: Instant,
    ) {
        let state = match work {
            None => State::Kept(Kept::Done),
            Some(work) => State::Working(self.text_job(id, work)),
        };
        if let Some(room) = self.directory.room_mut(id) {
            room.texts.push(Entry { by: by.clone(), deed, state });
        }
        self.advance_texts(id, now);
    }

    fn text_job(&mut self, id: &RoomId, work: impl FnOnce(JobId) -> Effect) -> JobId {
        let job = self.job();
        if let Some(room) = self.directory.room(id) {
            self.text_jobs.insert(job, (id.clone(), room.number));
        }
        self.effects.push(work(job));
        job
    }

    /// Does everything of which all that stands before it is done.
    fn advance_texts(&mut self, id: &RoomId, now: Instant) {
        while let Some(entry) = self.directory.room_mut(id).and_then(|room| room.texts.next_done()) {
            self.finish(id, entry);
        }
        self.ask_store(id, now);
    }

    /// Asks for lines once everything said before the question is durable: so the answer is never older than what
    /// everyone has heard already.
    fn ask_store(&mut self, id: &RoomId, now: Instant) {
        let Some(history) = self.directory.room(id).map(|room| room.door.history) else { return };
        let since_ms = self.oldest_kept_ms(history, now).unwrap_or(0);
        let Self { directory, next_job, text_jobs, effects, .. } = self;
        let Some(room) = directory.room_mut(id) else { return };
        let number = room.number;
        for entry in room.texts.askable() {
            let Deed::Load { before, limit } = entry.deed else { continue };
            *next_job += 1;
            let job = JobId(*next_job);
            text_jobs.insert(job, (id.clone(), number));
            entry.state = State::Working(job);
            effects.push(Effect::LoadTexts { job, room: id.clone(), before, limit, since_ms });
        }
    }

    fn finish(&mut self, id: &RoomId, entry: Entry) {
        let Some(room) = self.directory.room_mut(id) else { return };
        let is_here = room.connected().any(|seat| seat.client == entry.by);
        let by = entry.by;
        let kept = match entry.state {
            State::Found(found) if is_here => return self.effects.tell_found(&by, found),
            State::Found(_) | State::Unasked | State::Working(_) => return,
            State::Kept(kept) => kept,
        };
        // A line from before the room kept any is known to those who heard it, and to nobody else.
        let is_remembered = |number| kept == Kept::Missing && room.texts.author_of(number).is_some();
        let is_done = match &entry.deed {
            Deed::Edit { id, .. } | Deed::Delete { id } => kept == Kept::Done || is_remembered(*id),
            Deed::Say { .. } => matches!(kept, Kept::Done | Kept::Before(_)),
            Deed::Load { .. } => kept == Kept::Done,
        };
        if !is_done {
            if let Deed::Say { key: Some(key), .. } = &entry.deed {
                room.keys.settle(&by, key, None);
            }
            if is_here {
                let (error, why) = match kept {
                    Kept::Missing => (ErrorId::UnknownText, "there is no such line, or it is not yours"),
                    Kept::Done | Kept::Before(_) | Kept::Failed => (ErrorId::Internal, "the line could not be stored"),
                };
                self.effects.refuse(&by, error, why);
            }
            return;
        }
        match entry.deed {
            Deed::Say { id, key, envelope } => {
                let before = if let Kept::Before(before) = kept { Some(before) } else { None };
                if let Some(key) = key {
                    room.keys.settle(&by, &key, Some(TextId(before.unwrap_or(id))));
                }
                if let Some(before) = before {
                    return room.echo_text(&by, envelope, Some(TextId(before)), &mut self.effects);
                }
                room.relay_text(&by, envelope, TextId(id), &mut self.effects);
                room.texts.note_author(id, by);
            }
            Deed::Edit { id, text, time_ms } => {
                let edited = TextEdited { id: TextId(id), client: by, text, time: time_ms };
                room.tell_capable(&Capability::Chat, &Message::TextEdited(edited), &mut self.effects);
            }
            Deed::Delete { id } => {
                room.texts.forget(id);
                let deleted = TextDeleted { id: TextId(id), client: by };
                room.tell_capable(&Capability::Chat, &Message::TextDeleted(deleted), &mut self.effects);
            }
            Deed::Load { .. } => {}
        }
    }
}

impl crate::effect::Effects {
    fn tell_found(&mut self, to: &ClientId, found: Option<LoadedTexts>) {
        match found {
            Some(found) => self.tell(to, &Message::Chat(chat_of(found, FRAME_BYTES_SDP - AROUND_CHAT))),
            None => self.refuse(to, ErrorId::Internal, "the lines could not be read"),
        }
    }
}

fn may_wait(room: &Room, by: &ClientId, (of_client, in_all): (usize, usize)) -> Result<(), FrameError> {
    let (own, all) = room.texts.waiting(by);
    if own < of_client && all < in_all { Ok(()) } else { Err(FrameError::TooManyWaiting) }
}

/// May this one change that line? True: the store has to, too.
fn may_change(room: &Room, by: &ClientId, id: u64, may_any: bool) -> Result<bool, FrameError> {
    let keeps = room.door.history != History::None;
    match room.texts.author_of(id) {
        Some(author) if may_any || author == by => Ok(keeps),
        Some(_) => Err(FrameError::Forbidden),
        None if keeps && !room.texts.is_unheard(id) => Ok(true),
        None => Err(FrameError::UnknownText),
    }
}
