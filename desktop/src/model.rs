//! What the window shows: a fold over [`Event`]s. It knows no widget, no device and no clock.

mod account;
mod chat;
mod hall;
mod links;
mod lobby;
mod plain;
mod toast;
mod visit;
mod words;

use std::time::{Duration, Instant};

use media::{Processing, Screens};
use protocol::{MediaState, Username};
use session::Status;
use url::Url;

use crate::memory::Known;
use crate::{Command, Doubt, Event};

pub use account::{Account, Deed};
pub use chat::{Chat, Entry, Shown};
pub use hall::Hall;
pub use links::{WebLink, web_links};
pub use lobby::{JoinRefusal, Listing, Lobby};
pub use plain::{initials, plain_name, plain_text};
pub use toast::{Toast, ToastKind, Toasts};
pub use visit::{Connection, Face, Link, Person, Showing, Visit, spotlight};
pub use words::{explain, idle, moderated, occupancy, removed, role_name};

/// For whoever speaks while the microphone is off.
const UNHEARD: &str = "You are muted: the others cannot hear you. Press M to turn the microphone on.";

/// Everything that the window shows, apart from what is typed and which panel is open.
#[derive(Debug)]
pub struct Model {
    pub username: Username,
    pub server: Url,
    pub lobby: Lobby,
    /// The room that is being entered, or that one is in.
    pub visit: Option<Visit>,
    pub account: Account,
    /// What is captured and sent.
    pub sending: MediaState,
    /// The camera is on as soon as there is one.
    pub awaits_camera: bool,
    /// How loud oneself is, 0 to [`media::LEVELS`].
    pub level: u8,
    /// What is done to the microphone's sound.
    pub processing: Processing,
    /// What can be shared of the screen, or why nothing can; `None` while nobody has looked.
    pub screens: Option<Result<Screens, String>>,
    /// Whether other programs' sound goes along with it, and why it cannot.
    pub screen_sound: bool,
    pub screen_sound_missing: Option<String>,
    /// A shared screen is sent as a film.
    pub screen_motion: bool,
    pub toasts: Toasts,
    /// From before.
    pub known: Known,
    /// What is wrong with what one knows from before.
    pub trouble: Option<String>,
    /// The server could not prove who it is.
    pub doubt: Option<Doubt>,
    /// The person is to say what to make of that.
    pub is_asking_for_trust: bool,
}

impl Model {
    pub fn new(server: Url, username: Username) -> Self {
        Self {
            username,
            server,
            lobby: Lobby::default(),
            visit: None,
            account: Account::default(),
            sending: MediaState::default(),
            awaits_camera: false,
            level: 0,
            processing: Processing::default(),
            screens: None,
            screen_sound: false,
            screen_sound_missing: None,
            screen_motion: false,
            toasts: Toasts::default(),
            known: Known::default(),
            trouble: None,
            doubt: None,
            is_asking_for_trust: false,
        }
    }

    /// The room, once one has been let in.
    pub fn room(&self) -> Option<&Visit> {
        self.visit.as_ref().filter(|visit| visit.was_let_in())
    }

    /// The room that is being entered.
    pub fn entering(&self) -> Option<&Visit> {
        self.visit.as_ref().filter(|visit| !visit.was_let_in())
    }

    /// What the camera's switch does: a camera that is awaited is switched off, as one that is there.
    pub fn camera_switch(&self) -> Command {
        Command::SetCamera(!(self.sending.camera || self.awaits_camera))
    }

