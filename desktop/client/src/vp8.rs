//! VP8 frames into RTP payloads (RFC 7741).

use bytes::{BufMut, Bytes, BytesMut};

/// Bytes of a payload, its descriptor included: with the headers around it a packet stays under the 1280 bytes that
/// every path carries.
pub(crate) const PAYLOAD_BYTES: usize = 1200;
/// Payload descriptor (section 4.2) of one octet: no extensions, partition 0.
const DESCRIPTOR: u8 = 0;
/// `S`: the payload begins a partition.
const START: u8 = 0x10;

/// Cuts a frame into payloads of nearly equal size.
///
/// No picture id: without one a receiver relies on the sequence numbers, which we write without gaps for each peer.
pub(crate) fn packetize(frame: &[u8]) -> Vec<Bytes> {
    let count = frame.len().div_ceil(PAYLOAD_BYTES - 1);
    let mut payloads = Vec::with_capacity(count);
    let mut rest = frame;
    for left in (1..=count).rev() {
        let (piece, after) = rest.split_at(rest.len().div_ceil(left));
        let mut payload = BytesMut::with_capacity(piece.len() + 1);
        payload.put_u8(if payloads.is_empty() { DESCRIPTOR | START } else { DESCRIPTOR });
        payload.put_slice(piece);
        payloads.push(payload.freeze());
        rest = after;
    }
    payloads
}

#[cfg(test)]
mod tests {
    use super::*;

    fn joined(payloads: &[Bytes]) -> Vec<u8> {
        payloads.iter().flat_map(|payload| payload[1..].to_vec()).collect()
    }

    #[test]
    fn a_frame_is_whole_again_when_its_payloads_are_joined() {
        for bytes in [1usize, 2, 1198, 1199, 1200, 2398, 2399, 50_000] {
            let frame: Vec<u8> = (0..bytes).map(|i| i as u8).collect();
            let payloads = packetize(&frame);
            assert_eq!(joined(&payloads), frame);
            assert!(payloads.iter().all(|payload| (2..=PAYLOAD_BYTES).contains(&payload.len())), "{bytes}");
            assert_eq!(payloads.len(), bytes.div_ceil(PAYLOAD_BYTES - 1));
        }
    }

    #[test]
    fn only_the_first_payload_begins_a_partition() {
        let payloads = packetize(&[7; 4000]);
        assert_eq!(payloads.iter().map(|payload| payload[0]).collect::<Vec<_>>(), [START, 0, 0, 0]);
    }

    #[test]
    fn an_empty_frame_has_no_payload() {
        assert!(packetize(&[]).is_empty());
    }
}
