//! One other participant: its connection, and the next one when that fails.

use std::time::{Duration, Instant};

use protocol::{Capability, ClientId, ClientInfo, Description, IceCandidate, MediaState, OfferForm, View};

use crate::PeerEvent;
use crate::backoff::Backoff;
use crate::connection::{Connection, Due, Transport, Trickle, Turn};
use crate::negotiation::{Manners, OnAnswer, OnOffer};

/// After a failed connection to a client of this version.
const RETRY: Backoff = Backoff { first: Duration::from_secs(1), max: Duration::from_secs(30) };
/// After a failed connection to a client of an earlier version, which a new offer only disturbs.
const RETRY_EARLIER: Backoff = Backoff { first: Duration::from_secs(10), max: Duration::from_secs(60) };
/// The side that did not offer last waits this much longer.
const COURTESY: Duration = Duration::from_secs(5);
/// Whoever said `bye` and is still in the room after this long is offered a connection again.
const AFTER_BYE: Duration = Duration::from_secs(10);

/// When both gave way the larger id offers again; the smaller one does so if it has not by then.
const AFTER_YIELDING: Duration = Duration::from_secs(2);

/// One other participant.
#[derive(Debug)]
pub(crate) struct Peer {
    client: ClientId,
    /// What the server says of it.
    info: Option<ClientInfo>,
    /// The form that it was heard to use.
    spoken: Option<OfferForm>,
    standing: Standing,
    /// We offered last, and offer again after a failure; otherwise it does, and we only if it does not.
    offered_last: bool,
    /// Failures since it was last connected.
    failures: u32,
    /// It gives way in `String` form too, like us: the smaller id does.
    yields: bool,
    /// It may hold a connection that we have closed.
    may_hold_stale: bool,
    /// What it was last told of our media.
    pub(crate) told: Option<MediaState>,
    /// What it was last told of how high its picture is shown.
    pub(crate) told_view: Option<View>,
}

#[derive(Debug)]
enum Standing {
    /// No connection. We offer at this time unless it does so before.
    Apart {
        offer_at: Instant,
    },
    Linked(Connection),
}

/// A connection was lost. Who gave no sign after `since` has probably left.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Loss {
    pub(crate) client: ClientId,
    pub(crate) since: Instant,
}

impl Peer {
    pub(crate) fn new(client: ClientId, info: Option<ClientInfo>, offer_at: Instant) -> Self {
        Self {
            client,
            info,
            spoken: None,
            standing: Standing::Apart { offer_at },
            offered_last: false,
            failures: 0,
            yields: false,
            may_hold_stale: false,
            told: None,
            told_view: None,
        }
    }

    /// It is another program now, perhaps, that knows nothing.
    fn forget_told(&mut self) {
        (self.told, self.told_view) = (None, None);
    }

    pub(crate) fn update(&mut self, info: ClientInfo) {
        self.info = Some(info);
    }

    /// It has come anew under the id that it had.
    pub(crate) fn rejoined(&mut self, info: ClientInfo, offer_at: Instant) {
        self.update(info);
        self.forget_told();
        self.failures = 0;
        self.expect_offer(offer_at);
    }

    /// The server knows what it understands: its profile has come, or it is a page of an earlier version.
    pub(crate) fn is_introduced(&self) -> bool {
        self.info.as_ref().is_some_and(|info| !info.capabilities.is_empty() || info.offers.is_some())
    }

    /// It will offer by itself; we only do if it has not by then.
    pub(crate) fn expect_offer(&mut self, until: Instant) {
        if let Standing::Apart { offer_at } = &mut self.standing {
            *offer_at = until;
        }
    }

    fn is_ours(&self) -> bool {
        self.info.as_ref().is_some_and(|info| !info.capabilities.is_empty())
    }

    pub(crate) fn is_capable_of(&self, capability: &Capability) -> bool {
        self.info.as_ref().is_some_and(|info| info.is_capable_of(capability))
    }

    /// The connection is up, or was and may come back.
    pub(crate) fn is_living(&self) -> bool {
        matches!(&self.standing, Standing::Linked(connection) if connection.was_connected())
    }

    /// Media can pass at this moment.
    pub(crate) fn is_connected(&self) -> bool {
        matches!(&self.standing, Standing::Linked(connection) if connection.transport == Transport::Connected)
    }

    pub(crate) fn is_linked(&self) -> bool {
        matches!(self.standing, Standing::Linked(_))
    }

    /// Our offer is not out yet.
    pub(crate) fn is_making_offer(&self) -> bool {
        matches!(&self.standing, Standing::Linked(connection) if connection.negotiation.is_making())
    }

    fn form(&self) -> OfferForm {
        match (&self.info, self.spoken) {
            _ if self.is_ours() => OfferForm::Object,
            (_, Some(form)) => form,
            (Some(info), None) => info.offers.unwrap_or(OfferForm::String),
            (None, None) => OfferForm::String,
        }
    }

    fn trickle(&self, form: OfferForm) -> Trickle {
        Trickle::with(self.info.as_ref(), form)
    }

    /// Closes what there is and offers a new connection.
    pub(crate) fn offer(&mut self, turn: &mut Turn) {
        self.close(turn);
        let form = self.form();
        let bye_first = self.may_hold_stale && !self.is_ours();
        self.may_hold_stale = true;
        self.offered_last = true;
        self.standing = Standing::Linked(Connection::offer(&self.client, form, self.trickle(form), bye_first, turn));
    }

    /// We have come (back) to the room: it is we who offer, unless a connection stands.
    pub(crate) fn call(&mut self, turn: &mut Turn) {
        match &self.standing {
            Standing::Linked(connection) if connection.stands() => self.offered_last = true,
            Standing::Linked(_) | Standing::Apart { .. } => self.offer(turn),
        }
    }

