//! The engine: one task that owns the UDP socket, the clock, the connections and the rooms.
//!
//! Everyone else holds an [`EngineHandle`] and sends it commands. Nothing here is shared, so that a server with more
//! cores can run several of these, each with its own rooms and port.

use std::net::{IpAddr, SocketAddr};

use protocol::{ErrorId, ErrorNotice, RoomId, api};
use rooms::accounts::{AccountReply, AccountRequest};
use rooms::{Reply, Request, RoomError, SessionId};
use thiserror::Error;
use tokio::sync::{mpsc, oneshot};

use crate::store::StoreHealth;

mod accounts;
mod admission;
mod connection;
mod connections;
mod event_loop;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod hasher;
mod keeping;
mod offer;
mod oversight;
mod socket;
mod stun;

pub(crate) use admission::{Rate, network_of};
pub use event_loop::EngineError;
pub(crate) use event_loop::{Engine, EngineSettings};
pub(crate) use offer::OfferError;
use oversight::Oversight;

/// Commands that may wait; with more the engine is overloaded, and the next one is refused.
const COMMANDS_MAX: usize = 1024;

/// What the pages and the API ask of the engine.
enum Command {
    Request { request: Request, reply: oneshot::Sender<Reply> },
    Account { request: Box<AccountRequest>, reply: oneshot::Sender<AccountReply> },
    Offer { offer: Offer, reply: oneshot::Sender<Result<String, OfferRefused>> },
    List { reply: oneshot::Sender<Vec<api::RoomSummary>> },
    Inspect { room: RoomId, reply: oneshot::Sender<Option<api::RoomSummary>> },
    Oversee(Oversight),
}

/// An offer that a client posted for its seat.
#[derive(Debug, Clone)]
pub(crate) struct Offer {
    pub room: RoomId,
    pub session: SessionId,
    pub from: IpAddr,
    pub sdp: String,
}

/// Why an offer got no answer.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub(crate) enum OfferRefused {
    #[error(transparent)]
    Seat(#[from] RoomError),
    #[error(transparent)]
    Offer(#[from] OfferError),
    #[error("too many offers from this address; try again in a moment")]
    TooManyOffers,
    #[error("too many connections from this address are still being made; try again in a moment")]
    TooManyHalfOpen,
    #[error("the server is stopping")]
    ShuttingDown,
}

impl From<&OfferRefused> for ErrorNotice {
    fn from(refused: &OfferRefused) -> Self {
        let id = match refused {
            OfferRefused::Seat(error) => error.id(),
            OfferRefused::Offer(OfferError::TooLarge) => ErrorId::TooLarge,
            OfferRefused::Offer(_) => ErrorId::InvalidOffer,
            OfferRefused::TooManyOffers | OfferRefused::TooManyHalfOpen => ErrorId::TooMany,
            OfferRefused::ShuttingDown => ErrorId::ShuttingDown,
        };
        Self::new(id, refused.to_string())
    }
}

/// The engine did not answer: it is stopping, or has more to do than it can.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
#[error("the server is stopping or overloaded")]
pub(crate) struct Unavailable;

/// How the pages and the API reach the engine.
#[derive(Debug, Clone)]
pub(crate) struct EngineHandle {
    commands: mpsc::Sender<Command>,
    rtc_address: SocketAddr,
    store_health: StoreHealth,
}

impl EngineHandle {
    /// Where the engine takes WebRTC.
    pub(crate) fn rtc_address(&self) -> SocketAddr {
        self.rtc_address
    }

    pub(crate) async fn request(&self, request: Request) -> Result<Reply, Unavailable> {
        self.ask(|reply| Command::Request { request, reply }).await
    }

    /// Whether what is said of rooms is kept at the moment.
    pub(crate) fn store_works(&self) -> bool {
        self.store_health.works()
    }

    /// The answer to an offer.
    pub(crate) async fn offer(&self, offer: Offer) -> Result<Result<String, OfferRefused>, Unavailable> {
        self.ask(|reply| Command::Offer { offer, reply }).await
    }

    /// The public rooms, the most recently active first.
    pub(crate) async fn list(&self) -> Result<Vec<api::RoomSummary>, Unavailable> {
        self.ask(|reply| Command::List { reply }).await
    }

    pub(crate) async fn inspect(&self, room: RoomId) -> Result<Option<api::RoomSummary>, Unavailable> {
        self.ask(|reply| Command::Inspect { room, reply }).await
    }

    async fn oversee<T>(&self, oversight: impl FnOnce(oneshot::Sender<T>) -> Oversight) -> Result<T, Unavailable> {
        self.ask(|reply| Command::Oversee(oversight(reply))).await
    }

    async fn ask<T>(&self, command: impl FnOnce(oneshot::Sender<T>) -> Command) -> Result<T, Unavailable> {
        let (reply, answer) = oneshot::channel();
        self.commands.try_send(command(reply)).map_err(|_| Unavailable)?;
        answer.await.map_err(|_| Unavailable)
    }
}
