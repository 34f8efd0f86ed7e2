//! How much may be sent to a peer: Google Congestion Control, with the corners that a call needs.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use rtc::interceptor::{BandwidthEstimator, EstimatorStats, Gcc, PacketReport};

use crate::record::Record;

/// In bit/s. The controller climbs by 8 % a second and never probes, so it has to start where a call begins.
const INITIAL: f64 = 1_500_000.0;
const MIN: f64 = 100_000.0;
const MAX: f64 = 8_000_000.0;
/// What is offered is measured over this long.
const WINDOW: Duration = Duration::from_secs(1);
/// Who offers less than this part of the estimate learns nothing of the path's capacity.
const LIMITED: f64 = 0.5;
/// A loss above this is news all the same.
const LOSS: f64 = 0.1;
/// How far the estimate may be above what is offered.
const HEADROOM: f64 = 3.0;

pub(super) struct Estimate {
    gcc: Gcc,
    record: Arc<Record>,
    offered: VecDeque<(Instant, usize)>,
    /// The controller climbs for ever while nobody uses what it allows; the estimate does not.
    ceiling: f64,
}

impl Estimate {
    pub(super) fn new(record: Arc<Record>) -> Self {
        let estimate = Self { gcc: Gcc::new(INITIAL, MIN, MAX), record, offered: VecDeque::new(), ceiling: INITIAL };
        estimate.publish();
        estimate
    }

    fn publish(&self) {
        self.record.target.store(self.target_bitrate() as u32, Ordering::Relaxed);
    }

    /// Bits that left in the last second, lost ones too.
    fn offered(&mut self, reports: &[PacketReport]) -> f64 {
        self.offered.extend(reports.iter().map(|report| (report.departure, report.size)));
        let Some(newest) = self.offered.iter().map(|(departure, _)| *departure).max() else { return 0.0 };
        while self.offered.front().is_some_and(|(departure, _)| newest.saturating_duration_since(*departure) > WINDOW) {
            self.offered.pop_front();
        }
        self.offered.iter().map(|(_, bytes)| *bytes as f64 * 8.0).sum()
    }
}

impl BandwidthEstimator for Estimate {
    fn on_reports(&mut self, now: Instant, reports: &[PacketReport]) {
        if reports.is_empty() {
            return;
        }
        let before = self.gcc.target_bitrate();
        let offered = self.offered(reports);
        self.gcc.on_reports(now, reports);
        let after = self.gcc.target_bitrate();
        let lost = reports.iter().filter(|report| !report.arrived).count() as f64 / reports.len() as f64;
        // A jitter of this machine while little more than sound is sent would cost half a minute of bad pictures
        // afterwards, because the controller falls to what arrives and climbs slowly.
        if after < before && offered < before.min(self.ceiling) * LIMITED && lost < LOSS {
            self.gcc = Gcc::new(before, MIN, MAX);
        }
        self.ceiling = (offered * HEADROOM).max(INITIAL);
        self.publish();
    }

    fn target_bitrate(&self) -> f64 {
        self.gcc.target_bitrate().min(self.ceiling)
    }

    fn handle_timeout(&mut self, now: Instant) {
        self.gcc.handle_timeout(now);
        self.publish();
    }

    fn poll_timeout(&self) -> Option<Instant> {
        self.gcc.poll_timeout()
    }

    fn stats(&self) -> EstimatorStats {
        self.gcc.stats()
    }
}

#[cfg(test)]
mod tests {
    use protocol::ClientId;

    use super::*;

    /// Sends frames of `bitrate` for `seconds` over a path that carries `capacity` (both in bit/s) and loses nothing.
    fn drive(estimate: &mut Estimate, seconds: u64, bitrate: f64, capacity: f64) -> f64 {
        const FRAME_EVERY: Duration = Duration::from_millis(33);
        const FEEDBACK_EVERY: Duration = Duration::from_millis(100);
        let start = Instant::now();
        let frame = bitrate / 8.0 * FRAME_EVERY.as_secs_f64();
        let packets = (frame / 1200.0).ceil();
        let size = (frame / packets) as usize;
        let service = Duration::from_secs_f64(size as f64 * 8.0 / capacity);
        let (mut sent, mut free, mut feedback) = (Duration::ZERO, Duration::ZERO, FEEDBACK_EVERY);
        let (mut way, mut id) = (VecDeque::new(), 0u16);
        while sent < Duration::from_secs(seconds) {
            for _ in 0..packets as usize {
                free = free.max(sent) + service;
                way.push_back(PacketReport {
                    ssrc: 1,
                    id: id.into(),
                    rtp_sequence_number: id,
                    is_twcc: true,
                    twcc_sequence_number: id,
                    size,
                    arrived: true,
                    departure: start + sent,
                    arrival: Some(free),
                    ecn: rtc::rtcp::transport_feedbacks::cc_feedback_report::Ecn::default(),
                });
                id = id.wrapping_add(1);
            }
            sent += FRAME_EVERY;
            while feedback < sent {
                let arrived = way.iter().take_while(|report| report.arrival < Some(feedback)).count();
                estimate.on_reports(start + feedback, &way.drain(..arrived).collect::<Vec<_>>());
                feedback += FEEDBACK_EVERY;
            }
        }
        estimate.target_bitrate()
    }

    fn estimate() -> Estimate {
        Estimate::new(Arc::new(Record::new(ClientId::new("a"))))
    }

    #[test]
    fn a_path_that_carries_less_than_is_offered_lowers_the_estimate() {
        let mut estimate = estimate();
        let target = drive(&mut estimate, 10, 1_400_000.0, 600_000.0);
        assert!(target < 800_000.0, "{target}");
    }

    #[test]
    fn while_only_sound_is_sent_the_estimate_stays() {
        let mut estimate = estimate();
        let target = drive(&mut estimate, 20, 40_000.0, 39_000.0);
        assert!((INITIAL..=INITIAL * 1.01).contains(&target), "{target}");
    }

    #[test]
    fn the_estimate_climbs_only_with_what_is_offered() {
        let mut estimate = estimate();
        let target = drive(&mut estimate, 60, 800_000.0, 50_000_000.0);
        assert!((INITIAL..=800_000.0 * HEADROOM * 1.05).contains(&target), "{target}");
    }

    #[test]
    fn what_the_estimate_says_is_on_record() {
        let estimate = estimate();
        assert_eq!(estimate.record.target(), Some(INITIAL as u32));
    }
}