    pub(crate) fn handle_offer(&mut self, offer: Description, turn: &mut Turn) {
        self.spoken = Some(offer.form);
        let trickle = self.trickle(offer.form);
        let known = Manners { is_ours: self.is_ours(), yields: self.yields };
        if let Standing::Linked(connection) = &mut self.standing {
            let polite = connection.negotiation.is_polite(turn.me, &self.client, offer.form, known);
            match connection.negotiation.on_offer(polite, connection.fits(&offer.sdp)) {
                OnOffer::Ignore => return connection.ignore_offer(),
                OnOffer::Answer { rollback } => {
                    self.offered_last = false;
                    return connection.accept_offer(offer, rollback, trickle, turn);
                }
                OnOffer::Replace => self.forget_told(),
            }
        }
        self.close(turn);
        self.may_hold_stale = true;
        self.offered_last = false;
        self.standing = Standing::Linked(Connection::answer(&self.client, offer, trickle, turn));
    }

    pub(crate) fn handle_answer(&mut self, answer: Description, turn: &mut Turn) {
        let Standing::Linked(connection) = &mut self.standing else { return };
        match connection.negotiation.on_answer(connection.fits(&answer.sdp)) {
            OnAnswer::Accept => connection.accept_answer(answer.sdp, turn),
            OnAnswer::Ignore => {}
            OnAnswer::Mismatch => {
                self.fail(turn);
            }
            OnAnswer::BothYielded => {
                self.yields = true;
                self.may_hold_stale = false;
                // The one whose offer stands from now on makes it again; the other gives it time to arrive.
                if *turn.me > self.client {
                    self.offer(turn);
                } else {
                    self.close(turn);
                    self.standing = Standing::Apart { offer_at: turn.now + AFTER_YIELDING };
                }
            }
        }
    }

    pub(crate) fn handle_candidate(&mut self, candidate: IceCandidate, turn: &mut Turn) {
        if let Standing::Linked(connection) = &mut self.standing {
            connection.add_candidate(candidate, turn);
        }
    }

    /// It tears the connection down: to leave, or to offer a new one.
    pub(crate) fn handle_bye(&mut self, turn: &mut Turn) {
        if let Standing::Linked(connection) = &self.standing
            && connection.negotiation.insists()
            && *turn.me > self.client
        {
            // Both start anew at the same time: of the two new offers ours stands.
            return;
        }
        self.close(turn);
        self.forget_told();
        self.may_hold_stale = false;
        self.standing = Standing::Apart { offer_at: turn.now + AFTER_BYE };
    }

    pub(crate) fn handle_event(&mut self, generation: u32, event: PeerEvent, turn: &mut Turn) -> Option<Loss> {
        let Standing::Linked(connection) = &mut self.standing else { return None };
        if connection.key.generation != generation {
            return None;
        }
        match event {
            PeerEvent::OfferReady { sdp } => connection.offer_ready(sdp, turn),
            PeerEvent::AnswerReady { sdp } => connection.answer_ready(sdp, turn),
            PeerEvent::Candidate(candidate) => connection.local_candidate(candidate, turn),
            PeerEvent::Connected => {
                self.failures = 0;
                connection.connected(turn);
            }
            PeerEvent::Disconnected => connection.disconnected(turn),
            PeerEvent::Failed(_) => return self.fail(turn),
            PeerEvent::Closed => {
                self.may_hold_stale = false;
                return self.fail(turn);
            }
        }
        None
    }

    /// The link to the server is gone: an exchange that is under way will not end.
    pub(crate) fn handle_link_down(&mut self, turn: &mut Turn) {
        self.forget_told();
        if let Standing::Linked(connection) = &self.standing
            && !connection.negotiation.is_stable()
            && !connection.was_connected()
        {
            self.close(turn);
        }
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        match &self.standing {
            Standing::Apart { offer_at } => Some(*offer_at),
            Standing::Linked(connection) => connection.due(self.offered_last, self.restarts()).map(|(at, _)| at),
        }
    }

    /// Does what is due by now.
    pub(crate) fn handle_timeout(&mut self, turn: &mut Turn) -> Option<Loss> {
        if self.deadline().is_none_or(|at| at > turn.now) {
            return None;
        }
        let restarts = self.restarts();
        match &mut self.standing {
            Standing::Apart { .. } => self.offer(turn),
            Standing::Linked(connection) => match connection.due(self.offered_last, restarts) {
                Some((_, Due::GiveUp)) => return self.fail(turn),
                Some((_, Due::Restart)) => {
                    connection.restart(turn);
                    self.offered_last = true;
                }
                None => {}
            },
        }
        None
    }

    /// It takes another offer on a standing connection.
    fn restarts(&self) -> bool {
        self.is_capable_of(&Capability::Renegotiation)
    }

    /// Gives the connection up; the next one is offered after a while.
    fn fail(&mut self, turn: &mut Turn) -> Option<Loss> {
        let Standing::Linked(connection) = &self.standing else { return None };
        let since = if connection.was_connected() { turn.now } else { connection.opened_at };
        self.close(turn);
        self.failures += 1;
        self.yields = false;
        let backoff = if self.is_ours() { RETRY } else { RETRY_EARLIER };
        let courtesy = if self.offered_last { Duration::ZERO } else { COURTESY };
        self.standing = Standing::Apart { offer_at: turn.now + backoff.delay(self.failures, turn.rng) + courtesy };
        Some(Loss { client: self.client.clone(), since })
    }

    /// Closes the connection if there is one.
    pub(crate) fn close(&mut self, turn: &mut Turn) {
        let apart = Standing::Apart { offer_at: turn.now };
        if let Standing::Linked(connection) = std::mem::replace(&mut self.standing, apart) {
            connection.close(turn);
        }
    }
}
