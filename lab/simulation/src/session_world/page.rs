//! Pages of the earlier versions, as WIRE describes them: they await every reply for ever and never offer twice.
//! The first has no handling of glare; the second negotiates perfectly, the smaller id being polite.

use std::collections::BTreeMap;

use protocol::{Address, ClientId, Description, Envelope, IceCandidate, Message, OfferForm, RoomInfo};

use super::person::Body;
use super::{Happening, World};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    One,
    Two,
}

pub(super) struct Page {
    version: Version,
    peers: BTreeMap<ClientId, Peer>,
}

#[derive(Debug, Clone, Copy)]
struct Peer {
    connection: u64,
    is_making_offer: bool,
    is_ignoring_offer: bool,
}

/// What a page says after a while.
#[derive(Debug)]
pub(super) enum Speech {
    /// The camera is there: it asks who is in the room.
    Ready,
    Offer {
        to: ClientId,
        sdp: String,
    },
    Answer {
        to: ClientId,
        sdp: String,
    },
}

impl Page {
    pub(super) fn new(version: Version) -> Self {
        Self { version, peers: BTreeMap::new() }
    }

    pub(super) fn version(&self) -> Version {
        self.version
    }

    fn is_open(&self, connection: u64) -> bool {
        self.peers.values().any(|peer| peer.connection == connection)
    }
}

impl World {
    pub(super) fn page_link_up(&mut self, person: usize) {
        self.page_send(person, Address::GroundControl, &Message::Greeting("Hi".into()));
        let camera = self.millis(0..3_000);
        self.after(camera, Happening::PageSays { person, connection: None, speech: Speech::Ready });
    }

    pub(super) fn page_says(&mut self, person: usize, connection: Option<u64>, speech: Speech) {
        let page = self.page(person);
        let form = match page.version {
            Version::One => OfferForm::String,
            Version::Two => OfferForm::Object,
        };
        if connection.is_some_and(|connection| !page.is_open(connection)) {
            return;
        }
        match speech {
            Speech::Ready => {
                if form == OfferForm::Object {
                    self.page_send(person, Address::GroundControl, &Message::Ping(serde_json::Value::Null));
                    self.page_send(person, Address::GroundControl, &Message::GetIceServers);
                }
                self.page_send(person, Address::GroundControl, &Message::GetRoomInfo);
            }
            Speech::Offer { to, sdp } => {
                if let Some(peer) = self.page(person).peers.get_mut(&to) {
                    peer.is_making_offer = false;
                }
                self.page_send(person, to.into(), &Message::Offer(Description::new(form, sdp)));
            }
            Speech::Answer { to, sdp } => {
                self.page_send(person, to.into(), &Message::Answer(Description::new(form, sdp)));
            }
        }
    }

    pub(super) fn page_frame(&mut self, person: usize, frame: &str) {
        let envelope = Envelope::parse(frame.as_bytes()).expect("the server speaks well");
        let message = envelope.message().expect("the server relays what is well said");
        match (envelope.sender, message) {
            (Some(Address::GroundControl), Message::RoomInfo(info)) => self.page_room_info(person, &info),
            (Some(Address::GroundControl), Message::Ping(data)) => {
                self.page_send(person, Address::GroundControl, &Message::Pong(data));
            }
            (Some(Address::Client(from)), Message::Offer(offer)) => self.page_offer(person, from, &offer),
            (Some(Address::Client(from)), Message::Answer(answer)) => {
                if let Some(peer) = self.page(person).peers.get_mut(&from) {
                    let connection = peer.connection;
                    peer.is_ignoring_offer = false;
                    // An answer that comes too late is an exception in the page's console.
                    let _ = self.network.take_answer(connection, &answer.sdp, self.now);
                }
            }
            (Some(Address::Client(from)), Message::LegacyIceCandidate(candidate)) => {
                let peer = self.page(person).peers.get(&from).filter(|peer| !peer.is_ignoring_offer).copied();
                let ufrag = candidate.username_fragment.and_then(|ufrag| ufrag.parse().ok());
                if let (Some(peer), Some(ufrag)) = (peer, ufrag) {
                    self.network.add_candidate(peer.connection, ufrag);
                }
            }
            (Some(Address::Client(from)), Message::Bye) => self.page_close(person, &from),
            (Some(Address::Client(from)), Message::IceCandidate(_)) => {
                panic!("{from} trickles to a page that did not announce it")
            }
            _ => {}
        }
    }

