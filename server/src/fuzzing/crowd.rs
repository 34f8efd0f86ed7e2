//! Arbitrary people doing arbitrary things in a few rooms, driven by bytes, with laws that hold after every deed.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use protocol::{Action, ClientId, History, Moderate, OfferForm, RoomId, api};
use rooms::{
    AddressMark, By, Config, Effect, Event, JobId, Kept, LoadedTexts, Pass, Request, RequestId, Rooms, SessionId,
};

/// Kinds of frames that clients write; `#` stands for a client.
const FRAMES: &[&str] = &[
    r#"{"receiver":"ground control","type":"ping","data":"x"}"#,
    r#"{"receiver":"ground control","type":"get-room-info"}"#,
    r#"{"receiver":"ground control","type":"bye"}"#,
    r#"{"receiver":"ground control","type":"profile","data":{"username":"Ann","capabilities":["events","moderation","chat"]}}"#,
    r#"{"receiver":"ground control","type":"profile","data":{"username":"Ben"}}"#,
    r#"{"receiver":"room","type":"text","data":"hello"}"#,
    r##"{"receiver":"#","type":"text","data":"psst"}"##,
    r#"{"receiver":"ground control","type":"get-chat","data":{}}"#,
    r#"{"receiver":"ground control","type":"edit-text","data":{"id":"1","text":"hm"}}"#,
    r#"{"receiver":"ground control","type":"delete-text","data":{"id":"1"}}"#,
    r##"{"receiver":"ground control","type":"moderate","data":{"action":"kick","client":"#"}}"##,
    r##"{"receiver":"ground control","type":"moderate","data":{"action":"admit","client":"#"}}"##,
    r##"{"receiver":"ground control","type":"moderate","data":{"action":"hand-over","client":"#"}}"##,
    r#"{"receiver":"ground control","type":"moderate","data":{"action":"lock"}}"#,
    "nonsense",
];
const ROOMS: usize = 3;
const PEOPLE: usize = 4;

/// The core, what it owes, and the bytes that are left.
struct Crowd<'a> {
    rooms: Rooms,
    bytes: std::slice::Iter<'a, u8>,
    now: Instant,
    next_request: u64,
    /// Requests without an answer.
    open: BTreeMap<RequestId, ()>,
    /// Slow work without a verdict.
    jobs: Vec<Job>,
    /// Who is inside by the events.
    inside: BTreeMap<(RoomId, ClientId), ()>,
}

enum Job {
    Hash(JobId),
    Verify(JobId, bool),
    Keep(JobId),
    Load(JobId),
}

/// Does what the bytes say; then lets all slow work come to its end and everyone leave.
pub fn rooms(bytes: &[u8]) {
    let now = Instant::now();
    let config = Config { seat_unconnected: Duration::from_secs(15), ..Config::default() };
    let mut rooms = Rooms::new(config, [7; 32], now);
    rooms.report_events();
    rooms.set_calendar(1_700_000_000_000, now);
    rooms.open_kept_room(room(0), true, 2, None, now);
    let mut crowd = Crowd {
        rooms,
        bytes: bytes.iter(),
        now,
        next_request: 0,
        open: BTreeMap::new(),
        jobs: Vec::new(),
        inside: BTreeMap::new(),
    };
    crowd.drain();
    while let Some(deed) = crowd.bytes.next().copied() {
        crowd.step(deed);
        crowd.drain();
        crowd.check();
    }
    crowd.finish();
}

fn room(number: usize) -> RoomId {
    RoomId::parse(&format!("room-{}", number % ROOMS)).expect("a name")
}

fn session(person: usize) -> SessionId {
    SessionId::new([u8::try_from(person % PEOPLE).unwrap_or_default(); 32])
}

fn client(person: usize, room: &RoomId) -> ClientId {
    ClientId::new(format!("{}@{room}", person % PEOPLE))
}

