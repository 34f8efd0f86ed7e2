//! The figures of one connection, counted where things happen and read from anywhere.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use protocol::ClientId;

use crate::outlet::Outlet;
use crate::{Kind, PeerReport, SenderClock, Traffic};

/// Packets and payload bytes in one direction.
#[derive(Debug, Default)]
pub(crate) struct Counter {
    packets: AtomicU64,
    bytes: AtomicU64,
}

impl Losses {
    pub(crate) fn add(&mut self, other: Self) {
        self.lost += other.lost;
        self.nacks += other.nacks;
        self.plis += other.plis;
    }
}

impl Counter {
    pub(crate) fn count(&self, bytes: usize) {
        self.packets.fetch_add(1, Ordering::Relaxed);
        self.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    fn traffic(&self, losses: Losses) -> Traffic {
        Traffic {
            packets: self.packets.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
            lost: losses.lost,
            nacks: losses.nacks,
            plis: losses.plis,
        }
    }
}

/// What a receiver says by RTCP of one kind.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Losses {
    pub(crate) lost: i64,
    pub(crate) nacks: u64,
    pub(crate) plis: u64,
}

/// Of a way to somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RoundTrip {
    pub(crate) newest: Duration,
    /// That was ever seen.
    pub(crate) shortest: Duration,
}

/// What is asked of the engine now and then.
#[derive(Debug, Clone, Default)]
pub(crate) struct Measured {
    pub(crate) candidate: Option<String>,
    pub(crate) rtt: Option<Duration>,
    pub(crate) audio_received: Losses,
    pub(crate) video_received: Losses,
}

/// One connection's figures.
#[derive(Debug)]
pub(crate) struct Record {
    client: ClientId,
    pub(crate) audio_sent: Counter,
    pub(crate) video_sent: Counter,
    /// What was sent again, not among these.
    pub(crate) resent: Counter,
    pub(crate) audio_received: Counter,
    pub(crate) video_received: Counter,
    pub(crate) frames_sent: AtomicU64,
    /// In bit/s.
    pub(crate) target: AtomicU32,
    /// See [`Record::outflow`]; 0 where there is no bound.
    pub(crate) outflow: AtomicU32,
    /// The part of our sound that is lost, in 256ths, as the other side says.
    sound_loss: AtomicU8,
    /// What the other side says of what we send: sound, pictures.
    heard: Mutex<(Losses, Losses)>,
    /// The newest report of the other side's sound and pictures that nobody has taken.
    clocks: Mutex<BTreeMap<u32, SenderClock>>,
    connected: AtomicBool,
    connect_time: Mutex<Option<Duration>>,
    measured: Mutex<Measured>,
    round_trip: Mutex<Option<RoundTrip>>,
}

impl Record {
    pub(crate) fn new(client: ClientId) -> Self {
        Self {
            client,
            audio_sent: Counter::default(),
            video_sent: Counter::default(),
            resent: Counter::default(),
            audio_received: Counter::default(),
            video_received: Counter::default(),
            frames_sent: AtomicU64::new(0),
            target: AtomicU32::new(0),
            outflow: AtomicU32::new(0),
            sound_loss: AtomicU8::new(0),
            heard: Mutex::default(),
            clocks: Mutex::default(),
            connected: AtomicBool::new(false),
            connect_time: Mutex::default(),
            measured: Mutex::default(),
            round_trip: Mutex::default(),
        }
    }

    pub(crate) fn received(&self, kind: Kind) -> &Counter {
        match kind {
            Kind::Audio => &self.audio_received,
            Kind::Video | Kind::Screen => &self.video_received,
        }
    }

    pub(crate) fn set_clock(&self, ssrc: u32, clock: SenderClock) {
        self.clocks.lock().unwrap_or_else(PoisonError::into_inner).insert(ssrc, clock);
    }

    pub(crate) fn take_clock(&self, ssrc: u32) -> Option<SenderClock> {
        self.clocks.lock().unwrap_or_else(PoisonError::into_inner).remove(&ssrc)
    }

