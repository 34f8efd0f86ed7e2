//! The media connection to one participant: carries orders out one after another and says what came of them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use protocol::{IceCandidate, IceServer};
use session::{PeerEvent, PeerKey};
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::sleep_until;
use webrtc::media_stream::track_remote::TrackRemote;
use webrtc::peer_connection::{RTCIceCandidateInit, RTCPeerConnectionState, RTCSessionDescription, StatsSelector};
use webrtc::rtp_transceiver::RtpTransceiver;

use super::connection::{Connection, ConnectionEvent};
use super::send::{OutTracks, Ssrcs};
use super::{Engine, EngineError, media, receive, remote, stats};
use crate::Kind;
use crate::inlet::Inlet;
use crate::keyframes::KeyframeWish;
use crate::outlet::Outlet;
use crate::record::Record;

/// Orders that may wait for one peer. Someone who is that far behind is given up.
const ORDERS: usize = 64;
/// A complete description waits for its candidates so long; a dead STUN server costs no more.
const GATHER_MAX: Duration = Duration::from_secs(2);
/// One that trickles waits for those that are there at once, and saves a message for each.
const GATHER_SOON: Duration = Duration::from_millis(20);
/// Candidates that may come before the description that they belong to.
const EARLY_CANDIDATES: usize = 64;
const MEASURE_EVERY: Duration = Duration::from_secs(1);

/// What a connection needs of the rest of the client.
pub(crate) struct Surroundings {
    pub(crate) peer: PeerKey,
    pub(crate) ice_servers: Vec<IceServer>,
    pub(crate) outlet: Arc<Outlet>,
    pub(crate) inlet: Inlet,
    pub(crate) record: Arc<Record>,
    pub(crate) wish: KeyframeWish,
    pub(crate) news: mpsc::Sender<PeerNews>,
}

/// Something to be done, as the session wants it.
#[derive(Debug)]
pub(crate) enum Order {
    MakeOffer { complete: bool, ice_restart: bool },
    AcceptOffer { sdp: String, rollback: bool, complete: bool },
    AcceptAnswer { sdp: String },
    AddCandidate(IceCandidate),
    RequestKeyframe(Kind),
}

/// What came of it.
#[derive(Debug)]
pub(crate) struct PeerNews {
    pub(crate) peer: PeerKey,
    /// How many descriptions had been ordered when this was said: an offer that has been given up since is no news.
    pub(crate) turn: u32,
    pub(crate) event: PeerEvent,
}

/// A connection under way or standing. Dropping it closes it, and nothing is said of it afterwards.
pub(crate) struct Peer {
    orders: mpsc::Sender<Order>,
    turn: u32,
    _task: JoinSet<()>,
}

impl Peer {
    /// Queues an order. `false`: the connection cannot keep up or has ended.
    pub(crate) fn order(&mut self, order: Order) -> bool {
        if matches!(order, Order::MakeOffer { .. } | Order::AcceptOffer { .. }) {
            self.turn += 1;
        }
        self.orders.try_send(order).is_ok()
    }

    /// Whether `news` is of the description that was ordered last, or of no description at all.
    pub(crate) fn is_news(&self, news: &PeerNews) -> bool {
        match news.event {
            PeerEvent::OfferReady { .. } | PeerEvent::AnswerReady { .. } | PeerEvent::Candidate(_) => {
                news.turn == self.turn
            }
            PeerEvent::Failed(_) | PeerEvent::Connected | PeerEvent::Disconnected | PeerEvent::Closed => true,
        }
    }
}

impl Engine {
    /// Opens a connection with sendrecv transceivers for sound, camera and screen.
    pub(crate) fn open_peer(self: &Arc<Self>, surroundings: Surroundings) -> Peer {
        let (orders, incoming) = mpsc::channel(ORDERS);
        let mut task = JoinSet::new();
        task.spawn_on(run(Arc::clone(self), surroundings, incoming, Instant::now()), &self.handle);
        Peer { orders, turn: 0, _task: task }
    }
}

async fn run(engine: Arc<Engine>, surroundings: Surroundings, orders: mpsc::Receiver<Order>, opened: Instant) {
    let _obituary = Obituary { peer: surroundings.peer.clone(), news: surroundings.news.clone() };
    let mut actor = match Actor::open(&engine, surroundings, opened).await {
        Ok(actor) => actor,
        Err((surroundings, error)) => {
            let event = PeerEvent::Failed(error.to_string());
            let _ = surroundings.news.send(PeerNews { peer: surroundings.peer, turn: 0, event }).await;
            return;
        }
    };
    actor.run(orders).await;
}

/// Tells of an end that nobody saw coming: what the other side sends must never be able to end us, but the engine is
/// a large one.
struct Obituary {
    peer: PeerKey,
    news: mpsc::Sender<PeerNews>,
}

