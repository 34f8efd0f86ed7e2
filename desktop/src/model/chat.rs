//! What was said in the room, and who came and went.

use protocol::TextId;
use session::ChatLine;

use super::{plain_name, plain_text};

/// Older lines are forgotten.
const ENTRIES_MAX: usize = 2_000;
/// Lines of one person within this time share a heading.
const SAME_BREATH_MS: u64 = 120_000;

/// One entry, oldest first.
#[derive(Debug, Clone, PartialEq)]
pub enum Entry {
    Line(ChatLine),
    Joined(String),
    Left(String),
}

/// An entry as it is shown.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shown<'a> {
    /// Never changes and is never used twice.
    pub number: u64,
    pub entry: &'a Entry,
    /// Follows a line of the same person closely: needs no heading of its own.
    pub continued: bool,
}

#[derive(Debug, Default)]
pub struct Chat {
    entries: Vec<(u64, Entry)>,
    next_number: u64,
    /// Lines of others since the chat was last looked at.
    unread: usize,
    /// The room keeps lines that are older than those here.
    more: bool,
    /// Earlier lines were asked for.
    pub loading: bool,
}

impl Chat {
    pub fn entries(&self) -> impl Iterator<Item = Shown<'_>> {
        let before = std::iter::once(None).chain(self.entries.iter().map(|(_, entry)| Some(entry)));
        let both = before.zip(&self.entries);
        both.map(|(before, (number, entry))| Shown { number: *number, entry, continued: continues(before, entry) })
    }

    pub fn line(&self, id: TextId) -> Option<&ChatLine> {
        self.lines().find(|line| line.id == Some(id))
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub fn unread(&self) -> usize {
        self.unread
    }

    pub fn mark_read(&mut self) {
        self.unread = 0;
    }

    /// Before which line there are earlier ones, if there are any.
    pub fn earlier_than(&self) -> Option<TextId> {
        let is_full = self.entries.len() >= ENTRIES_MAX;
        if self.more && !is_full { self.lines().find_map(|line| line.id) } else { None }
    }

    fn lines(&self) -> impl Iterator<Item = &ChatLine> {
        self.entries.iter().filter_map(|(_, entry)| match entry {
            Entry::Line(line) => Some(line),
            Entry::Joined(_) | Entry::Left(_) => None,
        })
    }

    /// Something was said, or of what was said something is different.
    pub(super) fn apply(&mut self, event: session::Event) {
        match event {
            session::Event::Chat(line) => self.push_line(line),
            session::Event::History { lines, more } => self.take_history(lines, more),
            session::Event::TextEdited { id, text } => self.edit(id, &text),
            session::Event::TextDeleted { id, .. } => self.delete(id),
            _ => {}
        }
    }

    /// A line that is said now. One that was read in the history already is no news.
    fn push_line(&mut self, line: ChatLine) {
        if line.id.is_some_and(|id| self.line(id).is_some()) {
            return;
        }
        if !line.mine {
            self.unread += 1;
        }
        self.push(Entry::Line(tamed(line)));
    }

    /// Lines that the room keeps, each where it belongs.
    fn take_history(&mut self, lines: Vec<ChatLine>, more: bool) {
        self.loading = false;
        let oldest = self.lines().find_map(|line| line.id);
        let is_oldest = oldest.is_none_or(|oldest| lines.first().is_none_or(|line| line.id <= Some(oldest)));
        if is_oldest {
            self.more = more;
        }
        for line in lines {
            self.insert(tamed(line));
        }
    }

    fn insert(&mut self, line: ChatLine) {
        let Some(id) = line.id else { return };
        let numbers = self.entries.iter().enumerate().filter_map(|(at, (_, entry))| match entry {
            Entry::Line(line) => line.id.map(|id| (at, id)),
            Entry::Joined(_) | Entry::Left(_) => None,
        });
        // Behind the last line that is older; before the first of those that are newer, else behind everything.
        let mut place = None;
        for (at, known) in numbers {
            if known == id {
                return self.replace(at, line);
            }
            if known > id {
                place = Some(at);
                break;
            }
        }
        let place = place.unwrap_or(self.entries.len());
        if self.entries.len() == ENTRIES_MAX {
            if place == 0 {
                return;
            }
            self.entries.remove(0);
            let number = self.number();
            return self.entries.insert(place - 1, (number, Entry::Line(line)));
        }
        let number = self.number();
        self.entries.insert(place, (number, Entry::Line(line)));
    }

    /// What was read is newer than what was heard: the line may have been changed meanwhile.
    fn replace(&mut self, at: usize, line: ChatLine) {
        let number = self.number();
        let (known, entry) = &mut self.entries[at];
        if let Entry::Line(old) = entry
            && old.text != line.text
        {
            *known = number;
            (old.text, old.edited) = (line.text, line.edited);
        }
    }

    fn edit(&mut self, id: TextId, text: &str) {
        let number = self.number();
        for (known, entry) in &mut self.entries {
            if let Entry::Line(line) = entry
                && line.id == Some(id)
            {
                *known = number;
                (line.text, line.edited) = (plain_text(text), true);
            }
        }
    }

    fn delete(&mut self, id: TextId) {
        self.entries.retain(|(_, entry)| !matches!(entry, Entry::Line(line) if line.id == Some(id)));
    }

    pub(super) fn push(&mut self, entry: Entry) {
        if self.entries.len() == ENTRIES_MAX {
            self.entries.remove(0);
            // What is forgotten can be read again.
            let is_kept = self.lines().any(|line| line.id.is_some());
            self.more |= is_kept;
        }
        let number = self.number();
        self.entries.push((number, entry));
    }

    fn number(&mut self) -> u64 {
        self.next_number += 1;
        self.next_number
    }
}

