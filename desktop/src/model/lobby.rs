//! The lobby: which rooms there are, and what became of the last wish.

use std::time::Instant;

use protocol::api::RoomSummary;
use protocol::{ErrorNotice, RoomId};

use super::explain;

#[derive(Debug, Default)]
pub struct Lobby {
    /// The rooms as last heard; `None` before the first answer.
    pub listing: Option<Listing>,
    /// An answer is awaited.
    pub refreshing: bool,
    /// Why the last list did not come.
    pub failure: Option<String>,
    /// This room is being created.
    pub creating: Option<RoomId>,
    /// Why the last room was not created; stays next to what was typed until the next try.
    pub create_refusal: Option<String>,
    /// Why one was not let in; stays next to the password until the next try.
    pub refusal: Option<JoinRefusal>,
    /// The room one was in last: a click away.
    pub left: Option<RoomId>,
    /// Why one is not in it any more, where that was not one's own wish.
    pub ending: Option<String>,
}

/// The rooms, and when they were as told.
#[derive(Debug, Clone, PartialEq)]
pub struct Listing {
    pub rooms: Vec<RoomSummary>,
    pub at: Instant,
}

#[derive(Debug, Clone, PartialEq)]
pub struct JoinRefusal {
    pub room: RoomId,
    pub error: ErrorNotice,
}

impl Lobby {
    pub(super) fn handle_rooms(&mut self, rooms: Vec<RoomSummary>, now: Instant) {
        self.listing = Some(Listing { rooms, at: now });
        self.refreshing = false;
        self.failure = None;
    }

    /// While a room is being created no list is asked for, so the answer is about that.
    pub(super) fn handle_failure(&mut self, error: &ErrorNotice) {
        if self.creating.take().is_some() {
            self.create_refusal = Some(explain(error));
        } else {
            self.refreshing = false;
            self.failure = Some(explain(error));
        }
    }

    pub(super) fn note_create(&mut self, room: RoomId) {
        self.creating = Some(room);
        self.create_refusal = None;
        // An older question's answer must not be taken for this one's.
        self.refreshing = false;
    }

    pub(super) fn handle_entering(&mut self) {
        self.creating = None;
        self.create_refusal = None;
        self.refusal = None;
        self.left = None;
        self.ending = None;
    }

    /// Seconds since something happened in `room`, as far as one knows by now.
    pub fn idle_seconds(&self, room: &RoomSummary, now: Instant) -> u64 {
        let since = self.listing.as_ref().map_or(0, |listing| now.saturating_duration_since(listing.at).as_secs());
        room.idle_seconds + since
    }
}
