//! What was said in the room, and who came and went.

use session::ChatLine;

use super::{plain_name, plain_text};

/// Older lines are forgotten.
const ENTRIES_MAX: usize = 2_000;
/// Lines of one person within this time share a heading.
const SAME_BREATH_MS: u64 = 120_000;

/// One entry, oldest first.
#[derive(Debug, Clone, PartialEq)]
pub enum Entry {
    Line {
        line: ChatLine,
        /// Follows a line of the same person closely: needs no heading of its own.
        continued: bool,
    },
    Joined(String),
    Left(String),
}

#[derive(Debug, Default)]
pub struct Chat {
    entries: Vec<Entry>,
    /// How many entries have been forgotten, so that an entry keeps its number.
    forgotten: usize,
    /// Lines of others since the chat was last looked at.
    unread: usize,
}

impl Chat {
    /// The entries with their numbers; a number never changes.
    pub fn entries(&self) -> impl Iterator<Item = (usize, &Entry)> {
        self.entries.iter().enumerate().map(|(i, entry)| (self.forgotten + i, entry))
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

    pub(super) fn push_line(&mut self, mut line: ChatLine) {
        line.name = plain_name(&line.name);
        line.text = plain_text(&line.text);
        if !line.mine {
            self.unread += 1;
        }
        let continued = matches!(self.entries.last(), Some(Entry::Line { line: last, .. })
            if last.from == line.from && last.name == line.name && last.private == line.private
                && line.time_ms.abs_diff(last.time_ms) < SAME_BREATH_MS);
        self.push(Entry::Line { line, continued });
    }

    pub(super) fn push(&mut self, entry: Entry) {
        if self.entries.len() == ENTRIES_MAX {
            self.entries.remove(0);
            self.forgotten += 1;
        }
        self.entries.push(entry);
    }
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
        }
    }

    fn continued(chat: &Chat) -> Vec<bool> {
        chat.entries().map(|(_, entry)| matches!(entry, Entry::Line { continued: true, .. })).collect()
    }

    #[test]
    fn only_lines_of_others_are_unread() {
        let mut chat = Chat::default();
        chat.push_line(line("me", 0));
        chat.push_line(line("a", 0));
        chat.push_line(line("a", 0));
        assert_eq!(chat.unread(), 2);
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
        assert_eq!(continued(&chat), [false, true, false, false, false, false]);
    }

    #[test]
    fn old_entries_are_forgotten_and_numbers_stay() {
        let mut chat = Chat::default();
        for n in 0..ENTRIES_MAX + 5 {
            chat.push(Entry::Joined(n.to_string()));
        }
        assert_eq!(chat.entries().count(), ENTRIES_MAX);
        assert_eq!(chat.entries().next(), Some((5, &Entry::Joined("5".into()))));
    }
}
