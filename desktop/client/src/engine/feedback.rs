//! Hears what the other side says of what we send: wishes for a keyframe, requests for packets, losses. And what it says
//! of its own clock.
//!
//! The engine keeps all of it to itself and counts none.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use rtc::interceptor::{Interceptor, Packet, StreamInfo, TaggedPacket};
use rtc::rtcp::payload_feedbacks::full_intra_request::FullIntraRequest;
use rtc::rtcp::payload_feedbacks::picture_loss_indication::PictureLossIndication;
use rtc::rtcp::receiver_report::ReceiverReport;
use rtc::rtcp::reception_report::ReceptionReport;
use rtc::rtcp::sender_report::SenderReport;
use rtc::rtcp::transport_feedbacks::transport_layer_nack::TransportLayerNack;
use rtc::sansio::Protocol;
use webrtc::error::Error;

use crate::keyframes::KeyframeWish;
use crate::record::Record;
use crate::{Kind, SenderClock};

/// Watches what comes in; changes nothing.
pub(super) struct Feedback {
    wish: KeyframeWish,
    record: Arc<Record>,
    /// Our streams.
    streams: Vec<(u32, Kind)>,
    /// The other side's.
    theirs: Vec<(u32, Kind)>,
    incoming: VecDeque<TaggedPacket>,
    outgoing: VecDeque<TaggedPacket>,
}

impl Feedback {
    pub(super) fn new(wish: KeyframeWish, record: Arc<Record>) -> Self {
        let (incoming, outgoing) = (VecDeque::new(), VecDeque::new());
        Self { wish, record, streams: Vec::new(), theirs: Vec::new(), incoming, outgoing }
    }

    fn hear(&self, report: &dyn rtc::rtcp::Packet) {
        let report = report.as_any();
        if report.is::<PictureLossIndication>() || report.is::<FullIntraRequest>() {
            self.wish.wish();
            self.record.hear(Kind::Video, |losses| losses.plis += 1);
        } else if let Some(nack) = report.downcast_ref::<TransportLayerNack>() {
            if let Some(kind) = self.kind_of(nack.media_ssrc) {
                self.record.hear(kind, |losses| losses.nacks += 1);
            }
        } else if let Some(report) = report.downcast_ref::<ReceiverReport>() {
            self.hear_losses(&report.reports);
        } else if let Some(report) = report.downcast_ref::<SenderReport>() {
            self.hear_losses(&report.reports);
            if let Some((_, kind)) = self.theirs.iter().find(|(stream, _)| *stream == report.ssrc) {
                self.record.set_clock(*kind, SenderClock { ntp: report.ntp_time, timestamp: report.rtp_time });
            }
        }
    }

    fn hear_losses(&self, reports: &[ReceptionReport]) {
        for report in reports {
            if let Some(kind) = self.kind_of(report.ssrc) {
                self.record.hear(kind, |losses| losses.lost = report.total_lost.into());
                if kind == Kind::Audio {
                    self.record.hear_sound_loss(report.fraction_lost);
                }
            }
        }
    }

    fn kind_of(&self, ssrc: u32) -> Option<Kind> {
        self.streams.iter().find(|(stream, _)| *stream == ssrc).map(|(_, kind)| *kind)
    }
}

impl Protocol<TaggedPacket, TaggedPacket, ()> for Feedback {
    type Rout = TaggedPacket;
    type Wout = TaggedPacket;
    type Eout = ();
    type Error = Error;
    type Time = Instant;

    fn handle_read(&mut self, packet: TaggedPacket) -> Result<(), Error> {
        if let Packet::Rtcp(reports) = &packet.message.packet {
            for report in reports {
                self.hear(&**report);
            }
        }
        self.incoming.push_back(packet);
        Ok(())
    }

    fn poll_read(&mut self) -> Option<TaggedPacket> {
        self.incoming.pop_front()
    }

    fn handle_write(&mut self, packet: TaggedPacket) -> Result<(), Error> {
        self.outgoing.push_back(packet);
        Ok(())
    }

    fn poll_write(&mut self) -> Option<TaggedPacket> {
        self.outgoing.pop_front()
    }
}

impl Interceptor for Feedback {
    fn bind_local_stream(&mut self, info: &StreamInfo) {
        self.streams.push((info.ssrc, kind_of(info)));
    }

    fn unbind_local_stream(&mut self, info: &StreamInfo) {
        self.streams.retain(|(ssrc, _)| *ssrc != info.ssrc);
    }

    fn bind_remote_stream(&mut self, info: &StreamInfo) {
        self.theirs.push((info.ssrc, kind_of(info)));
    }

    fn unbind_remote_stream(&mut self, info: &StreamInfo) {
        self.theirs.retain(|(ssrc, _)| *ssrc != info.ssrc);
    }
}

fn kind_of(info: &StreamInfo) -> Kind {
    if info.mime_type.starts_with("audio/") { Kind::Audio } else { Kind::Video }
}
