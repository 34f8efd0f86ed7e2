//! What the other side says, before the engine hears it.

use protocol::limits::{OFFER_BYTES, SDP_CANDIDATES, SDP_MEDIA_SECTIONS};
use protocol::{IceCandidate, limits};
use webrtc::peer_connection::RTCIceCandidateInit;

use super::EngineError;

/// A description within its limits, without the candidates that we do not use.
pub(super) fn description(sdp: &str) -> Result<String, EngineError> {
    let refused = |what: &str| Err(EngineError::Description(what.to_owned()));
    if sdp.len() > OFFER_BYTES || sdp.lines().count() > limits::SDP_LINES {
        return refused("it is too long");
    }
    if sdp.lines().filter(|line| line.starts_with("m=")).count() > SDP_MEDIA_SECTIONS {
        return refused("it has too many media sections");
    }
    let mut description = String::with_capacity(sdp.len());
    let mut candidates = 0;
    for line in sdp.lines() {
        if let Some(candidate) = line.strip_prefix("a=candidate:") {
            candidates += 1;
            if candidates > SDP_CANDIDATES || !is_usable(candidate) {
                continue;
            }
        }
        description.push_str(line);
        description.push_str("\r\n");
    }
    Ok(description)
}

/// A candidate for the engine, unless it is of no use to us.
pub(super) fn candidate(candidate: &IceCandidate) -> Option<RTCIceCandidateInit> {
    let text = candidate.candidate.strip_prefix("candidate:").unwrap_or(&candidate.candidate);
    is_usable(text).then(|| RTCIceCandidateInit {
        candidate: candidate.candidate.clone(),
        sdp_mid: candidate.sdp_mid.clone(),
        sdp_mline_index: candidate.sdp_m_line_index,
        username_fragment: candidate.username_fragment.clone(),
        ..RTCIceCandidateInit::default()
    })
}

/// RFC 8839, section 5.1: `foundation component transport priority address port typ …`.
///
/// Over TCP the engine would dial whatever address it is told; names that only their own network knows never resolve.
fn is_usable(candidate: &str) -> bool {
    let mut fields = candidate.split_ascii_whitespace();
    let transport = fields.nth(2).unwrap_or_default();
    let address = fields.nth(1).unwrap_or_default();
    transport.eq_ignore_ascii_case("udp") && !address.is_empty() && !address.to_ascii_lowercase().ends_with(".local")
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOST: &str = "1 1 udp 2130706431 192.0.2.1 5000 typ host";
    const HIDDEN: &str = "1 1 UDP 2130706431 9c2f6a6e.local 5000 typ host";
    const TCP: &str = "1 1 tcp 2130706431 192.0.2.1 9 typ host tcptype passive";

    fn trickled(candidate: &str) -> IceCandidate {
        IceCandidate {
            candidate: candidate.to_owned(),
            sdp_mid: Some("0".into()),
            sdp_m_line_index: Some(0),
            username_fragment: None,
        }
    }

    #[test]
    fn hidden_and_tcp_candidates_are_ignored() {
        assert!(candidate(&trickled(&format!("candidate:{HOST}"))).is_some());
        assert!(candidate(&trickled(&format!("candidate:{HIDDEN}"))).is_none());
        assert!(candidate(&trickled(&format!("candidate:{TCP}"))).is_none());
        assert!(candidate(&trickled("")).is_none());
        let sdp = format!("v=0\r\na=candidate:{HOST}\r\na=candidate:{HIDDEN}\r\na=candidate:{TCP}\r\na=x\r\n");
        assert_eq!(description(&sdp).unwrap(), format!("v=0\r\na=candidate:{HOST}\r\na=x\r\n"));
    }

    #[test]
    fn of_very_many_candidates_the_first_64_count() {
        let sdp = format!("a=candidate:{HOST}\r\n").repeat(SDP_CANDIDATES + 1);
        assert_eq!(description(&sdp).unwrap().lines().count(), SDP_CANDIDATES);
    }

    #[test]
    fn a_description_beyond_its_limits_is_refused() {
        assert!(description(&"a=x\r\n".repeat(limits::SDP_LINES)).is_ok());
        assert!(description(&"a=x\r\n".repeat(limits::SDP_LINES + 1)).is_err());
        assert!(description(&"m=audio\r\n".repeat(SDP_MEDIA_SECTIONS + 1)).is_err());
        assert!(description(&"x".repeat(OFFER_BYTES + 1)).is_err());
    }
}
