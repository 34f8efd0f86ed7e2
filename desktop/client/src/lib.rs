//! A whole participant without a window: HTTP, the data channel to the server, the peer connections.

pub mod api;
mod client;
mod options;
mod packet;
mod report;

pub use client::{Client, ClientEvent};
pub use options::Options;
pub use packet::{Kind, OutgoingAudio, OutgoingVideo, RtpPacket};
pub use report::{PeerReport, Traffic};
