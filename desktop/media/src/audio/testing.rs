//! For tests: a peer that says a tone, and a listener on virtual time.

use std::time::{Duration, Instant};

use bytes::Bytes;

use super::mixer::Mixer;
use super::opus::Encoder;
use super::tone::Tone;
use super::{BLOCK, FRAME};
use crate::packet::{Packet, PeerTag};

/// What a microphone of ours would send for a tone: packets of 20 ms.
pub(crate) fn tone_packets(hertz: f32, packets: usize) -> Vec<Bytes> {
    let mut encoder = Encoder::new().unwrap();
    let mut tone = Tone::new(hertz);
    let mut frame = [0.0; FRAME];
    let mut encode = || {
        tone.fill(&mut frame);
        encoder.encode(&frame).unwrap()
    };
    (0..packets).map(|_| encode()).collect()
}

/// The packet with this number of a steady stream.
pub(crate) fn packet(number: usize, payload: Bytes, arrived: Instant) -> Packet {
    let timestamp = (number * FRAME) as u32;
    Packet { sequence: number as u16, timestamp, marker: false, payload, arrived }
}

/// A mixer and the time it is told.
pub(crate) struct Listener {
    pub(crate) mixer: Mixer,
    pub(crate) now: Instant,
    /// Everything that was mixed.
    pub(crate) heard: Vec<f32>,
    pub(crate) speaking: Vec<(PeerTag, bool)>,
}

impl Listener {
    pub(crate) fn new(peers: &[PeerTag]) -> Self {
        let now = Instant::now();
        let mut mixer = Mixer::default();
        peers.iter().for_each(|&peer| mixer.open(peer, now).unwrap());
        Self { mixer, now, heard: Vec::new(), speaking: Vec::new() }
    }

    /// Hands a packet over, as arrived by now.
    pub(crate) fn receive(&mut self, peer: PeerTag, number: usize, payload: &Bytes) {
        self.mixer.receive(peer, packet(number, payload.clone(), self.now));
    }

    /// Lets 10 ms go by.
    pub(crate) fn pull(&mut self) {
        let (block, changes) = self.mixer.mix(self.now);
        self.heard.extend(block);
        self.speaking.extend(changes);
        self.now += Duration::from_millis(10);
    }

    /// Lets the time of one packet go by.
    pub(crate) fn pull_frame(&mut self) {
        (0..FRAME / BLOCK).for_each(|_| self.pull());
    }
}
