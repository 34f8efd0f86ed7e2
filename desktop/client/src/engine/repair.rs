//! Puts retransmitted packets (RFC 4588) back into the stream that they repair.
//!
//! The engine does so only behind its own NACK generator.

use rtc::interceptor::StreamInfo;

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
}

impl Repair {
    /// Says whether it was one that came again.
    pub(super) fn restore(&self, packet: &mut rtc::rtp::Packet) -> bool {
        let header = &mut packet.header;
        let pair = self
            .pairs
            .iter()
            .find(|pair| pair.repair_ssrc == header.ssrc && pair.repair_payload_type == header.payload_type);
        // One without a payload only probes the path: it stays what it is and ends at the engine.
        let (Some(pair), Some(original)) = (pair, packet.payload.first_chunk::<2>()) else { return false };
        header.sequence_number = u16::from_be_bytes(*original);
        header.ssrc = pair.ssrc;
        header.payload_type = pair.payload_type;
        packet.payload = packet.payload.slice(2..);
        true
    }

    /// Whether what is missing of this stream comes again under another name.
    pub(super) fn knows(&self, ssrc: u32) -> bool {
        self.pairs.iter().any(|pair| pair.ssrc == ssrc)
    }

    pub(super) fn bind(&mut self, info: &StreamInfo) {
        let (Some(repair_ssrc), Some(repair_payload_type)) = (info.ssrc_rtx, info.payload_type_rtx) else { return };
        self.pairs.retain(|pair| pair.ssrc != info.ssrc);
        self.pairs.push(Pair { ssrc: info.ssrc, payload_type: info.payload_type, repair_ssrc, repair_payload_type });
    }

    pub(super) fn unbind(&mut self, info: &StreamInfo) {
        self.pairs.retain(|pair| pair.ssrc != info.ssrc);
    }
}

#[cfg(test)]
mod tests {
    use rtc::rtp::header::Header;

    use super::*;

    fn packet(ssrc: u32, payload_type: u8, sequence: u16, payload: &'static [u8]) -> rtc::rtp::Packet {
        let header = Header { version: 2, ssrc, payload_type, sequence_number: sequence, ..Header::default() };
        rtc::rtp::Packet { header, payload: payload.into() }
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
        repair.bind(&info);
        repair
    }

    #[test]
    fn a_retransmission_becomes_the_packet_that_was_lost() {
        let mut packet = packet(2, 97, 5, &[0x12, 0x34, 7, 8]);
        assert!(bound().restore(&mut packet));
        assert_eq!((packet.header.ssrc, packet.header.payload_type), (1, 96));
        assert_eq!(packet.header.sequence_number, 0x1234);
        assert_eq!(&packet.payload[..], [7, 8]);
    }

    #[test]
    fn everything_else_stays_as_it_is() {
        for (ssrc, payload_type, payload) in
            [(1, 96, &[1u8, 2, 3][..]), (2, 97, &[]), (2, 97, &[9]), (3, 97, &[1, 2, 3])]
        {
            let mut packet = packet(ssrc, payload_type, 5, payload);
            assert!(!bound().restore(&mut packet));
            assert_eq!(
                (packet.header.ssrc, packet.header.payload_type, packet.header.sequence_number),
                (ssrc, payload_type, 5)
            );
            assert_eq!(&packet.payload[..], payload);
        }
    }
}
