//! Which packets the other side's transport-wide feedback has spoken of.
//!
//! The engine takes a packet for lost that no feedback speaks of. But feedback gets lost as well, and then a tenth of a
//! second of packets, all of which may have arrived.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use rtc::rtcp::transport_feedbacks::transport_layer_cc::TransportLayerCc;

/// Ranges that are remembered: a loss at the end of one is reported with the next.
const RANGES: usize = 32;

/// First numbers and counts.
#[derive(Debug, Clone, Default)]
pub(super) struct Spoken(Arc<Mutex<VecDeque<(u16, u16)>>>);

impl Spoken {
    pub(super) fn hear(&self, feedback: &TransportLayerCc) {
        let mut ranges = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if ranges.len() == RANGES {
            ranges.pop_front();
        }
        ranges.push_back((feedback.base_sequence_number, feedback.packet_status_count));
    }

    pub(super) fn of(&self, number: u16) -> bool {
        let ranges = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        ranges.iter().any(|(first, count)| number.wrapping_sub(*first) < *count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_feedback_speaks_of_is_unknown_across_the_wrap_too() {
        let spoken = Spoken::default();
        for first in [65_530, 20] {
            let (base_sequence_number, packet_status_count) = (first, 10);
            spoken.hear(&TransportLayerCc { base_sequence_number, packet_status_count, ..TransportLayerCc::default() });
        }
        let known: Vec<u16> = (65_520..=65_535).chain(0..40).filter(|number| spoken.of(*number)).collect();
        assert_eq!(known, (65_530..=65_535).chain(0..4).chain(20..30).collect::<Vec<u16>>());
    }
}
