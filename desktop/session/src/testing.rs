//! What every test of a whole session needs: a session driven by hand, a clock that stands still, and all it wanted.

use std::time::{Duration, Instant};

use protocol::{Address, Capability, ClientId, Envelope, MediaState, Message, OfferForm, Username};
use serde_json::{Value, json};

use crate::{
    ChatLine, Command, Config, Effect, Event, JoinFailure, Joined, Participant, PeerEvent, PeerKey, PeerState, Session,
    Status,
};

/// Our own id in every test.
pub(crate) const ME: &str = "m";
/// Milliseconds since 1970 as a test begins.
pub(crate) const EPOCH_MS: u64 = 1_700_000_000_000;

pub(crate) fn seconds(n: u64) -> Duration {
    Duration::from_secs(n)
}

/// An SDP of connection `origin`.
pub(crate) fn sdp(origin: u32) -> String {
    format!("v=0\r\no=- {origin} 1 IN IP4 127.0.0.1\r\ns=-\r\na=fingerprint:sha-256 {origin:02X}\r\n")
}

/// An entry of `room-info` for a client of this version.
pub(crate) fn ours(id: &str) -> Value {
    json!({"id": id, "username": id.to_uppercase(), "capabilities": Capability::ours()})
}

/// An entry of `room-info` for a page of an earlier version.
pub(crate) fn page(id: &str, offers: OfferForm) -> Value {
    json!({"id": id, "username": id.to_uppercase(), "offers": offers})
}

/// An entry of `room-info` as a server of the first version writes it.
pub(crate) fn plain(id: &str) -> Value {
    json!({"id": id, "username": id.to_uppercase()})
}

pub(crate) struct Bench {
    pub(crate) session: Session,
    pub(crate) now: Instant,
    pub(crate) effects: Vec<Effect>,
    ours: bool,
    /// Lines to the room so far: a server of ours numbers them.
    n_lines: u64,
    /// When the server was last heard while time passed.
    heard_at: Instant,
}

impl Bench {
    /// A session that has just begun.
    pub(crate) fn new() -> Self {
        let now = crate::moment();
        let config = Config {
            username: Username::parse("Ann").unwrap(),
            media: MediaState { microphone: true, ..MediaState::default() },
            epoch: (now, EPOCH_MS),
        };
        let mut bench = Self {
            session: Session::new(config, [5; 32], now),
            now,
            effects: Vec::new(),
            ours: true,
            n_lines: 0,
            heard_at: now,
        };
        bench.drain();
        bench
    }

    /// With an open link to a server of ours, which has not said who is in the room.
    pub(crate) fn linked() -> Self {
        let mut bench = Self::new();
        bench.seat();
        bench.link_up();
        bench
    }

    /// In a room of a server of ours, with these others.
    pub(crate) fn with(others: &[Value]) -> Self {
        let mut bench = Self::linked();
        bench.room_info(others);
        bench
    }

    /// In a room of a server of the first version, with these others.
    pub(crate) fn classic(others: &[Value]) -> Self {
        let mut bench = Self::new();
        bench.ours = false;
        bench.seat();
        bench.link_up();
        bench.server("pong", json!(1));
        bench.room_info(others);
        bench
    }

    /// Answers the session's wish to join.
    pub(crate) fn seat(&mut self) {
        self.take(|effect| *effect == Effect::Join);
        let client_id = self.ours.then(|| ClientId::new(ME));
        self.session.handle_join_result(Ok(Joined { client_id, ours: self.ours }), self.now);
        self.drain();
    }

    pub(crate) fn refuse(&mut self, failure: JoinFailure) {
        self.session.handle_join_result(Err(failure), self.now);
        self.drain();
    }

    pub(crate) fn link_up(&mut self) {
        self.session.handle_link_up(self.now);
        self.drain();
    }

    pub(crate) fn link_down(&mut self) {
        self.session.handle_link_down("gone".into(), self.now);
        self.drain();
    }

    /// Waits until the session joins again, and gives it a link.
    pub(crate) fn come_back(&mut self) {
        while !self.effects.contains(&Effect::Join) {
            self.wait(Duration::from_millis(100));
        }
        self.seat();
        self.link_up();
    }

