//! What an offer must be before the WebRTC engine reads it: bounded, with one data channel section, and without candidates.

use protocol::limits::{OFFER_BYTES, SDP_CANDIDATES, SDP_LINES, SDP_MEDIA_SECTIONS};
use thiserror::Error;

/// Why an offer was refused.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OfferError {
    #[error("the offer has more than {OFFER_BYTES} bytes")]
    TooLarge,
    #[error("the offer has more than {SDP_LINES} lines")]
    TooManyLines,
    #[error("the offer has more than {SDP_MEDIA_SECTIONS} media sections")]
    TooManySections,
    #[error("the offer has more than {SDP_CANDIDATES} candidates")]
    TooManyCandidates,
    #[error("the offer must have exactly one m=application section, for the data channel")]
    NoDataChannel,
    #[error("the offer cannot be read")]
    Unreadable,
}

/// The offer as the engine may see it.
///
/// Its candidates are gone: the server answers checks and never makes one, so no address in an offer is ever contacted.
pub(crate) fn prepare(sdp: &str) -> Result<String, OfferError> {
    if sdp.len() > OFFER_BYTES {
        return Err(OfferError::TooLarge);
    }
    let (mut lines, mut sections, mut candidates, mut applications) = (0, 0, 0, 0);
    let mut kept = String::with_capacity(sdp.len() + 2);
    for line in sdp.lines().filter(|line| !line.is_empty()) {
        lines += 1;
        if lines > SDP_LINES {
            return Err(OfferError::TooManyLines);
        }
        sections += usize::from(line.starts_with("m="));
        applications += usize::from(line.starts_with("m=application "));
        if sections > SDP_MEDIA_SECTIONS {
            return Err(OfferError::TooManySections);
        }
        if is_candidate(line) {
            candidates += 1;
            if candidates > SDP_CANDIDATES {
                return Err(OfferError::TooManyCandidates);
            }
            continue;
        }
        kept.push_str(line);
        kept.push_str("\r\n");
    }
    if applications != 1 {
        return Err(OfferError::NoDataChannel);
    }
    Ok(kept)
}

fn is_candidate(line: &str) -> bool {
    ["a=candidate:", "a=remote-candidates:", "a=end-of-candidates"].iter().any(|start| line.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECTION: &str = "m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\n";

    fn offer(more: &str) -> String {
        format!("v=0\r\n{SECTION}{more}")
    }

    #[test]
    fn candidates_never_reach_the_engine() {
        let kept = prepare(&offer("a=candidate:1 1 udp 1 10.0.0.1 9 typ host\r\na=end-of-candidates\r\na=mid:0\r\n"));
        assert_eq!(kept.unwrap(), format!("v=0\r\n{SECTION}a=mid:0\r\n"));
    }

    #[test]
    fn an_offer_has_64_candidates_and_not_65() {
        let candidates = |count: usize| "a=candidate:1 1 udp 1 10.0.0.1 9 typ host\r\n".repeat(count);
        assert!(prepare(&offer(&candidates(SDP_CANDIDATES))).is_ok());
        assert_eq!(prepare(&offer(&candidates(SDP_CANDIDATES + 1))), Err(OfferError::TooManyCandidates));
    }

    #[test]
    fn an_offer_has_2000_lines_and_not_2001() {
        assert!(prepare(&offer(&"a=x\r\n".repeat(SDP_LINES - 2))).is_ok());
        assert_eq!(prepare(&offer(&"a=x\r\n".repeat(SDP_LINES - 1))), Err(OfferError::TooManyLines));
    }

    #[test]
    fn an_offer_has_32_sections_and_not_33() {
        let sections = |count: usize| "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n".repeat(count);
        assert!(prepare(&offer(&sections(SDP_MEDIA_SECTIONS - 1))).is_ok());
        assert_eq!(prepare(&offer(&sections(SDP_MEDIA_SECTIONS))), Err(OfferError::TooManySections));
    }

    #[test]
    fn an_offer_has_64_kib_and_not_a_byte_more() {
        let filled = |bytes: usize| format!("{}{}", offer("a="), "x".repeat(bytes - offer("a=").len()));
        assert!(prepare(&filled(OFFER_BYTES)).is_ok());
        assert_eq!(prepare(&filled(OFFER_BYTES + 1)), Err(OfferError::TooLarge));
    }

    #[test]
    fn an_offer_has_one_data_channel_section() {
        assert_eq!(prepare("v=0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\n"), Err(OfferError::NoDataChannel));
        assert_eq!(prepare(&offer(SECTION)), Err(OfferError::NoDataChannel));
        assert_eq!(prepare(""), Err(OfferError::NoDataChannel));
    }
}
