//! The loop: waits for a datagram, a command, a verdict or the time, and does what comes of it.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use protocol::{ClientId, RoomId};
use rooms::accounts::AccountsConfig;
use rooms::{Effect, Reply, RequestId, RoomError, Rooms};
use thiserror::Error;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::accounts::Desk;
use super::admission::Rate;
use super::connection::{Connection, Factory, Happening, Owner, SendError};
use super::connections::{ConnectionId, Connections};
use super::hasher::{For, Hasher, Job, Verdict};
use super::keeping::{CALENDAR_EVERY, Keeping};
use super::socket::Socket;
use super::{COMMANDS_MAX, Command, EngineHandle, Offer, OfferRefused, offer};
use crate::calendar::unix_ms;
use crate::generations::Generations;
use crate::metrics::Metrics;
use crate::settings::Limits;
use crate::store::{Answer, Store, Stored};
use crate::webhooks::Events;

/// Batches of datagrams that are taken before anything else is looked at.
const BATCHES_MAX: usize = 4;
/// How long everyone may take to hear `bye` when the server stops.
const GOODBYE_MAX: Duration = Duration::from_secs(3);

/// What the engine is told at its start.
pub(crate) struct EngineSettings {
    pub listen: SocketAddr,
    pub public_addresses: Vec<IpAddr>,
    pub limits: Limits,
    pub rooms: rooms::Config,
    pub accounts: AccountsConfig,
    /// Which tokens count; the engine writes what the HTTP side reads.
    pub generations: Generations,
    /// Public rooms that exist from the start and never expire.
    pub kept_rooms: Vec<RoomId>,
    pub metrics: Metrics,
    /// Who hears of rooms and people, if anybody does.
    pub events: Option<Events>,
}

/// Why the engine did not start.
#[derive(Debug, Error)]
pub enum EngineError {
    #[error("cannot listen for WebRTC on {address} (UDP): {source}")]
    Bind { address: SocketAddr, source: io::Error },
    #[error("cannot list this machine's addresses: {0}")]
    Interfaces(io::Error),
}

/// Everything that the loop owns.
pub(crate) struct Engine {
    pub(super) socket: Socket,
    pub(super) connections: Connections,
    pub(super) rooms: Rooms,
    pub(super) desk: Desk,
    pub(super) keeping: Keeping,
    pub(super) factory: Factory,
    pub(super) hasher: Hasher,
    pub(super) offers: Rate,
    pub(super) limits: Limits,
    pub(super) metrics: Metrics,
    events: Option<Events>,
    commands: mpsc::Receiver<Command>,
    waiting: BTreeMap<RequestId, oneshot::Sender<Reply>>,
    next_request: u64,
    /// When the rooms are told the date again.
    calendar_at: Instant,
    /// Set when the server stops: when to go even if someone has not heard `bye`.
    pub(super) stopping: Option<Instant>,
    /// Nobody new is let in.
    pub(super) draining: bool,
    /// Who wants to know when the last connection is gone.
    pub(super) drained: Vec<oneshot::Sender<()>>,
}

impl Engine {
    /// Binds the socket and opens the rooms of the store and of the settings.
    pub(crate) async fn bind(
        settings: EngineSettings,
        store: Store,
        stored: Stored,
    ) -> Result<(Self, EngineHandle), EngineError> {
        let address = settings.listen;
        let socket = Socket::bind(address).await.map_err(|source| EngineError::Bind { address, source })?;
        let candidates = socket.host_addresses(&settings.public_addresses).map_err(EngineError::Interfaces)?;
        let now = Instant::now();
        let mut rooms = Rooms::new(settings.rooms, rand::random(), now);
        if settings.events.is_some() {
            rooms.report_events();
        }
        rooms.set_calendar(unix_ms(), now);
        for record in stored.rooms {
            rooms.restore(record, now);
        }
        for room in settings.kept_rooms {
            rooms.open_kept_room(room, true, 0, None, now);
        }
        let (sender, commands) = mpsc::channel(COMMANDS_MAX);
        let store_health = store.health();
        let handle = EngineHandle { commands: sender, rtc_address: socket.local_addr(), store_health };
        let limits = settings.limits;
        let engine = Self {
            socket,
            connections: Connections::default(),
            rooms,
            desk: Desk::new(settings.accounts, stored.accounts, settings.generations, now),
            keeping: Keeping::new(store),
            factory: Factory::new(candidates, limits.backlog_bytes),
            hasher: Hasher::new(limits.hashing_slots()),
            offers: Rate::per_minute(limits.offers_per_minute, limits.offers_burst),
            limits,
            metrics: settings.metrics,
            events: settings.events,
            commands,
            waiting: BTreeMap::new(),
            next_request: 0,
            calendar_at: now + CALENDAR_EVERY,
            stopping: None,
            draining: false,
            drained: Vec::new(),
        };
        Ok((engine, handle))
    }

