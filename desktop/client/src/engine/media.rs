//! The codecs that we speak and the chain that every RTP packet runs through.

use std::sync::Arc;

use rtc::interceptor::{CongestionControlBuilder, TwccSenderBuilder};
use rtc::peer_connection::configuration::media_engine::{MIME_TYPE_OPUS, MIME_TYPE_RTX, MIME_TYPE_VP8};
use rtc::rtp_transceiver::rtp_sender::{RTCPFeedback, RTCRtpCodec, RTCRtpCodecParameters, RtpCodecKind};
use webrtc::peer_connection::{MediaEngine, Registry, Slot, register_default_interceptors};

use super::EngineError;
use super::again::Again;
use super::connection::MediaSetup;
use super::estimate::Estimate;
use super::feedback::Feedback;
use super::requests::Requests;
use super::resent::Resent;
use super::spoken::Spoken;
use crate::keyframes::KeyframeWish;
use crate::record::Record;

/// Behind every interceptor of the engine.
const FEEDBACK_SLOT: usize = 20_000;

/// VP8 and Opus only: whatever a browser offers, it is these that it sends.
/// `screen` is the SSRC of our screen's picture.
pub(super) fn setup(record: &Arc<Record>, wish: &KeyframeWish, screen: u32) -> Result<MediaSetup, EngineError> {
    let refused = |error: webrtc::error::Error| EngineError::Setup(error.to_string());
    let mut codecs = MediaEngine::default();
    codecs.register_codec(opus(), RtpCodecKind::Audio).map_err(refused)?;
    codecs.register_codec(vp8(), RtpCodecKind::Video).map_err(refused)?;
    codecs.register_codec(vp8_retransmission(), RtpCodecKind::Video).map_err(refused)?;
    // NACK both ways, reports, and transport-wide feedback for the other side's congestion control …
    let chain = register_default_interceptors(Registry::new(), &mut codecs).map_err(refused)?;
    let spoken = Spoken::default();
    let estimate = Estimate::new(Arc::clone(record), spoken.clone());
    let congestion_control = CongestionControlBuilder::new(estimate).build();
    let chain = chain
        .with(Slot::NackGenerator, Requests::new(Arc::clone(record)))
        // … and ours. The engine's own pacer is left out: it would queue sound behind pictures; see `send` and `again`.
        .with(Slot::CongestionControl, Resent::counted(congestion_control, Arc::clone(record), spoken))
        .with(Slot::Pacer, Again::new(Arc::clone(record)))
        .with(Slot::TwccSender, Resent::told(TwccSenderBuilder::new().build()))
        .with(Slot::from(FEEDBACK_SLOT), Feedback::new(wish.clone(), Arc::clone(record), screen));
    Ok(MediaSetup { codecs, chain })
}

pub(super) fn opus() -> RTCRtpCodecParameters {
    RTCRtpCodecParameters {
        rtp_codec: RTCRtpCodec {
            mime_type: MIME_TYPE_OPUS.to_owned(),
            clock_rate: 48_000,
            channels: 2,
            sdp_fmtp_line: "minptime=10;useinbandfec=1".to_owned(),
            rtcp_feedback: Vec::new(),
        },
        payload_type: 111,
    }
}

pub(super) fn vp8() -> RTCRtpCodecParameters {
    let feedback = |typ: &str, parameter: &str| RTCPFeedback { typ: typ.to_owned(), parameter: parameter.to_owned() };
    RTCRtpCodecParameters {
        rtp_codec: RTCRtpCodec {
            mime_type: MIME_TYPE_VP8.to_owned(),
            clock_rate: 90_000,
            channels: 0,
            sdp_fmtp_line: String::new(),
            rtcp_feedback: vec![feedback("ccm", "fir"), feedback("nack", ""), feedback("nack", "pli")],
        },
        payload_type: 96,
    }
}

/// RFC 4588. A browser probes for bandwidth with it, and starts with a better picture.
fn vp8_retransmission() -> RTCRtpCodecParameters {
    RTCRtpCodecParameters {
        rtp_codec: RTCRtpCodec {
            mime_type: MIME_TYPE_RTX.to_owned(),
            clock_rate: 90_000,
            channels: 0,
            sdp_fmtp_line: "apt=96".to_owned(),
            rtcp_feedback: Vec::new(),
        },
        payload_type: 97,
    }
}
