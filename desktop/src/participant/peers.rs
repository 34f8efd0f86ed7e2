//! Which media connection belongs to whom, and what each has been through.

use std::collections::BTreeMap;
use std::time::Instant;

use client::Kind;
use media::{Engine, Need, PeerStats, PeerTag, VideoSource};
use protocol::{ClientId, MediaState, View};
use session::PeerState;

/// What a new connection is thought to carry until the client knows better, bits per second: as congestion control begins.
const BITRATE_FIRST: u32 = 1_500_000;
/// What sound takes of it at most, with its headers; and its part of it, within the encoder's own bounds: a voice that is
/// clear is worth more than a finer picture.
const SOUND: u32 = 60_000;
const SOUND_SHARE: u32 = 8;
/// The screen's part of what pictures have while the camera is on too, in per cent.
const SCREEN_SHARE: u32 = 65;

/// One media connection, standing or ended.
pub(crate) struct Connection {
    pub(crate) client: ClientId,
    pub(crate) tag: PeerTag,
    /// When it was wished for, when it stood, when its first picture was there: seconds after entering the room.
    pub(crate) opened: f64,
    pub(crate) connected: Option<f64>,
    pub(crate) first_picture: Option<f64>,
    pub(crate) state: PeerState,
    /// The picture of its screen, once there was one.
    screen: Option<PeerTag>,
    /// It takes our screen beside our camera, and not instead of it.
    takes_both: bool,
    /// What the way to it carries beside sound, bits per second, and how high it shows our pictures.
    bitrate: u32,
    view: Option<View>,
    /// Kept when the connection ends: of the sound and the camera's picture, and of the screen's.
    last: Option<(PeerStats, Option<PeerStats>)>,
}

/// The connections since the room was entered.
pub(super) struct Peers {
    entered: Instant,
    next_tag: u64,
    open: BTreeMap<ClientId, PeerTag>,
    /// What the way to each carries, as far as the client has said.
    bitrates: BTreeMap<ClientId, u32>,
    connections: Vec<Connection>,
    /// Of ours.
    sending: MediaState,
}

impl Connection {
    /// Whether a picture of ours goes to it.
    fn gets(&self, source: VideoSource, sending: MediaState) -> bool {
        self.takes_both || (source == VideoSource::Screen) == sending.screen
    }

    fn need(&self, source: VideoSource, sending: MediaState) -> Option<Need> {
        if self.connected.is_none() || !self.gets(source, sending) {
            return None;
        }
        let height = self.view.map(|view| match source {
            VideoSource::Screen if self.takes_both => view.screen.unwrap_or(view.height),
            // Wherever it shows the one picture that it takes.
            VideoSource::Screen => view.height.max(view.screen.unwrap_or(0)),
            VideoSource::Camera => view.height,
        });
        let share = match source {
            _ if !(self.takes_both && sending.camera && sending.screen) => 100,
            VideoSource::Screen => SCREEN_SHARE,
            VideoSource::Camera => 100 - SCREEN_SHARE,
        };
        Some(Need { bitrate: self.bitrate / 100 * share, height })
    }

    /// Of the sound and the camera's picture, and of the screen's.
    pub(super) fn stats(&self, engine: &Engine) -> (PeerStats, Option<PeerStats>) {
        let now = || (engine.peer_stats(self.tag), self.screen.map(|screen| engine.peer_stats(screen)));
        self.last.clone().unwrap_or_else(now)
    }

    fn tell_needs(&self, sending: MediaState, engine: &Engine) {
        for source in [VideoSource::Camera, VideoSource::Screen] {
            engine.set_need(self.tag, source, self.need(source, sending));
        }
    }
}