impl Crowd<'_> {
    fn byte(&mut self) -> usize {
        self.bytes.next().copied().map_or(0, usize::from)
    }

    /// Someone, somewhere.
    fn someone(&mut self) -> (usize, RoomId, ClientId) {
        let byte = self.byte();
        let (person, room) = (byte % PEOPLE, room(byte / PEOPLE));
        let client = client(person, &room);
        (person, room, client)
    }

    fn step(&mut self, deed: u8) {
        let (person, room, client) = self.someone();
        match deed % 16 {
            0 => self.create(room, person, &client),
            1..=4 => self.join(person, room, client),
            5 => self.ask(Request::Leave { room, session: session(person) }),
            6 | 7 if self.rooms.authorize(&room, &session(person)).is_ok() => {
                self.rooms.handle_connected(&client, self.now);
            }
            8 => self.rooms.handle_disconnected(&client, self.now),
            9..=11 => {
                let other = self::client(self.byte(), &room);
                let frame = FRAMES[self.byte() % FRAMES.len()].replace('#', other.as_str());
                self.rooms.handle_frame(&client, frame.as_bytes(), self.now);
            }
            12 => self.work(),
            13 => {
                let milliseconds = 1 << (self.byte() % 20);
                self.pass(Duration::from_millis(milliseconds));
            }
            14 => self.rule(room, client),
            _ => self.rooms.handle_alive(&client, self.now),
        }
    }

    fn create(&mut self, room: RoomId, person: usize, client: &ClientId) {
        let wish = self.byte();
        self.ask(Request::Create {
            room,
            password: (wish & 1 != 0).then(|| "right".to_owned()),
            public: wish & 2 != 0,
            guest_limit: wish / 64,
            from: address(person),
            owner: (wish & 4 != 0).then(|| client.clone()),
            lobby: wish & 8 != 0,
            history: if wish & 16 != 0 { History::Hours(1) } else { History::None },
            kept: wish & 32 != 0,
        });
    }

    fn join(&mut self, person: usize, room: RoomId, client: ClientId) {
        let wish = self.byte();
        let password = [None, Some("right"), Some("wrong"), Some("")][wish % 4].map(str::to_owned);
        self.ask(Request::Join {
            room,
            session: session(person),
            client,
            password,
            from: address(person),
            offers: (wish & 4 != 0).then_some(OfferForm::String),
            mark: AddressMark::default(),
            pass: Pass::None,
            name: None,
        });
    }

    /// What an owner or an administrator does over HTTP.
    fn rule(&mut self, room: RoomId, client: ClientId) {
        let wish = self.byte();
        let by = if wish & 1 == 0 { By::Administrator } else { By::Client(client.clone()) };
        let deed = |action| Moderate { action, client: Some(client.clone()), address: wish & 2 != 0 };
        self.ask(match wish / 16 {
            0 => Request::Delete { room, by },
            1 => Request::Moderate { room, by, deed: deed(Action::Ban) },
            2 => Request::Moderate { room, by, deed: deed(Action::Unban) },
            3 => Request::Moderate { room, by, deed: deed(Action::Kick) },
            4 => Request::Moderate { room, by, deed: deed(Action::Promote) },
            5 => Request::ListBans { room, by },
            6 => Request::ListInvites { room, by },
            _ => {
                let change = api::EditRoom {
                    guest_limit: (wish & 4 != 0).then_some(2),
                    lobby: (wish & 8 != 0).then_some(wish & 32 != 0),
                    password: (wish & 64 != 0).then(|| "right".to_owned()),
                    ..api::EditRoom::default()
                };
                Request::Edit { room, by, change }
            }
        });
    }

    fn ask(&mut self, request: Request) {
        self.next_request += 1;
        let id = RequestId(self.next_request);
        self.open.insert(id, ());
        self.rooms.handle_request(id, request, self.now);
    }

    /// One piece of slow work comes to its end.
    fn work(&mut self) {
        if self.jobs.is_empty() {
            return;
        }
        match self.jobs.remove(0) {
            Job::Hash(job) => self.rooms.handle_hashed(job, "right".to_owned(), self.now),
            Job::Verify(job, right) => self.rooms.handle_verified(job, right, self.now),
            Job::Keep(job) => {
                let kept = [Kept::Done, Kept::Missing, Kept::Failed][self.byte() % 3];
                self.rooms.handle_kept(job, kept, self.now);
            }
            Job::Load(job) => {
                let texts = LoadedTexts { texts: Vec::new(), more: false };
                self.rooms.handle_texts(job, Some(texts), self.now);
            }
        }
        self.drain();
    }

    /// Time passes, and the core is punctually told.
    fn pass(&mut self, time: Duration) {
        let until = self.now + time;
        while let Some(due) = self.rooms.poll_timeout().filter(|due| *due <= until) {
            self.now = self.now.max(due);
            self.rooms.handle_timeout(self.now);
            self.drain();
            assert!(self.rooms.poll_timeout().is_none_or(|next| next > self.now), "a time-out moves forward");
        }
        self.now = until;
    }

    fn drain(&mut self) {
        while let Some(effect) = self.rooms.poll_effect() {
            match effect {
                Effect::Reply { request, .. } => {
                    assert!(self.open.remove(&request).is_some(), "a request is answered once");
                }
                Effect::HashPassword { job, .. } => self.jobs.push(Job::Hash(job)),
                Effect::VerifyPassword { job, password, hash } => self.jobs.push(Job::Verify(job, password == hash)),
                Effect::KeepText { job, .. } | Effect::EditText { job, .. } | Effect::DropText { job, .. } => {
                    self.jobs.push(Job::Keep(job));
                }
                Effect::LoadTexts { job, .. } => self.jobs.push(Job::Load(job)),
                Effect::Send { frame, .. } => {
                    assert!(serde_json::from_str::<serde_json::Value>(&frame).is_ok(), "{frame}");
                }
                Effect::SaveRoom(_)
                | Effect::ForgetRoom(_)
                | Effect::ForgetTexts { .. }
                | Effect::Disconnect { .. } => {}
            }
        }
        while let Some(event) = self.rooms.poll_event() {
            match event {
                Event::Joined { room, client } => {
                    assert!(self.inside.insert((room, client), ()).is_none(), "nobody joins twice");
                }
                Event::Left { room, client } => {
                    assert!(self.inside.remove(&(room, client)).is_some(), "who leaves was there");
                }
                Event::RoomOpened { .. } | Event::RoomClosed { .. } => {}
            }
        }
    }

    fn check(&self) {
        let census = self.rooms.census();
        assert!(census.connected <= census.seats && census.public <= census.rooms && census.rooms <= ROOMS);
        assert_eq!(census.connected, self.inside.len(), "the events tell who is inside");
        for room in self.rooms.overview(self.now) {
            let ids: std::collections::BTreeSet<_> = room.clients.iter().map(|client| &client.id).collect();
            assert_eq!(ids.len(), room.clients.len(), "one seat each");
            assert_eq!(room.room.participants, room.clients.len());
        }
    }

    /// All slow work ends; after a day of silence nobody is there, and every request has its answer.
    fn finish(mut self) {
        while !self.jobs.is_empty() {
            self.work();
        }
        self.pass(Duration::from_secs(24 * 60 * 60));
        while !self.jobs.is_empty() {
            self.work();
        }
        self.check();
        assert_eq!(self.rooms.census().seats, 0, "no ghost");
        assert!(self.open.is_empty(), "every request is answered");
        self.rooms.handle_shutdown(self.now);
        self.drain();
    }
}

fn address(person: usize) -> IpAddr {
    IpAddr::from([192, 0, 2, u8::try_from(person).unwrap_or_default()])
}
