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
    /// The stream of our screen.
    screen: u32,
    /// Our streams.
    streams: Vec<(u32, Kind)>,
    /// The other side's.
    theirs: Vec<u32>,
    incoming: VecDeque<TaggedPacket>,
    outgoing: VecDeque<TaggedPacket>,
}

impl Feedback {
    pub(super) fn new(wish: KeyframeWish, record: Arc<Record>, screen: u32) -> Self {
        let (incoming, outgoing) = (VecDeque::new(), VecDeque::new());
        Self { wish, record, screen, streams: Vec::new(), theirs: Vec::new(), incoming, outgoing }
    }

    fn hear(&self, report: &dyn rtc::rtcp::Packet) {
        let report = report.as_any();
        if report.is::<PictureLossIndication>() || report.is::<FullIntraRequest>() {
            self.hear_wish(report);
            self.record.hear(Kind::Video, |losses| losses.plis += 1);
        } else if let Some(nack) = report.downcast_ref::<TransportLayerNack>() {
            if let Some(kind) = self.kind_of(nack.media_ssrc) {
                self.record.hear(kind, |losses| losses.nacks += 1);
            }
        } else if let Some(report) = report.downcast_ref::<ReceiverReport>() {
            self.hear_losses(&report.reports);
        } else if let Some(report) = report.downcast_ref::<SenderReport>() {
            self.hear_losses(&report.reports);
            if self.theirs.contains(&report.ssrc) {
                self.record.set_clock(report.ssrc, SenderClock { ntp: report.ntp_time, timestamp: report.rtp_time });
            }
        }
    }

    /// RFC 4585, section 6.3.1, and RFC 5104, section 4.3.1: the one names its stream in the header, the other in entries.
    fn hear_wish(&self, report: &dyn std::any::Any) {
        let mut ssrcs = Vec::new();
        if let Some(report) = report.downcast_ref::<PictureLossIndication>() {
            ssrcs.push(report.media_ssrc);
        } else if let Some(report) = report.downcast_ref::<FullIntraRequest>() {
            ssrcs.extend(report.fir.iter().map(|entry| entry.ssrc));
        }
        let wished = |kind| ssrcs.iter().any(|ssrc| self.kind_of(*ssrc) == Some(kind));
        if wished(Kind::Screen) {
            self.wish.wish(Kind::Screen);
        }
        if wished(Kind::Video) || !wished(Kind::Screen) {
            self.wish.wish(Kind::Video);
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
        let kind = match info.ssrc {
            ssrc if ssrc == self.screen => Kind::Screen,
            _ if info.mime_type.starts_with("audio/") => Kind::Audio,
            _ => Kind::Video,
        };
        self.streams.push((info.ssrc, kind));
    }

    fn unbind_local_stream(&mut self, info: &StreamInfo) {
        self.streams.retain(|(ssrc, _)| *ssrc != info.ssrc);
    }

    fn bind_remote_stream(&mut self, info: &StreamInfo) {
        self.theirs.push(info.ssrc);
    }

    fn unbind_remote_stream(&mut self, info: &StreamInfo) {
        self.theirs.retain(|ssrc| *ssrc != info.ssrc);
    }
}
