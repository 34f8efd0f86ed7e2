//! Which peer connection an SDP comes from.

/// What stays the same in every description of one peer connection and differs in those of another: the user and the
/// session id of the `o=` line (RFC 8866 section 5.2, constant by RFC 9429 section 5.2.2) and the DTLS fingerprint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Origin {
    session: String,
    fingerprint: String,
}

impl Origin {
    pub(crate) fn of(sdp: &str) -> Self {
        let session = line(sdp, "o=").unwrap_or_default();
        let mut words = session.split(' ');
        let session = format!("{} {}", words.next().unwrap_or_default(), words.next().unwrap_or_default());
        Self { session, fingerprint: line(sdp, "a=fingerprint:").unwrap_or_default().to_owned() }
    }
}

fn line<'a>(sdp: &'a str, prefix: &str) -> Option<&'a str> {
    sdp.lines().find_map(|line| line.strip_prefix(prefix)).map(str::trim_end)
}

#[cfg(test)]
mod tests {
    use super::*;

    const OFFER: &str =
        "v=0\r\no=- 4711 2 IN IP4 127.0.0.1\r\ns=-\r\na=ice-ufrag:abcd\r\na=fingerprint:sha-256 AA:BB\r\n";

    #[test]
    fn a_restart_comes_from_the_same_connection() {
        let restart = OFFER.replace(" 2 IN", " 3 IN").replace("abcd", "efgh");
        assert_eq!(Origin::of(OFFER), Origin::of(&restart));
    }

    #[test]
    fn another_session_or_another_certificate_is_another_connection() {
        assert_ne!(Origin::of(OFFER), Origin::of(&OFFER.replace("4711", "4712")));
        assert_ne!(Origin::of(OFFER), Origin::of(&OFFER.replace("AA:BB", "AA:CC")));
    }

    #[test]
    fn nonsense_has_an_origin_too() {
        assert_eq!(Origin::of(""), Origin::of("nonsense\r\no="));
    }
}
