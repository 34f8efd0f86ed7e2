//! A scripted server: a lobby, and a room with people in it, without a network. Deterministic: it is told the time.

mod account;
mod hall;
mod known;
mod portrait;
mod script;

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use media::Picture;
use protocol::api::RoomSummary;
use protocol::{Address, ClientId, ErrorId, ErrorNotice, Knock, MediaState, Role, RoomId, Username};
use session::{ChatLine, Event as Session, Status};
use url::Url;

use crate::memory::Known;
use crate::{Backend, Command, Event, NewRoom, Tile};
use account::Accounts;
use hall::Hall;
use portrait::Portrait;
use script::{Cast, ME, Scripted};

pub use account::ACCOUNT_PASSWORD;

/// What the clock of a script shows: time since it began.
pub type ScriptClock = Arc<dyn Fn() -> Duration + Send + Sync>;

/// How often the scripted people move.
const PICTURE_EVERY: Duration = Duration::from_millis(33);
/// The password of the room that has one.
pub const PASSWORD: &str = "open sesame";

/// A backend that plays a script.
pub struct ScriptedRoom {
    clock: ScriptClock,
    /// The instant of the script's beginning, for what is told in instants.
    start: Instant,
    events: VecDeque<Event>,
    rooms: Vec<RoomSummary>,
    username: Username,
    sending: MediaState,
    reachable: bool,
    known: Known,
    accounts: Accounts,
    /// The one that was chosen.
    server: Option<Url>,
    visit: Option<Visit>,
    pictures: RefCell<BTreeMap<Tile, Picture>>,
    /// Whether there is something to look at; its end is the end of the ticking.
    playing: Arc<AtomicBool>,
}

/// Being in the scripted room.
struct Visit {
    since: Duration,
    room: RoomId,
    hall: Hall,
    cast: Cast,
    /// How much of the script has been played.
    played: usize,
}

impl ScriptedRoom {
    /// Plays in real time; `wake` is called whenever there is something new.
    pub fn live(wake: Arc<dyn Fn() + Send + Sync>) -> std::io::Result<Self> {
        let start = Instant::now();
        let room = Self::new(start, Arc::new(move || start.elapsed()));
        let playing = Arc::downgrade(&room.playing);
        let tick = move || {
            while let Some(playing) = playing.upgrade() {
                if playing.load(Ordering::Relaxed) {
                    wake();
                }
                drop(playing);
                std::thread::sleep(PICTURE_EVERY);
            }
        };
        std::thread::Builder::new().name("script".to_owned()).spawn(tick)?;
        Ok(room)
    }

    /// Plays by `clock`, which counts from `start`.
    pub fn new(start: Instant, clock: ScriptClock) -> Self {
        let mut room = Self {
            clock,
            start,
            events: VecDeque::new(),
            rooms: script::rooms(),
            username: Username::default(),
            sending: MediaState { microphone: true, camera: true, ..MediaState::default() },
            reachable: true,
            known: known::from_before(),
            accounts: Accounts::new(),
            server: None,
            visit: None,
            pictures: RefCell::default(),
            playing: Arc::default(),
        };
        room.tell_sending();
        room.events.push_back(Event::Known(room.known.clone()));
        room
    }

    fn tell_sending(&mut self) {
        let MediaState { microphone, camera, screen, hand } = self.sending;
        self.events.push_back(Event::Sending { camera, microphone, screen, hand });
    }

    fn tell(&mut self, event: Session) {
        self.events.push_back(Event::Session(event));
    }

    fn list(&mut self) {
        if let Some((doubt, notice)) = self.doubt() {
            self.events.push_back(Event::Untrusted(doubt));
            return self.events.push_back(Event::LobbyFailed(notice));
        }
        let answer = if self.reachable {
            let public = self.rooms.iter().filter(|room| room.public).cloned().collect();
            Event::Rooms(public)
        } else {
            let why = "connection refused";
            Event::LobbyFailed(ErrorNotice::new(ErrorId::Other("unreachable".to_owned()), why))
        };
        self.events.push_back(answer);
    }

    fn create(&mut self, wish: NewRoom) {
        let NewRoom { room, password, public, guest_limit, lobby, history } = wish;
        if self.rooms.iter().any(|one| one.id == room) {
            return self.events.push_back(Event::LobbyFailed(ErrorNotice::new(ErrorId::RoomExists, "exists")));
        }
        let has_password = password.is_some();
        let summary = script::summary(room.clone(), 0, guest_limit, has_password, public, 0);
        self.rooms.push(summary);
        let mut hall = Hall::new(public, has_password, guest_limit, Role::Owner);
        hall.settings.lobby = lobby;
        hall.settings.history = history.unwrap_or(hall.settings.history);
        self.enter(room, Cast::alone(&self.username), hall);
    }

