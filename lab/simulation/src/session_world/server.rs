//! The server in the middle: the real core, or a stand-in for one of the first version.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use protocol::{Action, Capability, ClientId, History, Moderate, OfferForm, RoomId};
use rand::RngExt;
use rand_chacha::ChaCha12Rng;
use rooms::{
    AddressMark, By, Config, Effect, JobId, Kept, LoadedTexts, Pass, Reply, Request, RequestId, RoomRecord, Rooms,
    SessionId,
};

use super::classic::Classic;
use super::store::Store;
use super::{Happening, World};

/// Which server a world has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plan {
    /// `introduces_late`: pages read of a newcomer of this version only after its offers had time to arrive.
    Ours {
        introduces_late: bool,
    },
    /// The room keeps its lines, in a store that outlives the server.
    Keeping,
    Classic,
    /// Says of everyone from the seat on that it is of this version: whoever comes together offers to each other.
    Eager,
}

impl Plan {
    /// How often an engine never comes back with an offer. Not where crossing offers alone are looked at.
    pub(super) fn engine_fails(self) -> f64 {
        match self {
            Self::Ours { .. } | Self::Keeping | Self::Classic => 0.01,
            Self::Eager => 0.0,
        }
    }
}

/// What the server wants done.
#[derive(Debug)]
pub(super) enum Out {
    Frame { to: ClientId, frame: String },
    Disconnect(ClientId),
    Store(Box<Effect>),
}

pub(super) enum Server {
    Ours(Box<Rooms>),
    Classic(Classic),
}

impl Server {
    pub(super) fn start(plan: &Plan, rng: &mut ChaCha12Rng, store: &Store, now: Instant) -> Self {
        match plan {
            Plan::Classic => Self::Classic(Classic::new(rng.random(), Vec::new())),
            Plan::Eager => Self::Classic(Classic::new(rng.random(), Capability::ours())),
            Plan::Keeping => {
                let mut rooms = Rooms::new(Config::default(), rng.random(), now);
                rooms.set_calendar(1_700_000_000_000, now);
                rooms.restore(store.record.clone().unwrap_or_else(new_room), now);
                Self::Ours(Box::new(rooms))
            }
            Plan::Ours { introduces_late } => {
                let mut config = Config::default();
                if !introduces_late {
                    config.newcomer_offers_within = Duration::ZERO;
                }
                let mut rooms = Rooms::new(config, rng.random(), now);
                match store.record.clone() {
                    Some(record) => rooms.restore(record, now),
                    None => rooms.open_kept_room(room(), true, 0, None, now),
                }
                Self::Ours(Box::new(rooms))
            }
        }
    }

    /// A seat for the person; `None`: refused.
    pub(super) fn seat(
        &mut self,
        person: usize,
        client: &ClientId,
        offers: Option<OfferForm>,
        now: Instant,
    ) -> Option<ClientId> {
        let rooms = match self {
            Self::Classic(classic) => return Some(classic.seat()),
            Self::Ours(rooms) => rooms,
        };
        let request = Request::Join {
            room: room(),
            session: session_of(person),
            client: client.clone(),
            password: None,
            from: IpAddr::from([192, 0, 2, 1]),
            offers,
            mark: AddressMark::default(),
            pass: Pass::None,
            name: None,
        };
        rooms.handle_request(RequestId(0), request, now);
        match rooms.poll_effect() {
            Some(Effect::Reply { reply: Reply::Seated { client, .. }, .. }) => Some(client),
            other => panic!("a seat in an open room was answered with {other:?}"),
        }
    }

    /// Has the client a seat to connect to?
    pub(super) fn admits(&self, client: &ClientId) -> bool {
        match self {
            Self::Ours(rooms) => rooms.authorize(&room(), &session_of(person_of(client))).is_ok(),
            Self::Classic(classic) => classic.admits(client),
        }
    }

    pub(super) fn handle_connected(&mut self, client: &ClientId, now: Instant) {
        match self {
            Self::Ours(rooms) => rooms.handle_connected(client, now),
            Self::Classic(classic) => classic.handle_connected(client, now),
        }
    }

    pub(super) fn handle_frame(&mut self, from: &ClientId, frame: &[u8], now: Instant) {
        match self {
            Self::Ours(rooms) => rooms.handle_frame(from, frame, now),
            Self::Classic(classic) => classic.handle_frame(from, frame, now),
        }
    }

    pub(super) fn handle_alive(&mut self, client: &ClientId, now: Instant) {
        if let Self::Ours(rooms) = self {
            rooms.handle_alive(client, now);
        }
    }

    /// A server of the first version does not look: it waits for its own time-outs.
    pub(super) fn handle_disconnected(&mut self, client: &ClientId, now: Instant) {
        if let Self::Ours(rooms) = self {
            rooms.handle_disconnected(client, now);
        }
    }

