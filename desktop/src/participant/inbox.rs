//! Events on their way to whoever looks: a bounded queue and a wake-up.

use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded};
use media::VideoSource;
use protocol::RoomId;

use crate::Event;

/// Minutes of events: who lets this many pile up has stopped looking.
const EVENTS_MAX: usize = 4096;

/// Something that happened elsewhere.
pub(super) enum Told {
    /// For whoever looks.
    Event(Event),
    /// The wished room is there: now it can be joined.
    RoomCreated {
        room: RoomId,
        password: Option<String>,
        token: String,
    },
    /// The room is no more, because we wanted so.
    RoomDeleted(RoomId),
    /// This stay in a room is over; nothing is captured for it any more.
    Ended(u64),
    /// A moderator has turned our microphone off.
    Muted,
    HandLowered,
    /// The camera or the screen cannot be had.
    SourceLost(VideoSource),
    /// There is no camera any more, or none yet.
    CameraAway,
    /// The camera that was awaited is there.
    CameraBack,
}

#[derive(Clone)]
pub(super) struct Inbox {
    sender: Sender<Told>,
    wake: Arc<dyn Fn() + Send + Sync>,
}

impl Inbox {
    pub(super) fn channel(wake: Arc<dyn Fn() + Send + Sync>) -> (Self, Receiver<Told>) {
        let (sender, receiver) = bounded(EVENTS_MAX);
        (Self { sender, wake }, receiver)
    }

    pub(super) fn tell(&self, told: Told) {
        match self.sender.try_send(told) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => tracing::warn!("nobody reads the events; one was dropped"),
            Err(TrySendError::Disconnected(_)) => return,
        }
        self.wake();
    }

    pub(super) fn wake(&self) {
        (self.wake)();
    }
}
