//! What happened that people outside may want to hear of.

use std::collections::VecDeque;

use protocol::{ClientId, RoomId};

use super::Rooms;

/// Something that happened. A reloaded page is someone who left and someone who joined.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    RoomOpened {
        room: RoomId,
    },
    RoomClosed {
        room: RoomId,
    },
    /// The client's channel is open.
    Joined {
        room: RoomId,
        client: ClientId,
    },
    Left {
        room: RoomId,
        client: ClientId,
    },
}

/// Events that nobody has fetched; none are kept unless someone wants them.
#[derive(Debug, Default)]
pub(super) struct Events(Option<VecDeque<Event>>);

impl Events {
    pub(super) fn note(&mut self, event: impl FnOnce() -> Event) {
        if let Some(waiting) = &mut self.0 {
            waiting.push_back(event());
        }
    }
}

impl Rooms {
    /// From now on whoever calls this fetches every event with [`Self::poll_event`] after each input.
    pub fn report_events(&mut self) {
        self.events.0.get_or_insert_default();
    }

    /// The next thing that happened.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.0.as_mut()?.pop_front()
    }
}
