//! Chat lines: who hears them and when, where a store has to have them first.

use protocol::{ClientId, RoomId};

use super::{Heards, Model, ModelRoom};
use crate::crowd::hearing::{Heard, Line};
use crate::crowd::people::Saying;

/// Something about lines that stands in its room's queue.
pub(crate) struct Pending {
    key: u64,
    by: ClientId,
    deed: Deed,
    outcome: Option<Outcome>,
    is_asked: bool,
}

#[derive(Clone)]
enum Deed {
    Say,
    Edit { number: u64 },
    Delete { number: u64 },
    Ask,
}

/// What the store made of it.
#[derive(Debug, Clone)]
pub(crate) enum Outcome {
    Done,
    /// Its author has said it before.
    Before,
    Missing,
    Failed,
    Found(Vec<Line>),
}

/// How far a line with a key has come.
#[derive(Clone, Copy)]
pub(crate) enum Said {
    Waits,
    /// Whom it was for has heard it. Private lines have no number.
    Stands {
        is_numbered: bool,
    },
}

impl Model {
    /// Must lines of this room wait?
    pub(crate) fn defers(&self, room: &RoomId) -> bool {
        self.room(room).is_some_and(|room| room.keeps || !room.pending.is_empty())
    }

    fn room_mut(&mut self, id: &RoomId) -> Option<&mut ModelRoom> {
        self.rooms.iter_mut().find(|room| &room.id == id)
    }

    pub(super) fn say_line(&mut self, by: &ClientId, room: &RoomId, number: u64, out: &mut Heards) {
        self.push(by, room, number, Deed::Say, out);
    }

    /// Is this a line that stands?
    pub(crate) fn stands(&self, by: &ClientId, saying: &Saying) -> bool {
        let Saying::Text { number, has_key: true, .. } = saying else { return false };
        let is_it = |(author, key, said): &(ClientId, u64, Said)| {
            author == by && key == number && matches!(said, Said::Stands { .. })
        };
        self.rooms.iter().any(|room| room.keys.iter().any(is_it))
    }

    /// True: it is known by its key, and its author hears how far it has come.
    pub(super) fn say_line_again(&mut self, by: &ClientId, id: &RoomId, saying: &Saying, out: &mut Heards) -> bool {
        let Saying::Text { to, number, has_key } = saying else { return false };
        let Some(room) = self.room_mut(id).filter(|_| *has_key) else { return false };
        match room.keys.iter().find(|(author, key, _)| author == by && key == number).map(|(.., said)| *said) {
            None => {
                room.keys.push((by.clone(), *number, Said::Waits));
                false
            }
            Some(Said::Waits) => true,
            Some(Said::Stands { is_numbered }) => {
                let receiver = to.as_ref().map_or("room".to_owned(), ClientId::to_string);
                self.echo_line(by, id, receiver, *number, is_numbered, out);
                true
            }
        }
    }

    fn echo_line(
        &mut self,
        by: &ClientId,
        id: &RoomId,
        receiver: String,
        number: u64,
        numbered: bool,
        out: &mut Heards,
    ) {
        let Some(is_new) = self.present(id).find(|seat| &seat.client == by).map(|seat| seat.takes_events) else {
            return;
        };
        let line = Line { room: id.to_string(), number, edit: 0 };
        out.push((by.clone(), Heard::Text { sender: by.to_string(), receiver, line }));
        if numbered && is_new {
            out.push((by.clone(), Heard::Numbered { number, id: 0 }));
        }
    }

    /// What came of a line that has a key. `None`: nothing, and it may be said again.
    pub(super) fn settle_key(&mut self, by: &ClientId, id: &RoomId, number: u64, stands: Option<Said>) {
        let Some(room) = self.room_mut(id) else { return };
        match stands {
            None => room.keys.retain(|(author, key, _)| author != by || *key != number),
            Some(stands) => {
                for (.., said) in room.keys.iter_mut().filter(|(author, key, _)| author == by && *key == number) {
                    *said = stands;
                }
            }
        }
    }

