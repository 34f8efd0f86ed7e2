//! The way in for media of one peer: past the session, straight to the one who plays it.

use protocol::ClientId;
use tokio::sync::mpsc;

use crate::{ClientEvent, Kind, RtpPacket, SenderClock};

/// Places that media leaves free for everything else.
const RESERVED: usize = 256;

#[derive(Debug, Clone)]
pub(crate) struct Inlet {
    client: ClientId,
    events: mpsc::Sender<ClientEvent>,
}

impl Inlet {
    pub(crate) fn new(client: ClientId, events: mpsc::Sender<ClientEvent>) -> Self {
        Self { client, events }
    }

    /// Hands a packet up. A reader that is behind loses it: media is worth nothing when it is late.
    pub(crate) fn give(&self, kind: Kind, packet: RtpPacket) {
        if self.events.capacity() > RESERVED {
            let _ = self.events.try_send(ClientEvent::Rtp { client: self.client.clone(), kind, packet });
        }
    }

    /// Hands a sender's report up. The next one says the same.
    pub(crate) fn give_clock(&self, kind: Kind, clock: SenderClock) {
        if self.events.capacity() > RESERVED {
            let _ = self.events.try_send(ClientEvent::Clock { client: self.client.clone(), kind, clock });
        }
    }
}
