//! The congestion controller as the engine knows one: reports of packets in, a target out.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use rtc::interceptor::{BandwidthEstimator, EstimatorStats, PacketReport};

use super::congestion::{Controller, Fate, INITIAL};
use super::spoken::Spoken;
use crate::record::Record;

/// What is offered is measured over this long.
const WINDOW: Duration = Duration::from_secs(1);
/// How far the estimate may be above what is offered.
const HEADROOM: f64 = 3.0;

/// Seconds over which it is measured what is sent again, and the part of the target that is new at least.
const RESENT_WINDOW: f64 = 0.5;
const NEW_LEAST: f64 = 0.5;

pub(super) struct Estimate {
    controller: Controller,
    record: Arc<Record>,
    spoken: Spoken,
    /// Since when times are counted.
    start: Option<Instant>,
    offered: VecDeque<(Instant, usize)>,
    resent: ResentRate,
    /// What was found once need not be true after a while in which little was sent.
    ceiling: f64,
}

/// What is sent again, bits per second.
#[derive(Default)]
struct ResentRate {
    rate: f64,
    before: Option<(Instant, u64)>,
}

impl ResentRate {
    fn measure(&mut self, bytes: u64, now: Instant) {
        let (then, known) = self.before.replace((now, bytes)).unwrap_or((now, bytes));
        let passed = now.saturating_duration_since(then).as_secs_f64();
        if passed > 0.0 {
            let rate = bytes.saturating_sub(known) as f64 * 8.0 / passed;
            self.rate += (rate - self.rate) * (1.0 - (-passed / RESENT_WINDOW).exp());
        }
    }
}

impl Estimate {
    pub(super) fn new(record: Arc<Record>, spoken: Spoken) -> Self {
        let controller = Controller::new();
        let estimate = Self {
            controller,
            record,
            spoken,
            start: None,
            offered: VecDeque::new(),
            resent: ResentRate::default(),
            ceiling: INITIAL,
        };
        estimate.publish();
        estimate
    }

    /// What is sent again is sent first.
    fn publish(&self) {
        let target = self.target_bitrate();
        let left = (target - self.resent.rate).max(target * NEW_LEAST);
        self.record.target.store(left as u32, Ordering::Relaxed);
        self.record.outflow.store(self.controller.outflow().unwrap_or_default() as u32, Ordering::Relaxed);
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
        let Some(first) = reports.iter().map(|report| report.departure).min() else { return };
        let start = *self.start.get_or_insert(first);
        let fate = |report: &PacketReport| Fate {
            left: report.departure.saturating_duration_since(start).as_secs_f64(),
            arrived: report.arrival.filter(|_| report.arrived).map(|arrival| arrival.as_secs_f64()),
            bytes: report.size,
        };
        // Of those that no feedback spoke of nobody knows.
        let is_known = |report: &&PacketReport| report.arrived || self.spoken.of(report.twcc_sequence_number);
        let fates: Vec<Fate> = reports.iter().filter(is_known).map(fate).collect();
        self.controller.handle_feedback(now.saturating_duration_since(start), &fates);
        self.resent.measure(self.record.resent.bytes(), now);
        self.ceiling = (self.offered(reports) * HEADROOM).max(INITIAL);
        self.publish();
    }

    fn target_bitrate(&self) -> f64 {
        self.controller.target().min(self.ceiling)
    }

    fn handle_timeout(&mut self, _now: Instant) {}

    fn poll_timeout(&self) -> Option<Instant> {
        None
    }

    fn stats(&self) -> EstimatorStats {
        let mut stats = EstimatorStats::default();
        stats.delay_based_bitrate = Some(self.controller.target());
        stats.packet_loss = Some(self.controller.lost());
        stats
    }
}

#[cfg(test)]
mod tests {
    use protocol::ClientId;
    use rtc::rtcp::transport_feedbacks::transport_layer_cc::TransportLayerCc;

    use super::*;

    fn estimate() -> Estimate {
        Estimate::new(Arc::new(Record::new(ClientId::new("a"))), Spoken::default())
    }

    /// Packets of 1200 bytes at `bitrate` for `seconds` over a path without a bound.
    fn drive(estimate: &mut Estimate, seconds: u32, bitrate: f64) -> f64 {
        let start = Instant::now();
        let interval = Duration::from_secs_f64(1200.0 * 8.0 / bitrate);
        let mut reports = Vec::new();
        let mut sent = Duration::ZERO;
        let mut id = 0u16;
        while sent < Duration::from_secs(seconds.into()) {
            reports.push(PacketReport {
                ssrc: 1,
                id: id.into(),
                rtp_sequence_number: id,
                is_twcc: true,
                twcc_sequence_number: id,
                size: 1200,
                arrived: true,
                departure: start + sent,
                arrival: Some(sent + Duration::from_millis(20)),
                ecn: rtc::rtcp::transport_feedbacks::cc_feedback_report::Ecn::default(),
            });
            id = id.wrapping_add(1);
            sent += interval;
            if reports.len() == 10 {
                estimate.on_reports(start + sent, &reports);
                reports.clear();
            }
        }
        estimate.target_bitrate()
    }

    #[test]
    fn the_estimate_climbs_only_with_what_is_offered() {
        let target = drive(&mut estimate(), 60, 1_200_000.0);
        assert!((INITIAL..=1_200_000.0 * HEADROOM * 1.05).contains(&target), "{target}");
        assert!(target > INITIAL * 1.2, "{target}");
    }

    #[test]
    fn lost_feedback_is_no_loss() {
        let estimate = &mut estimate();
        let start = Instant::now();
        let report = |number: u16, arrived: bool| PacketReport {
            ssrc: 1,
            id: number.into(),
            rtp_sequence_number: number,
            is_twcc: true,
            twcc_sequence_number: number,
            size: 1200,
            arrived,
            departure: start + Duration::from_millis(number.into()),
            arrival: arrived.then(|| Duration::from_millis(number.into())),
            ecn: rtc::rtcp::transport_feedbacks::cc_feedback_report::Ecn::default(),
        };
        // Every other feedback gets lost; of the others each speaks of ten packets, one of which is missing.
        for first in (0..400).step_by(20) {
            let (base_sequence_number, packet_status_count) = (first + 10, 10);
            let feedback =
                TransportLayerCc { base_sequence_number, packet_status_count, ..TransportLayerCc::default() };
            estimate.spoken.hear(&feedback);
            let reports: Vec<_> = (first..first + 20).map(|number| report(number, number >= first + 11)).collect();
            estimate.on_reports(start + Duration::from_millis(u64::from(first) + 20), &reports);
        }
        assert_eq!(estimate.controller.lost(), 0.1);
    }

    #[test]
    fn what_the_estimate_says_is_on_record() {
        let estimate = estimate();
        assert_eq!(estimate.record.target(), Some(INITIAL as u32));
    }
}