    pub(super) fn mute(&mut self, client: ClientId, now: Instant) {
        if let Self::Ours(rooms) = self {
            let deed = Moderate { action: Action::Mute, client: Some(client), address: false };
            let request = Request::Moderate { room: room(), by: By::Administrator, deed };
            rooms.handle_request(RequestId(0), request, now);
        }
    }

    pub(super) fn handle_kept(&mut self, job: JobId, kept: Kept, now: Instant) {
        if let Self::Ours(rooms) = self {
            rooms.handle_kept(job, kept, now);
        }
    }

    pub(super) fn handle_texts(&mut self, job: JobId, texts: LoadedTexts, now: Instant) {
        if let Self::Ours(rooms) = self {
            rooms.handle_texts(job, Some(texts), now);
        }
    }

    pub(super) fn handle_shutdown(&mut self, now: Instant) {
        match self {
            Self::Ours(rooms) => rooms.handle_shutdown(now),
            Self::Classic(classic) => classic.handle_shutdown(),
        }
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) {
        match self {
            Self::Ours(rooms) => rooms.handle_timeout(now),
            Self::Classic(classic) => classic.handle_timeout(now),
        }
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        match self {
            Self::Ours(rooms) => rooms.poll_timeout(),
            Self::Classic(classic) => classic.deadline(),
        }
    }

    pub(super) fn take_effects(&mut self) -> Vec<Out> {
        let rooms = match self {
            Self::Classic(classic) => return classic.take_effects(),
            Self::Ours(rooms) => rooms,
        };
        let effects = std::iter::from_fn(|| rooms.poll_effect());
        effects
            .filter_map(|effect| match effect {
                Effect::Send { to, frame } => Some(Out::Frame { to, frame }),
                Effect::Disconnect { client } => Some(Out::Disconnect(client)),
                Effect::Reply { .. } | Effect::HashPassword { .. } | Effect::VerifyPassword { .. } => None,
                Effect::SaveRoom(_)
                | Effect::ForgetRoom(_)
                | Effect::KeepText { .. }
                | Effect::EditText { .. }
                | Effect::DropText { .. }
                | Effect::ForgetTexts { .. }
                | Effect::LoadTexts { .. } => Some(Out::Store(Box::new(effect))),
            })
            .collect()
    }
}

impl World {
    pub(super) fn restart(&mut self, graceful: bool, down: Duration) {
        let Some(mut server) = self.server.take() else { return };
        self.store.life += 1;
        if graceful {
            server.handle_shutdown(self.now);
            self.deliver(server.take_effects());
        }
        let open: Vec<usize> = (0..self.links.len()).filter(|link| self.links[*link].is_open_at_server).collect();
        for link in open {
            self.links[link].is_open_at_server = false;
            let noticed = self.rng.random_bool(0.7);
            if noticed || self.is_page(self.links[link].person) {
                self.close_at_client(link, "the server is gone");
            } else {
                self.links[link].is_cut = true;
            }
        }
        self.channels.clear();
        self.after(down, Happening::ServerBack);
    }

    /// What the server wants done.
    pub(super) fn drain_server(&mut self) {
        if let Some(server) = &mut self.server {
            let effects = server.take_effects();
            self.deliver(effects);
        }
    }

    pub(super) fn deliver(&mut self, effects: Vec<Out>) {
        for effect in effects {
            match effect {
                Out::Frame { to, frame } => {
                    self.note_line(&to, &frame);
                    self.send_to_client(&to, frame);
                }
                Out::Store(effect) => self.ask_store(*effect),
                Out::Disconnect(client) => {
                    if let Some(link) = self.channels.remove(&client) {
                        self.links[link].is_open_at_server = false;
                        self.close_at_client(link, "the server hung up");
                    }
                }
            }
        }
    }
}

fn room() -> RoomId {
    RoomId::parse("demo").expect("a sound name")
}

/// The room as it is before anybody was in it.
fn new_room() -> RoomRecord {
    RoomRecord {
        id: room(),
        public: true,
        guest_limit: 0,
        password_hash: None,
        kept: true,
        lobby: false,
        locked: false,
        history: History::Forever,
        owner: None,
        moderators: Vec::new(),
        bans: Vec::new(),
        invites: Vec::new(),
        inside: Vec::new(),
        created_s: 0,
        next_text_id: 1,
    }
}

fn session_of(person: usize) -> SessionId {
    SessionId::new([person as u8 + 1; 32])
}

/// On a server of ours a client id ends with the number of its person.
fn person_of(client: &ClientId) -> usize {
    let number = client.as_str().rsplit('-').next().and_then(|number| number.parse().ok());
    number.expect("an id that the world gave")
}