    /// From the server to us.
    pub(crate) fn server(&mut self, kind: &str, data: Value) {
        self.frame("ground control", ME, kind, data);
    }

    /// The server lists us and these others.
    pub(crate) fn room_info(&mut self, others: &[Value]) {
        let me = if self.ours { ours(ME) } else { plain(ME) };
        let clients: Vec<Value> = others.iter().cloned().chain([me]).collect();
        self.server("room-info", json!({"room_id": "demo", "clients": clients}));
    }

    pub(crate) fn frame(&mut self, sender: &str, receiver: &str, kind: &str, data: Value) {
        let mut frame = json!({"sender": sender, "receiver": receiver, "type": kind, "data": data});
        if self.ours && kind == "text" && receiver == "room" {
            self.n_lines += 1;
            frame["id"] = json!(self.n_lines.to_string());
        }
        self.raw(&frame.to_string());
    }

    pub(crate) fn raw(&mut self, frame: &str) {
        self.session.handle_frame(frame, self.now);
        self.drain();
    }

    /// From `client` to us: an offer or an answer from its connection `origin`.
    pub(crate) fn describe(&mut self, client: &str, kind: &str, form: OfferForm, origin: u32) {
        let data = match form {
            OfferForm::String => json!(sdp(origin)),
            OfferForm::Object => json!({"type": kind, "sdp": sdp(origin)}),
        };
        self.frame(client, ME, kind, data);
    }

    pub(crate) fn command(&mut self, command: Command) {
        self.session.handle_command(command, self.now);
        self.drain();
    }

    pub(crate) fn peer(&mut self, client: &str, generation: u32, event: PeerEvent) {
        let key = PeerKey { client: ClientId::new(client), generation };
        self.session.handle_peer(key, event, self.now);
        self.drain();
    }

    /// Our engine has made the offer of connection `generation`.
    pub(crate) fn offer_ready(&mut self, client: &str, generation: u32) {
        self.peer(client, generation, PeerEvent::OfferReady { sdp: sdp(1000 + generation) });
    }

    pub(crate) fn answer_ready(&mut self, client: &str, generation: u32) {
        self.peer(client, generation, PeerEvent::AnswerReady { sdp: sdp(1000 + generation) });
    }

    /// Offers, is answered from connection `origin` and connects.
    pub(crate) fn connect(&mut self, client: &str, generation: u32, form: OfferForm, origin: u32) {
        self.offer_ready(client, generation);
        self.describe(client, "answer", form, origin);
        self.peer(client, generation, PeerEvent::Connected);
    }

