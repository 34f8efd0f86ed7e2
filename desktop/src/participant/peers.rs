//! Which media connection belongs to whom, and what each has been through.

use std::collections::BTreeMap;
use std::time::Instant;

use media::{Engine, Need, PeerStats, PeerTag};
use protocol::ClientId;
use session::PeerState;

/// What a new connection is thought to carry until the client knows better, bits per second: as congestion control begins.
const BITRATE_FIRST: u32 = 1_500_000;
/// What sound takes of it at most, with its headers; and its part of it, within the encoder's own bounds: speech is
/// clear at little.
const SOUND: u32 = 60_000;
const SOUND_SHARE: u32 = 20;

/// One media connection, standing or ended.
pub(crate) struct Connection {
    pub(crate) client: ClientId,
    pub(crate) tag: PeerTag,
    /// When it was wished for, when it stood, when its first picture was there: seconds after entering the room.
    pub(crate) opened: f64,
    pub(crate) connected: Option<f64>,
    pub(crate) first_picture: Option<f64>,
    pub(crate) state: PeerState,
    /// What the way to it carries, and how high it shows our picture.
    need: Need,
    /// Kept when the connection ends.
    pub(crate) last: Option<PeerStats>,
}

/// The connections since the room was entered.
pub(super) struct Peers {
    entered: Instant,
    next_tag: u64,
    open: BTreeMap<ClientId, PeerTag>,
    /// What the way to each carries, as far as the client has said.
    bitrates: BTreeMap<ClientId, u32>,
    connections: Vec<Connection>,
}

impl Peers {
    pub(super) fn new(now: Instant) -> Self {
        Self { entered: now, next_tag: 1, open: BTreeMap::new(), bitrates: BTreeMap::new(), connections: Vec::new() }
    }

    /// Forgets the last room. Tags are never used twice.
    pub(super) fn enter(&mut self, now: Instant) {
        self.entered = now;
        self.open.clear();
        self.bitrates.clear();
        self.connections.clear();
    }

    pub(super) fn seconds(&self, now: Instant) -> f64 {
        now.duration_since(self.entered).as_secs_f64()
    }

    pub(super) fn tag(&self, client: &ClientId) -> Option<PeerTag> {
        self.open.get(client).copied()
    }

    pub(super) fn client(&self, tag: PeerTag) -> Option<ClientId> {
        self.connections.iter().find(|connection| connection.tag == tag).map(|connection| connection.client.clone())
    }

    /// Those that are still there.
    pub(super) fn clients(&self, tags: &[PeerTag]) -> Vec<ClientId> {
        let open = self.open.iter().filter(|(_, tag)| tags.contains(tag));
        open.map(|(client, _)| client.clone()).collect()
    }

    pub(super) fn connections(&self) -> &[Connection] {
        &self.connections
    }

    /// Follows a connection's state; opens it in the engine when it is new and closes it when it ended.
    pub(super) fn follow(&mut self, client: &ClientId, state: PeerState, engine: &Engine, now: Instant) {
        if state == PeerState::Closed {
            self.close(client, engine);
            return;
        }
        self.open(client, engine, now);
        let seconds = self.seconds(now);
        if let Some(connection) = self.current(client) {
            connection.state = state;
            if state == PeerState::Connected && connection.connected.is_none() {
                connection.connected = Some(seconds);
                engine.set_need(connection.tag, Some(connection.need));
            }
        }
    }

    /// What the way to someone carries is known better now.
    pub(super) fn set_bitrate(&mut self, client: &ClientId, bitrate: u32, engine: &Engine) {
        if let Some(connection) = self.current(client).filter(|connection| connection.connected.is_some()) {
            connection.need.bitrate = bitrate.saturating_sub(SOUND);
            engine.set_need(connection.tag, Some(connection.need));
            self.bitrates.insert(client.clone(), bitrate);
            self.share_with_sound(engine);
        }
    }

    /// Someone shows our picture so high.
    pub(super) fn set_shown(&mut self, client: &ClientId, height: u32, engine: &Engine) {
        let Some(connection) = self.current(client) else { return };
        connection.need.height = Some(height);
        if connection.connected.is_some() {
            engine.set_need(connection.tag, Some(connection.need));
        }
    }

    /// One encoder feeds everyone, so the narrowest way counts.
    fn share_with_sound(&self, engine: &Engine) {
        if let Some(narrowest) = self.bitrates.values().min() {
            engine.set_sound_bitrate(narrowest / SOUND_SHARE);
        }
    }

    /// The tag of a standing connection; a new one where there is none.
    pub(super) fn open(&mut self, client: &ClientId, engine: &Engine, now: Instant) -> PeerTag {
        if let Some(tag) = self.tag(client) {
            return tag;
        }
        let tag = PeerTag(self.next_tag);
        self.next_tag += 1;
        engine.open_peer(tag);
        self.open.insert(client.clone(), tag);
        self.connections.push(Connection {
            client: client.clone(),
            tag,
            opened: self.seconds(now),
            connected: None,
            first_picture: None,
            state: PeerState::Connecting,
            need: Need { bitrate: BITRATE_FIRST - SOUND, height: None },
            last: None,
        });
        tag
    }

    pub(super) fn close(&mut self, client: &ClientId, engine: &Engine) {
        if let Some(connection) = self.current(client) {
            connection.state = PeerState::Closed;
            connection.last = Some(engine.peer_stats(connection.tag));
            engine.close_peer(connection.tag);
        }
        self.open.remove(client);
        self.bitrates.remove(client);
        self.share_with_sound(engine);
    }

    pub(super) fn close_all(&mut self, engine: &Engine) {
        let clients: Vec<ClientId> = self.open.keys().cloned().collect();
        for client in clients {
            self.close(&client, engine);
        }
    }

    pub(super) fn note_picture(&mut self, tag: PeerTag, now: Instant) {
        let seconds = self.seconds(now);
        if let Some(connection) = self.connections.iter_mut().find(|connection| connection.tag == tag) {
            connection.first_picture.get_or_insert(seconds);
        }
    }

    fn current(&mut self, client: &ClientId) -> Option<&mut Connection> {
        let tag = self.tag(client)?;
        self.connections.iter_mut().find(|connection| connection.tag == tag)
    }
}
