//! Who is in the room, as far as we were told.

use std::time::Instant;

use protocol::{ClientId, ClientInfo, MediaState};

use crate::Participant;
use crate::chat::displayed_name;

/// Everyone in the room in join order, oneself included.
#[derive(Debug, Default)]
pub(crate) struct Roster {
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    info: ClientInfo,
    media: Option<MediaState>,
    /// The server has named it since the link came up.
    confirmed: bool,
    heard_at: Option<Instant>,
    /// Its connection is dead and it gave no sign since then: on a server of the first version it has probably left.
    presumed_gone: bool,
}

impl Entry {
    fn new(info: ClientInfo) -> Self {
        Self { info, media: None, confirmed: true, heard_at: None, presumed_gone: false }
    }
}

/// Who came and who went.
#[derive(Debug, PartialEq, Eq, Default)]
pub(crate) struct Changes {
    pub(crate) came: Vec<ClientId>,
    pub(crate) went: Vec<ClientId>,
}

impl Roster {
    /// The link is up again: everyone is to be named anew.
    pub(crate) fn begin_link(&mut self) {
        for entry in &mut self.entries {
            entry.confirmed = false;
        }
    }

    pub(crate) fn clear(&mut self) {
        self.entries.clear();
    }

    /// Takes a full list. Whoever is missing has left, except those whom this link has not named yet.
    pub(crate) fn apply(&mut self, clients: Vec<ClientInfo>) -> Changes {
        let mut changes = Changes::default();
        let mut before = std::mem::take(&mut self.entries);
        for info in clients {
            if self.get(&info.id).is_some() {
                continue;
            }
            let entry = match before.iter().position(|entry| entry.info.id == info.id) {
                Some(at) => Entry { info, confirmed: true, ..before.remove(at) },
                None => {
                    changes.came.push(info.id.clone());
                    Entry::new(info)
                }
            };
            self.entries.push(entry);
        }
        for entry in before {
            if entry.confirmed {
                changes.went.push(entry.info.id);
            } else {
                self.entries.push(entry);
            }
        }
        changes
    }

    /// One more, or one that is named again.
    pub(crate) fn join(&mut self, info: ClientInfo) {
        match self.entries.iter_mut().find(|entry| entry.info.id == info.id) {
            Some(entry) => {
                entry.info = info;
                entry.confirmed = true;
                entry.presumed_gone = false;
            }
            None => self.entries.push(Entry::new(info)),
        }
    }

    /// Someone who speaks to us before anyone has named it.
    pub(crate) fn add_unnamed(&mut self, id: ClientId) {
        let info = ClientInfo { id, username: String::new(), capabilities: Vec::new(), offers: None, unstable: false };
        self.join(info);
    }

    pub(crate) fn leave(&mut self, id: &ClientId) {
        self.entries.retain(|entry| entry.info.id != *id);
    }

    /// Those whom the server has not named since the link came up.
    pub(crate) fn unconfirmed(&self) -> Vec<ClientId> {
        self.entries.iter().filter(|entry| !entry.confirmed).map(|entry| entry.info.id.clone()).collect()
    }

    pub(crate) fn get(&self, id: &ClientId) -> Option<&ClientInfo> {
        self.entries.iter().find(|entry| entry.info.id == *id).map(|entry| &entry.info)
    }

    /// A sign of life.
    pub(crate) fn heard(&mut self, id: &ClientId, now: Instant) {
        if let Some(entry) = self.entry(id) {
            entry.heard_at = Some(now);
            entry.presumed_gone = false;
        }
    }

    /// Its connection is dead: unless it gave a sign after `since`, it is shown no more.
    pub(crate) fn presume_gone(&mut self, id: &ClientId, since: Instant) {
        if let Some(entry) = self.entry(id) {
            entry.presumed_gone = entry.heard_at.is_none_or(|at| at <= since);
        }
    }

    pub(crate) fn set_media(&mut self, id: &ClientId, media: MediaState) {
        if let Some(entry) = self.entry(id) {
            entry.media = Some(media);
        }
    }

