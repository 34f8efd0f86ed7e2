//! What whoever runs the server asks of the engine: how it goes, who is there, away with someone, let nobody in any more.

use std::time::Instant;

use protocol::ErrorNotice;
use protocol::admin::RoomOverview;
use rooms::accounts::AccountsConfig;
use rooms::{Reply, Request};
use tokio::sync::oneshot;

use super::event_loop::Engine;
use super::{EngineHandle, OfferRefused, Unavailable};
use crate::metrics::Census;
use crate::settings::Limits;

/// One such question or order.
pub(super) enum Oversight {
    Census {
        reply: oneshot::Sender<Census>,
    },
    Overview {
        reply: oneshot::Sender<Vec<RoomOverview>>,
    },
    /// Answered when the last connection is gone.
    Drain {
        reply: oneshot::Sender<()>,
    },
    Configure {
        limits: Box<Limits>,
        rooms: Box<rooms::Config>,
        accounts: AccountsConfig,
        reply: oneshot::Sender<()>,
    },
}

impl EngineHandle {
    pub(crate) async fn census(&self) -> Result<Census, Unavailable> {
        self.oversee(|reply| Oversight::Census { reply }).await
    }

    /// Every room, and who is inside.
    pub(crate) async fn overview(&self) -> Result<Vec<RoomOverview>, Unavailable> {
        self.oversee(|reply| Oversight::Overview { reply }).await
    }

    /// Lets nobody new in from now on; done when the last connection is gone.
    pub(crate) async fn drain(&self) -> Result<(), Unavailable> {
        self.oversee(|reply| Oversight::Drain { reply }).await
    }

    /// Exchanges every limit that the engine, the rooms and the accounts enforce, who may have an account, and what clients are
    /// told of ICE servers.
    pub(crate) async fn configure(
        &self,
        limits: Limits,
        rooms: rooms::Config,
        accounts: AccountsConfig,
    ) -> Result<(), Unavailable> {
        let (limits, rooms) = (Box::new(limits), Box::new(rooms));
        self.oversee(|reply| Oversight::Configure { limits, rooms, accounts, reply }).await
    }
}

impl Engine {
    // A reply that cannot be delivered is one that nobody waits for any more.
    pub(super) fn handle_oversight(&mut self, oversight: Oversight, now: Instant) {
        match oversight {
            Oversight::Census { reply } => drop(reply.send(self.census())),
            Oversight::Overview { reply } => drop(reply.send(self.rooms.overview(now))),
            Oversight::Drain { reply } => {
                tracing::info!(connections = self.connections.len(), "letting nobody new in");
                self.draining = true;
                self.drained.push(reply);
            }
            Oversight::Configure { limits, rooms, accounts, reply } => {
                self.desk.accounts.configure(accounts);
                self.configure(*limits, *rooms, now);
                let _ = reply.send(());
            }
        }
    }

    fn configure(&mut self, limits: Limits, rooms: rooms::Config, now: Instant) {
        self.offers.set(limits.offers_per_minute, limits.offers_burst);
        self.factory.set_backlog(limits.backlog_bytes);
        self.hasher.set_slots(limits.hashing_slots());
        self.rooms.configure(rooms, now);
        self.limits = limits;
    }

    fn census(&self) -> Census {
        Census {
            rooms: self.rooms.census(),
            connections: self.connections.len(),
            half_open: self.connections.half_open_in_all(),
            passwords: self.hasher.len(),
            draining: self.draining || self.stopping.is_some(),
        }
    }

    /// Whether this is a newcomer's wish while the server lets nobody new in. Who has a seat may come back to it.
    pub(super) fn is_turned_away(&self, request: &Request) -> bool {
        self.draining
            && match request {
                Request::Create { .. } => true,
                Request::Join { room, session, .. } => !self.rooms.has_seat(room, session),
                _ => false,
            }
    }

    /// Tells those who wait for it that the last connection is gone.
    pub(super) fn note_drained(&mut self) {
        if self.draining && self.connections.is_empty() {
            for waiting in self.drained.drain(..) {
                let _ = waiting.send(());
            }
        }
    }

    pub(super) fn count_reply(&self, reply: &Reply) {
        let outcome = match reply {
            Reply::Created(_) => "created".to_owned(),
            Reply::Seated { .. } => "seated".to_owned(),
            Reply::Waiting { .. } => "waiting".to_owned(),
            Reply::Left => "left".to_owned(),
            Reply::Refused(error) => error.id().to_string(),
            Reply::Updated(_)
            | Reply::Deleted
            | Reply::Done
            | Reply::Invited(_)
            | Reply::Invites(_)
            | Reply::Bans(_) => "done".to_owned(),
        };
        self.metrics.replied(&outcome);
    }

    pub(super) fn count_offer(&self, refused: Option<&OfferRefused>) {
        match refused {
            None => self.metrics.offered("ok"),
            Some(refused) => self.metrics.offered(ErrorNotice::from(refused).id.as_str()),
        }
    }
}
