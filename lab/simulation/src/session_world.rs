//! Sessions and pages of earlier versions around one server, on virtual time: links with delay and loss, peer
//! connections that obey the WebRTC state machine, people who come, go and vanish.

mod classic;
mod laws;
mod link;
mod page;
mod person;
mod server;
mod shell;
mod store;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use protocol::ClientId;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha12Rng;
use session::{PeerEvent, PeerKey};

pub use link::Weather;
pub use person::{Kind, Person};
pub use server::Plan;
pub use shell::{Seen, Shell};

use crate::webrtc::{Network, Path, Report};
use link::Link;
use person::Body;
use server::Server;

/// Something that a person or the world does.
#[derive(Debug, Clone)]
pub enum Act {
    Come(Kind),
    /// Says bye and closes everything.
    Leave(usize),
    /// Is gone without a word: the process was killed, or the machine lost its power.
    Vanish(usize),
    /// The link to the server breaks. `noticed`: both ends are told soon; otherwise it is only silent.
    Cut {
        person: usize,
        noticed: bool,
    },
    /// The server stops, with or without a bye, and is back after `down`.
    Restart {
        graceful: bool,
        down: Duration,
    },
    /// Two people cannot reach each other for a while. `renews`: their addresses are others afterwards.
    Outage {
        pair: (usize, usize),
        lasts: Duration,
        renews: bool,
    },
    Say(usize, String),
    SetMedia(usize, protocol::MediaState),
    Rename(usize, String),
    /// Whoever runs the server mutes someone.
    Mute(usize),
}

#[derive(Debug)]
enum Happening {
    Act(Act),
    ServerBack,
    PathBack,
    /// A wish for a seat reaches the server.
    Seat {
        person: usize,
    },
    /// An offer for a channel reaches the server.
    Dial {
        person: usize,
        client: ClientId,
        attempt: u64,
    },
    ChannelOpen {
        link: usize,
    },
    ToServer {
        link: usize,
        frame: String,
    },
    ToClient {
        link: usize,
        frame: String,
    },
    /// The server's end learns that the channel is closed.
    ClosedAtServer {
        link: usize,
    },
    ClosedAtClient {
        link: usize,
        reason: String,
    },
    /// A peer connection of a session's shell carries an order out.
    Order {
        person: usize,
        order: shell::Order,
    },
    LocalCandidate {
        person: usize,
        connection: u64,
        ufrag: u64,
    },
    /// An engine says something of a connection that is closed.
    LateReport {
        person: usize,
        key: PeerKey,
        event: PeerEvent,
    },
    /// A page sends what it has prepared, if the connection is still there.
    PageSays {
        person: usize,
        connection: Option<u64>,
        speech: page::Speech,
    },
    /// The store does what it was asked in this life of the server.
    StoreWorks {
        life: u64,
        effect: Box<rooms::Effect>,
    },
    StoreAnswers {
        life: u64,
        answer: store::Answer,
    },
    /// Signs of life of the channels, which the server's engine sees.
    Alive,
}

/// The path between two people.
#[derive(Debug, Clone, Copy)]
struct Outage {
    until: Instant,
    renews: bool,
}

pub struct World {
    pub now: Instant,
    start: Instant,
    rng: ChaCha12Rng,
    weather: Weather,
    /// The schedule is over: pauses are short.
    is_calm: bool,
    queue: BTreeMap<(Instant, u64), Happening>,
    n_queued: u64,
    plan: Plan,
    /// `None`: it is down.
    server: Option<Server>,
    store: store::Store,
    links: Vec<Link>,
    /// The channel of each client, as the server sees it.
    channels: BTreeMap<ClientId, usize>,
    people: Vec<Person>,
    network: Network,
    outages: BTreeMap<(usize, usize), Outage>,
    tracing: bool,
}

impl World {
    pub fn new(seed: u64, plan: Plan) -> Self {
        let now = Instant::now();
        let mut rng = ChaCha12Rng::seed_from_u64(seed);
        let weather = Weather::any(&mut rng);
        let store = store::Store::default();
        let server = Some(Server::start(&plan, &mut rng, &store, now));
        let mut world = Self {
            now,
            start: now,
            rng,
            weather,
            is_calm: false,
            queue: BTreeMap::new(),
            n_queued: 0,
            plan,
            server,
            store,
            links: Vec::new(),
            channels: BTreeMap::new(),
            people: Vec::new(),
            network: Network::default(),
            outages: BTreeMap::new(),
            tracing: crate::seeds::chosen().is_some(),
        };
        world.after(Duration::from_secs(3), Happening::Alive);
        world
    }

    /// From now on frames take a few milliseconds.
    #[must_use]
    pub fn with_fast_links(mut self) -> Self {
        self.weather = Weather::Fast;
        self
    }

    /// For a schedule: the world's own dice.
    pub fn rng(&mut self) -> &mut ChaCha12Rng {
        &mut self.rng
    }

    pub fn people(&self) -> &[Person] {
        &self.people
    }

    /// Plans an act.
    pub fn plan(&mut self, after: Duration, act: Act) {
        self.after(after, Happening::Act(act));
    }

    /// Lets time pass.
    pub fn run(&mut self, time: Duration) {
        let until = self.now + time;
        while self.step(until) {}
    }

    /// Runs until the laws of a quiet room hold, and a while longer: they must hold then, too. Returns how long it took.
    pub fn settle(&mut self, limit: Duration) -> Result<Duration, String> {
        self.is_calm = true;
        let from = self.now;
        while let Err(broken) = self.check() {
            if self.now - from > limit {
                return Err(broken);
            }
            self.run(Duration::from_millis(500));
        }
        let settled = self.now - from;
        self.run(Duration::from_secs(25));
        self.check().map(|()| settled)
    }

