//! People: tabs of browsers and programs, what they do, and what they say.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::time::Instant;

use protocol::{ClientId, OfferForm, RoomId};
use rooms::{AddressMark, SessionId};
use serde_json::{Value, json};

use super::hearing::{Entry, Line};

/// One page or program of one person, in one room for all its life.
#[derive(Debug)]
pub(crate) struct Tab {
    pub(crate) session: SessionId,
    pub(crate) client: ClientId,
    pub(crate) room: RoomId,
    pub(crate) from: IpAddr,
    /// It speaks this version: it announces `events` and pings.
    pub(crate) is_new: bool,
    pub(crate) standing: Standing,
    /// The server has taken its profile: it knows that this one speaks this version.
    pub(crate) is_introduced: bool,
    /// Counts connections, so that news of an earlier one is known as such.
    pub(crate) link: u64,
    /// The page that has the open connection is being replaced by one that may connect until then.
    pub(crate) renewed_until: Option<Instant>,
    /// When it last asked for its seat and got it.
    pub(crate) seated_at: Option<Instant>,
    /// When the server last had a sign that counts as life.
    pub(crate) alive_at: Option<Instant>,
    /// When it was last told that it says too much; what it says within a second may be dropped without a further word.
    pub(crate) scolded_at: Option<Instant>,
    /// The last lines with a key that it said, the oldest first: it may say them again.
    pub(crate) said: VecDeque<Saying>,
    /// Who is in the room, as it was told without asking. For clients of this version only.
    pub(crate) roster: Vec<String>,
}

/// How a tab stands, as its owner would say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    Away,
    Seated,
    Open { mood: Mood },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    Well,
    /// It says nothing, yet its connection lives.
    Silent,
    /// It is gone without a word.
    Crashed,
}

/// People from this number on come in a storm, if at all.
pub(crate) const STRANGERS: u8 = 100;

impl Tab {
    pub(crate) fn new(person: u8, room: RoomId, from: IpAddr, is_new: bool) -> Self {
        Self {
            session: SessionId::new([person; 32]),
            client: ClientId::new(format!("{person}@{room}")),
            room,
            from,
            is_new,
            standing: Standing::Away,
            is_introduced: false,
            link: 0,
            renewed_until: None,
            seated_at: None,
            alive_at: None,
            scolded_at: None,
            said: VecDeque::new(),
            roster: Vec::new(),
        }
    }

    pub(crate) fn is_stranger(&self) -> bool {
        self.session.as_bytes()[0] >= STRANGERS
    }

    /// What a ban of its address goes by.
    pub(crate) fn mark(&self) -> AddressMark {
        let mut mark = [0; 16];
        if let IpAddr::V4(address) = self.from {
            mark[..4].copy_from_slice(&address.octets());
        }
        AddressMark(mark)
    }

    pub(crate) fn is_open(&self) -> bool {
        matches!(self.standing, Standing::Open { .. })
    }

    pub(crate) fn mood(&self) -> Option<Mood> {
        match self.standing {
            Standing::Open { mood } => Some(mood),
            Standing::Away | Standing::Seated => None,
        }
    }

    /// Will the server go on to count it among the living?
    pub(crate) fn is_well(&self) -> bool {
        match self.mood() {
            Some(Mood::Well) => true,
            Some(Mood::Silent) => !self.is_introduced,
            Some(Mood::Crashed) | None => false,
        }
    }

    pub(crate) fn offers(&self) -> Option<OfferForm> {
        if self.is_new { None } else { Some(OfferForm::String) }
    }

    /// The channel is closed.
    pub(crate) fn close(&mut self, now: Instant) {
        let is_awaited = self.renewed_until.is_some_and(|until| now < until);
        self.standing = if is_awaited { Standing::Seated } else { Standing::Away };
        self.is_introduced = false;
    }

    /// Notes a line that it may say again. A page does not wait for ever: it remembers fewer than the server does.
    pub(crate) fn note_said(&mut self, saying: &Saying) {
        const REMEMBERED: usize = 20;
        if matches!(saying, Saying::Text { has_key: true, .. }) && !self.said.contains(saying) {
            self.said.push_back(saying.clone());
            if self.said.len() > REMEMBERED {
                self.said.pop_front();
            }
        }
    }