    /// Runs until `stop` is cancelled and everyone has heard `bye`.
    pub(crate) async fn run(mut self, stop: CancellationToken) {
        let mut inbox = self.socket.inbox();
        loop {
            self.settle(Instant::now());
            self.note_drained();
            if self.stopping.is_some_and(|until| self.connections.is_empty() || until <= Instant::now()) {
                return self.keeping.finish().await;
            }
            let wake = self.wake();
            tokio::select! {
                _ = self.socket.readable() => self.receive(&mut inbox),
                Some(command) = self.commands.recv() => self.handle_command(command, Instant::now()),
                verdict = self.hasher.next() => self.handle_verdict(verdict, Instant::now()),
                answers = self.keeping.next() => self.handle_answers(answers, Instant::now()),
                () = sleep_until(wake) => self.handle_timeout(Instant::now()),
                () = stop.cancelled(), if self.stopping.is_none() => self.handle_stop(Instant::now()),
            }
        }
    }

    fn wake(&self) -> Option<Instant> {
        [self.rooms.poll_timeout(), self.connections.wake(), self.stopping, Some(self.calendar_at)]
            .into_iter()
            .flatten()
            .min()
    }

    fn receive(&mut self, inbox: &mut super::socket::Inbox) {
        for _ in 0..BATCHES_MAX {
            let now = Instant::now();
            let Self { socket, connections, rooms, .. } = self;
            let more = socket.receive(inbox, |datagram| {
                let Some(alive) = connections.handle_datagram(&datagram, socket, now) else { return };
                if connections.is_current(alive)
                    && let Some(connection) = connections.get(alive)
                {
                    rooms.handle_alive(&connection.owner.client, now);
                }
            });
            self.settle(now);
            if !more {
                return;
            }
        }
    }

    fn handle_timeout(&mut self, now: Instant) {
        if self.calendar_at <= now {
            self.calendar_at = now + CALENDAR_EVERY;
            self.rooms.set_calendar(unix_ms(), now);
            self.desk.accounts.set_calendar(unix_ms(), now);
        }
        self.connections.handle_timeout(&self.socket, now);
        if self.rooms.poll_timeout().is_some_and(|at| at <= now) {
            self.rooms.handle_timeout(now);
        }
    }

    fn handle_stop(&mut self, now: Instant) {
        tracing::info!(connections = self.connections.len(), "stopping");
        self.stopping = Some(now + GOODBYE_MAX);
        self.rooms.handle_shutdown(now);
        self.settle(now);
        for id in self.connections.ids() {
            self.connections.with(id, &self.socket, |connection| connection.finish(now));
        }
    }

    fn handle_command(&mut self, command: Command, now: Instant) {
        // A reply that cannot be delivered is one that nobody waits for any more.
        match command {
            Command::Request { request, reply } if self.is_turned_away(&request) => {
                drop(reply.send(Reply::Refused(RoomError::ShuttingDown)));
            }
            Command::Request { request, reply } => {
                let id = RequestId(self.next_request);
                self.next_request += 1;
                self.waiting.insert(id, reply);
                self.rooms.handle_request(id, request, now);
            }
            Command::Account { request, reply } => self.desk.take(*request, reply, now),
            Command::Offer { offer, reply } => {
                let answer = self.handle_offer(&offer, now);
                self.count_offer(answer.as_ref().err());
                drop(reply.send(answer));
            }
            Command::List { reply } => drop(reply.send(self.rooms.list(now))),
            Command::Inspect { room, reply } => drop(reply.send(self.rooms.inspect(&room, now))),
            Command::Oversee(oversight) => self.handle_oversight(oversight, now),
        }
    }

    fn handle_offer(&mut self, offer: &Offer, now: Instant) -> Result<String, OfferRefused> {
        if self.stopping.is_some() {
            return Err(OfferRefused::ShuttingDown);
        }
        let client = self.rooms.authorize(&offer.room, &offer.session)?;
        if !self.offers.admits(offer.from, now) {
            return Err(OfferRefused::TooManyOffers);
        }
        let (of_asker, in_all) = self.connections.half_open(offer.from);
        if of_asker >= self.limits.half_open_per_address || in_all >= self.limits.half_open {
            return Err(OfferRefused::TooManyHalfOpen);
        }
        let sdp = offer::prepare(&offer.sdp)?;
        let owner = Owner { room: offer.room.clone(), session: offer.session, client, from: offer.from };
        let (connection, answer) = self.factory.accept(owner, &sdp, self.limits.half_open_seconds.0, now)?;
        self.connections.insert(connection, &self.socket, now);
        Ok(answer)
    }

    fn handle_verdict(&mut self, verdict: Verdict, now: Instant) {
        match verdict {
            Verdict::Hashed { job: For::Rooms(job), hash } => self.rooms.handle_hashed(job, hash, now),
            Verdict::Hashed { job: For::Accounts(job), hash } => self.desk.accounts.handle_hashed(job, hash, now),
            Verdict::Verified { job: For::Rooms(job), right } => self.rooms.handle_verified(job, right, now),
            Verdict::Verified { job: For::Accounts(job), right } => {
                self.desk.accounts.handle_verified(job, right, now);
            }
        }
    }

