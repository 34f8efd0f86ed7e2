//! What every unit test needs: an origin of time, and a bench on which the core is driven by hand.

mod work;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use protocol::{ClientId, History, OfferForm, Role, RoomId, api};
use serde_json::{Value, json};

use crate::{
    AddressMark, By, Config, Effect, Pass, Reply, Request, RequestId, RoomRecord, Rooms, SessionId, TextRecord,
};

pub(crate) const SERVER: &str = "ground control";
pub(crate) const ROOM: &str = "room";

/// Where a test's time begins; from there on it only adds.
#[expect(clippy::disallowed_methods, reason = "an `Instant` cannot be made in another way")]
pub(crate) fn origin() -> Instant {
    Instant::now()
}

pub(crate) fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

pub(crate) fn room(name: &str) -> RoomId {
    RoomId::parse(name).unwrap()
}

pub(crate) fn client(name: &str) -> ClientId {
    ClientId::new(name)
}

/// Everyone has one session; the client id is the name (in rooms other than `demo`, with the room's name behind it).
pub(crate) fn session(name: &str) -> SessionId {
    let mut bytes = [0; 32];
    bytes[..name.len()].copy_from_slice(name.as_bytes());
    SessionId::new(bytes)
}

/// A join as a classic page would ask for it.
pub(crate) fn join(name: &str, room: &str) -> Request {
    let id = if room == "demo" { name.to_owned() } else { format!("{name}@{room}") };
    Request::Join {
        room: RoomId::parse(room).unwrap(),
        session: session(name),
        client: ClientId::new(id),
        password: None,
        from: IpAddr::from([192, 0, 2, 1]),
        offers: Some(OfferForm::String),
        mark: AddressMark::default(),
        pass: Pass::None,
        name: None,
    }
}

pub(crate) fn create(name: &str, guest_limit: usize, password: Option<&str>) -> Request {
    Request::Create {
        room: room(name),
        password: password.map(str::to_owned),
        public: true,
        guest_limit,
        from: IpAddr::from([192, 0, 2, 1]),
        owner: None,
        lobby: false,
        history: History::None,
        kept: false,
    }
}

pub(crate) fn with_password(mut request: Request, given: &str) -> Request {
    if let Request::Join { password, .. } = &mut request {
        *password = Some(given.to_owned());
    }
    request
}

pub(crate) fn with_pass(mut request: Request, shown: Pass) -> Request {
    if let Request::Join { pass, .. } = &mut request {
        *pass = shown;
    }
    request
}

pub(crate) fn marked(mut request: Request, of: u8) -> Request {
    if let Request::Join { mark, .. } = &mut request {
        *mark = AddressMark([of; 16]);
    }
    request
}

pub(crate) fn from_address(mut request: Request, address: [u8; 4]) -> Request {
    if let Request::Join { from, .. } | Request::Create { from, .. } = &mut request {
        *from = IpAddr::from(address);
    }
    request
}

/// The core, a clock that stands still unless told, and everything the core wanted.
pub(crate) struct Bench {
    pub(crate) rooms: Rooms,
    pub(crate) now: Instant,
    pub(crate) replies: BTreeMap<RequestId, Reply>,
    pub(crate) jobs: Vec<Effect>,
    pub(crate) disconnected: Vec<ClientId>,
    /// What the store keeps of rooms and of chat lines.
    pub(crate) records: BTreeMap<RoomId, RoomRecord>,
    pub(crate) texts: Vec<TextRecord>,
    /// How often a room's record was written.
    pub(crate) saves: usize,
    frames: BTreeMap<ClientId, Vec<Value>>,
    next_request: u64,
}

impl Bench {
    /// With the room `demo`, which is kept and open to everyone.
    pub(crate) fn new() -> Self {
        let mut bench = Self::without_rooms(Config::default());
        bench.rooms.open_kept_room(room("demo"), true, 0, None, bench.now);
        bench
    }

    /// With the room `demo`, which has a guest limit.
    pub(crate) fn limited(guest_limit: usize) -> Self {
        let mut bench = Self::without_rooms(Config::default());
        bench.rooms.open_kept_room(room("demo"), true, guest_limit, None, bench.now);
        bench
    }

    /// With the room `demo`, whose password is `right`.
    pub(crate) fn locked(guest_limit: usize) -> Self {
        let mut bench = Self::without_rooms(Config::default());
        bench.rooms.open_kept_room(room("demo"), true, guest_limit, Some("right".into()), bench.now);
        bench
    }

