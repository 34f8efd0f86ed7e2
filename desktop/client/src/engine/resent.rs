//! Retransmissions (RFC 4588) are packets of the path like any other: numbered for the transport-wide feedback, and known
//! to the history that congestion control reads.
//!
//! The engine tells its interceptors of a stream by its own name only, so those never see that the stream's
//! retransmissions, which have another one, are theirs too: what fills a narrow path after a loss would be in no report.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Instant;

use rtc::interceptor::{Interceptor, Packet, StreamInfo, TaggedPacket};
use rtc::rtcp::transport_feedbacks::transport_layer_cc::TransportLayerCc;
use rtc::sansio::Protocol;
use webrtc::error::Error;

use super::spoken::Spoken;
use crate::record::Record;

/// Tells `I` of a stream's retransmissions as of one more stream.
pub(super) struct Resent<I> {
    inner: I,
    /// Their names, and where they are counted.
    names: BTreeSet<u32>,
    counts: Option<(Arc<Record>, Spoken)>,
}

impl<I> Resent<I> {
    pub(super) fn told(inner: I) -> Self {
        Self { inner, names: BTreeSet::new(), counts: None }
    }

    /// And hears what feedback speaks of before `inner` does.
    pub(super) fn counted(inner: I, record: Arc<Record>, spoken: Spoken) -> Self {
        Self { counts: Some((record, spoken)), ..Self::told(inner) }
    }
}

impl<I: Interceptor> Protocol<TaggedPacket, TaggedPacket, ()> for Resent<I> {
    type Rout = TaggedPacket;
    type Wout = TaggedPacket;
    type Eout = ();
    type Error = Error;
    type Time = Instant;

    fn handle_read(&mut self, packet: TaggedPacket) -> Result<(), Error> {
        if let (Packet::Rtcp(reports), Some((_, spoken))) = (&packet.message.packet, &self.counts) {
            for report in reports {
                if let Some(feedback) = report.as_any().downcast_ref::<TransportLayerCc>() {
                    spoken.hear(feedback);
                }
            }
        }
        self.inner.handle_read(packet)
    }

    fn poll_read(&mut self) -> Option<TaggedPacket> {
        self.inner.poll_read()
    }

    fn handle_write(&mut self, packet: TaggedPacket) -> Result<(), Error> {
        if let (Packet::Rtp(rtp), Some((record, _))) = (&packet.message.packet, &self.counts)
            && self.names.contains(&rtp.header.ssrc)
        {
            record.resent.count(rtp.payload.len());
        }
        self.inner.handle_write(packet)
    }

    fn poll_write(&mut self) -> Option<TaggedPacket> {
        self.inner.poll_write()
    }

    fn handle_timeout(&mut self, now: Instant) -> Result<(), Error> {
        self.inner.handle_timeout(now)
    }

    fn poll_timeout(&mut self) -> Option<Instant> {
        self.inner.poll_timeout()
    }
}

impl<I: Interceptor> Interceptor for Resent<I> {
    fn bind_local_stream(&mut self, info: &StreamInfo) {
        self.inner.bind_local_stream(info);
        if let Some(ssrc) = info.ssrc_rtx {
            self.names.insert(ssrc);
            self.inner.bind_local_stream(&StreamInfo { ssrc, ..info.clone() });
        }
    }

    fn unbind_local_stream(&mut self, info: &StreamInfo) {
        self.inner.unbind_local_stream(info);
        if let Some(ssrc) = info.ssrc_rtx {
            self.names.remove(&ssrc);
            self.inner.unbind_local_stream(&StreamInfo { ssrc, ..info.clone() });
        }
    }

    fn bind_remote_stream(&mut self, info: &StreamInfo) {
        self.inner.bind_remote_stream(info);
    }

    fn unbind_remote_stream(&mut self, info: &StreamInfo) {
        self.inner.unbind_remote_stream(info);
    }
}

#[cfg(test)]
mod tests {
    use protocol::ClientId;
    use rtc::interceptor::{AttributedPacket, RTPHeaderExtension, TwccSenderBuilder};
    use rtc::rtp::header::Header;
    use rtc::shared::TransportContext;

    use super::*;

    const TWCC: &str = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01";

    fn packet(ssrc: u32) -> TaggedPacket {
        let header = Header { version: 2, ssrc, ..Header::default() };
        let message = AttributedPacket::new(Packet::Rtp(rtc::rtp::Packet { header, payload: vec![0; 100].into() }));
        TaggedPacket { now: Instant::now(), transport: TransportContext::default(), message }
    }

    #[test]
    fn what_is_sent_again_is_numbered_like_everything_else_and_counted() {
        let record = Arc::new(Record::new(ClientId::new("a")));
        let mut resent = Resent::counted(TwccSenderBuilder::new().build(), Arc::clone(&record), Spoken::default());
        let stream = StreamInfo {
            ssrc: 1,
            ssrc_rtx: Some(2),
            rtp_header_extensions: vec![RTPHeaderExtension { uri: TWCC.to_owned(), id: 5 }],
            ..StreamInfo::default()
        };
        resent.bind_local_stream(&stream);
        let mut numbers = |ssrc: u32| {
            resent.handle_write(packet(ssrc)).unwrap();
            let out = resent.poll_write().unwrap();
            let Packet::Rtp(rtp) = &out.message.packet else { panic!("no RTP") };
            rtp.header.get_extension(5).map(|number| number.to_vec())
        };
        assert_eq!([1, 2, 1].map(&mut numbers), [Some(vec![0, 0]), Some(vec![0, 1]), Some(vec![0, 2])]);
        assert_eq!(numbers(3), None);
        assert_eq!(record.resent.bytes(), 100);
        resent.unbind_local_stream(&stream);
        resent.handle_write(packet(2)).unwrap();
        assert_eq!(record.resent.bytes(), 100);
    }
}
