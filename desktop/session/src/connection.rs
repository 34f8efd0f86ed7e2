//! One peer connection, from its opening to its end.

use std::time::{Duration, Instant};

use protocol::limits::SDP_CANDIDATES;
use protocol::{Address, Capability, ClientId, ClientInfo, Description, IceCandidate, Message, OfferForm};
use rand_chacha::ChaCha12Rng;

use crate::negotiation::{Negotiation, STEP_MAX};
use crate::origin::Origin;
use crate::outbox::Outbox;
use crate::{Effect, Event, PeerKey, PeerState};

/// ICE and DTLS have this long after the descriptions were exchanged.
const CONNECT_MAX: Duration = Duration::from_secs(20);
/// A connection that hears nothing may come back by itself for this long; then ICE is restarted by the side that
/// offered last.
const INTERRUPTED_MAX: Duration = Duration::from_secs(5);
/// The other side restarts ICE if no offer came by then.
const INTERRUPTED_MAX_ANSWERER: Duration = Duration::from_secs(8);
/// A restart has this long to bring the connection back.
const RESTART_MAX: Duration = Duration::from_secs(15);
/// Where ICE cannot be restarted, a connection that hears nothing is given up after this long.
const INTERRUPTED_FOR_GOOD: Duration = Duration::from_secs(30);

/// What a peer leans on while it handles something.
pub(crate) struct Turn<'a> {
    pub(crate) me: &'a ClientId,
    pub(crate) now: Instant,
    pub(crate) out: &'a mut Outbox,
    pub(crate) rng: &'a mut ChaCha12Rng,
    /// The generation of the last connection opened.
    pub(crate) generation: &'a mut u32,
}

/// How candidates travel between us and the other side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trickle {
    /// They do not: descriptions are complete.
    Never,
    /// As `ice-candidate`.
    Ours,
    /// As `icecandidate`, to the second version.
    Legacy,
}

impl Trickle {
    /// With a peer that is described by `info` and spoken to in `form`.
    pub(crate) fn with(info: Option<&ClientInfo>, form: OfferForm) -> Self {
        let is_ours = info.is_some_and(|info| !info.capabilities.is_empty());
        match form {
            OfferForm::String => Self::Never,
            OfferForm::Object if !is_ours => Self::Legacy,
            OfferForm::Object if info.is_some_and(|info| info.is_capable_of(&Capability::Trickle)) => Self::Ours,
            OfferForm::Object => Self::Never,
        }
    }
}

/// Whether ICE and DTLS have found each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Transport {
    Connecting,
    Connected,
    Interrupted { since: Instant, restarted_at: Option<Instant> },
}

/// What is due on a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Due {
    Restart,
    GiveUp,
}

#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) key: PeerKey,
    pub(crate) opened_at: Instant,
    pub(crate) negotiation: Negotiation,
    pub(crate) transport: Transport,
    /// The connection at the other end, once a description of it was set.
    origin: Option<Origin>,
    trickle: Trickle,
    /// The other side may hold an older connection with us, and ignores an offer as long as it does: `bye` goes first.
    bye_first: bool,
    /// An offer of the other side was ignored, and so are the candidates that belong to it.
    is_ignoring: bool,
    /// Our candidates, until the description they belong to is out.
    held: Vec<IceCandidate>,
    /// Candidates taken since the last description.
    n_candidates: usize,
}

impl Connection {
    fn open(client: &ClientId, negotiation: Negotiation, trickle: Trickle, turn: &mut Turn) -> Self {
        *turn.generation += 1;
        let key = PeerKey { client: client.clone(), generation: *turn.generation };
        turn.out.push(Effect::OpenPeer { peer: key.clone() });
        turn.out.event(Event::Peer { client: client.clone(), state: PeerState::Connecting });
        Self {
            key,
            opened_at: turn.now,
            negotiation,
            transport: Transport::Connecting,
            origin: None,
            trickle,
            bye_first: false,
            is_ignoring: false,
            held: Vec::new(),
            n_candidates: 0,
        }
    }

