//! One person's participant: introduces the media engine and the client to each other, which do not know each other.

mod account;
mod capture;
mod hall;
mod inbox;
mod lobby;
mod peers;
mod room;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use client::Client;
use crossbeam_channel::Receiver;
use media::{Engine, EngineConfig, Picture, ScreenChoice, VideoSource};
use protocol::{MediaState, RoomId, Username};
use tokio::runtime::Handle;
use tokio::task::JoinSet;
use url::Url;

use crate::memory::Memory;
use crate::report::{Report, Reporting};
use crate::{Backend, Command, Event, Tile};
use capture::{Capture, Captured};
use inbox::{Inbox, Told};
pub(crate) use peers::Connection;
use peers::Peers;
use room::Switchboard;

/// A graceful good-bye takes at most this long.
const LEAVE_MAX: Duration = Duration::from_secs(2);

/// What a participant starts with.
pub struct ParticipantConfig {
    pub server: Url,
    /// Who one was before.
    pub memory: Memory,
    pub username: Username,
    pub media: EngineConfig,
    /// Also offer candidates of 127.0.0.1.
    pub loopback: bool,
    /// Create a room that does not exist on joining it.
    pub create: bool,
    /// Start with these on, where there is a source.
    pub camera: bool,
    pub microphone: bool,
    pub screen: bool,
    /// A shared screen is sent as a film.
    pub screen_motion: bool,
    /// Called whenever there is something to look at: an event, or a new picture.
    pub wake: Arc<dyn Fn() + Send + Sync>,
}

/// The real backend of the window and of a headless run.
pub struct Participant {
    config: ParticipantConfig,
    runtime: Handle,
    engine: Arc<Engine>,
    switchboard: Arc<Switchboard>,
    inbox: Receiver<Told>,
    room: Option<RoomId>,
    /// The number of the last stay in a room.
    stay: u64,
    /// Whoever comes back is who it was, an owner perhaps.
    memory: Memory,
    /// The pump of the current room, and requests of the lobby. Dropping them ends them.
    room_tasks: JoinSet<()>,
    lobby_tasks: JoinSet<()>,
}

impl Participant {
    pub fn start(config: ParticipantConfig, runtime: &Handle) -> Self {
        let (engine, media_events) = Engine::start(config.media.clone());
        let (sender, inbox) = Inbox::channel(Arc::clone(&config.wake));
        let engine = Arc::new(engine);
        let sending =
            MediaState { camera: config.camera, microphone: config.microphone, screen: config.screen, hand: false };
        // The pump of media lives as long as the engine, and must not be why it does.
        let devices = Arc::downgrade(&engine);
        let peers = Arc::new(Mutex::new(Peers::new(Instant::now())));
        let needs = Arc::clone(&peers);
        let capture = Capture::new(sending, move |inside| {
            let Some(devices) = devices.upgrade() else { return };
            let Captured { sending, awaits_camera } = inside.unwrap_or_default();
            needs.lock().unwrap_or_else(PoisonError::into_inner).set_sending(sending, &devices);
            let MediaState { camera, microphone, screen, .. } = sending;
            devices.set_camera(camera || awaits_camera);
            devices.set_microphone(microphone);
            // Whoever speaks while it is off is told so.
            devices.set_listening(inside.is_some());
            devices.set_screen(screen);
        });
        let switchboard = Arc::new(Switchboard::new(sender, config.memory.clone(), capture, peers));
        Switchboard::pump_media(&switchboard, media_events);
        let mut participant = Self {
            engine,
            switchboard,
            inbox,
            room: None,
            stay: 0,
            memory: config.memory.clone(),
            room_tasks: JoinSet::new(),
            lobby_tasks: JoinSet::new(),
            runtime: runtime.clone(),
            config,
        };
        participant.tell_sending();
        participant.tell_screen_sound();
        participant.set_screen_motion(participant.config.screen_motion);
        participant.switchboard.tell(Event::Processing(participant.config.media.processing));
        participant.switchboard.tell_known();
        participant.check_account();
        participant
    }

    fn join(&mut self, room: RoomId, password: Option<String>, invite: Option<String>, create: bool) {
        self.leave_quietly();
        self.switchboard.enter(self.config.server.clone(), room.clone(), Instant::now());
        self.switchboard.tell(Event::Entering(room.clone()));
        let options = client::Options {
            server: self.config.server.clone(),
            room: room.clone(),
            password,
            invite,
            trust: self.memory.trusted(&self.config.server),
            token: self.memory.token(&self.config.server, &room),
            username: self.config.username.clone(),
            loopback: self.config.loopback,
            create,
        };
        let (client, events) = Client::start(options, &self.runtime);
        client.command(session::Command::SetMedia(self.switchboard.capture().sending()));
        self.switchboard.set_client(client);
        self.stay = self.switchboard.capture().begin();
        self.room_tasks.spawn_on(
            Switchboard::pump_client(Arc::clone(&self.switchboard), Arc::clone(&self.engine), events, self.stay),
            &self.runtime,
        );
        self.room = Some(room);
    }

