//! Who is in the room, as far as we were told.

use std::collections::BTreeMap;
use std::time::Instant;

use protocol::{ClientId, ClientInfo, MediaState, Role};

use crate::Participant;
use crate::chat::displayed_name;

/// Everyone in the room in join order, oneself included.
#[derive(Debug, Default)]
pub(crate) struct Roster {
    entries: Vec<Entry>,
    /// What each says it sends; it may say so before we are told that it is here.
    media: BTreeMap<ClientId, MediaState>,
}

#[derive(Debug)]
struct Entry {
    info: ClientInfo,
    standing: Standing,
    heard_at: Option<Instant>,
    /// Its connection is dead and it gave no sign since then: on a server of the first version it has probably left.
    presumed_gone: bool,
}

/// Whether the server says that someone is here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    Listed,
    /// The link came up and the server has not listed anyone yet.
    Unasked,
    /// The server does not list it (any more), yet its connection lives: perhaps it is coming back.
    Missing {
        until: Instant,
    },
}

impl Entry {
    fn new(info: ClientInfo) -> Self {
        Self { info, standing: Standing::Listed, heard_at: None, presumed_gone: false }
    }
}

impl Roster {
    /// The link is up again: everyone is to be named anew.
    pub(crate) fn begin_link(&mut self) {
        for entry in &mut self.entries {
            entry.standing = Standing::Unasked;
        }
    }

    pub(crate) fn clear(&mut self) {
        self.entries.clear();
        self.media.clear();
    }

    /// Takes a full list. Returns who is missing in it and was listed before. Who is missing keeps its place for now.
    pub(crate) fn apply(&mut self, clients: Vec<ClientInfo>) -> Vec<ClientId> {
        let before = std::mem::take(&mut self.entries);
        for info in clients {
            if self.get(&info.id).is_some() {
                continue;
            }
            let entry = match before.iter().find(|entry| entry.info.id == info.id) {
                Some(known) => Entry { info, standing: Standing::Listed, ..*known },
                None => Entry::new(info),
            };
            self.entries.push(entry);
        }
        let mut missing = Vec::new();
        // From the end: whoever comes next in the old order has its place in the new one already.
        let mut place = self.entries.len();
        for entry in before.into_iter().rev() {
            match self.entries.iter().position(|listed| listed.info.id == entry.info.id) {
                Some(at) => place = at,
                None => {
                    if entry.standing == Standing::Listed {
                        missing.push(entry.info.id.clone());
                    }
                    self.entries.insert(place, entry);
                }
            }
        }
        self.media.retain(|id, _| self.entries.iter().any(|entry| entry.info.id == *id));
        missing
    }

    /// The server does not list it, yet it is kept until then.
    pub(crate) fn keep(&mut self, id: &ClientId, until: Instant) {
        if let Some(entry) = self.entry(id)
            && !matches!(entry.standing, Standing::Missing { .. })
        {
            entry.standing = Standing::Missing { until };
        }
    }

    /// The first list of the link is taken: those whom it did not name are kept until then.
    pub(crate) fn keep_unasked(&mut self, until: Instant) {
        for entry in &mut self.entries {
            if entry.standing == Standing::Unasked {
                entry.standing = Standing::Missing { until };
            }
        }
    }

    /// Those whom the server does not list, and until when they are kept.
    pub(crate) fn missing(&self) -> impl Iterator<Item = (&ClientId, Instant)> {
        self.entries.iter().filter_map(|entry| match entry.standing {
            Standing::Missing { until } => Some((&entry.info.id, until)),
            Standing::Listed | Standing::Unasked => None,
        })
    }

    /// One more, or one that is named again.
    pub(crate) fn join(&mut self, info: ClientInfo) {
        match self.entries.iter_mut().find(|entry| entry.info.id == info.id) {
            Some(entry) => {
                entry.info = info;
                entry.standing = Standing::Listed;
                entry.presumed_gone = false;
            }
            None => self.entries.push(Entry::new(info)),
        }
    }

    /// Someone who speaks to us before anyone has named it.
    pub(crate) fn add_unnamed(&mut self, id: ClientId) {
        let info = ClientInfo {
            id,
            username: String::new(),
            capabilities: Vec::new(),
            offers: None,
            unstable: false,
            role: Role::Guest,
        };
        self.join(info);
    }

    pub(crate) fn leave(&mut self, id: &ClientId) {
        self.entries.retain(|entry| entry.info.id != *id);
        self.media.remove(id);
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
        self.media.insert(id.clone(), media);
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
                    media: if is_me { Some(my_media) } else { self.media.get(&entry.info.id).copied() },
                    ours: is_me || !entry.info.capabilities.is_empty(),
                    role: entry.info.role,
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
            role: Role::Guest,
        }
    }

    fn shown(roster: &Roster) -> Vec<String> {
        roster.participants(&id("me"), MediaState::default()).into_iter().map(|p| p.id.to_string()).collect()
    }

    #[test]
    fn a_list_is_in_join_order_and_names_everyone_once() {
        let mut roster = Roster::default();
        assert!(roster.apply(vec![info("a"), info("me"), info("b")]).is_empty());
        assert_eq!(roster.apply(vec![info("me"), info("b"), info("c"), info("c")]), [id("a")]);
        roster.leave(&id("a"));
        assert_eq!(shown(&roster), ["me", "b", "c"]);
    }

    #[test]
    fn whoever_is_missing_after_a_return_is_kept_until_it_is_named() {
        let until = moment();
        let mut roster = Roster::default();
        roster.apply(vec![info("a"), info("b"), info("me")]);
        roster.begin_link();
        assert!(roster.apply(vec![info("b"), info("me")]).is_empty(), "nobody was listed on this link before");
        roster.keep_unasked(until);
        assert_eq!(roster.missing().collect::<Vec<_>>(), [(&id("a"), until)]);
        assert_eq!(shown(&roster), ["a", "b", "me"], "its tile does not move");
        assert_eq!(roster.apply(vec![info("me")]), [id("b")], "b was listed on this link and left");
        roster.leave(&id("b"));
        roster.join(info("a"));
        assert_eq!(shown(&roster), ["a", "me"], "no second tile");
        assert_eq!(roster.missing().count(), 0);
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
    fn what_someone_sends_is_kept_though_it_is_listed_later_and_forgotten_when_it_leaves() {
        let mut roster = Roster::default();
        let camera = MediaState { camera: true, ..MediaState::default() };
        roster.set_media(&id("a"), camera);
        roster.apply(vec![info("a"), info("me")]);
        let sends = |roster: &Roster| roster.participants(&id("me"), MediaState::default())[0].media;
        assert_eq!(sends(&roster), Some(camera));
        roster.leave(&id("a"));
        roster.apply(vec![info("a"), info("me")]);
        assert_eq!(sends(&roster), None);
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