impl Drop for Obituary {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let event = PeerEvent::Failed("the connection has failed inside".into());
            let _ = self.news.try_send(PeerNews { peer: self.peer.clone(), turn: 0, event });
        }
    }
}

/// A description that waits for its candidates.
struct Gathering {
    offer: bool,
    until: Instant,
}

struct Actor {
    surroundings: Surroundings,
    opened: Instant,
    connection: Connection,
    events: mpsc::Receiver<ConnectionEvent>,
    /// Until the connection stands and the writer takes them.
    tracks: Option<OutTracks>,
    received: Vec<(Arc<dyn TrackRemote>, Kind)>,
    /// Where both sides send their screens, if both know of it.
    screen: Arc<dyn RtpTransceiver>,
    turn: u32,
    gathering: Option<Gathering>,
    /// Whether candidates are told one by one.
    trickle: bool,
    described: bool,
    early: Vec<RTCIceCandidateInit>,
    work: JoinSet<()>,
}

impl Actor {
    async fn open(
        engine: &Engine,
        surroundings: Surroundings,
        opened: Instant,
    ) -> Result<Self, (Surroundings, EngineError)> {
        let connected = async {
            let ssrcs = Ssrcs::random();
            let setup = media::setup(&surroundings.record, &surroundings.wish, ssrcs.screen)?;
            let (connection, events) = engine.connect(&surroundings.ice_servers, setup).await?;
            let tracks = OutTracks::add(&connection, ssrcs).await?;
            Ok((connection, events, tracks))
        };
        let (connection, events, tracks) = match connected.await {
            Ok(connected) => connected,
            Err(error) => return Err((surroundings, error)),
        };
        Ok(Self {
            surroundings,
            opened,
            connection,
            events,
            screen: tracks.screen(),
            tracks: Some(tracks),
            received: Vec::new(),
            turn: 0,
            gathering: None,
            trickle: false,
            described: false,
            early: Vec::new(),
            work: JoinSet::new(),
        })
    }