    pub fn apply(&mut self, event: Event, now: Instant) {
        match event {
            Event::Rooms(rooms) => {
                self.settle_doubt();
                self.lobby.handle_rooms(rooms, now);
            }
            Event::Known(known) => self.known = known,
            Event::Untrusted(doubt) => self.handle_doubt(doubt),
            Event::Account { server, state, failure } => {
                if server.origin() == self.server.origin() {
                    self.account.handle_state(state, failure.as_ref());
                }
            }
            Event::AccountFailed { server, failure } => {
                if server.origin() == self.server.origin() {
                    self.account.handle_failure(&failure);
                }
            }
            Event::LobbyFailed(error) => self.lobby.handle_failure(&error),
            Event::Entering(room) => {
                self.lobby.handle_entering();
                self.visit = Some(Visit::new(room));
            }
            Event::Session(event) => self.apply_session(event, now),
            Event::RoomFailed(error) => self.handle_failure(&error, now),
            Event::RoomEdited(_) | Event::Invites(_) | Event::InviteMade(_) | Event::Bans(_) => {
                if let Some(visit) = &mut self.visit {
                    visit.hall.apply(event);
                }
            }
            Event::Sending { camera, microphone, screen, hand } => {
                self.sending = MediaState { microphone, camera, screen, hand };
                if microphone {
                    self.toasts.withdraw(UNHEARD);
                }
            }
            Event::CameraAwaited(awaited) => self.awaits_camera = awaited,
            Event::Speaking { who, speaking } => {
                if let Some(visit) = &mut self.visit {
                    visit.handle_speaking(who, speaking);
                }
            }
            Event::Processing(processing) => self.processing = processing,
            Event::Screens(found) => self.screens = Some(found),
            Event::ScreenSound { wished, missing } => {
                (self.screen_sound, self.screen_sound_missing) = (wished, missing);
            }
            Event::ScreenMotion(wished) => self.screen_motion = wished,
            Event::Level(step) => self.level = step,
            // It may have been switched on in the meantime.
            Event::Unheard if self.sending.microphone || self.room().is_none() => {}
            Event::Unheard => self.toasts.push(ToastKind::Notice, UNHEARD.to_owned(), now),
            Event::Notice(sentence) => self.toasts.push(ToastKind::Notice, plain_text(&sentence), now),
            Event::Left => self.leave(),
        }
    }

    fn apply_session(&mut self, event: session::Event, now: Instant) {
        match event {
            session::Event::Status(Status::Refused(error)) => self.handle_refusal(error, now),
            session::Event::Status(Status::Removed { banned, by }) => self.handle_removal(banned, by.as_deref()),
            session::Event::Status(Status::Left) => self.leave(),
            session::Event::Notice(error) => {
                if let Some(visit) = &mut self.visit {
                    // Perhaps that was the answer.
                    visit.chat.loading = false;
                }
                self.toasts.push(ToastKind::Error, explain(&error), now);
            }
            session::Event::Status(
                status @ (Status::Joining
                | Status::Knocking
                | Status::Connecting
                | Status::Joined { .. }
                | Status::Reconnecting { .. }),
            ) => {
                if let Some(visit) = &mut self.visit {
                    visit.handle_status(status);
                }
            }
            session::Event::Roster(roster) => {
                if let Some(visit) = &mut self.visit {
                    visit.handle_roster(roster);
                }
            }
            event @ (session::Event::Chat(_)
            | session::Event::History { .. }
            | session::Event::TextEdited { .. }
            | session::Event::TextDeleted { .. }) => {
                if let Some(visit) = &mut self.visit {
                    visit.chat.apply(event);
                }
            }
            session::Event::Settings(settings) => {
                let news = self.visit.as_mut().and_then(|visit| visit.hall.handle_settings(settings));
                if let Some(news) = news {
                    self.toasts.push(ToastKind::Notice, news.to_owned(), now);
                }
            }
            // What is sent follows by itself.
            session::Event::Shown { .. } => {}
            session::Event::Knocking(clients) => {
                let new = self.visit.as_mut().map(|visit| visit.hall.handle_knocking(clients)).unwrap_or_default();
                for name in new {
                    self.toasts.push(ToastKind::Notice, format!("{name} asks to be let in."), now);
                }
            }
            session::Event::Moderated { action, by } => {
                if let Some(sentence) = moderated(action, by.as_deref()) {
                    self.toasts.push(ToastKind::Notice, sentence, now);
                }
            }
            session::Event::Peer { client, state } => {
                if let Some(visit) = &mut self.visit {
                    visit.handle_peer(client, state);
                }
            }
        }
    }

    /// Asks the person, but not every time that the list of rooms is refreshed.
    fn handle_doubt(&mut self, doubt: Doubt) {
        if doubt.server.origin() == self.server.origin() && self.doubt.as_ref() != Some(&doubt) {
            self.doubt = Some(doubt);
            self.is_asking_for_trust = true;
        }
    }

    fn settle_doubt(&mut self) {
        self.doubt = None;
        self.is_asking_for_trust = false;
    }

    /// For whoever does not see the lobby at first.
    pub fn tell_trouble(&mut self, now: Instant) {
        if let Some(trouble) = self.trouble.take() {
            self.toasts.push(ToastKind::Error, trouble, now);
        }
    }