    pub(super) fn change_line(
        &mut self,
        by: &ClientId,
        id: &RoomId,
        number: u64,
        key: u64,
        is_edit: bool,
        out: &mut Heards,
    ) -> Result<(), &'static str> {
        let may_any = !is_edit && self.role(id, by) != "guest";
        let Some(room) = self.room(id) else { return Ok(()) };
        match room.lines.iter().find(|(line, _)| *line == number) {
            Some((_, author)) if author == by || may_any => {}
            Some(_) => return Err("forbidden"),
            None if room.keeps && !room.pending.iter().any(|other| other.key == number) => {}
            None => return Err("unknown-text"),
        }
        let deed = if is_edit { Deed::Edit { number } } else { Deed::Delete { number } };
        self.push(by, id, key, deed, out);
        Ok(())
    }

    pub(super) fn ask_lines(&mut self, at: usize, id: &RoomId, key: u64, out: &mut Heards) {
        let by = self.seats[at].client.clone();
        let Some(room) = self.room(id) else { return };
        if !room.keeps {
            return out.push((by, Heard::Chat(Vec::new())));
        }
        let waiting = room.pending.iter().filter(|one| one.by == by && matches!(one.deed, Deed::Ask)).count();
        if waiting >= 2 {
            return out.push((by, Heard::Error("too-many".into())));
        }
        self.push(&by, id, key, Deed::Ask, out);
    }

    fn push(&mut self, by: &ClientId, id: &RoomId, key: u64, deed: Deed, out: &mut Heards) {
        let Some(room) = self.room_mut(id) else { return };
        let outcome = if room.keeps { None } else { Some(Outcome::Done) };
        room.pending.push(Pending { key, by: by.clone(), deed, outcome, is_asked: false });
        self.advance_lines(id, out);
    }

    /// The question that the store may be asked now: everything before it is done.
    pub(crate) fn take_question(&mut self, id: &RoomId) -> Option<u64> {
        let room = self.room_mut(id)?;
        let mut questions = room.pending.iter_mut().take_while(|one| matches!(one.deed, Deed::Ask));
        let question = questions.find(|one| !one.is_asked)?;
        question.is_asked = true;
        Some(question.key)
    }

    pub(crate) fn is_question(&self, id: &RoomId, serial: u64, key: u64) -> bool {
        let room = self.room(id).filter(|room| room.serial == serial);
        room.is_some_and(|room| room.pending.iter().any(|one| one.key == key && matches!(one.deed, Deed::Ask)))
    }

    /// The store has answered.
    pub(crate) fn settle_line(&mut self, id: &RoomId, serial: u64, key: u64, outcome: Outcome) -> Heards {
        let mut out = Vec::new();
        let Some(room) = self.room_mut(id).filter(|room| room.serial == serial) else { return out };
        for one in room.pending.iter_mut().filter(|one| one.key == key) {
            one.outcome = Some(outcome.clone());
        }
        self.advance_lines(id, &mut out);
        out
    }

    fn advance_lines(&mut self, id: &RoomId, out: &mut Heards) {
        while let Some(room) = self.room_mut(id) {
            if room.pending.first().is_none_or(|one| one.outcome.is_none()) {
                return;
            }
            let one = room.pending.remove(0);
            self.finish_line(id, &one, out);
        }
    }

    fn finish_line(&mut self, id: &RoomId, one: &Pending, out: &mut Heards) {
        let is_here = self.present(id).any(|seat| seat.client == one.by);
        let present: Vec<_> = self.present(id).map(|seat| (seat.client.clone(), seat.takes_events)).collect();
        let Some(room) = self.room_mut(id) else { return };
        let line = |number, edit| Line { room: id.to_string(), number, edit };
        let changed = match one.deed {
            Deed::Edit { number } | Deed::Delete { number } => room.lines.iter().any(|(line, _)| *line == number),
            Deed::Say | Deed::Ask => false,
        };
        let by = one.by.to_string();
        let error = match (&one.outcome, &one.deed) {
            (Some(Outcome::Found(lines)), _) => {
                if is_here {
                    out.push((one.by.clone(), Heard::Chat(lines.clone())));
                }
                return;
            }
            (Some(Outcome::Before), _) => {
                self.settle_key(&one.by, id, one.key, Some(Said::Stands { is_numbered: true }));
                return self.echo_line(&one.by, id, "room".into(), one.key, true, out);
            }
            (Some(Outcome::Done), _) => None,
            (Some(Outcome::Missing), _) if changed => None,
            (Some(Outcome::Missing), _) => Some("unknown-text"),
            (Some(Outcome::Failed) | None, _) => Some("internal"),
        };
        if let Some(error) = error {
            if matches!(one.deed, Deed::Say) {
                self.settle_key(&one.by, id, one.key, None);
            }
            if is_here {
                out.push((one.by.clone(), Heard::Error(error.into())));
            }
            return;
        }
        for (reader, is_new) in present {
            match one.deed {
                Deed::Say => {
                    let heard = Heard::Text { sender: by.clone(), receiver: "room".into(), line: line(one.key, 0) };
                    out.push((reader.clone(), heard));
                    if is_new {
                        out.push((reader, Heard::Numbered { number: one.key, id: 0 }));
                    }
                }
                Deed::Edit { number } if is_new => {
                    out.push((reader, Heard::Edited { client: by.clone(), line: line(number, one.key) }));
                }
                Deed::Delete { .. } if is_new => out.push((reader, Heard::Deleted { client: by.clone() })),
                Deed::Edit { .. } | Deed::Delete { .. } | Deed::Ask => {}
            }
        }
        let Some(room) = self.room_mut(id) else { return };
        match one.deed {
            Deed::Say => {
                room.lines.push((one.key, one.by.clone()));
                let too_many = room.lines.len().saturating_sub(200);
                room.lines.drain(..too_many);
                self.settle_key(&one.by, id, one.key, Some(Said::Stands { is_numbered: true }));
            }
            Deed::Delete { number } => room.lines.retain(|(line, _)| *line != number),
            Deed::Edit { .. } | Deed::Ask => {}
        }
    }
}
