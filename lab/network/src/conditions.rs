//! What a stretch of network does to packets.

use std::time::Duration;

use crate::Loss;

/// A bottleneck: so fast, and so much may wait before it. What finds no place is dropped (tail drop).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    pub bits_per_second: u64,
    /// The longest time that a packet may wait for its turn.
    pub queue: Duration,
}

/// The state of one direction. The default is a wire: nothing happens to anything.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Conditions {
    /// From the bottleneck's far end to the receiver.
    pub delay: Duration,
    /// The delay wanders by at most this much to either side.
    pub jitter: Duration,
    /// Packets overtake each other where the jitter has it so; otherwise a path keeps their order.
    pub overtakes: bool,
    pub loss: Loss,
    /// Which part of the packets comes twice.
    pub duplication: f64,
    /// Which part of the packets is held back, so that later ones overtake it.
    pub reordering: f64,
    pub rate: Option<Rate>,
    /// Nothing gets through.
    pub is_out: bool,
}
