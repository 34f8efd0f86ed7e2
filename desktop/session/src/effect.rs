//! What a session wants done by its shell.

use protocol::{ClientId, IceCandidate, IceServer};

use crate::Event;

/// One peer connection. A client's next connection has another generation; what a stale one reports is ignored.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerKey {
    pub client: ClientId,
    pub generation: u32,
}

/// An order to the shell. Those of one peer are carried out in order, and their results come back in order.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Take a seat in the room, with the token of the seat or the knock before if there was one. Answered exactly once with
    /// [`handle_join_result`](crate::Session::handle_join_result).
    Join,
    /// Exchange offer and answer with the server and open the data channel. Answered with
    /// [`handle_link_up`](crate::Session::handle_link_up) or [`handle_link_down`](crate::Session::handle_link_down).
    Connect,
    /// Close the data channel once what was sent is out; drop a [`Effect::Connect`] that is under way.
    /// Nothing is reported of this connection afterwards.
    HangUp,
    /// One text frame to the server.
    SendFrame(String),
    /// For the peer connections opened from now on.
    SetIceServers(Vec<IceServer>),
    /// Open a peer connection with one sendrecv audio and one sendrecv video transceiver.
    OpenPeer {
        peer: PeerKey,
    },
    /// Create an offer and set it as local description; answered with
    /// [`PeerEvent::OfferReady`](crate::PeerEvent::OfferReady). `complete`: once every candidate is in it.
    MakeOffer {
        peer: PeerKey,
        complete: bool,
        ice_restart: bool,
    },
    /// Set the remote offer, create an answer and set it; answered with
    /// [`PeerEvent::AnswerReady`](crate::PeerEvent::AnswerReady). `rollback`: a local offer is pending (or being made)
    /// and is given up first; nothing is reported of it any more. `complete`: answer once every candidate is in it.
    AcceptOffer {
        peer: PeerKey,
        sdp: String,
        rollback: bool,
        complete: bool,
    },
    AcceptAnswer {
        peer: PeerKey,
        sdp: String,
    },
    /// A candidate of the other side. One that cannot be used is no failure.
    AddCandidate {
        peer: PeerKey,
        candidate: IceCandidate,
    },
    /// Nothing is reported of this connection afterwards.
    ClosePeer {
        peer: PeerKey,
    },
    /// For whoever looks at the session.
    Event(Event),
}
