//! Reads a track of the other side, packet by packet.

use std::sync::Arc;
use std::time::Instant;

use rtc::rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication;
use rtc::rtp_transceiver::rtp_sender::RtpCodecKind;
use webrtc::media_stream::track_remote::{TrackRemote, TrackRemoteEvent};

use crate::inlet::Inlet;
use crate::record::Record;
use crate::{Kind, RtpPacket};

/// Hands every packet up until the track ends.
pub(super) async fn run(track: Arc<dyn TrackRemote>, inlet: Inlet, record: Arc<Record>) {
    let kind = match track.kind().await {
        RtpCodecKind::Audio => Kind::Audio,
        RtpCodecKind::Video => Kind::Video,
        _ => return,
    };
    while let Some(event) = track.poll().await {
        let TrackRemoteEvent::OnRtpPacket(packet) = event else { continue };
        // Padding, to probe the path.
        if packet.payload.is_empty() {
            continue;
        }
        record.received(kind).count(packet.payload.len());
        let packet = RtpPacket {
            sequence: packet.header.sequence_number,
            timestamp: packet.header.timestamp,
            marker: packet.header.marker,
            payload: packet.payload,
            arrived: Instant::now(),
        };
        if let Some(clock) = record.take_clock(kind) {
            inlet.give_clock(kind, clock);
        }
        inlet.give(kind, packet);
    }
}

/// Asks for a keyframe, if these are pictures.
pub(super) async fn request_keyframe(track: &dyn TrackRemote) {
    if track.kind().await != RtpCodecKind::Video {
        return;
    }
    for ssrc in track.ssrcs().await {
        let request = PictureLossIndication { sender_ssrc: 0, media_ssrc: ssrc };
        if let Err(error) = track.write_rtcp(vec![Box::new(request)]).await {
            tracing::debug!(%error, "asking for a keyframe");
        }
    }
}
