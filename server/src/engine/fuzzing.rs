//! The engine's part of what arbitrary bytes are fed to.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use protocol::limits::{OFFER_BYTES, SDP_LINES};
use protocol::{ClientId, RoomId};
use rooms::SessionId;

use super::connection::{Factory, Owner};
use super::offer;

/// The check before the WebRTC engine: bounded, and without any candidate.
pub fn sdp(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(kept) = offer::prepare(text) else { return };
    assert!(text.len() <= OFFER_BYTES && kept.lines().count() <= SDP_LINES);
    assert!(!kept.lines().any(|line| line.starts_with("a=candidate:") || line.starts_with("a=remote-candidates:")));
    assert_eq!(offer::prepare(&kept).as_ref(), Ok(&kept), "nothing is left to take away");
}

/// The same, and what the WebRTC engine makes of it.
pub fn offer_sdp(text: &str) {
    let Ok(kept) = offer::prepare(text) else { return };
    let factory = Factory::new(vec![SocketAddr::from(([127, 0, 0, 1], 9))], 1_024);
    let owner = Owner {
        room: RoomId::parse("fuzz").expect("a name"),
        session: SessionId::new([0; 32]),
        client: ClientId::new("fuzz"),
        from: IpAddr::from([127, 0, 0, 1]),
    };
    if let Ok((_, answer)) = factory.accept(owner, &kept, Duration::from_secs(15), Instant::now()) {
        assert!(answer.starts_with("v=0"), "{answer}");
    }
}