    fn handle_answers(&mut self, answers: Vec<Answer>, now: Instant) {
        for answer in answers {
            match answer {
                Answer::Written { job, kept } => self.rooms.handle_kept(job, kept, now),
                Answer::Account { job, kept } => self.desk.accounts.handle_kept(job, kept),
                Answer::Texts { job, page } => self.rooms.handle_texts(job, page, now),
                Answer::Passed(mark) => {
                    for (request, reply) in self.keeping.release(mark) {
                        self.answer(request, reply);
                    }
                }
            }
        }
    }

    fn answer(&mut self, request: RequestId, reply: Reply) {
        self.count_reply(&reply);
        if let Some(waiting) = self.waiting.remove(&request) {
            drop(waiting.send(reply));
        }
    }

    /// Does everything that the rooms want and tells them everything that happened, until both are silent.
    fn settle(&mut self, now: Instant) {
        loop {
            self.settle_accounts();
            while let Some(effect) = self.rooms.poll_effect() {
                self.apply(effect, now);
            }
            while let Some(event) = self.rooms.poll_event() {
                if let Some(events) = &self.events {
                    events.offer(event);
                }
            }
            let Some((id, happening)) = self.connections.poll() else { return };
            self.handle_happening(id, happening, now);
        }
    }

    fn apply(&mut self, effect: Effect, now: Instant) {
        match effect {
            Effect::Reply { request, reply } => {
                if let Some(reply) = self.keeping.hold(request, reply) {
                    self.answer(request, reply);
                }
            }
            Effect::HashPassword { job, password } => self.hasher.push(Job::Hash { job: For::Rooms(job), password }),
            Effect::VerifyPassword { job, password, hash } => {
                self.hasher.push(Job::Verify { job: For::Rooms(job), password, hash: Some(hash) });
            }
            Effect::SaveRoom(_)
            | Effect::ForgetRoom(_)
            | Effect::KeepText { .. }
            | Effect::EditText { .. }
            | Effect::DropText { .. }
            | Effect::ForgetTexts { .. }
            | Effect::LoadTexts { .. } => self.keeping.apply(effect),
            Effect::Send { to, frame } => self.send(&to, &frame),
            Effect::Disconnect { client } => {
                if let Some(id) = self.connections.open_of(&client) {
                    self.connections.retire(id);
                    self.connections.with(id, &self.socket, |connection| connection.finish(now));
                }
            }
        }
    }

    fn send(&mut self, to: &ClientId, frame: &str) {
        let Some(id) = self.connections.open_of(to) else { return };
        match self.connections.with(id, &self.socket, |connection| connection.send(frame)) {
            Some(Err(SendError::Backlog)) => {
                tracing::info!("disconnected a client that does not read");
                self.metrics.gave_up_on_a_reader();
                self.connections.with(id, &self.socket, Connection::shut_down);
            }
            Some(Err(error @ (SendError::NotOpen | SendError::TooLarge))) => {
                tracing::debug!(?error, bytes = frame.len(), "a frame was not sent");
            }
            Some(Ok(())) => self.metrics.said(frame.len()),
            None => {}
        }
    }

    fn handle_happening(&mut self, id: ConnectionId, happening: Happening, now: Instant) {
        let Some(owner) = self.connections.get(id).map(|connection| connection.owner.clone()) else { return };
        match happening {
            Happening::Opened => self.handle_opened(id, &owner, now),
            Happening::Frame(frame) if self.connections.is_current(id) => {
                self.metrics.heard();
                self.rooms.handle_frame(&owner.client, &frame, now);
            }
            Happening::Binary if self.connections.is_current(id) => self.rooms.handle_binary(&owner.client, now),
            Happening::Frame(_) | Happening::Binary => {}
            Happening::Closed => {
                let was_current = self.connections.is_current(id);
                self.connections.remove(id);
                if was_current {
                    self.rooms.handle_disconnected(&owner.client, now);
                }
            }
        }
    }

    /// The seat may be gone by now, or have another connection, which this one then replaces.
    fn handle_opened(&mut self, id: ConnectionId, owner: &Owner, now: Instant) {
        if self.rooms.authorize(&owner.room, &owner.session).as_ref() != Ok(&owner.client) {
            self.connections.with(id, &self.socket, Connection::shut_down);
            return;
        }
        let last_words = self.rooms.last_words(&owner.client);
        if let Some(before) = self.connections.make_current(id) {
            self.connections.with(before, &self.socket, |connection| {
                // One that is behind or gone already does not hear it.
                let is_told = last_words.is_some_and(|frame| connection.send(&frame).is_ok());
                if is_told { connection.finish(now) } else { connection.shut_down() }
            });
        }
        self.rooms.handle_connected(&owner.client, now);
    }
}

async fn sleep_until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at.into()).await,
        None => std::future::pending().await,
    }
}
