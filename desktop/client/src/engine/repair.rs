//! Puts retransmitted packets (RFC 4588) back into the stream that they repair.
//!
//! The engine does so only behind its NACK generator, which would ask again and again for what has long arrived.

use std::collections::VecDeque;
use std::time::Instant;

use rtc::interceptor::{Interceptor, Packet, StreamInfo, TaggedPacket};
use rtc::sansio::Protocol;
use webrtc::error::Error;

/// A stream and the one that carries its retransmissions.
struct Pair {
    ssrc: u32,
    payload_type: u8,
    repair_ssrc: u32,
    repair_payload_type: u8,
}

#[derive(Default)]
pub(super) struct Repair {
    pairs: Vec<Pair>,
    incoming: VecDeque<TaggedPacket>,
    outgoing: VecDeque<TaggedPacket>,
}

impl Repair {
    fn restore(&self, packet: &mut rtc::rtp::Packet) {
        let header = &mut packet.header;
        let pair = self
            .pairs
            .iter()
            .find(|pair| pair.repair_ssrc == header.ssrc && pair.repair_payload_type == header.payload_type);
        // One without a payload only probes the path: it stays what it is and ends at the engine.
        let (Some(pair), Some(original)) = (pair, packet.payload.first_chunk::<2>()) else { return };
        header.sequence_number = u16::from_be_bytes(*original);
        header.ssrc = pair.ssrc;
        header.payload_type = pair.payload_type;
        packet.payload = packet.payload.slice(2..);
    }
}

impl Protocol<TaggedPacket, TaggedPacket, ()> for Repair {
    type Rout = TaggedPacket;
    type Wout = TaggedPacket;
    type Eout = ();
    type Error = Error;
    type Time = Instant;

    fn handle_read(&mut self, mut packet: TaggedPacket) -> Result<(), Error> {
        if let Packet::Rtp(rtp) = &mut packet.message.packet {
            self.restore(rtp);
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
}

impl Interceptor for Repair {
    fn bind_local_stream(&mut self, _info: &StreamInfo) {}
    fn unbind_local_stream(&mut self, _info: &StreamInfo) {}

    fn bind_remote_stream(&mut self, info: &StreamInfo) {
        let (Some(repair_ssrc), Some(repair_payload_type)) = (info.ssrc_rtx, info.payload_type_rtx) else { return };
        self.pairs.retain(|pair| pair.ssrc != info.ssrc);
        self.pairs.push(Pair { ssrc: info.ssrc, payload_type: info.payload_type, repair_ssrc, repair_payload_type });
    }

    fn unbind_remote_stream(&mut self, info: &StreamInfo) {
        self.pairs.retain(|pair| pair.ssrc != info.ssrc);
    }
}

#[cfg(test)]
mod tests {
    use rtc::interceptor::AttributedPacket;
    use rtc::rtp::header::Header;
    use rtc::shared::TransportContext;

    use super::*;

    fn through(
        repair: &mut Repair,
        ssrc: u32,
        payload_type: u8,
        sequence: u16,
        payload: &'static [u8],
    ) -> rtc::rtp::Packet {
        let header = Header { version: 2, ssrc, payload_type, sequence_number: sequence, ..Header::default() };
        let packet = rtc::rtp::Packet { header, payload: payload.into() };
        let message = AttributedPacket::new(Packet::Rtp(packet));
        repair
            .handle_read(TaggedPacket { now: Instant::now(), transport: TransportContext::default(), message })
            .unwrap();
        let Some(Packet::Rtp(packet)) = repair.poll_read().map(|packet| packet.message.packet) else { panic!() };
        packet
    }

    fn bound() -> Repair {
        let mut repair = Repair::default();
        let info = StreamInfo {
            ssrc: 1,
            payload_type: 96,
            ssrc_rtx: Some(2),
            payload_type_rtx: Some(97),
            ..StreamInfo::default()
        };
        repair.bind_remote_stream(&info);
        repair
    }

    #[test]
    fn a_retransmission_becomes_the_packet_that_was_lost() {
        let packet = through(&mut bound(), 2, 97, 5, &[0x12, 0x34, 7, 8]);
        assert_eq!((packet.header.ssrc, packet.header.payload_type), (1, 96));
        assert_eq!(packet.header.sequence_number, 0x1234);
        assert_eq!(&packet.payload[..], [7, 8]);
    }

    #[test]
    fn everything_else_stays_as_it_is() {
        for (ssrc, payload_type, payload) in
            [(1, 96, &[1u8, 2, 3][..]), (2, 97, &[]), (2, 97, &[9]), (3, 97, &[1, 2, 3])]
        {
            let packet = through(&mut bound(), ssrc, payload_type, 5, payload);
            assert_eq!(
                (packet.header.ssrc, packet.header.payload_type, packet.header.sequence_number),
                (ssrc, payload_type, 5)
            );
            assert_eq!(&packet.payload[..], payload);
        }
    }
}
