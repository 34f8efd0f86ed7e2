//! The keys of the lines that people said last: a line that is said again after a broken link stands once.

use std::collections::{BTreeMap, VecDeque};

use protocol::limits::{TEXT_KEYS, TEXT_KEYS_ABSENT};
use protocol::{ClientId, TextId};

/// How far a line of this key has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Said {
    /// It waits for the store: its author hears it when everyone does.
    OnItsWay,
    /// Everyone whom it was for has heard it. `None`: a private line.
    Heard(Option<TextId>),
}

/// What one room remembers. Whoever leaves may be about to come back, so the keys of the last ones outlive their seats.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    /// The oldest first.
    by_client: BTreeMap<ClientId, VecDeque<(String, Said)>>,
    /// Those without a seat, the longest gone first.
    absent: VecDeque<ClientId>,
}

impl Keys {
    pub(crate) fn find(&self, by: &ClientId, key: &str) -> Option<Said> {
        let keys = self.by_client.get(by)?;
        keys.iter().rev().find(|(known, _)| known == key).map(|(_, said)| *said)
    }

    /// One with a seat says something for the first time.
    pub(crate) fn note(&mut self, by: &ClientId, key: String, said: Said) {
        let keys = self.by_client.entry(by.clone()).or_default();
        if keys.len() == TEXT_KEYS {
            keys.pop_front();
        }
        keys.push_back((key, said));
    }

    /// The line of this key was heard, or (`None`) will never be: then it may be said again.
    pub(crate) fn settle(&mut self, by: &ClientId, key: &str, heard: Option<TextId>) {
        let Some(keys) = self.by_client.get_mut(by) else { return };
        match heard {
            None => keys.retain(|(known, _)| known != key),
            Some(id) => {
                for (_, said) in keys.iter_mut().filter(|(known, _)| known == key) {
                    *said = Said::Heard(Some(id));
                }
            }
        }
    }

    pub(crate) fn seated(&mut self, client: &ClientId) {
        self.absent.retain(|absent| absent != client);
    }

    pub(crate) fn left(&mut self, client: &ClientId) {
        if !self.by_client.contains_key(client) {
            return;
        }
        self.absent.push_back(client.clone());
        if self.absent.len() > TEXT_KEYS_ABSENT
            && let Some(longest) = self.absent.pop_front()
        {
            self.by_client.remove(&longest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::client;

    const HEARD: Said = Said::Heard(None);

    #[test]
    fn so_many_keys_of_one_client_are_remembered_and_no_more() {
        let mut keys = Keys::default();
        let ann = client("ann");
        (0..=TEXT_KEYS).for_each(|n| keys.note(&ann, n.to_string(), HEARD));
        assert_eq!((keys.find(&ann, "0"), keys.find(&ann, "1")), (None, Some(HEARD)));
        assert_eq!(keys.find(&client("bo"), "1"), None, "a key is its author's alone");
    }

    #[test]
    fn so_many_of_those_who_left_are_remembered_and_no_more() {
        let mut keys = Keys::default();
        let people: Vec<_> = (0..=TEXT_KEYS_ABSENT).map(|n| client(&n.to_string())).collect();
        for one in &people {
            keys.note(one, "k".into(), HEARD);
            keys.left(one);
        }
        keys.left(&client("silent"));
        assert_eq!((keys.find(&people[0], "k"), keys.find(&people[1], "k")), (None, Some(HEARD)));
        keys.seated(&people[1]);
        keys.note(&people[0], "k".into(), HEARD);
        keys.left(&people[0]);
        keys.note(&client("late"), "k".into(), HEARD);
        keys.left(&client("late"));
        assert_eq!((keys.find(&people[1], "k"), keys.find(&people[2], "k")), (Some(HEARD), None), "who is back stays");
        assert_eq!(keys.by_client.len(), TEXT_KEYS_ABSENT + 1);
    }

    #[test]
    fn what_comes_of_a_line_changes_only_what_is_remembered() {
        let mut keys = Keys::default();
        let ann = client("ann");
        keys.note(&ann, "k".into(), Said::OnItsWay);
        keys.settle(&ann, "k", Some(TextId(7)));
        assert_eq!(keys.find(&ann, "k"), Some(Said::Heard(Some(TextId(7)))));
        keys.settle(&ann, "k", None);
        assert_eq!(keys.find(&ann, "k"), None);
        keys.settle(&client("bo"), "k", Some(TextId(8)));
        assert_eq!(keys.by_client.len(), 1);
    }
}
