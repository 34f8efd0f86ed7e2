//! One stay in a room: who is there and how one is connected to them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use protocol::{ClientId, MediaState, Role, RoomId};
use session::{Participant, PeerState, Status};

use super::chat::{Chat, Entry};
use super::hall::Hall;
use super::{plain_name, plain_text};
use crate::{Speaker, Tile};

#[derive(Debug)]
pub struct Visit {
    pub room: RoomId,
    pub connection: Connection,
    /// Everyone in join order, oneself included.
    pub people: Vec<Person>,
    pub chat: Chat,
    pub hall: Hall,
    links: BTreeMap<ClientId, PeerState>,
    speaking: BTreeSet<Speaker>,
    let_in: bool,
}

/// How one stands with the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Connection {
    Joining,
    /// Someone inside has to open.
    Knocking,
    Connecting,
    Joined,
    Lost {
        attempt: u32,
        retry_at: Instant,
        reason: String,
    },
}

#[derive(Debug, Clone, PartialEq)]
pub struct Person {
    pub id: ClientId,
    pub name: String,
    pub me: bool,
    /// Silent for some seconds, as the server sees it.
    pub unstable: bool,
    /// What the person says to send; a client of an earlier version does not say.
    pub media: Option<MediaState>,
    pub role: Role,
}

/// One tile of the stage.
#[derive(Debug, Clone, PartialEq)]
pub struct Face {
    pub tile: Tile,
    pub name: String,
    pub me: bool,
    pub muted: bool,
    pub hand: bool,
    pub speaking: bool,
    /// The screen, which has a tile of its own.
    pub shares: bool,
    pub showing: Showing,
    pub link: Link,
    pub role: Role,
}

/// What a person's picture is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Showing {
    Camera,
    Screen,
    Nothing,
    /// The client does not say: a picture is shown if one comes.
    Unknown,
}

/// How well one is connected to a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Link {
    Good,
    /// Silent for some seconds.
    Unstable,
    Connecting,
    Interrupted,
}

impl Connection {
    /// Until the next try.
    pub fn countdown(&self, now: Instant) -> Option<Duration> {
        match self {
            Self::Lost { retry_at, .. } => Some(retry_at.saturating_duration_since(now)),
            Self::Joining | Self::Knocking | Self::Connecting | Self::Joined => None,
        }
    }
}

impl Face {
    /// The tile of the shared screen beside this one.
    fn screen(&self) -> Self {
        let tile = match &self.tile {
            Tile::Client(id) | Tile::Screen(id) => Tile::Screen(id.clone()),
            Tile::Me | Tile::MyScreen => Tile::MyScreen,
        };
        Self {
            name: if self.me { "Your screen".to_owned() } else { format!("{}’s screen", self.name) },
            tile,
            me: false,
            muted: false,
            hand: false,
            speaking: false,
            shares: false,
            showing: Showing::Screen,
            link: self.link,
            role: Role::Guest,
        }
    }
}

/// Which tile gets the large place: the chosen one while it is there, else the first shared screen.
/// One's own screen never does by itself: it would show itself in itself.
pub fn spotlight(faces: &[Face], chosen: Option<&Tile>) -> Option<usize> {
    let is_chosen = |face: &Face| Some(&face.tile) == chosen;
    let is_shared = |face: &Face| matches!(face.tile, Tile::Screen(_));
    faces.iter().position(is_chosen).or_else(|| faces.iter().position(is_shared))
}

impl Visit {
    pub(super) fn new(room: RoomId) -> Self {
        Self {
            room,
            connection: Connection::Joining,
            people: Vec::new(),
            chat: Chat::default(),
            hall: Hall::default(),
            links: BTreeMap::new(),
            speaking: BTreeSet::new(),
            let_in: false,
        }
    }

    /// Whether one has been inside, even if the connection is lost now.
    pub fn was_let_in(&self) -> bool {
        self.let_in
    }

    pub fn person(&self, id: &ClientId) -> Option<&Person> {
        self.people.iter().find(|person| person.id == *id)
    }