    fn join(&mut self, room: RoomId, password: Option<&str>) {
        if let Some((doubt, notice)) = self.doubt() {
            self.events.push_back(Event::Entering(room));
            self.events.push_back(Event::Untrusted(doubt));
            return self.tell(Session::Status(Status::Refused(notice)));
        }
        let refusal = match self.rooms.iter().find(|one| one.id == room) {
            None => Some(ErrorId::UnknownRoom),
            Some(one) if one.guest_limit > 0 && one.participants >= one.guest_limit => Some(ErrorId::RoomFull),
            Some(one) if one.has_password => match password {
                None => Some(ErrorId::PasswordRequired),
                Some(PASSWORD) => None,
                Some(_) => Some(ErrorId::WrongPassword),
            },
            Some(_) => None,
        };
        if let Some(id) = refusal {
            self.events.push_back(Event::Entering(room));
            self.tell(Session::Status(Status::Joining));
            return self.tell(Session::Status(Status::Refused(ErrorNotice::new(id, "no"))));
        }
        let known = self.rooms.iter().find(|one| one.id == room);
        let has_lobby = known.is_some_and(|one| one.lobby);
        let cast = if has_lobby {
            Cast::behind_a_lobby(&self.username)
        } else if self.rooms.iter().any(|one| one.id == room && one.participants > 0) {
            Cast::company(&self.username)
        } else {
            Cast::alone(&self.username)
        };
        let (public, has_password, guest_limit) =
            known.map_or((true, false, 0), |one| (one.public, one.has_password, one.guest_limit));
        let mut hall = Hall::new(public, has_password, guest_limit, cast.role(ME));
        hall.settings.lobby = cast.has_a_lobby();
        self.enter(room, cast, hall);
    }

    fn enter(&mut self, room: RoomId, cast: Cast, hall: Hall) {
        self.events.push_back(Event::Entering(room.clone()));
        self.tell(Session::Status(Status::Joining));
        self.visit = Some(Visit { since: (self.clock)(), room, hall, cast, played: 0 });
        self.playing.store(true, Ordering::Relaxed);
    }

    /// Plays what has become due.
    fn play(&mut self) {
        let now = (self.clock)();
        let Some(mut visit) = self.visit.take() else { return };
        for (at, scripted) in visit.cast.script().iter().skip(visit.played) {
            if visit.since + *at > now {
                break;
            }
            visit.played += 1;
            self.perform(&mut visit, scripted);
        }
        self.visit = Some(visit);
    }

    fn perform(&mut self, visit: &mut Visit, scripted: &Scripted) {
        match scripted {
            Scripted::Status(status) => self.tell(Session::Status(status.clone())),
            Scripted::Lose { for_ms } => {
                let retry_at = self.start + (self.clock)() + Duration::from_millis(*for_ms);
                let reason = "the server does not answer".to_owned();
                self.tell(Session::Status(Status::Reconnecting { attempt: 1, retry_at, reason }));
            }
            Scripted::Peer { who, state } => {
                self.tell(Session::Peer { client: ClientId::new(*who), state: *state });
            }
            Scripted::Change { who, media } => {
                visit.cast.change(who, *media);
                self.tell(Session::Roster(visit.cast.roster(self.sending)));
            }
            Scripted::Go(who) => {
                visit.cast.remove(who);
                self.tell(Session::Roster(visit.cast.roster(self.sending)));
            }
            Scripted::Roster => self.tell(Session::Roster(visit.cast.roster(self.sending))),
            Scripted::Speaking { who, speaking } => {
                let who = crate::Speaker::Client(ClientId::new(*who));
                self.events.push_back(Event::Speaking { who, speaking: *speaking });
            }
            Scripted::Say { who, text, private } => {
                let (from, name) = (ClientId::new(*who), visit.cast.name(who));
                let to = private.then(|| ClientId::new(ME));
                let line = self.line(visit, from, name, (*text).to_owned(), to);
                self.tell(Session::Chat(line));
            }
            Scripted::Settings => self.tell(Session::Settings(visit.hall.settings.clone())),
            Scripted::SaidBefore => self.tell(Session::History { lines: hall::said_before(2..4), more: true }),
            Scripted::Knock { who, name } => {
                visit.hall.knocking.push(Knock { id: ClientId::new(*who), username: (*name).to_owned() });
                self.tell(Session::Knocking(visit.hall.knocking.clone()));
            }
            Scripted::Level(step) if self.sending.microphone => self.events.push_back(Event::Level(*step)),
            Scripted::Unheard if !self.sending.microphone => self.events.push_back(Event::Unheard),
            Scripted::Level(_) | Scripted::Unheard => {}
            Scripted::Notice(text) => self.events.push_back(Event::Notice((*text).to_owned())),
        }
    }