    pub(crate) fn without_rooms(config: Config) -> Self {
        let now = origin();
        Self {
            rooms: Rooms::new(config, [7; 32], now),
            now,
            replies: BTreeMap::new(),
            jobs: Vec::new(),
            disconnected: Vec::new(),
            records: BTreeMap::new(),
            texts: Vec::new(),
            saves: 0,
            frames: BTreeMap::new(),
            next_request: 0,
        }
    }

    fn drain(&mut self) {
        while let Some(effect) = self.rooms.poll_effect() {
            match effect {
                Effect::Reply { request, reply } => {
                    assert_eq!(self.replies.insert(request, reply), None, "a request is answered once");
                }
                Effect::HashPassword { .. }
                | Effect::VerifyPassword { .. }
                | Effect::KeepText { .. }
                | Effect::EditText { .. }
                | Effect::DropText { .. }
                | Effect::LoadTexts { .. } => self.jobs.push(effect),
                Effect::SaveRoom(record) => {
                    self.saves += 1;
                    self.records.insert(record.id.clone(), *record);
                }
                Effect::ForgetRoom(room) => {
                    self.records.remove(&room).expect("only what was saved is forgotten");
                    self.texts.retain(|text| text.room != room);
                }
                Effect::ForgetTexts { room, before_ms } => {
                    self.texts.retain(|text| text.room != room || text.time_ms >= before_ms);
                }
                Effect::Send { to, frame } => {
                    self.frames.entry(to).or_default().push(serde_json::from_str(&frame).unwrap());
                }
                Effect::Disconnect { client } => self.disconnected.push(client),
            }
        }
    }

    /// Asks, and checks passwords at once.
    pub(crate) fn ask(&mut self, request: Request) -> Reply {
        let id = self.ask_later(request);
        self.work();
        self.replies.remove(&id).expect("an answer")
    }

    /// Asks; the password is checked when the test says so.
    pub(crate) fn ask_later(&mut self, request: Request) -> RequestId {
        self.next_request += 1;
        let id = RequestId(self.next_request);
        self.rooms.handle_request(id, request, self.now);
        self.drain();
        id
    }

    /// Does all slow work there is: a password is its own hash.
    pub(crate) fn work(&mut self) {
        while !self.jobs.is_empty() {
            self.work_once();
        }
    }

    /// The process ends without a word and starts again with what the store has.
    pub(crate) fn restart(&mut self) {
        self.rooms = Rooms::new(Config::default(), [8; 32], self.now);
        for record in self.records.values() {
            self.rooms.restore(record.clone(), self.now);
        }
        self.jobs.clear();
        self.forget();
        self.drain();
    }

    /// Lets time pass, as a punctual shell does.
    pub(crate) fn wait(&mut self, time: Duration) {
        let until = self.now + time;
        while let Some(due) = self.rooms.poll_timeout().filter(|due| *due <= until) {
            self.now = self.now.max(due);
            self.rooms.handle_timeout(self.now);
            self.drain();
            assert!(self.rooms.poll_timeout().is_none_or(|next| next > self.now), "a time-out moves forward");
        }
        self.now = until;
    }

    /// The limits are others from now on.
    pub(crate) fn configure(&mut self, config: Config) {
        self.rooms.configure(config, self.now);
        self.wait(Duration::ZERO);
    }

    pub(crate) fn open_channel(&mut self, name: &str) {
        self.rooms.handle_connected(&client(name), self.now);
        self.drain();
    }

    pub(crate) fn lose(&mut self, name: &str) {
        self.rooms.handle_disconnected(&client(name), self.now);
        self.drain();
    }

    pub(crate) fn alive(&mut self, name: &str) {
        self.rooms.handle_alive(&client(name), self.now);
        self.drain();
    }

    pub(crate) fn leave(&mut self, name: &str) -> Reply {
        self.ask(Request::Leave { room: room("demo"), session: session(name) })
    }

    pub(crate) fn shut_down(&mut self) {
        self.rooms.handle_shutdown(self.now);
        self.drain();
    }

    pub(crate) fn say(&mut self, name: &str, receiver: &str, kind: &str, data: Value) {
        self.say_raw(name, json!({"receiver": receiver, "type": kind, "data": data}).to_string().as_bytes());
    }

    pub(crate) fn say_raw(&mut self, name: &str, frame: &[u8]) {
        self.rooms.handle_frame(&client(name), frame, self.now);
        self.drain();
    }

