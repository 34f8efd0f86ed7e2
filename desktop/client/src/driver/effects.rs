//! Carrying out what the session wants.

use std::sync::Arc;
use std::time::{Duration, Instant};

use session::{Effect, PeerEvent, PeerKey};

use super::{Done, Driver, ServerLink};
use crate::engine::{Engine, Link, Order, Surroundings};
use crate::inlet::Inlet;
use crate::lines::Line;
use crate::outlet::Outlet;
use crate::record::Record;
use crate::seat::{Entrance, Seat};

/// A seat that is given back over HTTP, because there is no channel to say `bye` on.
const LEAVE_MAX: Duration = Duration::from_millis(500);

impl Driver {
    pub(super) fn perform(&mut self, effect: Effect) {
        match effect {
            Effect::Join => self.join(),
            Effect::Connect => self.connect(),
            Effect::HangUp => self.hang_up(),
            Effect::SendFrame(frame) => self.send_frame(frame),
            Effect::SetIceServers(servers) => self.ice_servers = servers,
            Effect::OpenPeer { peer } => self.open_peer(peer),
            Effect::MakeOffer { peer, complete, ice_restart } => {
                self.order(peer, Order::MakeOffer { complete, ice_restart });
            }
            Effect::AcceptOffer { peer, sdp, rollback, complete } => {
                self.order(peer, Order::AcceptOffer { sdp, rollback, complete });
            }
            Effect::AcceptAnswer { peer, sdp } => self.order(peer, Order::AcceptAnswer { sdp }),
            Effect::AddCandidate { peer, candidate } => self.order(peer, Order::AddCandidate(candidate)),
            Effect::ClosePeer { peer } => {
                self.peers.remove(&peer);
                self.lines.close(&peer);
            }
            Effect::Event(event) => self.tell_session(event),
        }
    }

    fn join(&mut self) {
        let (entrance, before) = (self.entrance.clone(), self.seat.clone());
        self.work.spawn(async move { Done::Joined(entrance.join(before).await) });
    }

    fn connect(&mut self) {
        self.said_bye = false;
        let (engine, entrance, seat) = (Arc::clone(&self.engine), self.entrance.clone(), self.seat.clone());
        let task = self.work.spawn(async move { Done::Connected(connect(&engine, &entrance, seat).await) });
        self.link = ServerLink::Connecting(task);
    }

    fn hang_up(&mut self) {
        match std::mem::replace(&mut self.link, ServerLink::None) {
            ServerLink::None => {}
            ServerLink::Connecting(task) => task.abort(),
            ServerLink::Up(link) => {
                self.said_bye = true;
                self.last_words.spawn(link.close());
            }
        }
    }

    /// For good, where there was no channel to say so on: others shall not wait for the seat.
    pub(super) fn give_seat_back(&mut self) {
        let (entrance, Some(seat)) = (self.entrance.clone(), self.seat.clone()) else { return };
        self.last_words.spawn(async move {
            if let Ok(Err(error)) = tokio::time::timeout(LEAVE_MAX, entrance.leave(&seat)).await {
                tracing::debug!(%error, "giving the seat back");
            }
        });
    }

    fn send_frame(&mut self, frame: String) {
        let ServerLink::Up(link) = &self.link else { return };
        if !link.send(frame) {
            self.link = ServerLink::None;
            self.session.handle_link_down("the server could not keep up with us".into(), Instant::now());
        }
    }

    fn open_peer(&mut self, peer: PeerKey) {
        let record = Arc::new(Record::new(peer.client.clone()));
        let wish = self.wishes.of(peer.client.clone());
        let outlet = Arc::new(Outlet::new(wish.clone()));
        let connection = self.engine.open_peer(Surroundings {
            peer: peer.clone(),
            ice_servers: self.ice_servers.clone(),
            outlet: Arc::clone(&outlet),
            inlet: Inlet::new(peer.client.clone(), self.events.clone()),
            record: Arc::clone(&record),
            wish,
            news: self.news_sender.clone(),
        });
        self.lines.open(Line { peer: peer.clone(), outlet, record });
        self.peers.insert(peer, connection);
    }

    fn order(&mut self, peer: PeerKey, order: Order) {
        let Some(connection) = self.peers.get_mut(&peer) else { return };
        if !connection.order(order) {
            self.session.handle_peer(peer, PeerEvent::Failed("the connection has ended".into()), Instant::now());
        }
    }
}

async fn connect(engine: &Engine, entrance: &Entrance, seat: Option<Seat>) -> Result<Link, String> {
    let Some(seat) = seat else { return Err("there is no seat".into()) };
    let offer = engine.offer_link().await.map_err(|error| error.to_string())?;
    let answer = entrance.offer(&seat, &offer.sdp).await.map_err(|error| error.to_string())?;
    offer.accept(answer).await.map_err(|error| error.to_string())
}
