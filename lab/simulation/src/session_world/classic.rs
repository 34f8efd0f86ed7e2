//! A stand-in for a server of the first version, as WIRE describes it: no events, no capabilities, a new id for every
//! seat, and an abrupt leaver that is listed for two minutes.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use protocol::{Address, Capability, ClientId, ClientInfo, Envelope, Message, Role, RoomInfo, Username};

use super::server::Out;

/// It pings a client that says nothing for this long.
const SILENCE_PING: Duration = Duration::from_secs(60);
/// And drops it when it still says nothing.
const SILENCE_DROP: Duration = Duration::from_secs(120);

pub(super) struct Classic {
    /// Part of every id: those of another run of the server are others.
    run: u16,
    /// What it says that everybody understands.
    capabilities: Vec<Capability>,
    n_seats: u64,
    seats: BTreeMap<ClientId, Seat>,
    effects: Vec<Out>,
}

struct Seat {
    number: u64,
    username: String,
    is_connected: bool,
    heard_at: Option<Instant>,
    was_pinged: bool,
}

impl Classic {
    pub(super) fn new(run: u16, capabilities: Vec<Capability>) -> Self {
        Self { run, capabilities, n_seats: 0, seats: BTreeMap::new(), effects: Vec::new() }
    }

    pub(super) fn seat(&mut self) -> ClientId {
        self.n_seats += 1;
        // Ids are in no order, as random ones are.
        let scrambled = (self.n_seats * 40_503 + u64::from(self.run)) & 0xffff;
        let client = ClientId::new(format!("{scrambled:04x}-{:x}-{}", self.run, self.n_seats));
        let seat = Seat {
            number: self.n_seats,
            username: Username::DEFAULT.to_owned(),
            is_connected: false,
            heard_at: None,
            was_pinged: false,
        };
        self.seats.insert(client.clone(), seat);
        client
    }

    pub(super) fn admits(&self, client: &ClientId) -> bool {
        self.seats.contains_key(client)
    }

    pub(super) fn handle_connected(&mut self, client: &ClientId, now: Instant) {
        if let Some(seat) = self.seats.get_mut(client) {
            seat.is_connected = true;
            seat.heard_at = Some(now);
            self.tell(client, &Message::Greeting("Ground Control to Major Tom".into()));
        }
    }

    pub(super) fn handle_frame(&mut self, from: &ClientId, frame: &[u8], now: Instant) {
        let Some(seat) = self.seats.get_mut(from) else { return };
        seat.heard_at = Some(now);
        seat.was_pinged = false;
        let envelope = Envelope::parse(frame).expect("sessions and pages speak well");
        match &envelope.receiver {
            Address::GroundControl => self.answer(from, &envelope.message().expect("a known shape")),
            Address::Room => {
                for client in self.seats.keys().cloned().collect::<Vec<_>>() {
                    self.relay(from, &client, envelope.clone());
                }
            }
            Address::Client(to) => self.relay(from, &to.clone(), envelope.clone()),
        }
    }

    fn relay(&mut self, from: &ClientId, to: &ClientId, mut envelope: Envelope) {
        envelope.sender = Some(Address::Client(from.clone()));
        if self.seats.contains_key(to) {
            self.effects.push(Out::Frame { to: to.clone(), frame: envelope.to_json() });
        }
    }

    fn answer(&mut self, from: &ClientId, message: &Message) {
        match message {
            Message::Ping(data) => self.tell(from, &Message::Pong(data.clone())),
            Message::GetRoomInfo => self.tell(from, &self.info()),
            Message::Profile(profile) => {
                if let Some(seat) = self.seats.get_mut(from).filter(|_| !profile.username.is_empty()) {
                    seat.username.clone_from(&profile.username);
                }
                self.tell_all();
            }
            Message::Bye => {
                self.seats.remove(from);
                self.effects.push(Out::Disconnect(from.clone()));
                self.tell_all();
            }
            Message::Greeting(_) | Message::Pong(_) | Message::GetIceServers => {}
            other => panic!("a client says {} to a server of the first version", other.kind()),
        }
    }

    pub(super) fn handle_shutdown(&mut self) {
        for client in self.seats.keys().cloned().collect::<Vec<_>>() {
            self.tell(&client, &Message::Bye);
            self.effects.push(Out::Disconnect(client));
        }
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) {
        let silent = |seat: &Seat, limit| seat.heard_at.is_some_and(|at| now >= at + limit);
        let gone: Vec<ClientId> = self.clients(|seat| silent(seat, SILENCE_DROP));
        for client in &gone {
            self.seats.remove(client);
            self.effects.push(Out::Disconnect(client.clone()));
        }
        if !gone.is_empty() {
            self.tell_all();
        }
        for client in self.clients(|seat| !seat.was_pinged && silent(seat, SILENCE_PING)) {
            self.tell(&client, &Message::Ping(serde_json::Value::Null));
            if let Some(seat) = self.seats.get_mut(&client) {
                seat.was_pinged = true;
            }
        }
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        let limit = |seat: &Seat| if seat.was_pinged { SILENCE_DROP } else { SILENCE_PING };
        self.seats.values().filter_map(|seat| Some(seat.heard_at? + limit(seat))).min()
    }

    pub(super) fn take_effects(&mut self) -> Vec<Out> {
        std::mem::take(&mut self.effects)
    }

    fn clients(&self, wanted: impl Fn(&Seat) -> bool) -> Vec<ClientId> {
        self.seats.iter().filter(|(_, seat)| wanted(seat)).map(|(client, _)| client.clone()).collect()
    }

    fn info(&self) -> Message {
        let mut connected: Vec<(&ClientId, &Seat)> = self.seats.iter().filter(|(_, seat)| seat.is_connected).collect();
        connected.sort_by_key(|(_, seat)| seat.number);
        let clients = connected.into_iter().map(|(client, seat)| ClientInfo {
            id: client.clone(),
            username: seat.username.clone(),
            capabilities: self.capabilities.clone(),
            offers: None,
            unstable: false,
            role: Role::Guest,
        });
        Message::RoomInfo(RoomInfo { room_id: "demo".into(), clients: clients.collect() })
    }

    fn tell_all(&mut self) {
        let info = self.info();
        for client in self.clients(|seat| seat.is_connected) {
            self.tell(&client, &info);
        }
    }

    fn tell(&mut self, to: &ClientId, message: &Message) {
        let envelope = Envelope::new(Some(Address::GroundControl), Address::Client(to.clone()), message);
        self.effects.push(Out::Frame { to: to.clone(), frame: envelope.to_json() });
    }
}