    /// Opens a connection and offers it.
    pub(crate) fn offer(
        client: &ClientId,
        form: OfferForm,
        trickle: Trickle,
        bye_first: bool,
        turn: &mut Turn,
    ) -> Self {
        let negotiation = Negotiation::Making { form, since: turn.now };
        let connection = Self { bye_first, ..Self::open(client, negotiation, trickle, turn) };
        connection.make_offer(false, turn);
        connection
    }

    /// Opens a connection for an offer that came.
    pub(crate) fn answer(client: &ClientId, offer: Description, trickle: Trickle, turn: &mut Turn) -> Self {
        let negotiation = Negotiation::Answering { form: offer.form, since: turn.now, yielded: false };
        let mut connection = Self::open(client, negotiation, trickle, turn);
        connection.accept_offer(offer, false, trickle, turn);
        connection
    }

    /// Offers again on the standing connection, with new ICE credentials.
    pub(crate) fn restart(&mut self, turn: &mut Turn) {
        if let Transport::Interrupted { restarted_at, .. } = &mut self.transport {
            *restarted_at = Some(turn.now);
        }
        self.negotiation = Negotiation::Making { form: OfferForm::Object, since: turn.now };
        self.make_offer(true, turn);
    }

    fn make_offer(&self, ice_restart: bool, turn: &mut Turn) {
        let complete = self.trickle == Trickle::Never;
        turn.out.push(Effect::MakeOffer { peer: self.key.clone(), complete, ice_restart });
    }

    /// Takes an offer on this connection.
    pub(crate) fn accept_offer(&mut self, offer: Description, rollback: bool, trickle: Trickle, turn: &mut Turn) {
        let yielded = self.negotiation.is_offering();
        self.negotiation = Negotiation::Answering { form: offer.form, since: turn.now, yielded };
        self.described_by(&offer.sdp);
        self.trickle = trickle;
        self.bye_first = false;
        self.held.clear();
        if let Transport::Interrupted { restarted_at, .. } = &mut self.transport {
            *restarted_at = Some(turn.now);
        }
        let complete = trickle == Trickle::Never;
        turn.out.push(Effect::AcceptOffer { peer: self.key.clone(), sdp: offer.sdp, rollback, complete });
    }

    pub(crate) fn accept_answer(&mut self, sdp: String, turn: &mut Turn) {
        self.described_by(&sdp);
        self.negotiation = Negotiation::Stable { since: turn.now, yielded: false };
        turn.out.push(Effect::AcceptAnswer { peer: self.key.clone(), sdp });
    }

    fn described_by(&mut self, sdp: &str) {
        self.origin = Some(Origin::of(sdp));
        self.is_ignoring = false;
        self.n_candidates = 0;
    }

    /// The description comes from the connection that this one is with, or this one is with none so far.
    pub(crate) fn fits(&self, sdp: &str) -> bool {
        self.origin.as_ref().is_none_or(|origin| *origin == Origin::of(sdp))
    }

    pub(crate) fn ignore_offer(&mut self) {
        self.is_ignoring = true;
    }

    /// A candidate of the other side.
    pub(crate) fn add_candidate(&mut self, candidate: IceCandidate, turn: &mut Turn) {
        if self.origin.is_some() && !self.is_ignoring && self.n_candidates < SDP_CANDIDATES {
            self.n_candidates += 1;
            turn.out.push(Effect::AddCandidate { peer: self.key.clone(), candidate });
        }
    }

    /// Our offer is made: it goes out unless it was given up meanwhile.
    pub(crate) fn offer_ready(&mut self, sdp: String, turn: &mut Turn) {
        if let Negotiation::Making { form, .. } = self.negotiation {
            let insists = std::mem::take(&mut self.bye_first);
            if insists {
                self.send(&Message::Bye, turn);
            }
            self.send(&Message::Offer(Description::new(form, sdp)), turn);
            self.negotiation = Negotiation::Offering { form, since: turn.now, insists };
            self.release_candidates(turn);
        }
    }