    /// Says good-bye in the background and lets go of everything that belongs to the room.
    fn leave_quietly(&mut self) {
        if let Some(client) = self.switchboard.take_client() {
            self.lobby_tasks.spawn_on(client.leave(), &self.runtime);
        }
        self.room_tasks.abort_all();
        self.switchboard.close_peers(&self.engine);
        self.switchboard.capture().end(self.stay);
        self.switchboard.tell(Event::CameraAwaited(false));
        self.room = None;
    }

    /// Looking at screens takes a while.
    fn list_screens(&mut self) {
        let switchboard = Arc::clone(&self.switchboard);
        let wished = self.config.media.screen_sound;
        let look = move || {
            switchboard.tell(Event::ScreenSound { wished, missing: media::screen_sound().err() });
            switchboard.tell(Event::Screens(media::sights()));
        };
        self.lobby_tasks.spawn_blocking_on(look, &self.runtime);
    }

    fn share_screen(&mut self, choice: ScreenChoice) {
        self.engine.choose_screen(choice);
        self.set_sending(|sending| sending.screen = true);
    }

    fn set_screen_sound(&mut self, wished: bool) {
        self.config.media.screen_sound = wished;
        self.engine.choose_screen_sound(wished);
        self.tell_screen_sound();
    }

    fn set_screen_motion(&self, wished: bool) {
        self.engine.set_motion(wished);
        self.switchboard.tell(Event::ScreenMotion(wished));
    }

    fn set_processing(&mut self, processing: media::Processing) {
        self.memory.set_processing(processing);
        self.engine.set_processing(processing);
        self.switchboard.tell(Event::Processing(processing));
    }

    fn tell_screen_sound(&self) {
        let wished = self.config.media.screen_sound;
        self.switchboard.tell(Event::ScreenSound { wished, missing: media::screen_sound().err() });
    }

    fn set_sending(&mut self, change: impl FnOnce(&mut MediaState)) {
        self.with_capture(|capture| capture.change(change));
    }

    fn set_camera(&mut self, on: bool) {
        self.with_capture(|capture| capture.set_camera(on));
    }

    /// Says whether something changed.
    fn with_capture(&mut self, change: impl FnOnce(&Capture) -> bool) -> bool {
        let is_new = change(self.switchboard.capture());
        if is_new {
            self.announce_sending();
        }
        is_new
    }

    /// To the room, and to whoever looks.
    fn announce_sending(&mut self) {
        self.switchboard.command(session::Command::SetMedia(self.switchboard.capture().sending()));
        self.tell_sending();
    }

    fn tell_sending(&mut self) {
        let MediaState { camera, microphone, screen, hand } = self.switchboard.capture().sending();
        self.switchboard.tell(Event::Sending { camera, microphone, screen, hand });
        self.switchboard.tell(Event::CameraAwaited(self.switchboard.capture().awaits_camera()));
    }
}

impl Backend for Participant {
    fn poll_event(&mut self) -> Option<Event> {
        while self.lobby_tasks.try_join_next().is_some() {}
        loop {
            match self.inbox.try_recv().ok()? {
                Told::Event(event) => return Some(event),
                // Whoever was put out or not let in has left.
                Told::Ended(stay) if self.stay == stay && self.room.is_some() => self.leave_quietly(),
                Told::Ended(_) => {}
                Told::RoomCreated { room, password, token } => {
                    let token = Some(token).filter(|token| !token.is_empty());
                    self.switchboard.remember(&self.config.server, &room, token);
                    self.join(room, password, None, false);
                }
                Told::RoomDeleted(room) if self.room.as_ref() == Some(&room) => {
                    self.memory.forget_room(&self.config.server, &room);
                    self.switchboard.tell_known();
                    self.leave_quietly();
                    return Some(Event::Left);
                }
                Told::RoomDeleted(_) => {}
                Told::Muted => {
                    self.set_screen_sound(false);
                    self.announce_sending();
                }
                // The session has done and told it already.
                Told::HandLowered => self.set_sending(|sending| sending.hand = false),
                // The switch and what the others are told follow what is really sent.
                Told::SourceLost(VideoSource::Camera) => self.set_camera(false),
                Told::SourceLost(VideoSource::Screen) => self.set_sending(|sending| sending.screen = false),
                Told::CameraAway => {
                    self.with_capture(Capture::lose_camera);
                }
                Told::CameraBack => {
                    if self.with_capture(Capture::regain_camera) {
                        self.switchboard.tell(Event::Notice("The camera is there: it is on.".to_owned()));
                    }
                }
            }
        }
    }