    /// The tiles in join order, each screen beside its owner, oneself last; `sending` is what oneself sends.
    pub fn faces(&self, sending: MediaState) -> Vec<Face> {
        let (me, others): (Vec<_>, Vec<_>) = self.people.iter().partition(|person| person.me);
        let both = |person| {
            let face = self.face(person, sending);
            let screen = face.shares.then(|| face.screen());
            [Some(face), screen]
        };
        others.into_iter().chain(me).flat_map(both).flatten().collect()
    }

    fn face(&self, person: &Person, sending: MediaState) -> Face {
        let media = if person.me { Some(sending) } else { person.media };
        let (tile, speaker) = if person.me {
            (Tile::Me, Speaker::Me)
        } else {
            (Tile::Client(person.id.clone()), Speaker::Client(person.id.clone()))
        };
        let showing = match media {
            None => Showing::Unknown,
            Some(MediaState { camera: true, .. }) => Showing::Camera,
            Some(_) => Showing::Nothing,
        };
        let muted = media.is_some_and(|media| !media.microphone);
        Face {
            name: person.name.clone(),
            me: person.me,
            hand: media.is_some_and(|media| media.hand),
            speaking: !muted && self.speaking.contains(&speaker),
            shares: media.is_some_and(|media| media.screen),
            link: self.link(person),
            role: person.role,
            muted,
            showing,
            tile,
        }
    }

    pub fn link(&self, person: &Person) -> Link {
        if person.me {
            return Link::Good;
        }
        match self.links.get(&person.id) {
            Some(PeerState::Connected) if person.unstable => Link::Unstable,
            Some(PeerState::Connected) => Link::Good,
            Some(PeerState::Interrupted) => Link::Interrupted,
            None | Some(PeerState::Connecting | PeerState::Closed) => Link::Connecting,
        }
    }

    pub(super) fn handle_status(&mut self, status: Status) {
        self.connection = match status {
            Status::Joining => Connection::Joining,
            Status::Knocking => Connection::Knocking,
            Status::Connecting => Connection::Connecting,
            Status::Joined { .. } => {
                self.let_in = true;
                Connection::Joined
            }
            Status::Reconnecting { attempt, retry_at, reason } => {
                Connection::Lost { attempt, retry_at, reason: plain_text(&reason) }
            }
            // The model as a whole handles these: they end the visit.
            Status::Refused(_) | Status::Removed { .. } | Status::Left => return,
        };
    }

    pub(super) fn handle_roster(&mut self, roster: Vec<Participant>) {
        let people: Vec<Person> = roster.into_iter().map(Person::from).collect();
        // Whoever was there before oneself is no news.
        if self.people.iter().any(|person| person.me) {
            for gone in self.people.iter().filter(|old| !people.iter().any(|new| new.id == old.id)) {
                self.chat.push(Entry::Left(gone.name.clone()));
            }
            for new in people.iter().filter(|new| !self.people.iter().any(|old| old.id == new.id)) {
                self.chat.push(Entry::Joined(new.name.clone()));
            }
        }
        self.people = people;
        let people = &self.people;
        self.speaking.retain(|who| match who {
            Speaker::Me => true,
            Speaker::Client(id) => people.iter().any(|person| person.id == *id),
        });
    }

    pub(super) fn handle_peer(&mut self, client: ClientId, state: PeerState) {
        match state {
            PeerState::Closed => {
                self.speaking.remove(&Speaker::Client(client.clone()));
                self.links.remove(&client);
            }
            PeerState::Connecting | PeerState::Connected | PeerState::Interrupted => {
                self.links.insert(client, state);
            }
        }
    }

    pub(super) fn handle_speaking(&mut self, who: Speaker, speaking: bool) {
        if speaking {
            self.speaking.insert(who);
        } else {
            self.speaking.remove(&who);
        }
    }
}

impl From<Participant> for Person {
    fn from(one: Participant) -> Self {
        let Participant { id, username, me, unstable, media, role, ours: _ } = one;
        Self { id, name: plain_name(&username), me, unstable, media, role }
    }
}
