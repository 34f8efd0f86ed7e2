//! Reads the engine's statistics of what comes in and of the path into our own figures.

use std::time::Duration;

use rtc::rtp_transceiver::rtp_sender::RtpCodecKind;
use rtc::statistics::report::RTCStatsReport;
use webrtc::peer_connection::RTCStatsReportEntry;

use crate::record::{Losses, Measured};

pub(super) fn measure(report: &RTCStatsReport) -> Measured {
    let mut measured = Measured::default();
    for stream in report.inbound_rtp_streams() {
        let losses = Losses {
            lost: stream.received_rtp_stream_stats.packets_lost,
            nacks: stream.nack_count.into(),
            plis: stream.pli_count.into(),
        };
        match stream.received_rtp_stream_stats.rtp_stream_stats.kind {
            RtpCodecKind::Audio => measured.audio_received.add(losses),
            RtpCodecKind::Video => measured.video_received.add(losses),
            _ => {}
        }
    }
    measure_path(report, &mut measured);
    measured
}

fn measure_path(report: &RTCStatsReport, measured: &mut Measured) {
    let Some(transport) = report.transport() else { return };
    let Some(RTCStatsReportEntry::IceCandidatePair(pair)) = report.get(&transport.selected_candidate_pair_id) else {
        return;
    };
    if pair.current_round_trip_time > 0.0 {
        measured.rtt = Duration::try_from_secs_f64(pair.current_round_trip_time).ok();
    }
    // The pair names its candidates without the prefix that they have in the report.
    let candidate = format!("RTCLocalIceCandidate_{}", pair.local_candidate_id);
    if let Some(RTCStatsReportEntry::LocalCandidate(candidate)) = report.get(&candidate) {
        measured.candidate = Some(candidate.candidate_type.to_string());
    }
}
