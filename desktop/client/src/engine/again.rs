//! Retransmissions wait for their turn. The engine answers a request with all that was asked for at once; after a loss on a
//! narrow path that is the next loss, and what is new has to go through as well.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rtc::interceptor::{Interceptor, Packet, StreamInfo, TaggedPacket};
use rtc::sansio::Protocol;
use webrtc::error::Error;

use super::send::{Pace, speed};
use crate::record::Record;

/// Who asked has given up by then, or asked again.
const WORTH: Duration = Duration::from_millis(500);
/// They leave at this part of the pace of what is new.
const SHARE: f64 = 0.75;

pub(super) struct Again {
    record: Arc<Record>,
    /// Of streams of retransmissions.
    names: BTreeSet<u32>,
    pace: Option<Pace>,
    /// With when each came.
    waiting: VecDeque<(Instant, TaggedPacket)>,
    /// When the first of them may go.
    due: Option<Instant>,
    incoming: VecDeque<TaggedPacket>,
    outgoing: VecDeque<TaggedPacket>,
}

/// Which packet of which stream it is (RFC 4588, section 4).
fn original(packet: &TaggedPacket) -> Option<(u32, [u8; 2])> {
    match &packet.message.packet {
        Packet::Rtp(rtp) => Some((rtp.header.ssrc, *rtp.payload.first_chunk()?)),
        _ => None,
    }
}

impl Again {
    pub(super) fn new(record: Arc<Record>) -> Self {
        let (waiting, incoming, outgoing) = (VecDeque::new(), VecDeque::new(), VecDeque::new());
        Self { record, names: BTreeSet::new(), pace: None, waiting, due: None, incoming, outgoing }
    }

    fn release(&mut self, now: Instant) {
        while self.waiting.front().is_some_and(|(came, _)| now.saturating_duration_since(*came) > WORTH) {
            self.waiting.pop_front();
        }
        let speed = speed(&self.record) * SHARE;
        let pace = self.pace.get_or_insert_with(|| Pace::new(now));
        while self.due.is_none_or(|due| due <= now) {
            let Some((_, mut packet)) = self.waiting.pop_front() else {
                self.due = None;
                return;
            };
            if let Packet::Rtp(rtp) = &packet.message.packet {
                self.due = pace.wait(rtp.payload.len(), speed, now).map(|wait| now + wait);
            }
            packet.now = now;
            self.outgoing.push_back(packet);
        }
    }
}

impl Protocol<TaggedPacket, TaggedPacket, ()> for Again {
    type Rout = TaggedPacket;
    type Wout = TaggedPacket;
    type Eout = ();
    type Error = Error;
    type Time = Instant;

    fn handle_read(&mut self, packet: TaggedPacket) -> Result<(), Error> {
        self.incoming.push_back(packet);
        Ok(())
    }

    fn poll_read(&mut self) -> Option<TaggedPacket> {
        self.incoming.pop_front()
    }

    fn handle_write(&mut self, packet: TaggedPacket) -> Result<(), Error> {
        match original(&packet).filter(|(ssrc, _)| self.names.contains(ssrc)) {
            None => self.outgoing.push_back(packet),
            Some(asked) if self.waiting.iter().any(|(_, other)| original(other) == Some(asked)) => {}
            Some(_) => {
                let now = packet.now;
                self.waiting.push_back((now, packet));
                self.release(now);
            }
        }
        Ok(())
    }

    fn poll_write(&mut self) -> Option<TaggedPacket> {
        self.outgoing.pop_front()
    }

    fn handle_timeout(&mut self, now: Instant) -> Result<(), Error> {
        self.release(now);
        Ok(())
    }

    fn poll_timeout(&mut self) -> Option<Instant> {
        self.due.filter(|_| !self.waiting.is_empty())
    }
}

impl Interceptor for Again {
    fn bind_local_stream(&mut self, info: &StreamInfo) {
        self.names.extend(info.ssrc_rtx);
    }

    fn unbind_local_stream(&mut self, info: &StreamInfo) {
        if let Some(ssrc) = info.ssrc_rtx {
            self.names.remove(&ssrc);
        }
    }

    fn bind_remote_stream(&mut self, _info: &StreamInfo) {}
    fn unbind_remote_stream(&mut self, _info: &StreamInfo) {}
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;

    use protocol::ClientId;
    use rtc::interceptor::AttributedPacket;
    use rtc::rtp::header::Header;
    use rtc::shared::TransportContext;

    use super::*;

    const RATE: u32 = 300_000;

    fn again() -> Again {
        let record = Record::new(ClientId::new("a"));
        record.target.store(RATE, Ordering::Relaxed);
        let mut again = Again::new(Arc::new(record));
        again.bind_local_stream(&StreamInfo { ssrc: 1, ssrc_rtx: Some(2), ..StreamInfo::default() });
        again
    }

    fn packet(ssrc: u32, number: u16, now: Instant) -> TaggedPacket {
        let header = Header { version: 2, ssrc, ..Header::default() };
        let payload = [&number.to_be_bytes()[..], &[0; 1198]].concat().into();
        let message = AttributedPacket::new(Packet::Rtp(rtc::rtp::Packet { header, payload }));
        TaggedPacket { now, transport: TransportContext::default(), message }
    }

    /// When which of them left, after `start`, until nothing waits.
    fn run(again: &mut Again, start: Instant) -> Vec<(Duration, u16)> {
        let mut left = Vec::new();
        loop {
            while let Some(packet) = again.poll_write() {
                let (_, number) = original(&packet).unwrap();
                left.push((packet.now - start, u16::from_be_bytes(number)));
            }
            let Some(due) = again.poll_timeout() else { return left };
            again.handle_timeout(due).unwrap();
        }
    }

    #[test]
    fn what_was_lost_at_once_is_not_sent_again_at_once() {
        let (mut again, start) = (again(), Instant::now());
        for number in 0..10 {
            again.handle_write(packet(2, number, start)).unwrap();
        }
        let left = run(&mut again, start);
        assert_eq!(left.iter().map(|(_, number)| *number).collect::<Vec<_>>(), (0..10).collect::<Vec<_>>());
        // The first burst, and then at three quarters of one and a half times the rate.
        let last = left.last().unwrap().0.as_secs_f64();
        let expected = 6.0 * 1200.0 * 8.0 / (f64::from(RATE) * SHARE * 1.5);
        assert!((last / expected - 1.0).abs() < 0.05, "{last} {expected}");
        assert!(left[3].0.is_zero() && !left[4].0.is_zero(), "{left:?}");
    }

    #[test]
    fn what_is_new_passes_what_waits() {
        let (mut again, start) = (again(), Instant::now());
        for number in 0..10 {
            again.handle_write(packet(2, number, start)).unwrap();
        }
        while again.poll_write().is_some() {}
        again.handle_write(packet(1, 77, start)).unwrap();
        assert_eq!(original(&again.poll_write().unwrap()), Some((1, [0, 77])));
    }

    #[test]
    fn what_waits_already_does_not_wait_twice_and_what_is_too_late_is_left_out() {
        let (mut again, start) = (again(), Instant::now());
        for number in (0..100).chain(50..100) {
            again.handle_write(packet(2, number, start)).unwrap();
        }
        let left = run(&mut again, start);
        assert!(left.windows(2).all(|pair| pair[0].1 < pair[1].1), "{left:?}");
        assert!(left.last().unwrap().0 <= WORTH, "{left:?}");
        // And it goes on.
        again.handle_write(packet(2, 200, start + WORTH)).unwrap();
        assert_eq!(run(&mut again, start).len(), 1);
    }
}
