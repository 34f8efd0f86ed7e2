//! People at the door with a password, and how many guesses they have left.
//!
//! Checking a password takes a guess from its address and from its room; a right one puts both back. Who finds no guess
//! left while others of the same address or room are being checked waits for their verdicts: a class that joins at once
//! with the right password gets in, a machine that guesses does not get more tries by asking in parallel.

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;

use protocol::{ClientId, OfferForm, RoomId, Username};

use crate::bucket::network;
use crate::room::RoomNumber;
use crate::{AddressMark, JobId, Pass, RequestId, SessionId};

/// One who asks for a seat.
#[derive(Clone)]
pub(crate) struct Attempt {
    pub(crate) request: RequestId,
    pub(crate) room: RoomId,
    pub(crate) number: RoomNumber,
    pub(crate) session: SessionId,
    pub(crate) client: ClientId,
    pub(crate) password: String,
    pub(crate) from: IpAddr,
    pub(crate) offers: Option<OfferForm>,
    pub(crate) mark: AddressMark,
    pub(crate) pass: Pass,
    pub(crate) name: Option<Username>,
}

/// Passwords stay out of logs.
impl std::fmt::Debug for Attempt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Attempt").field("request", &self.request).field("room", &self.room).finish_non_exhaustive()
    }
}

/// Everyone who is being checked or waits to be.
#[derive(Debug, Default)]
pub(crate) struct Attempts {
    pub(crate) checking: BTreeMap<JobId, Attempt>,
    /// In the order in which they came.
    pub(crate) waiting: VecDeque<Attempt>,
}

impl Attempts {
    /// Will a verdict come that may give `attempt` its guess back?
    pub(crate) fn may_hope(&self, attempt: &Attempt, for_address: bool, for_room: bool) -> bool {
        self.checking.values().any(|other| {
            (for_address && network(other.from) == network(attempt.from))
                || (for_room && other.number == attempt.number)
        })
    }

    pub(crate) fn take_all(&mut self) -> Vec<Attempt> {
        let checking = std::mem::take(&mut self.checking);
        checking.into_values().chain(self.waiting.drain(..)).collect()
    }
}