    /// Everyone except `me`.
    pub(crate) fn others<'a>(&'a self, me: &'a ClientId) -> impl Iterator<Item = &'a ClientInfo> {
        self.entries.iter().map(|entry| &entry.info).filter(move |info| info.id != *me)
    }

    /// What a person sees.
    pub(crate) fn participants(&self, me: &ClientId, my_media: MediaState) -> Vec<Participant> {
        let shown = self.entries.iter().filter(|entry| entry.info.id == *me || !entry.presumed_gone);
        shown
            .map(|entry| {
                let is_me = entry.info.id == *me;
                Participant {
                    id: entry.info.id.clone(),
                    username: displayed_name(&entry.info.username),
                    me: is_me,
                    unstable: entry.info.unstable,
                    media: if is_me { Some(my_media) } else { entry.media },
                    ours: is_me || !entry.info.capabilities.is_empty(),
                }
            })
            .collect()
    }

    fn entry(&mut self, id: &ClientId) -> Option<&mut Entry> {
        self.entries.iter_mut().find(|entry| entry.info.id == *id)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::moment;

    fn id(name: &str) -> ClientId {
        ClientId::new(name)
    }

    fn info(name: &str) -> ClientInfo {
        ClientInfo {
            id: id(name),
            username: name.to_uppercase(),
            capabilities: Vec::new(),
            offers: None,
            unstable: false,
        }
    }

    fn shown(roster: &Roster) -> Vec<String> {
        roster.participants(&id("me"), MediaState::default()).into_iter().map(|p| p.id.to_string()).collect()
    }

    #[test]
    fn a_list_tells_who_came_and_who_went_in_join_order() {
        let mut roster = Roster::default();
        let changes = roster.apply(vec![info("a"), info("me"), info("b")]);
        assert_eq!(changes.came, [id("a"), id("me"), id("b")]);
        let changes = roster.apply(vec![info("me"), info("b"), info("c"), info("c")]);
        assert_eq!(changes, Changes { came: vec![id("c")], went: vec![id("a")] });
        assert_eq!(shown(&roster), ["me", "b", "c"]);
    }

    #[test]
    fn after_a_return_the_missing_stay_until_they_were_named_once() {
        let mut roster = Roster::default();
        roster.apply(vec![info("a"), info("b"), info("me")]);
        roster.begin_link();
        assert_eq!(roster.apply(vec![info("me"), info("b")]), Changes::default());
        assert_eq!(roster.unconfirmed(), [id("a")]);
        assert_eq!(shown(&roster), ["me", "b", "a"]);
        assert_eq!(roster.apply(vec![info("me")]).went, [id("b")], "b was named on this link and left");
        roster.join(info("a"));
        assert_eq!(shown(&roster), ["me", "a"], "no second tile");
        assert!(roster.unconfirmed().is_empty());
    }

    #[test]
    fn whoever_is_presumed_gone_is_back_with_a_fresh_sign() {
        let start = moment();
        let mut roster = Roster::default();
        roster.apply(vec![info("a"), info("me")]);
        roster.heard(&id("a"), start);
        roster.presume_gone(&id("a"), start);
        assert_eq!(shown(&roster), ["me"]);
        roster.apply(vec![info("a"), info("me")]);
        assert_eq!(shown(&roster), ["me"], "the server's list is no fresh sign");
        roster.heard(&id("a"), start + Duration::from_secs(1));
        assert_eq!(shown(&roster), ["a", "me"]);
        roster.presume_gone(&id("a"), start);
        assert_eq!(shown(&roster), ["a", "me"], "it spoke since then");
    }

    #[test]
    fn names_are_shown_bounded_and_never_empty() {
        let mut roster = Roster::default();
        let mut long = info("a");
        long.username = "x".repeat(9_000);
        roster.apply(vec![long]);
        roster.add_unnamed(id("b"));
        let names: Vec<usize> =
            roster.participants(&id("me"), MediaState::default()).iter().map(|p| p.username.len()).collect();
        assert_eq!(names, [64, "Major Tom".len()]);
    }
}