fn tamed(mut line: ChatLine) -> ChatLine {
    line.name = plain_name(&line.name);
    line.text = plain_text(&line.text);
    line
}

fn continues(before: Option<&Entry>, entry: &Entry) -> bool {
    let (Some(Entry::Line(last)), Entry::Line(line)) = (before, entry) else { return false };
    last.from == line.from
        && last.name == line.name
        && last.private == line.private
        && last.to == line.to
        && line.time_ms.abs_diff(last.time_ms) < SAME_BREATH_MS
}

#[cfg(test)]
mod tests {
    use protocol::ClientId;

    use super::*;

    fn line(from: &str, time_ms: u64) -> ChatLine {
        ChatLine {
            from: ClientId::new(from),
            name: from.into(),
            time_ms,
            text: "hello".into(),
            mine: from == "me",
            private: false,
            to: None,
            id: None,
            edited: false,
        }
    }

    fn kept(id: u64) -> ChatLine {
        ChatLine { id: Some(TextId(id)), text: id.to_string(), ..line("a", id) }
    }

    fn texts(chat: &Chat) -> Vec<String> {
        let texts = chat.entries().map(|shown| match shown.entry {
            Entry::Line(line) => line.text.clone(),
            Entry::Joined(name) => format!("+{name}"),
            Entry::Left(name) => format!("-{name}"),
        });
        texts.collect()
    }

    #[test]
    fn only_lines_of_others_are_unread() {
        let mut chat = Chat::default();
        chat.push_line(line("me", 0));
        chat.push_line(line("a", 0));
        chat.push_line(line("a", 0));
        chat.take_history(vec![kept(1)], false);
        assert_eq!(chat.unread(), 2, "what was said before one came is no news");
        chat.mark_read();
        assert_eq!(chat.unread(), 0);
    }

    #[test]
    fn lines_in_the_same_breath_share_a_heading() {
        let mut chat = Chat::default();
        chat.push_line(line("a", 0));
        chat.push_line(line("a", 1_000));
        chat.push_line(line("b", 2_000));
        chat.push_line(line("a", 3_000));
        chat.push_line(line("a", 3_000 + SAME_BREATH_MS));
        chat.push_line(ChatLine { private: true, ..line("a", 3_000 + SAME_BREATH_MS) });
        let continued: Vec<bool> = chat.entries().map(|shown| shown.continued).collect();
        assert_eq!(continued, [false, true, false, false, false, false]);
    }

    #[test]
    fn old_entries_are_forgotten_and_numbers_stay() {
        let mut chat = Chat::default();
        for n in 0..ENTRIES_MAX + 5 {
            chat.push(Entry::Joined(n.to_string()));
        }
        let shown: Vec<_> = chat.entries().collect();
        assert_eq!((shown.len(), shown[0].number, shown[0].entry), (ENTRIES_MAX, 6, &Entry::Joined("5".into())));
    }

    #[test]
    fn lines_of_the_history_stand_where_they_belong_and_once() {
        let mut chat = Chat::default();
        chat.push_line(kept(5));
        chat.push(Entry::Joined("b".into()));
        chat.push_line(kept(9));
        chat.take_history(vec![kept(7), kept(9)], true);
        chat.take_history(vec![kept(2), kept(5)], true);
        chat.push_line(kept(9));
        assert_eq!(texts(&chat), ["2", "5", "+b", "7", "9"]);
        assert_eq!(chat.earlier_than(), Some(TextId(2)));
        chat.take_history(vec![kept(1)], false);
        assert_eq!(chat.earlier_than(), None);
        let numbers: std::collections::BTreeSet<u64> = chat.entries().map(|shown| shown.number).collect();
        assert_eq!(numbers.len(), 6, "no number twice");
    }

    #[test]
    fn the_history_never_pushes_out_what_is_newer() {
        let mut chat = Chat::default();
        for n in 0..ENTRIES_MAX as u64 {
            chat.push_line(kept(1_000 + n));
        }
        chat.take_history(vec![kept(1)], true);
        assert_eq!(texts(&chat)[0], "1000");
        assert_eq!(chat.earlier_than(), None, "there is no room for more");
    }

    #[test]
    fn a_line_that_is_changed_says_so_and_one_taken_back_is_gone() {
        let mut chat = Chat::default();
        chat.push_line(kept(5));
        chat.push_line(kept(6));
        chat.edit(TextId(5), "x\u{202e}y");
        chat.delete(TextId(6));
        chat.delete(TextId(77));
        assert_eq!(texts(&chat), ["xy"]);
        assert!(chat.line(TextId(5)).unwrap().edited);
        chat.take_history(vec![ChatLine { text: "again".into(), edited: true, ..kept(5) }], false);
        assert_eq!(texts(&chat), ["again"], "changed while one was away");
    }
}