    /// It offers to everyone whom it has no peer for and drops the peers that are not listed.
    fn page_room_info(&mut self, person: usize, info: &RoomInfo) {
        let me = self.people[person].client.clone();
        let peers = self.page(person).peers.keys().cloned().collect::<Vec<_>>();
        for gone in peers.iter().filter(|peer| info.clients.iter().all(|client| client.id != **peer)) {
            self.page_close(person, gone);
        }
        let others = info.clients.iter().map(|client| client.id.clone()).filter(|id| *id != me && !peers.contains(id));
        for to in others.collect::<Vec<_>>() {
            let connection = self.page_open(person, &to, true);
            let complete = self.page(person).version == Version::One;
            let offer = self.network.offer(connection, false, complete).expect("a fresh connection");
            let delay = if complete { self.millis(20..600) } else { self.millis(1..60) };
            self.find_candidates(person, connection, offer.ufrag, complete);
            let speech = Speech::Offer { to, sdp: offer.to_sdp() };
            self.after(delay, Happening::PageSays { person, connection: Some(connection), speech });
        }
    }

    fn page_offer(&mut self, person: usize, from: ClientId, offer: &Description) {
        let version = self.page(person).version;
        let expected = if version == Version::One { OfferForm::String } else { OfferForm::Object };
        if offer.form != expected {
            let is_session = self.people.iter().any(|person| person.client == from && person.shell().is_some());
            assert!(!is_session, "the page cannot read the offer of {from}");
            return;
        }
        let connection = match (version, self.page(person).peers.get(&from).copied()) {
            (_, None) => self.page_open(person, &from, false),
            (Version::One, Some(_)) => return,
            (Version::Two, Some(peer)) => {
                let is_stable = self.network.is_stable(peer.connection);
                let collides = peer.is_making_offer || !is_stable;
                let is_ignoring_offer = collides && self.people[person].client > from;
                self.page(person).peers.insert(from.clone(), Peer { is_ignoring_offer, ..peer });
                if is_ignoring_offer {
                    return;
                }
                if !is_stable {
                    self.network.rollback(peer.connection).expect("an offer is pending");
                }
                peer.connection
            }
        };
        let answer = self.network.answer(connection, &offer.sdp, false, self.now).expect("nothing is pending");
        if version == Version::Two {
            self.find_candidates(person, connection, answer.ufrag, false);
        }
        let delay = self.millis(1..300);
        let speech = Speech::Answer { to: from, sdp: answer.to_sdp() };
        self.after(delay, Happening::PageSays { person, connection: Some(connection), speech });
    }

    pub(super) fn page_candidate(&mut self, person: usize, connection: u64, candidate: IceCandidate) {
        let page = self.page(person);
        let to = page.peers.iter().find(|(_, peer)| peer.connection == connection).map(|(client, _)| client.clone());
        if let Some(to) = to.filter(|_| page.version == Version::Two) {
            self.page_send(person, to.into(), &Message::LegacyIceCandidate(candidate));
        }
    }

    fn page_open(&mut self, person: usize, to: &ClientId, is_making_offer: bool) -> u64 {
        let connection = self.network.open(person, self.now);
        let peer = Peer { connection, is_making_offer, is_ignoring_offer: false };
        self.page(person).peers.insert(to.clone(), peer);
        connection
    }

    fn page_close(&mut self, person: usize, from: &ClientId) {
        if let Some(peer) = self.page(person).peers.remove(from) {
            self.network.close(peer.connection);
        }
    }

    pub(super) fn page_close_all(&mut self, person: usize) {
        for peer in self.page(person).peers.keys().cloned().collect::<Vec<_>>() {
            self.page_close(person, &peer);
        }
    }

    /// The tab is closed.
    pub(super) fn page_leave(&mut self, person: usize) {
        for peer in self.page(person).peers.keys().cloned().collect::<Vec<_>>() {
            self.page_send(person, peer.into(), &Message::Bye);
        }
        self.page_send(person, Address::GroundControl, &Message::Bye);
        self.page_close_all(person);
        self.hang_up(person);
    }

    fn page_send(&mut self, person: usize, to: Address, message: &Message) {
        let frame = Envelope::new(None, to, message).to_json();
        self.send_to_server(person, frame);
    }

    fn page(&mut self, person: usize) -> &mut Page {
        match &mut self.people[person].body {
            Body::Page(page) => page,
            Body::Session(_) => panic!("person {person} has a session"),
        }
    }
}