    /// Lets time pass, as a punctual shell does; the server is heard every second.
    pub(crate) fn wait(&mut self, time: Duration) {
        let until = self.now + time;
        loop {
            let next_word = self.now.max(self.heard_at + seconds(1));
            let due = self.session.poll_timeout().unwrap_or(until).min(next_word).min(until);
            assert!(due >= self.now, "a time-out is never in the past");
            self.now = due;
            if due == next_word {
                self.heard_at = due;
                self.session.handle_frame(r#"{"receiver":"m","type":"pong"}"#, due);
            }
            self.session.handle_timeout(due);
            assert!(self.session.poll_timeout().is_none_or(|next| next > due), "a time-out moves forward");
            self.drain();
            if due == until {
                return;
            }
        }
    }

    /// Lets time pass in silence.
    pub(crate) fn wait_in_silence(&mut self, time: Duration) {
        let until = self.now + time;
        while let Some(due) = self.session.poll_timeout().filter(|due| *due <= until) {
            self.now = due;
            self.session.handle_timeout(due);
            self.drain();
        }
        self.now = until;
    }

    fn drain(&mut self) {
        while let Some(effect) = self.session.poll_effect() {
            self.effects.push(effect);
        }
    }

    /// Forgets what has happened so far.
    pub(crate) fn forget(&mut self) {
        self.effects.clear();
    }

    /// Forgets the effects that are `wanted` and says how many there were.
    pub(crate) fn take(&mut self, wanted: impl Fn(&Effect) -> bool) -> usize {
        let before = self.effects.len();
        self.effects.retain(|effect| !wanted(effect));
        before - self.effects.len()
    }

    pub(crate) fn sent(&self) -> Vec<(Address, Message)> {
        let frames = self.effects.iter().filter_map(|effect| match effect {
            Effect::SendFrame(frame) => Some(Envelope::parse(frame.as_bytes()).unwrap()),
            _ => None,
        });
        frames.map(|envelope| (envelope.receiver.clone(), envelope.message().unwrap())).collect()
    }

    /// Receiver and type of every frame, except pings.
    pub(crate) fn sent_kinds(&self) -> Vec<String> {
        let frames = self.sent().into_iter().filter(|(_, message)| !matches!(message, Message::Ping(_)));
        frames.map(|(to, message)| format!("{} {}", to.as_str(), message.kind())).collect()
    }

    fn events(&self) -> impl DoubleEndedIterator<Item = &Event> {
        self.effects.iter().filter_map(|effect| match effect {
            Effect::Event(event) => Some(event),
            _ => None,
        })
    }

    pub(crate) fn statuses(&self) -> Vec<Status> {
        self.events()
            .filter_map(|event| if let Event::Status(status) = event { Some(status.clone()) } else { None })
            .collect()
    }

    pub(crate) fn chat(&self) -> Vec<ChatLine> {
        self.events()
            .filter_map(|event| if let Event::Chat(line) = event { Some(line.clone()) } else { None })
            .collect()
    }

    /// Everything that was told, apart from rosters and peers.
    pub(crate) fn told(&self) -> Vec<Event> {
        self.events().filter(|event| !matches!(event, Event::Roster(_) | Event::Peer { .. })).cloned().collect()
    }

    /// What was said in the chat, to whomever.
    pub(crate) fn texts_sent(&self) -> Vec<String> {
        let texts = self.sent().into_iter().filter_map(|(_, message)| match message {
            Message::Text(line) => Some(line.text),
            _ => None,
        });
        texts.collect()
    }

    pub(crate) fn notices(&self) -> Vec<String> {
        self.events()
            .filter_map(|event| if let Event::Notice(notice) = event { Some(notice.id.to_string()) } else { None })
            .collect()
    }

    /// The roster that was shown last.
    pub(crate) fn roster(&self) -> Vec<Participant> {
        let mut rosters = self.events().rev();
        rosters.find_map(|event| if let Event::Roster(roster) = event { Some(roster.clone()) } else { None }).unwrap()
    }

    pub(crate) fn roster_ids(&self) -> Vec<String> {
        self.roster().into_iter().map(|participant| participant.id.to_string()).collect()
    }

    /// How often the roster was shown.
    pub(crate) fn n_rosters(&self) -> usize {
        self.events().filter(|event| matches!(event, Event::Roster(_))).count()
    }

    /// The states of the connections to `client`, one after the other.
    pub(crate) fn peer_states(&self, name: &str) -> Vec<PeerState> {
        self.events()
            .filter_map(|event| match event {
                Event::Peer { client, state } if client.as_str() == name => Some(*state),
                _ => None,
            })
            .collect()
    }

    /// What peer connections were made to do: `open b#2`, `offer b#2`, …
    pub(crate) fn orders(&self) -> Vec<String> {
        let name = |key: &PeerKey| format!("{}#{}", key.client, key.generation);
        let orders = self.effects.iter().filter_map(|effect| match effect {
            Effect::OpenPeer { peer } => Some(format!("open {}", name(peer))),
            Effect::MakeOffer { peer, complete, ice_restart } => {
                let complete = if *complete { " complete" } else { "" };
                let restart = if *ice_restart { " restart" } else { "" };
                Some(format!("offer {}{complete}{restart}", name(peer)))
            }
            Effect::AcceptOffer { peer, rollback, complete, .. } => {
                let rollback = if *rollback { " rollback" } else { "" };
                let complete = if *complete { " complete" } else { "" };
                Some(format!("answer {}{rollback}{complete}", name(peer)))
            }
            Effect::AcceptAnswer { peer, .. } => Some(format!("accept {}", name(peer))),
            Effect::AddCandidate { peer, .. } => Some(format!("candidate {}", name(peer))),
            Effect::ClosePeer { peer } => Some(format!("close {}", name(peer))),
            Effect::Join
            | Effect::Connect
            | Effect::HangUp
            | Effect::SendFrame(_)
            | Effect::SetIceServers(_)
            | Effect::Event(_) => None,
        });
        orders.collect()
    }
}
