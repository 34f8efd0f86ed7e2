//! A shell around a session: it carries effects out on the world's links and connections and notes what is shown.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use protocol::{ClientId, ErrorNotice, IceCandidate};
use rand::RngExt;
use session::{ChatLine, Effect, Event, Participant, PeerEvent, PeerKey, PeerState, Session, Status};

use super::person::Body;
use super::{Happening, World};

/// Something that a peer connection is to do; the orders of one connection are carried out one after the other.
#[derive(Debug)]
pub(super) enum Order {
    Offer { key: PeerKey, complete: bool, ice_restart: bool },
    AcceptOffer { key: PeerKey, sdp: String, rollback: bool, complete: bool },
    AcceptAnswer { key: PeerKey, sdp: String },
    AddCandidate { key: PeerKey, candidate: IceCandidate },
}

/// What a person has seen.
#[derive(Debug, Default)]
pub struct Seen {
    pub status: Option<Status>,
    pub roster: Vec<Participant>,
    pub peers: BTreeMap<ClientId, PeerState>,
    pub chat: Vec<ChatLine>,
    pub notices: Vec<ErrorNotice>,
    pub n_connections: usize,
    /// Offers, those of them that gave way to another, and those that restarted ICE.
    pub n_offers: usize,
    pub n_rollbacks: usize,
    pub n_restarts: usize,
    /// How often a working connection was lost to this person's eyes.
    pub n_interruptions: usize,
}

pub struct Shell {
    pub(super) session: Session,
    keys: BTreeMap<PeerKey, u64>,
    busy_until: BTreeMap<PeerKey, Instant>,
    pub seen: Seen,
}

impl Shell {
    pub(super) fn new(session: Session) -> Self {
        Self { session, keys: BTreeMap::new(), busy_until: BTreeMap::new(), seen: Seen::default() }
    }

    pub(super) fn key_of(&self, connection: u64) -> Option<PeerKey> {
        self.keys.iter().find(|(_, known)| **known == connection).map(|(key, _)| key.clone())
    }

    fn see(&mut self, event: Event) {
        match event {
            Event::Status(status) => self.seen.status = Some(status),
            Event::Roster(roster) => self.seen.roster = roster,
            Event::Chat(line) => self.see_line(line),
            Event::History { lines, .. } => lines.into_iter().for_each(|line| self.see_line(line)),
            Event::Peer { client, state } => {
                let before = self.seen.peers.insert(client, state);
                self.seen.n_interruptions += usize::from(before == Some(PeerState::Connected));
            }
            Event::Notice(notice) => self.seen.notices.push(notice),
            Event::TextEdited { .. }
            | Event::TextDeleted { .. }
            | Event::Settings(_)
            | Event::Shown { .. }
            | Event::Knocking(_)
            | Event::Moderated { .. } => {}
        }
    }

    /// A line that was read in the history and is heard too stands there once.
    fn see_line(&mut self, line: ChatLine) {
        let is_known = line.id.is_some() && self.seen.chat.iter().any(|known| known.id == line.id);
        if !is_known {
            self.seen.chat.push(line);
        }
    }
}

impl World {
    /// Carries out what a session wants.
    pub(super) fn drain(&mut self, person: usize) {
        while let Some(effect) = self.shell(person).session.poll_effect() {
            match effect {
                Effect::Join => self.ask_for_seat(person, Duration::ZERO),
                Effect::Connect => self.start_dialling(person),
                Effect::HangUp => {
                    self.people[person].dialling += 1;
                    self.hang_up(person);
                }
                Effect::SendFrame(frame) => self.send_to_server(person, frame),
                Effect::SetIceServers(_) => {}
                Effect::OpenPeer { peer } => self.open_peer(person, peer),
                Effect::MakeOffer { peer: key, complete, ice_restart } => {
                    self.shell(person).seen.n_offers += 1;
                    self.shell(person).seen.n_restarts += usize::from(ice_restart);
                    self.order(person, Order::Offer { key, complete, ice_restart });
                }
                Effect::AcceptOffer { peer: key, sdp, rollback, complete } => {
                    self.shell(person).seen.n_rollbacks += usize::from(rollback);
                    self.order(person, Order::AcceptOffer { key, sdp, rollback, complete });
                }
                Effect::AcceptAnswer { peer: key, sdp } => self.order(person, Order::AcceptAnswer { key, sdp }),
                Effect::AddCandidate { peer: key, candidate } => {
                    self.order(person, Order::AddCandidate { key, candidate });
                }
                Effect::ClosePeer { peer } => {
                    let connection = self.shell(person).keys.remove(&peer).expect("what is closed was open");
                    self.shell(person).busy_until.remove(&peer);
                    self.network.close(connection);
                    self.report_late(person, peer);
                }
                Effect::Event(event) => {
                    self.trace(|| format!("                {} sees {event:?}", self.people[person].name));
                    self.shell(person).see(event);
                }
            }
        }
    }