    fn command(&mut self, command: Command) {
        match command {
            Command::SetServer(server) => {
                self.memory.set_server(&server);
                self.config.server = server;
                self.list_rooms();
                self.check_account();
            }
            Command::ForgetRoom { server, room } => {
                self.memory.forget_room(&server, &room);
                self.switchboard.tell_known();
            }
            Command::Trust { server, fingerprint } => {
                self.memory.trust(&server, fingerprint);
                self.switchboard.tell_known();
                self.list_rooms();
            }
            Command::Distrust(host) => {
                self.memory.distrust(&host);
                self.switchboard.tell_known();
            }
            Command::Account(wish) => self.ask_account(wish),
            Command::ListRooms => self.list_rooms(),
            Command::CreateRoom(wish) => self.create_room(wish),
            Command::Join { room, password, invite } => self.join(room, password, invite, self.config.create),
            Command::Leave => {
                self.leave_quietly();
                self.switchboard.tell(Event::Left);
            }
            Command::SetUsername(username) => {
                self.memory.set_name(&username);
                self.config.username = username.clone();
                self.switchboard.command(session::Command::SetUsername(username));
            }
            Command::Say { to, text } => {
                self.switchboard.count_said();
                self.switchboard.command(session::Command::Say { to, text });
            }
            Command::EditText { id, text } => self.switchboard.command(session::Command::EditText { id, text }),
            Command::DeleteText(id) => self.switchboard.command(session::Command::DeleteText(id)),
            Command::LoadEarlier { before } => {
                self.switchboard.command(session::Command::LoadEarlier { before });
            }
            Command::Moderate(wish) => self.switchboard.command(session::Command::Moderate(wish)),
            Command::EditRoom(edit) => self.edit_room(edit),
            Command::DeleteRoom => self.delete_room(),
            Command::ListInvites => self.list_invites(),
            Command::CreateInvite(wish) => self.create_invite(wish),
            Command::RevokeInvite(id) => self.revoke_invite(id),
            Command::ListBans => self.list_bans(),
            Command::LiftBan(client) => self.lift_ban(client),
            Command::SetCamera(on) => self.set_camera(on),
            Command::SetMicrophone(on) => self.set_sending(|sending| sending.microphone = on),
            Command::SetScreen(on) => self.set_sending(|sending| sending.screen = on),
            Command::ListScreens => self.list_screens(),
            Command::ShareScreen(choice) => self.share_screen(choice),
            Command::SetScreenMotion(wished) => self.set_screen_motion(wished),
            Command::SetScreenSound(wished) => self.set_screen_sound(wished),
            Command::SetHand(up) => self.set_sending(|sending| sending.hand = up),
            Command::SetProcessing(processing) => self.set_processing(processing),
            Command::ShowAt { client, view } => {
                self.switchboard.command(session::Command::ShowAt { client, view });
            }
            Command::SetVolume { client, volume } => {
                let tag = self.switchboard.tag(&client);
                tag.into_iter().for_each(|tag| self.engine.set_volume(tag, volume));
            }
        }
    }

    fn picture(&self, tile: &Tile) -> Option<Picture> {
        match tile {
            Tile::Me => self.engine.self_view(VideoSource::Camera),
            Tile::MyScreen => self.engine.self_view(VideoSource::Screen),
            Tile::Screen(client) => self.switchboard.screen_tag(client).and_then(|tag| self.engine.picture(tag)),
            Tile::Client(client) => self.switchboard.tag(client).and_then(|tag| self.engine.picture(tag)),
        }
    }
}

impl Reporting for Participant {
    fn report(&self) -> Report {
        self.switchboard.report(&self.engine, self.room.as_ref())
    }
}

impl Drop for Participant {
    /// Waits until good-bye is said: the end of the program must not look like a crash to the others.
    /// Not to be dropped within the runtime.
    fn drop(&mut self) {
        if let Some(client) = self.switchboard.take_client() {
            let _ = self.runtime.block_on(async { tokio::time::timeout(LEAVE_MAX, client.leave()).await });
        }
    }
}