    /// As it was when the engine was asked last.
    pub(crate) fn round_trip(&self) -> Option<RoundTrip> {
        *self.round_trip.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `after`: since the connection was wished for. Only the first time counts.
    pub(crate) fn set_connected(&self, after: Duration) {
        self.connected.store(true, Ordering::Relaxed);
        self.connect_time.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(after);
    }

    pub(crate) fn set_disconnected(&self) {
        self.connected.store(false, Ordering::Relaxed);
    }

    pub(crate) fn is_connected(&self) -> bool {
        self.connected.load(Ordering::Relaxed)
    }

    pub(crate) fn set_measured(&self, measured: Measured) {
        if let Some(newest) = measured.rtt {
            let mut round_trip = self.round_trip.lock().unwrap_or_else(PoisonError::into_inner);
            let shortest = round_trip.map_or(newest, |before| before.shortest.min(newest));
            *round_trip = Some(RoundTrip { newest, shortest });
        }
        *self.measured.lock().unwrap_or_else(PoisonError::into_inner) = measured;
    }

    /// Notes what the other side says of what we send.
    pub(crate) fn hear(&self, kind: Kind, note: impl FnOnce(&mut Losses)) {
        let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        match kind {
            Kind::Audio => note(&mut heard.0),
            Kind::Video | Kind::Screen => note(&mut heard.1),
        }
    }

    /// Of the time since the last report (RFC 3550, section 6.4.1), in 256ths. Rises at once and falls slowly: what was
    /// lost may be lost again.
    pub(crate) fn hear_sound_loss(&self, fraction: u8) {
        let before = self.sound_loss.load(Ordering::Relaxed);
        let falling = u8::midpoint(before, fraction);
        self.sound_loss.store(fraction.max(falling), Ordering::Relaxed);
    }

    /// In per cent.
    pub(crate) fn sound_loss(&self) -> u8 {
        (u32::from(self.sound_loss.load(Ordering::Relaxed)) * 100).div_ceil(256) as u8
    }

    /// The estimate of the congestion controller in bit/s, once there is one.
    pub(crate) fn target(&self) -> Option<u32> {
        Some(self.target.load(Ordering::Relaxed)).filter(|&target| target > 0)
    }

    /// At how many bit/s packets may leave one after the other, where it is certain what the path carries.
    pub(crate) fn outflow(&self) -> Option<u32> {
        Some(self.outflow.load(Ordering::Relaxed)).filter(|&outflow| outflow > 0)
    }

    pub(crate) fn report(&self, outlet: &Outlet) -> PeerReport {
        let milliseconds = |duration: Duration| duration.as_secs_f64() * 1000.0;
        let measured = self.measured.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let (audio_sent, video_sent) = *self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        PeerReport {
            client: self.client.clone(),
            connected: self.is_connected(),
            connect_ms: self.connect_time.lock().unwrap_or_else(PoisonError::into_inner).map(milliseconds),
            candidate: measured.candidate,
            rtt_ms: measured.rtt.map(milliseconds),
            audio_sent: self.audio_sent.traffic(audio_sent),
            video_sent: self.video_sent.traffic(video_sent),
            audio_received: self.audio_received.traffic(measured.audio_received),
            video_received: self.video_received.traffic(measured.video_received),
            frames_sent: self.frames_sent.load(Ordering::Relaxed),
            frames_dropped: outlet.frames_dropped(),
            target_bitrate: self.target(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loss_is_believed_at_once_and_forgotten_over_a_few_reports() {
        let record = Record::new(ClientId::new("a"));
        assert_eq!(record.sound_loss(), 0);
        record.hear_sound_loss(51);
        assert_eq!(record.sound_loss(), 20);
        record.hear_sound_loss(0);
        assert!((8..=11).contains(&record.sound_loss()), "{}", record.sound_loss());
        (0..6).for_each(|_| record.hear_sound_loss(0));
        assert_eq!(record.sound_loss(), 0);
        record.hear_sound_loss(255);
        assert_eq!(record.sound_loss(), 100);
    }

    #[test]
    fn the_shortest_round_trip_is_remembered_and_the_newest_as_long_as_there_is_no_other() {
        let record = Record::new(ClientId::new("a"));
        assert_eq!(record.round_trip(), None);
        for millis in [Some(200), Some(30), Some(90), None] {
            record.set_measured(Measured { rtt: millis.map(Duration::from_millis), ..Measured::default() });
        }
        let (newest, shortest) = (Duration::from_millis(90), Duration::from_millis(30));
        assert_eq!(record.round_trip(), Some(RoundTrip { newest, shortest }));
    }
}
