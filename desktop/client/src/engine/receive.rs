//! Reads a track of the other side, packet by packet.

use std::sync::Arc;
use std::time::Instant;

use rtc::rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication;
use rtc::rtp_transceiver::rtp_sender::RtpCodecKind;
use webrtc::media_stream::track_remote::{TrackRemote, TrackRemoteEvent};
use webrtc::rtp_transceiver::RtpTransceiver;

use crate::inlet::Inlet;
use crate::record::Record;
use crate::{Kind, RtpPacket};

/// Hands every packet up until the track ends.
pub(super) async fn run(track: Arc<dyn TrackRemote>, kind: Kind, inlet: Inlet, record: Arc<Record>) {
    while let Some(event) = track.poll().await {
        let TrackRemoteEvent::OnRtpPacket(packet) = event else { continue };
        // Padding, to probe the path.
        if packet.payload.is_empty() {
            continue;
        }
        record.received(kind).count(packet.payload.len());
        let clock = record.take_clock(packet.header.ssrc);
        let packet = RtpPacket {
            sequence: packet.header.sequence_number,
            timestamp: packet.header.timestamp,
            marker: packet.header.marker,
            payload: packet.payload,
            arrived: Instant::now(),
        };
        if let Some(clock) = clock {
            inlet.give_clock(kind, clock);
        }
        inlet.give(kind, packet);
    }
}

/// What a track carries, if it is of any use: a screen's picture has a transceiver of its own.
pub(super) async fn kind_of(track: &dyn TrackRemote, screen: &dyn RtpTransceiver) -> Option<Kind> {
    match track.kind().await {
        RtpCodecKind::Audio => Some(Kind::Audio),
        RtpCodecKind::Video => {
            let receiver = screen.receiver().await.ok().flatten();
            let theirs = match &receiver {
                Some(receiver) => receiver.track().ssrcs().await,
                None => Vec::new(),
            };
            let is_screen = track.ssrcs().await.iter().any(|ssrc| theirs.contains(ssrc));
            Some(if is_screen { Kind::Screen } else { Kind::Video })
        }
        _ => None,
    }
}

/// Asks for a keyframe.
pub(super) async fn request_keyframe(track: &dyn TrackRemote) {
    for ssrc in track.ssrcs().await {
        let request = PictureLossIndication { sender_ssrc: 0, media_ssrc: ssrc };
        if let Err(error) = track.write_rtcp(vec![Box::new(request)]).await {
            tracing::debug!(%error, "asking for a keyframe");
        }
    }
}