    fn after(&mut self, delay: Duration, happening: Happening) {
        self.at(self.now + delay, happening);
    }

    fn at(&mut self, at: Instant, happening: Happening) {
        self.n_queued += 1;
        self.queue.insert((at, self.n_queued), happening);
    }

    fn millis(&mut self, range: std::ops::Range<u64>) -> Duration {
        Duration::from_millis(self.rng.random_range(range))
    }

    fn trace(&self, line: impl FnOnce() -> String) {
        if self.tracing {
            println!("{:>8.3} {}", (self.now - self.start).as_secs_f64(), line());
        }
    }

    fn step(&mut self, until: Instant) -> bool {
        let queued = self.queue.keys().next().map(|(at, _)| *at);
        let server = self.server.as_ref().and_then(Server::deadline);
        let people = self.people.iter().filter_map(Person::deadline).min();
        let next = [queued, server, people, self.network.deadline()].into_iter().flatten().min();
        let Some(next) = next.filter(|at| *at <= until) else {
            self.now = until;
            return false;
        };
        self.now = self.now.max(next);
        if queued.is_some_and(|at| at <= self.now)
            && let Some((_, happening)) = self.queue.pop_first()
        {
            self.happen(happening);
        }
        if let Some(server) = self.server.as_mut().filter(|server| server.deadline().is_some_and(|at| at <= self.now)) {
            server.handle_timeout(self.now);
            self.drain_server();
        }
        for person in 0..self.people.len() {
            if self.people[person].deadline().is_some_and(|at| at <= self.now) {
                self.tick(person);
            }
        }
        self.advance_network();
        true
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Act(act) => self.act(act),
            Happening::ServerBack => {
                self.server = Some(Server::start(&self.plan, &mut self.rng, &self.store, self.now));
            }
            Happening::StoreWorks { life, effect } => self.store_works(life, *effect),
            Happening::StoreAnswers { life, answer } => self.store_answers(life, answer),
            // The network is looked at after everything that happens.
            Happening::PathBack => {}
            Happening::Seat { person } => self.seat(person),
            Happening::Dial { person, client, attempt } => self.dial(person, client, attempt),
            Happening::ChannelOpen { link } => self.channel_open(link),
            Happening::ToServer { link, frame } => self.reach_server(link, &frame),
            Happening::ToClient { link, frame } => self.reach_client(link, &frame),
            Happening::ClosedAtServer { link } => self.closed_at_server(link),
            Happening::ClosedAtClient { link, reason } => self.closed_at_client(link, reason),
            Happening::Order { person, order } => self.carry_out(person, order),
            Happening::LocalCandidate { person, connection, ufrag } => self.local_candidate(person, connection, ufrag),
            Happening::LateReport { person, key, event } => self.late_report(person, key, event),
            Happening::PageSays { person, connection, speech } => self.page_says(person, connection, speech),
            Happening::Alive => {
                self.alive();
                self.after(Duration::from_secs(3), Happening::Alive);
            }
        }
    }

    fn act(&mut self, act: Act) {
        self.trace(|| format!("*** {act:?}"));
        match act {
            Act::Come(kind) => self.come(kind),
            Act::Leave(person) => self.leave(person),
            Act::Vanish(person) => self.vanish(person),
            Act::Cut { person, noticed } => self.cut(person, noticed),
            Act::Restart { graceful, down } => self.restart(graceful, down),
            Act::Outage { pair, lasts, renews } => {
                let pair = (pair.0.min(pair.1), pair.0.max(pair.1));
                let until = self.now + lasts;
                let outage = self.outages.entry(pair).or_insert(Outage { until, renews });
                outage.until = outage.until.max(until);
                outage.renews |= renews;
                self.after(lasts, Happening::PathBack);
            }
            Act::Say(person, text) if self.people[person].is_here() => {
                self.people[person].said.push(text.clone());
                self.command(person, session::Command::Say { to: protocol::Address::Room, text });
            }
            Act::Say(..) => {}
            Act::SetMedia(person, media) => {
                self.people[person].media = media;
                self.command(person, session::Command::SetMedia(media));
            }
            Act::Mute(person) => {
                let client = self.people[person].client.clone();
                if let Some(server) = &mut self.server {
                    server.mute(client, self.now);
                    self.drain_server();
                }
            }
            Act::Rename(person, name) => {
                let name = protocol::Username::parse(&name).expect("a schedule's names are sound");
                self.people[person].name = name.to_string();
                self.command(person, session::Command::SetUsername(name));
            }
        }
    }

    fn advance_network(&mut self) {
        let (people, outages, now) = (&self.people, &self.outages, self.now);
        let path = |a: usize, b: usize| {
            if !people[a].is_running || !people[b].is_running {
                return Path::Closed;
            }
            match outages.get(&(a.min(b), a.max(b))) {
                None => Path::Open { only_since: None },
                Some(outage) if now < outage.until => Path::Closed,
                Some(outage) => Path::Open { only_since: outage.renews.then_some(outage.until) },
            }
        };
        for (connection, report) in self.network.advance(self.now, &mut self.rng, path) {
            let event = match report {
                Report::Connected => PeerEvent::Connected,
                Report::Disconnected => PeerEvent::Disconnected,
                Report::Failed => PeerEvent::Failed("ICE gave up".into()),
                Report::Closed => PeerEvent::Closed,
            };
            self.peer_event(connection, event);
        }
    }

    fn is_page(&self, person: usize) -> bool {
        matches!(self.people[person].body, Body::Page(_))
    }
}