    /// Until there is nobody left who could give an order.
    async fn run(&mut self, mut orders: mpsc::Receiver<Order>) {
        let mut measure = tokio::time::interval(MEASURE_EVERY);
        measure.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let gathered_by = self.gathering.as_ref().map_or_else(Instant::now, |gathering| gathering.until);
            tokio::select! {
                order = orders.recv() => match order {
                    Some(order) => if let Err(error) = self.carry_out(order).await {
                        self.tell(PeerEvent::Failed(error.to_string())).await;
                    },
                    None => return,
                },
                event = self.events.recv() => match event {
                    Some(event) => self.handle(event).await,
                    None => return self.tell(PeerEvent::Failed("the connection has ended".into())).await,
                },
                () = sleep_until(gathered_by.into()), if self.gathering.is_some() => self.describe().await,
                _ = measure.tick() => self.measure().await,
            }
        }
    }

    async fn carry_out(&mut self, order: Order) -> Result<(), EngineError> {
        match order {
            Order::MakeOffer { complete, ice_restart } => self.make_offer(complete, ice_restart).await,
            Order::AcceptOffer { sdp, rollback, complete } => self.accept_offer(&sdp, rollback, complete).await,
            Order::AcceptAnswer { sdp } => {
                let answer = RTCSessionDescription::answer(remote::description(&sdp)?).map_err(refused)?;
                self.set_remote(answer).await
            }
            Order::AddCandidate(candidate) => {
                if let Some(candidate) = remote::candidate(&candidate) {
                    self.add_candidate(candidate).await;
                }
                Ok(())
            }
            Order::RequestKeyframe(wanted) => {
                for (track, _) in self.received.iter().filter(|(_, kind)| *kind == wanted) {
                    receive::request_keyframe(&**track).await;
                }
                Ok(())
            }
        }
    }

    async fn make_offer(&mut self, complete: bool, ice_restart: bool) -> Result<(), EngineError> {
        self.begin_turn().await;
        if ice_restart {
            self.connection.restart_ice().await.map_err(refused)?;
        }
        let offer = self.connection.create_offer(None).await.map_err(refused)?;
        self.connection.set_local_description(offer).await.map_err(refused)?;
        self.gather(true, complete);
        Ok(())
    }

    async fn accept_offer(&mut self, sdp: &str, rollback: bool, complete: bool) -> Result<(), EngineError> {
        self.begin_turn().await;
        let offer = RTCSessionDescription::offer(remote::description(sdp)?).map_err(refused)?;
        if rollback {
            let rollback = RTCSessionDescription::rollback(None).map_err(refused)?;
            self.connection.set_local_description(rollback).await.map_err(refused)?;
        }
        self.set_remote(offer).await?;
        let answer = self.connection.create_answer(None).await.map_err(refused)?;
        self.connection.set_local_description(answer).await.map_err(refused)?;
        self.gather(false, complete);
        Ok(())
    }

    async fn set_remote(&mut self, description: RTCSessionDescription) -> Result<(), EngineError> {
        self.connection.hurry();
        self.connection.set_remote_description(description).await.map_err(refused)?;
        self.described = true;
        for candidate in std::mem::take(&mut self.early) {
            self.add_candidate(candidate).await;
        }
        Ok(())
    }

    async fn add_candidate(&mut self, candidate: RTCIceCandidateInit) {
        if !self.described {
            if self.early.len() < EARLY_CANDIDATES {
                self.early.push(candidate);
            }
            return;
        }
        if let Err(error) = self.connection.add_ice_candidate(candidate).await {
            tracing::debug!(%error, "a candidate of no use");
        }
    }

    /// A new description is due: nothing is said any more of the one before.
    async fn begin_turn(&mut self) {
        self.turn += 1;
        self.gathering = None;
        self.trickle = false;
        // That an earlier gathering has ended says nothing of the next.
        while let Ok(event) = self.events.try_recv() {
            self.handle(event).await;
        }
    }

    fn gather(&mut self, offer: bool, complete: bool) {
        let patience = if complete { GATHER_MAX } else { GATHER_SOON };
        self.trickle = !complete;
        self.gathering = Some(Gathering { offer, until: Instant::now() + patience });
    }

    /// Says the description with the candidates that are there.
    async fn describe(&mut self) {
        let Some(Gathering { offer, .. }) = self.gathering.take() else { return };
        match self.connection.local_description().await {
            Some(description) if offer => self.tell(PeerEvent::OfferReady { sdp: description.sdp }).await,
            Some(description) => self.tell(PeerEvent::AnswerReady { sdp: description.sdp }).await,
            None => self.tell(PeerEvent::Failed("there is no description".into())).await,
        }
    }

    async fn handle(&mut self, event: ConnectionEvent) {
        match event {
            ConnectionEvent::Gathered => self.describe().await,
            // One that comes before the description is in it.
            ConnectionEvent::Candidate(candidate) if self.trickle && self.gathering.is_none() => {
                let candidate = IceCandidate {
                    candidate: candidate.candidate,
                    sdp_mid: candidate.sdp_mid,
                    sdp_m_line_index: candidate.sdp_mline_index,
                    username_fragment: candidate.username_fragment,
                };
                self.tell(PeerEvent::Candidate(candidate)).await;
            }
            ConnectionEvent::Candidate(_) => {}
            ConnectionEvent::Track(track) => {
                let Some(kind) = receive::kind_of(&*track, &*self.screen).await else { return };
                self.received.push((Arc::clone(&track), kind));
                let Surroundings { inlet, record, .. } = &self.surroundings;
                self.work.spawn(receive::run(track, kind, inlet.clone(), Arc::clone(record)));
            }
            ConnectionEvent::State(state) => self.handle_state(state).await,
        }
    }

    async fn handle_state(&mut self, state: RTCPeerConnectionState) {
        let Surroundings { record, outlet, wish, .. } = &self.surroundings;
        match state {
            RTCPeerConnectionState::Connected => {
                record.set_connected(self.opened.elapsed());
                outlet.open(self.screen.current_direction().await.is_ok_and(|way| way.has_send() && way.has_recv()));
                match self.tracks.take() {
                    Some(tracks) => {
                        let (outlet, record) = (Arc::clone(outlet), Arc::clone(record));
                        self.work.spawn(async move {
                            if let Err(error) = tracks.run(outlet, record).await {
                                tracing::debug!(%error, "sending has ended");
                            }
                        });
                    }
                    // It was away for a while, and has missed something.
                    None => [Kind::Video, Kind::Screen].into_iter().for_each(|kind| wish.wish(kind)),
                }
                self.tell(PeerEvent::Connected).await;
            }
            RTCPeerConnectionState::Disconnected => {
                record.set_disconnected();
                self.tell(PeerEvent::Disconnected).await;
            }
            RTCPeerConnectionState::Failed => {
                record.set_disconnected();
                self.tell(PeerEvent::Failed("no way to the other side".into())).await;
            }
            _ => {}
        }
    }

    async fn measure(&self) {
        let Surroundings { record, .. } = &self.surroundings;
        if record.is_connected() {
            let report = self.connection.get_stats(Instant::now(), StatsSelector::None).await;
            record.set_measured(stats::measure(&report));
        }
    }

    async fn tell(&self, event: PeerEvent) {
        let Surroundings { peer, news, .. } = &self.surroundings;
        let _ = news.send(PeerNews { peer: peer.clone(), turn: self.turn, event }).await;
    }
}

fn refused(error: webrtc::error::Error) -> EngineError {
    EngineError::Description(error.to_string())
}
