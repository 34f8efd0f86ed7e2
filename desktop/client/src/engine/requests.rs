//! Asks the other side for the packets of its pictures that are missing (generic NACK, RFC 4585, section 6.2.1), and
//! puts what comes again (RFC 4588) back into its stream.
//!
//! The engine's own generator looks for holes by a clock of its own, whatever the round trip is: what is lost comes late
//! on a short way, and several times on a long one.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Instant;

use rtc::interceptor::{AttributedPacket, Interceptor, Packet, StreamInfo, TaggedPacket};
use rtc::rtcp::transport_feedbacks::transport_layer_nack::{TransportLayerNack, nack_pairs_from_sequence_numbers};
use rtc::sansio::Protocol;
use rtc::shared::TransportContext;
use webrtc::error::Error;

use super::missing::{Missing, Origin};
use super::repair::Repair;
use crate::record::Record;

pub(super) struct Requests {
    /// Who asks.
    sender: u32,
    streams: BTreeMap<u32, Missing>,
    repair: Repair,
    record: Arc<Record>,
    incoming: VecDeque<TaggedPacket>,
    outgoing: VecDeque<TaggedPacket>,
}

impl Requests {
    pub(super) fn new(record: Arc<Record>) -> Self {
        let (incoming, outgoing) = (VecDeque::new(), VecDeque::new());
        Self { sender: rand::random(), streams: BTreeMap::new(), repair: Repair::default(), record, incoming, outgoing }
    }

    fn ask(&mut self, now: Instant) {
        if self.poll_timeout().is_none_or(|due| due > now) {
            return;
        }
        let round_trip = self.record.round_trip();
        for (ssrc, missing) in &mut self.streams {
            let due = missing.take_due(round_trip, now);
            if due.is_empty() {
                continue;
            }
            let nacks = nack_pairs_from_sequence_numbers(&due);
            let request = TransportLayerNack { sender_ssrc: self.sender, media_ssrc: *ssrc, nacks };
            let message = AttributedPacket::new(Packet::Rtcp(vec![Box::new(request)]));
            self.outgoing.push_back(TaggedPacket { now, transport: TransportContext::default(), message });
        }
    }
}

impl Protocol<TaggedPacket, TaggedPacket, ()> for Requests {
    type Rout = TaggedPacket;
    type Wout = TaggedPacket;
    type Eout = ();
    type Error = Error;
    type Time = Instant;

    fn handle_read(&mut self, mut packet: TaggedPacket) -> Result<(), Error> {
        if let Packet::Rtp(rtp) = &mut packet.message.packet {
            let origin = match self.repair.restore(rtp) {
                true => Origin::Answered,
                false if self.repair.knows(rtp.header.ssrc) => Origin::Sent,
                false => Origin::Unknown,
            };
            if let Some(missing) = self.streams.get_mut(&rtp.header.ssrc) {
                missing.handle_packet(rtp.header.sequence_number, origin, packet.now);
                self.ask(packet.now);
            }
        }
        self.incoming.push_back(packet);
        Ok(())
    }

    fn poll_read(&mut self) -> Option<TaggedPacket> {
        self.incoming.pop_front()
    }

    fn handle_write(&mut self, packet: TaggedPacket) -> Result<(), Error> {
        self.outgoing.push_back(packet);
        Ok(())
    }

    fn poll_write(&mut self) -> Option<TaggedPacket> {
        self.outgoing.pop_front()
    }

    fn handle_timeout(&mut self, now: Instant) -> Result<(), Error> {
        self.ask(now);
        Ok(())
    }

    fn poll_timeout(&mut self) -> Option<Instant> {
        self.streams.values().filter_map(Missing::poll_timeout).min()
    }
}

impl Interceptor for Requests {
    fn bind_local_stream(&mut self, _info: &StreamInfo) {}
    fn unbind_local_stream(&mut self, _info: &StreamInfo) {}

    fn bind_remote_stream(&mut self, info: &StreamInfo) {
        self.repair.bind(info);
        if info.rtcp_feedback.iter().any(|feedback| feedback.typ == "nack" && feedback.parameter.is_empty()) {
            self.streams.insert(info.ssrc, Missing::new());
        }
    }

    fn unbind_remote_stream(&mut self, info: &StreamInfo) {
        self.repair.unbind(info);
        self.streams.remove(&info.ssrc);
    }
}