    fn line(&self, visit: &mut Visit, from: ClientId, name: String, text: String, to: Option<ClientId>) -> ChatLine {
        let time_ms = script::EPOCH_MS + (self.clock)().as_millis() as u64;
        let id = to.is_none().then(|| visit.hall.next_text());
        let mine = from.as_str() == ME;
        ChatLine { mine, from, name, time_ms, text, private: to.is_some(), to, id, edited: false }
    }

    fn list_screens(&mut self) {
        let seconds = (self.clock)();
        let screens = portrait::screens(seconds, self.start + seconds);
        self.events.push_back(Event::Screens(Ok(screens)));
    }

    fn set_sending(&mut self, change: impl FnOnce(&mut MediaState)) {
        change(&mut self.sending);
        self.tell_sending();
        if let Some(visit) = &self.visit {
            let roster = visit.cast.roster(self.sending);
            self.tell(Session::Roster(roster));
        }
    }
}

impl Backend for ScriptedRoom {
    fn poll_event(&mut self) -> Option<Event> {
        self.play();
        self.events.pop_front()
    }

    fn command(&mut self, command: Command) {
        match command {
            Command::SetServer(server) => {
                self.reachable = server.host_str() != Some("nowhere.invalid");
                self.server = Some(server);
                self.list();
            }
            Command::Account(wish) => self.account(wish),
            Command::ListRooms => self.list(),
            Command::CreateRoom(wish) => self.create(wish),
            Command::Join { room, password, invite: _ } => self.join(room, password.as_deref()),
            Command::Leave => {
                self.visit = None;
                self.playing.store(false, Ordering::Relaxed);
                self.sending.screen = false;
                self.tell_sending();
                self.events.push_back(Event::Left);
            }
            Command::SetUsername(name) => {
                self.username = name;
                if let Some(visit) = &mut self.visit {
                    visit.cast.rename(ME, &self.username);
                    let roster = visit.cast.roster(self.sending);
                    self.tell(Session::Roster(roster));
                }
            }
            Command::Say { to, text } => {
                let to = if let Address::Client(client) = to { Some(client) } else { None };
                if let Some(mut visit) = self.visit.take() {
                    let line = self.line(&mut visit, ClientId::new(ME), self.username.to_string(), text, to);
                    self.visit = Some(visit);
                    self.tell(Session::Chat(line));
                }
            }
            order @ (Command::EditText { .. }
            | Command::DeleteText(_)
            | Command::LoadEarlier { .. }
            | Command::Moderate(_)
            | Command::EditRoom(_)
            | Command::DeleteRoom
            | Command::ListInvites
            | Command::CreateInvite(_)
            | Command::RevokeInvite(_)
            | Command::ListBans
            | Command::LiftBan(_)) => self.order(order),
            Command::SetCamera(on) => self.set_sending(|sending| sending.camera = on),
            Command::SetMicrophone(on) => self.set_sending(|sending| sending.microphone = on),
            Command::SetScreen(on) => self.set_sending(|sending| sending.screen = on),
            Command::ListScreens => self.list_screens(),
            Command::ShareScreen(_) => self.set_sending(|sending| sending.screen = true),
            Command::SetScreenMotion(wished) => self.events.push_back(Event::ScreenMotion(wished)),
            Command::SetScreenSound(wished) => self.events.push_back(Event::ScreenSound { wished, missing: None }),
            Command::SetHand(up) => self.set_sending(|sending| sending.hand = up),
            Command::SetProcessing(processing) => self.events.push_back(Event::Processing(processing)),
            Command::SetVolume { .. } | Command::ShowAt { .. } => {}
            order @ (Command::ForgetRoom { .. } | Command::Trust { .. } | Command::Distrust(_)) => self.know(order),
        }
    }

    fn picture(&self, tile: &Tile) -> Option<Picture> {
        let visit = self.visit.as_ref()?;
        let media = match tile {
            Tile::Me | Tile::MyScreen => self.sending,
            Tile::Client(id) | Tile::Screen(id) => visit.cast.media(id.as_str())?,
        };
        let portrait = match (media, tile) {
            (MediaState { screen: true, .. }, Tile::MyScreen | Tile::Screen(_)) => Portrait::Screen,
            (MediaState { camera: true, .. }, Tile::Me) => Portrait::Person(ME.len() as u8),
            (MediaState { camera: true, .. }, Tile::Client(id)) => {
                Portrait::Person(id.as_str().bytes().fold(0, u8::wrapping_add))
            }
            _ => return None,
        };
        let elapsed = (self.clock)();
        let number = (elapsed.as_millis() / PICTURE_EVERY.as_millis()) as u64;
        let mut pictures = self.pictures.borrow_mut();
        if let Some(picture) = pictures.get(tile)
            && picture.number == number
        {
            return Some(picture.clone());
        }
        let frame = Arc::new(portrait.paint(elapsed, self.start + elapsed)?);
        let picture = Picture { frame, number };
        pictures.insert(tile.clone(), picture.clone());
        Some(picture)
    }
}