    /// What the page does with a `room-info`, `joined` or `left`.
    pub(crate) fn note_roster(&mut self, entries: &[Entry]) {
        self.roster = entries.iter().map(|entry| entry.id.clone()).collect();
    }

    pub(crate) fn note_joined(&mut self, entry: &Entry) {
        if !self.roster.contains(&entry.id) {
            self.roster.push(entry.id.clone());
        }
    }

    pub(crate) fn note_left(&mut self, entry: &Entry) {
        self.roster.retain(|id| *id != entry.id);
    }
}

/// Something said on the data channel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Saying {
    /// To the room, or to one client, who may be anywhere or nowhere.
    Text {
        to: Option<ClientId>,
        number: u64,
        /// It has a key, by which it is known when it is said again.
        has_key: bool,
    },
    Offer {
        to: ClientId,
    },
    Profile {
        name: String,
        takes_events: bool,
    },
    AskRoster,
    Moderate {
        action: &'static str,
        client: ClientId,
        /// A ban covers the address too.
        address: bool,
    },
    /// The lines that the room keeps. `key` tells one question from another.
    GetChat {
        key: u64,
    },
    /// Changes the line of this number, which the server calls `id`. `key` is what it says from now on.
    Edit {
        number: u64,
        id: u64,
        key: u64,
    },
    Delete {
        number: u64,
        id: u64,
        key: u64,
    },
    Ping(u64),
    /// To the server, which does not know it.
    Unknown,
    Malformed(usize),
    Binary,
    Bye,
}

const MALFORMED: [&str; 5] = ["", "[[", "7", r#"{"type":"text"}"#, r#"{"receiver":"room","type":"text","data":[]}"#];
pub(crate) const MALFORMED_COUNT: usize = MALFORMED.len();

impl Saying {
    /// The frame, with a claim of its own about who sent it. `None`: it is binary.
    pub(crate) fn frame(&self, room: &RoomId, claimed_sender: Option<&ClientId>) -> Option<String> {
        let server = "ground control";
        let (receiver, kind, data) = match self {
            Self::Text { to, number, has_key } => {
                let to = to.as_ref().map_or("room", ClientId::as_str);
                let line = Line { room: room.to_string(), number: *number, edit: 0 };
                let key = has_key.then(|| number.to_string());
                (to, "text", json!({"from": "x", "time": number, "text": line.write(), "key": key}))
            }
            Self::Offer { to } => (to.as_str(), "offer", json!("v=0")),
            Self::Profile { name, takes_events: true } => (
                server,
                "profile",
                json!({"username": name, "capabilities": ["events", "trickle", "moderation", "chat"]}),
            ),
            Self::Profile { name, takes_events: false } => (server, "profile", json!({"username": name})),
            Self::Moderate { action, client, address } => {
                (server, "moderate", json!({"action": action, "client": client, "address": address}))
            }
            Self::GetChat { .. } => (server, "get-chat", Value::Null),
            Self::Edit { number, id, key } => {
                let line = Line { room: room.to_string(), number: *number, edit: *key };
                (server, "edit-text", json!({"id": id.to_string(), "text": line.write()}))
            }
            Self::Delete { id, .. } => (server, "delete-text", json!({"id": id.to_string()})),
            Self::AskRoster => (server, "get-room-info", Value::Null),
            Self::Ping(number) => (server, "ping", json!(number)),
            Self::Unknown => (server, "tomorrow", Value::Null),
            Self::Bye => (server, "bye", Value::Null),
            Self::Malformed(which) => return Some(MALFORMED[*which].to_owned()),
            Self::Binary => return None,
        };
        let mut frame = json!({"receiver": receiver, "type": kind, "data": data});
        if let Some(sender) = claimed_sender {
            frame["sender"] = json!(sender);
        }
        Some(frame.to_string())
    }
}
