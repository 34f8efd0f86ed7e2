//! A whole participant without a window: HTTP, the data channel to the server, the peer connections.

pub mod api;
mod classic;
mod client;
mod driver;
mod engine;
mod http;
mod inlet;
mod keyframes;
mod lines;
mod options;
mod outlet;
mod packet;
mod record;
mod report;
mod seat;
#[cfg(test)]
mod stand_in;
mod trust;
mod vp8;

pub use client::{Client, ClientEvent};
pub use options::Options;
pub use packet::{Kind, OutgoingAudio, OutgoingVideo, RtpPacket, SenderClock};
pub use report::{PeerReport, Traffic};
pub use seat::UNTRUSTED;
pub use trust::{Fingerprint, NoFingerprint, Untrusted};