    /// The server's final no: next to what was typed when one was still at the door, else as a toast in the lobby.
    fn handle_refusal(&mut self, error: protocol::ErrorNotice, now: Instant) {
        let Some(visit) = self.visit.take() else { return };
        if visit.was_let_in() {
            let is_closed = error.id == protocol::ErrorId::UnknownRoom;
            self.lobby.ending = is_closed.then(|| format!("The room {} was closed.", visit.room));
            self.lobby.left = Some(visit.room);
            self.toasts.push(ToastKind::Error, explain(&error), now);
        } else {
            self.lobby.refusal = Some(JoinRefusal { room: visit.room, error });
        }
    }

    /// A moderator has put one out: the lobby says so, and who is not banned may go back.
    fn handle_removal(&mut self, banned: bool, by: Option<&str>) {
        let Some(visit) = self.visit.take() else { return };
        self.lobby.ending = Some(removed(&visit.room, banned, by));
        self.lobby.left = Some(visit.room).filter(|_| !banned);
    }

    /// What was asked for about the room was not done: told where it was asked.
    fn handle_failure(&mut self, error: &protocol::ErrorNotice, now: Instant) {
        let why = explain(error);
        if let Some(visit) = &mut self.visit {
            visit.hall.failure = Some(why.clone());
        }
        self.toasts.push(ToastKind::Error, why, now);
    }

    fn leave(&mut self) {
        let Some(visit) = self.visit.take() else { return };
        if visit.was_let_in() {
            self.lobby.left = Some(visit.room);
        }
    }

    /// Takes note of what was asked for, so that the answer finds its place.
    pub fn note(&mut self, command: &Command) {
        match command {
            Command::ListRooms => self.lobby.refreshing = true,
            Command::SetServer(server) => {
                self.server = server.clone();
                self.settle_doubt();
                self.lobby = Lobby { refreshing: true, ..Lobby::default() };
                self.account = Account::default();
            }
            Command::CreateRoom(wish) => {
                self.settle_doubt();
                self.lobby.note_create(wish.room.clone());
            }
            Command::Join { .. } => {
                self.settle_doubt();
                self.lobby.refusal = None;
            }
            Command::Trust { .. } => {
                self.settle_doubt();
                self.lobby.refreshing = true;
            }
            Command::Distrust(_) => self.settle_doubt(),
            Command::Account(wish) => self.account.note(wish),
            Command::SetUsername(username) => self.username = username.clone(),
            Command::ListScreens => self.screens = None,
            Command::LoadEarlier { .. } => {
                if let Some(visit) = &mut self.visit {
                    visit.chat.loading = true;
                }
            }
            Command::EditRoom(_)
            | Command::DeleteRoom
            | Command::ListInvites
            | Command::CreateInvite(_)
            | Command::RevokeInvite(_)
            | Command::ListBans
            | Command::LiftBan(_) => {
                if let Some(visit) = &mut self.visit {
                    visit.hall.failure = None;
                }
            }
            Command::Leave
            | Command::ForgetRoom { .. }
            | Command::EditText { .. }
            | Command::DeleteText(_)
            | Command::Moderate(_)
            | Command::Say { .. }
            | Command::SetCamera(_)
            | Command::SetMicrophone(_)
            | Command::SetScreen(_)
            | Command::ShareScreen(_)
            | Command::SetScreenSound(_)
            | Command::SetScreenMotion(_)
            | Command::SetHand(_)
            | Command::SetProcessing(_)
            | Command::ShowAt { .. }
            | Command::SetVolume { .. } => {}
        }
    }

    /// Drops what has been shown long enough.
    pub fn tick(&mut self, now: Instant) {
        self.toasts.expire(now);
    }

    /// How long the present picture stays right if nothing happens; `None`: for good.
    pub fn settled_for(&self, now: Instant) -> Option<Duration> {
        let countdown = self.visit.as_ref().and_then(|visit| visit.connection.countdown(now));
        // A countdown shows whole seconds.
        let countdown = countdown.map(|left| Duration::from_nanos(u64::from(left.subsec_nanos()) + 1_000_000));
        let toast = self.toasts.next_expiry().map(|at| at.saturating_duration_since(now));
        [countdown, toast].into_iter().flatten().min()
    }
}

#[cfg(test)]
mod tests;
