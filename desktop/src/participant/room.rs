//! The pumps between media engine, client and whoever looks.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use client::{Client, ClientEvent, OutgoingAudio, OutgoingVideo, Untrusted};
use crossbeam_channel::Receiver;
use media::{Engine, MediaEvent, Packet, PeerTag, VideoSource};
use protocol::{Action, ClientId, RoomId};
use session::{Event as SessionEvent, Status};
use tokio::sync::mpsc;
use url::Url;

use super::capture::Capture;
use super::inbox::{Inbox, Told};
use super::peers::Peers;
use crate::memory::Memory;
use crate::report::{Messages, PeerLine, Report};
use crate::{Doubt, Event, Speaker};

/// What both pumps and the participant share. Locks are held for moments, never across an await or a device.
pub(super) struct Switchboard {
    inbox: Inbox,
    client: Mutex<Option<Client>>,
    peers: Arc<Mutex<Peers>>,
    log: Mutex<Log>,
    memory: Memory,
    capture: Capture,
    /// Where the room is that one is in.
    place: Mutex<Option<(Url, RoomId)>>,
}

/// What a report wants to know of the session.
#[derive(Default)]
struct Log {
    me: Option<ClientId>,
    joined_seconds: Option<f64>,
    joins: u32,
    messages: Messages,
    names: BTreeMap<ClientId, String>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Switchboard {
    pub(super) fn new(inbox: Inbox, memory: Memory, capture: Capture, peers: Arc<Mutex<Peers>>) -> Self {
        Self {
            inbox,
            client: Mutex::new(None),
            peers,
            log: Mutex::new(Log::default()),
            memory,
            capture,
            place: Mutex::new(None),
        }
    }

    pub(super) fn capture(&self) -> &Capture {
        &self.capture
    }

    pub(super) fn tell(&self, event: Event) {
        self.inbox.tell(Told::Event(event));
    }

    pub(super) fn pass(&self, told: Told) {
        self.inbox.tell(told);
    }

    pub(super) fn enter(&self, server: Url, room: RoomId, now: Instant) {
        *lock(&self.place) = Some((server, room));
        lock(&self.peers).enter(now);
        *lock(&self.log) = Log::default();
    }

    pub(super) fn set_client(&self, client: Client) {
        *lock(&self.client) = Some(client);
    }

    pub(super) fn take_client(&self) -> Option<Client> {
        lock(&self.client).take()
    }

    pub(super) fn command(&self, command: session::Command) {
        if let Some(client) = &*lock(&self.client) {
            client.command(command);
        }
    }

    /// What stands for us towards the server's API.
    pub(super) fn token(&self) -> Option<String> {
        lock(&self.client).as_ref().and_then(Client::token)
    }

    pub(super) fn count_said(&self) {
        lock(&self.log).messages.sent += 1;
    }

    pub(super) fn tag(&self, client: &ClientId) -> Option<PeerTag> {
        lock(&self.peers).tag(client)
    }

    /// Of the picture of someone's screen.
    pub(super) fn screen_tag(&self, client: &ClientId) -> Option<PeerTag> {
        lock(&self.peers).screen_tag(client)
    }

    pub(super) fn close_peers(&self, engine: &Engine) {
        lock(&self.peers).close_all(engine);
    }

    /// What the engine makes goes to the client; a thread of its own, because sound must not wait for anything.
    pub(super) fn pump_media(this: &Arc<Self>, events: Receiver<MediaEvent>) {
        let this = Arc::clone(this);
        let pump = move || {
            for event in events {
                this.handle_media(event);
            }
        };
        if let Err(error) = std::thread::Builder::new().name("media-out".to_owned()).spawn(pump) {
            tracing::error!(%error, "no thread for outgoing media");
        }
    }

    fn handle_media(&self, event: MediaEvent) {
        match event {
            MediaEvent::Video(frame) => {
                let media::EncodedVideo { data, timestamp, keyframe, source, peers } = frame;
                let to = lock(&self.peers).clients(&peers, source);
                let screen = source == VideoSource::Screen;
                if let Some(client) = &*lock(&self.client) {
                    client.send_video(OutgoingVideo { data, timestamp, keyframe, screen }, &to);
                }
            }
            MediaEvent::Audio(packet) => {
                if let Some(client) = &*lock(&self.client) {
                    let media::EncodedAudio { data, timestamp } = packet;
                    client.send_audio(OutgoingAudio { data, timestamp });
                }
            }
            MediaEvent::KeyframeNeeded(tag) => {
                let who = lock(&self.peers).stream(tag);
                if let (Some((who, kind)), Some(client)) = (who, &*lock(&self.client)) {
                    client.request_keyframe(&who, kind);
                }
            }
            MediaEvent::Speaking { who: None, speaking } => self.tell(Event::Speaking { who: Speaker::Me, speaking }),
            MediaEvent::Speaking { who: Some(tag), speaking } => {
                if let Some((client, _)) = lock(&self.peers).stream(tag) {
                    self.tell(Event::Speaking { who: Speaker::Client(client), speaking });
                }
            }
            MediaEvent::Level(step) => self.tell(Event::Level(step)),
            MediaEvent::Unheard => self.tell(Event::Unheard),
            MediaEvent::Picture(whose) => {
                if let Some(tag) = whose {
                    lock(&self.peers).note_picture(tag, Instant::now());
                }
                self.inbox.wake();
            }
            MediaEvent::SourceLost(source) => self.pass(Told::SourceLost(source)),
            MediaEvent::SourceAway(VideoSource::Camera) => self.pass(Told::CameraAway),
            MediaEvent::SourceBack(VideoSource::Camera) => self.pass(Told::CameraBack),
            // A screen is never awaited.
            MediaEvent::SourceAway(VideoSource::Screen) | MediaEvent::SourceBack(VideoSource::Screen) => {}
            MediaEvent::Notice(notice) => self.tell(Event::Notice(notice.to_string())),
        }
    }

    /// What the client of `stay` hears goes to the engine and to whoever looks, until the client ends.
    pub(super) async fn pump_client(
        this: Arc<Self>,
        engine: Arc<Engine>,
        mut events: mpsc::Receiver<ClientEvent>,
        stay: u64,
    ) {
        while let Some(event) = events.recv().await {
            match event {
                ClientEvent::Rtp { client, kind, packet } => {
                    let (tag, kind) = lock(&this.peers).open_stream(&client, kind, &engine, packet.arrived);
                    engine.receive(tag, kind, media_packet(packet));
                }
                ClientEvent::Clock { client, kind, clock } => {
                    // What is said is heard with the speaker's face.
                    let kind = match kind {
                        client::Kind::Audio => media::Kind::Audio,
                        client::Kind::Video => media::Kind::Video,
                        client::Kind::Screen => continue,
                    };
                    if let Some(tag) = this.tag(&client) {
                        let client::SenderClock { ntp, timestamp } = clock;
                        engine.set_clock(tag, kind, media::SenderClock { ntp, timestamp });
                    }
                }
                ClientEvent::KeyframeWanted(wishes) => {
                    let peers = lock(&this.peers);
                    wishes.iter().for_each(|(client, kind)| peers.want_keyframe(client, *kind, &engine));
                }
                ClientEvent::Bitrate { client, bps } => lock(&this.peers).set_bitrate(&client, bps, &engine),
                ClientEvent::SoundLoss(percent) => engine.set_sound_loss(percent),
                ClientEvent::Untrusted(untrusted) => this.doubt(untrusted),
                ClientEvent::Session(event) => {
                    this.note(&event, &engine);
                    this.memorise(&event);
                    this.obey(&event, &engine);
                    let is_end = matches!(&event, SessionEvent::Status(status) if status.is_final());
                    if is_end {
                        // Whether or not anybody looks: whoever was put out is not filmed any more.
                        this.capture.end(stay);
                    }
                    this.tell(Event::Session(event));
                    if is_end {
                        this.pass(Told::Ended(stay));
                    }
                }
            }
        }
    }

    /// Tells what is known from before.
    pub(super) fn tell_known(&self) {
        self.tell(Event::Known(self.memory.known()));
    }

    pub(super) fn remember(&self, server: &Url, room: &RoomId, token: Option<String>) {
        let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        self.memory.enter(server, room, token, since_1970.as_secs());
        self.tell_known();
    }

    fn doubt(&self, untrusted: Untrusted) {
        let place = lock(&self.place).clone();
        if let Some((server, _)) = place {
            self.tell(Event::Untrusted(Doubt { server, untrusted }));
        }
    }

    /// From the moment on that one has a seat or knocks for one, one can come back as who one is.
    fn memorise(&self, event: &SessionEvent) {
        let Some((server, room)) = lock(&self.place).clone() else { return };
        match event {
            SessionEvent::Status(Status::Knocking | Status::Connecting | Status::Joined { .. }) => {
                self.remember(&server, &room, self.token());
            }
            SessionEvent::Settings(settings) => {
                self.memory.set_role(&server, &room, settings.role);
                self.tell_known();
            }
            _ => {}
        }
    }

    /// Whether or not anybody looks, the microphone is off at once, and nothing of other programs is heard.
    fn obey(&self, event: &SessionEvent, engine: &Engine) {
        match event {
            SessionEvent::Moderated { action: Action::Mute | Action::MuteAll, .. } => {
                self.capture.change(|sending| sending.microphone = false);
                engine.choose_screen_sound(false);
                self.pass(Told::Muted);
            }
            SessionEvent::Moderated { action: Action::LowerHand, .. } => self.pass(Told::HandLowered),
            _ => {}
        }
    }

    fn note(&self, event: &SessionEvent, engine: &Engine) {
        let now = Instant::now();
        let mut log = lock(&self.log);
        match event {
            SessionEvent::Status(Status::Joined { me }) => {
                log.me = Some(me.clone());
                log.joins += 1;
                log.joined_seconds.get_or_insert(lock(&self.peers).seconds(now));
            }
            SessionEvent::Status(
                Status::Joining
                | Status::Knocking
                | Status::Connecting
                | Status::Reconnecting { .. }
                | Status::Refused(_)
                | Status::Removed { .. }
                | Status::Left,
            )
            | SessionEvent::History { .. }
            | SessionEvent::TextEdited { .. }
            | SessionEvent::TextDeleted { .. }
            | SessionEvent::Settings(_)
            | SessionEvent::Knocking(_)
            | SessionEvent::Moderated { .. }
            | SessionEvent::Notice(_) => {}
            SessionEvent::Shown { client, view } => lock(&self.peers).set_shown(client, *view, engine),
            SessionEvent::Roster(participants) => {
                log.names.extend(participants.iter().map(|one| (one.id.clone(), one.username.clone())));
            }
            SessionEvent::Chat(line) if !line.mine => log.messages.received += 1,
            SessionEvent::Chat(_) => log.messages.echoed += 1,
            SessionEvent::Peer { client, state } => {
                let takes_both = lock(&self.client).as_ref().is_some_and(|handle| handle.takes_both(client));
                lock(&self.peers).follow(client, (*state, takes_both), engine, now);
            }
        }
    }

    pub(super) fn report(&self, engine: &Engine, room: Option<&RoomId>) -> Report {
        let network = lock(&self.client).as_ref().map(Client::peer_reports).unwrap_or_default();
        let peers = lock(&self.peers);
        let log = lock(&self.log);
        let lines = peers.connections().iter().map(|connection| {
            let (stats, screen) = connection.stats(engine);
            let network = network.iter().rev().find(|report| report.client == connection.client);
            let name = log.names.get(&connection.client).cloned().unwrap_or_default();
            PeerLine::new(connection, name, (&stats, screen.as_ref()), network)
        });
        Report {
            room: room.cloned(),
            me: log.me.clone(),
            seconds: peers.seconds(Instant::now()),
            joined_seconds: log.joined_seconds,
            joins: log.joins,
            messages: log.messages.clone(),
            peers: lines.collect(),
            sent: (&engine.out_stats()).into(),
        }
    }
}

fn media_packet(packet: client::RtpPacket) -> Packet {
    let client::RtpPacket { sequence, timestamp, marker, payload, arrived } = packet;
    Packet { sequence, timestamp, marker, payload, arrived }
}