impl Peers {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            entered: now,
            next_tag: 1,
            open: BTreeMap::new(),
            bitrates: BTreeMap::new(),
            connections: Vec::new(),
            sending: MediaState::default(),
        }
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

    /// Where the picture of someone's screen is: with those who send one picture, that one.
    pub(super) fn screen_tag(&self, client: &ClientId) -> Option<PeerTag> {
        let connection = self.current(client)?;
        if connection.takes_both { connection.screen } else { Some(connection.tag) }
    }

    /// Whose a tag is, and which of its pictures.
    pub(super) fn stream(&self, tag: PeerTag) -> Option<(ClientId, Kind)> {
        self.connections.iter().find_map(|connection| {
            let kind = match tag {
                _ if connection.tag == tag => Kind::Video,
                _ if connection.screen == Some(tag) => Kind::Screen,
                _ => return None,
            };
            Some((connection.client.clone(), kind))
        })
    }

    /// Those that are still there and get pictures of this source.
    pub(super) fn clients(&self, tags: &[PeerTag], source: VideoSource) -> Vec<ClientId> {
        let gets = |connection: &&Connection| {
            tags.contains(&connection.tag)
                && self.open.get(&connection.client) == Some(&connection.tag)
                && connection.gets(source, self.sending)
        };
        self.connections.iter().filter(gets).map(|connection| connection.client.clone()).collect()
    }

    /// What of ours is sent from now on.
    pub(super) fn set_sending(&mut self, sending: MediaState, engine: &Engine) {
        let before = std::mem::replace(&mut self.sending, sending);
        for tag in self.open.values() {
            let Some(connection) = self.connections.iter().find(|connection| connection.tag == *tag) else { continue };
            connection.tell_needs(sending, engine);
            // Whoever has one picture cannot go from one to the other without a keyframe.
            if before.screen != sending.screen && !connection.takes_both {
                engine.want_keyframe(*tag, if sending.screen { VideoSource::Screen } else { VideoSource::Camera });
            }
        }
    }

    /// Someone cannot go on with a picture of ours.
    pub(super) fn want_keyframe(&self, client: &ClientId, kind: Kind, engine: &Engine) {
        let Some(connection) = self.current(client) else { return };
        let source = match kind {
            Kind::Screen => VideoSource::Screen,
            Kind::Audio | Kind::Video if self.sending.screen && !connection.takes_both => VideoSource::Screen,
            Kind::Audio | Kind::Video => VideoSource::Camera,
        };
        engine.want_keyframe(connection.tag, source);
    }

    pub(super) fn connections(&self) -> &[Connection] {
        &self.connections
    }

    /// Follows a connection's state; opens it in the engine when it is new and closes it when it ended.
    pub(super) fn follow(
        &mut self,
        client: &ClientId,
        (state, takes_both): (PeerState, bool),
        engine: &Engine,
        now: Instant,
    ) {
        if state == PeerState::Closed {
            self.close(client, engine);
            return;
        }
        self.open(client, engine, now);
        let (seconds, sending) = (self.seconds(now), self.sending);
        if let Some(connection) = self.current_mut(client) {
            connection.state = state;
            if state == PeerState::Connected {
                connection.takes_both = takes_both;
                connection.connected.get_or_insert(seconds);
                connection.tell_needs(sending, engine);
            }
        }
    }

    /// What the way to someone carries is known better now.
    pub(super) fn set_bitrate(&mut self, client: &ClientId, bitrate: u32, engine: &Engine) {
        let sending = self.sending;
        if let Some(connection) = self.current_mut(client).filter(|connection| connection.connected.is_some()) {
            connection.bitrate = bitrate.saturating_sub(SOUND);
            connection.tell_needs(sending, engine);
            self.bitrates.insert(client.clone(), bitrate);
            self.share_with_sound(engine);
        }
    }

    /// Someone shows our pictures so high.
    pub(super) fn set_shown(&mut self, client: &ClientId, view: View, engine: &Engine) {
        let sending = self.sending;
        let Some(connection) = self.current_mut(client) else { return };
        connection.view = Some(view);
        connection.tell_needs(sending, engine);
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
        let tag = self.take_tag();
        engine.open_peer(tag);
        self.open.insert(client.clone(), tag);
        self.connections.push(Connection {
            client: client.clone(),
            tag,
            opened: self.seconds(now),
            connected: None,
            first_picture: None,
            state: PeerState::Connecting,
            screen: None,
            takes_both: false,
            bitrate: BITRATE_FIRST - SOUND,
            view: None,
            last: None,
        });
        tag
    }

    /// Where packets of someone go; new places where there are none.
    pub(super) fn open_stream(
        &mut self,
        client: &ClientId,
        kind: Kind,
        engine: &Engine,
        now: Instant,
    ) -> (PeerTag, media::Kind) {
        let tag = self.open(client, engine, now);
        match kind {
            Kind::Audio => (tag, media::Kind::Audio),
            Kind::Video => (tag, media::Kind::Video),
            Kind::Screen => {
                let next = PeerTag(self.next_tag);
                let Some(connection) = self.current_mut(client) else { return (tag, media::Kind::Video) };
                let screen = *connection.screen.get_or_insert_with(|| {
                    engine.open_picture(next);
                    next
                });
                self.next_tag += u64::from(screen == next);
                (screen, media::Kind::Video)
            }
        }
    }

    fn take_tag(&mut self) -> PeerTag {
        self.next_tag += 1;
        PeerTag(self.next_tag - 1)
    }

    pub(super) fn close(&mut self, client: &ClientId, engine: &Engine) {
        if let Some(connection) = self.current_mut(client) {
            connection.state = PeerState::Closed;
            connection.last = Some(connection.stats(engine));
            engine.close_peer(connection.tag);
            connection.screen.into_iter().for_each(|screen| engine.close_peer(screen));
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

    fn current(&self, client: &ClientId) -> Option<&Connection> {
        let tag = self.tag(client)?;
        self.connections.iter().find(|connection| connection.tag == tag)
    }

    fn current_mut(&mut self, client: &ClientId) -> Option<&mut Connection> {
        let tag = self.tag(client)?;
        self.connections.iter_mut().find(|connection| connection.tag == tag)
    }
}
