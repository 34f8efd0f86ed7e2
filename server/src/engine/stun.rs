//! A glance into a STUN message: whom it is for. Everything else about it is the WebRTC engine's business.

/// RFC 8489, section 5: type, length, magic cookie, transaction id.
const HEADER_BYTES: usize = 20;
const BINDING_REQUEST: [u8; 2] = [0x00, 0x01];
const MAGIC_COOKIE: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];
/// RFC 8489, section 18.3.
const USERNAME: [u8; 2] = [0x00, 0x06];

/// The receiver's user name fragment in a binding request: RFC 8445, section 7.2.2, names it first.
pub(crate) fn receiver_of(datagram: &[u8]) -> Option<&str> {
    let (header, mut attributes) = datagram.split_at_checked(HEADER_BYTES)?;
    if header[..2] != BINDING_REQUEST || header[4..8] != MAGIC_COOKIE {
        return None;
    }
    while let Some((head, rest)) = attributes.split_at_checked(4) {
        let length = usize::from(u16::from_be_bytes([head[2], head[3]]));
        let value = rest.get(..length)?;
        if head[..2] == USERNAME {
            return std::str::from_utf8(value).ok()?.split_once(':').map(|(receiver, _)| receiver);
        }
        attributes = rest.get(length.next_multiple_of(4)..)?;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(attributes: &[u8]) -> Vec<u8> {
        let mut datagram = [&BINDING_REQUEST[..], &[0, 0], &MAGIC_COOKIE, &[7; 12]].concat();
        datagram.extend(attributes);
        datagram
    }

    #[test]
    fn a_binding_request_names_its_receiver_first() {
        let padded_before = [0x80, 0x22, 0, 3, b'a', b'b', b'c', 0];
        let username = [&[0, 6, 0, 9][..], b"mine:your", &[0, 0, 0]].concat();
        assert_eq!(receiver_of(&request(&username)), Some("mine"));
        assert_eq!(receiver_of(&request(&[&padded_before[..], &username].concat())), Some("mine"));
    }

    #[test]
    fn what_is_cut_short_or_no_binding_request_names_nobody() {
        let whole = request(&[&[0, 6, 0, 9][..], b"mine:your", &[0, 0, 0]].concat());
        for length in 0..whole.len() - 3 {
            assert_eq!(receiver_of(&whole[..length]), None, "{length}");
        }
        let mut response = whole.clone();
        response[0] = 1;
        assert_eq!(receiver_of(&response), None);
        assert_eq!(receiver_of(&request(&[0, 6, 0, 4, b'm', b'i', b'n', b'e'])), None);
        assert_eq!(receiver_of(&request(&[0, 6, 0xff, 0xff, b'm'])), None);
    }
}