    /// Something was on its way from the engine as the connection was closed.
    fn report_late(&mut self, person: usize, key: PeerKey) {
        let delay = self.millis(0..300);
        let event = match self.rng.random_range(0..5) {
            0 => PeerEvent::Failed("late".into()),
            1 => PeerEvent::Closed,
            2 => PeerEvent::Connected,
            3 => PeerEvent::OfferReady { sdp: "late".into() },
            _ => return,
        };
        self.after(delay, Happening::LateReport { person, key, event });
    }

    fn open_peer(&mut self, person: usize, key: PeerKey) {
        self.shell(person).seen.n_connections += 1;
        let connection = self.network.open(person, self.now);
        let keys = &mut self.shell(person).keys;
        assert!(keys.keys().all(|open| open.client != key.client), "one connection to one client at a time");
        keys.insert(key, connection);
    }

    fn order(&mut self, person: usize, order: Order) {
        let key = order.key().clone();
        assert!(self.shell(person).keys.contains_key(&key), "{order:?} for a connection that is not open");
        let work = match &order {
            Order::Offer { complete: true, .. } | Order::AcceptOffer { complete: true, .. } => self.millis(20..500),
            Order::Offer { .. } | Order::AcceptOffer { .. } => self.millis(1..60),
            Order::AcceptAnswer { .. } | Order::AddCandidate { .. } => self.millis(0..10),
        };
        let now = self.now;
        let shell = self.shell(person);
        let done_at = shell.busy_until.get(&key).map_or(now, |at| *at.max(&now)) + work;
        shell.busy_until.insert(key, done_at);
        self.at(done_at, Happening::Order { person, order });
    }

    pub(super) fn carry_out(&mut self, person: usize, order: Order) {
        let now = self.now;
        let Some(&connection) = self.shell(person).keys.get(order.key()) else { return };
        if !self.people[person].is_here() {
            return;
        }
        self.trace(|| format!("        {} {order:?}", self.people[person].name));
        let forbidden = format!("{} was made to break the rules with {order:?}", self.people[person].name);
        match order {
            Order::Offer { complete, ice_restart, .. } => {
                let offer = self.network.offer(connection, ice_restart, complete).expect(&forbidden);
                self.find_candidates(person, connection, offer.ufrag, complete);
                if self.rng.random_bool(self.plan.engine_fails()) {
                    return;
                }
                self.peer_event(connection, PeerEvent::OfferReady { sdp: offer.to_sdp() });
            }
            Order::AcceptOffer { sdp, rollback, complete, .. } => {
                if rollback {
                    self.network.rollback(connection).expect(&forbidden);
                }
                let answer = self.network.answer(connection, &sdp, complete, now).expect(&forbidden);
                self.find_candidates(person, connection, answer.ufrag, complete);
                self.peer_event(connection, PeerEvent::AnswerReady { sdp: answer.to_sdp() });
            }
            Order::AcceptAnswer { sdp, .. } => {
                self.network.take_answer(connection, &sdp, now).expect(&forbidden);
            }
            Order::AddCandidate { candidate, .. } => {
                let ufrag = candidate.username_fragment.and_then(|ufrag| ufrag.parse().ok());
                self.network.add_candidate(connection, ufrag.expect("candidates here name their credentials"));
            }
        }
    }

    /// Gathering goes on after the description is out, unless it was to be complete. Now and then all is found before.
    pub(super) fn find_candidates(&mut self, person: usize, connection: u64, ufrag: u64, complete: bool) {
        if complete {
            return;
        }
        let early = !self.is_page(person) && self.rng.random_bool(0.3);
        for _ in 0..2 {
            if early {
                self.local_candidate(person, connection, ufrag);
            } else {
                let delay = self.millis(0..250);
                self.after(delay, Happening::LocalCandidate { person, connection, ufrag });
            }
        }
    }

    pub(super) fn local_candidate(&mut self, person: usize, connection: u64, ufrag: u64) {
        let candidate = IceCandidate {
            candidate: "candidate:1 1 udp 2130706431 192.0.2.1 9 typ host".into(),
            sdp_mid: Some("0".into()),
            sdp_m_line_index: Some(0),
            username_fragment: Some(ufrag.to_string()),
        };
        if self.is_page(person) {
            self.page_candidate(person, connection, candidate);
        } else {
            self.peer_event(connection, PeerEvent::Candidate(candidate));
        }
    }

    fn shell(&mut self, person: usize) -> &mut Shell {
        match &mut self.people[person].body {
            Body::Session(shell) => shell,
            Body::Page(_) => panic!("person {person} has a page"),
        }
    }
}

impl Order {
    fn key(&self) -> &PeerKey {
        match self {
            Self::Offer { key, .. }
            | Self::AcceptOffer { key, .. }
            | Self::AcceptAnswer { key, .. }
            | Self::AddCandidate { key, .. } => key,
        }
    }
}