    pub(crate) fn say_binary(&mut self, name: &str) {
        self.rooms.handle_binary(&client(name), self.now);
        self.drain();
    }

    pub(crate) fn write(&mut self, name: &str, text: &str) {
        self.say(name, ROOM, "text", json!({"from": name, "time": 1, "text": text}));
    }

    /// A page of an earlier version comes in: it takes a seat, connects and asks who is there.
    pub(crate) fn enter(&mut self, name: &str) {
        assert!(matches!(self.ask(join(name, "demo")), Reply::Seated { .. }));
        self.open_channel(name);
        self.say(name, SERVER, "get-room-info", Value::Null);
    }

    /// A client of this version comes in: it takes a seat, connects, introduces itself and asks who is there.
    pub(crate) fn enter_new(&mut self, name: &str) {
        assert!(matches!(self.ask(join(name, "demo")), Reply::Seated { .. }));
        self.open_channel(name);
        self.say(name, SERVER, "profile", json!({"username": name, "capabilities": ["events", "trickle"]}));
        self.say(name, SERVER, "get-room-info", Value::Null);
    }

    /// With the room `demo`, which `ann` owns, and `ann` in it.
    pub(crate) fn owned(history: History) -> Self {
        let mut bench = Self::without_rooms(Config::default());
        bench.rooms.set_calendar(1_000_000_000, bench.now);
        let mut wish = create("demo", 0, None);
        let Request::Create { owner, history: wanted, .. } = &mut wish else { unreachable!() };
        (*owner, *wanted) = (Some(client("ann")), history);
        bench.ask(wish);
        bench.enter_ours("ann");
        bench
    }

    /// A client comes in that understands roles and numbered lines.
    pub(crate) fn enter_ours(&mut self, name: &str) {
        assert!(matches!(self.ask(join(name, "demo")), Reply::Seated { .. }));
        self.introduce(name);
    }

    /// Its channel opens, and it says who it is.
    pub(crate) fn introduce(&mut self, name: &str) {
        self.open_channel(name);
        let capabilities = ["events", "trickle", "moderation", "chat"];
        self.say(name, SERVER, "profile", json!({"username": name, "capabilities": capabilities}));
    }

    pub(crate) fn edit(&mut self, by: &str, change: api::EditRoom) -> Reply {
        self.ask(Request::Edit { room: room("demo"), by: By::Client(client(by)), change })
    }

    /// On the data channel.
    pub(crate) fn moderate(&mut self, by: &str, action: &str, whom: &str) {
        self.say(by, SERVER, "moderate", json!({"action": action, "client": whom}));
    }

    pub(crate) fn role(&self, name: &str) -> Role {
        self.rooms.role(&room("demo"), &By::Client(client(name))).unwrap()
    }

    /// What this client has heard since it was last asked.
    pub(crate) fn heard(&mut self, name: &str) -> Vec<Value> {
        self.frames.remove(&client(name)).unwrap_or_default()
    }

    /// Of that, the `data` of one type; the rest is forgotten.
    pub(crate) fn heard_of(&mut self, name: &str, kind: &str) -> Vec<Value> {
        self.heard(name).into_iter().filter(|frame| frame["type"] == kind).map(|frame| frame["data"].clone()).collect()
    }

    /// The identifiers of the errors that this client has got; the rest is forgotten.
    pub(crate) fn errors(&mut self, name: &str) -> Vec<String> {
        let errors = self.heard_of(name, "error");
        errors.iter().map(|data| data.as_str().unwrap().split(':').next().unwrap().to_owned()).collect()
    }

    pub(crate) fn forget(&mut self) {
        self.frames.clear();
        self.disconnected.clear();
    }

    /// Who the server says is in the room `demo`.
    pub(crate) fn roster(&mut self, asker: &str) -> Vec<String> {
        self.say(asker, SERVER, "get-room-info", Value::Null);
        let last = self.heard_of(asker, "room-info").pop().expect("a reply");
        ids(&last)
    }

    pub(crate) fn participants(&self) -> usize {
        self.rooms.inspect(&room("demo"), self.now).unwrap().participants
    }
}

/// The ids in a `room-info`.
pub(crate) fn ids(info: &Value) -> Vec<String> {
    info["clients"].as_array().unwrap().iter().map(|entry| entry["id"].as_str().unwrap().to_owned()).collect()
}