    pub(crate) fn answer_ready(&mut self, sdp: String, turn: &mut Turn) {
        if let Negotiation::Answering { form, yielded, .. } = self.negotiation {
            self.send(&Message::Answer(Description::new(form, sdp)), turn);
            self.negotiation = Negotiation::Stable { since: turn.now, yielded };
            self.release_candidates(turn);
        }
    }

    /// A candidate of ours. It follows the description that it belongs to.
    pub(crate) fn local_candidate(&mut self, candidate: IceCandidate, turn: &mut Turn) {
        match self.negotiation {
            Negotiation::Making { .. } | Negotiation::Answering { .. } if self.held.len() < SDP_CANDIDATES => {
                self.held.push(candidate);
            }
            Negotiation::Making { .. } | Negotiation::Answering { .. } => {}
            Negotiation::Offering { .. } | Negotiation::Stable { .. } => self.send_candidate(candidate, turn),
        }
    }

    fn release_candidates(&mut self, turn: &mut Turn) {
        for candidate in std::mem::take(&mut self.held) {
            self.send_candidate(candidate, turn);
        }
    }

    fn send_candidate(&self, candidate: IceCandidate, turn: &mut Turn) {
        match self.trickle {
            Trickle::Never => {}
            Trickle::Ours => self.send(&Message::IceCandidate(candidate), turn),
            Trickle::Legacy => self.send(&Message::LegacyIceCandidate(candidate), turn),
        }
    }

    fn send(&self, message: &Message, turn: &mut Turn) {
        turn.out.send(Address::Client(self.key.client.clone()), message, turn.now);
    }

    pub(crate) fn connected(&mut self, turn: &mut Turn) {
        if self.transport != Transport::Connected {
            self.transport = Transport::Connected;
            turn.out.event(Event::Peer { client: self.key.client.clone(), state: PeerState::Connected });
        }
    }

    pub(crate) fn disconnected(&mut self, turn: &mut Turn) {
        if self.transport == Transport::Connected {
            self.transport = Transport::Interrupted { since: turn.now, restarted_at: None };
            turn.out.event(Event::Peer { client: self.key.client.clone(), state: PeerState::Interrupted });
        }
    }

    pub(crate) fn close(self, turn: &mut Turn) {
        let client = self.key.client.clone();
        turn.out.push(Effect::ClosePeer { peer: self.key });
        turn.out.event(Event::Peer { client, state: PeerState::Closed });
    }

    /// It was connected once.
    pub(crate) fn was_connected(&self) -> bool {
        self.transport != Transport::Connecting
    }

    /// It works, or its descriptions are exchanged and it may still work.
    pub(crate) fn stands(&self) -> bool {
        self.transport == Transport::Connected || self.negotiation.is_stable()
    }

    /// When something is due, and what. `restarts`: the other side takes another offer on a standing connection.
    pub(crate) fn due(&self, offered_last: bool, restarts: bool) -> Option<(Instant, Due)> {
        match (self.negotiation, self.transport) {
            // A connection that works is not given up because a restart of it stalls.
            (_, Transport::Connected) => None,
            (
                Negotiation::Making { since, .. }
                | Negotiation::Offering { since, .. }
                | Negotiation::Answering { since, .. },
                Transport::Connecting | Transport::Interrupted { .. },
            ) => Some((since + STEP_MAX, Due::GiveUp)),
            (Negotiation::Stable { since, .. }, Transport::Connecting) => Some((since + CONNECT_MAX, Due::GiveUp)),
            (Negotiation::Stable { .. }, Transport::Interrupted { since, restarted_at }) => match restarted_at {
                Some(at) => Some((at + RESTART_MAX, Due::GiveUp)),
                None if !restarts => Some((since + INTERRUPTED_FOR_GOOD, Due::GiveUp)),
                None if offered_last => Some((since + INTERRUPTED_MAX, Due::Restart)),
                None => Some((since + INTERRUPTED_MAX_ANSWERER, Due::Restart)),
            },
        }
    }
}
