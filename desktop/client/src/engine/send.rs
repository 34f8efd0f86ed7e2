//! Writes what waits in a peer's outlet as RTP: own SSRCs and sequence numbers, paced, sound first.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use bytes::Bytes;
use rtc::media_stream::MediaStreamTrack;
use rtc::rtp::header::Header;
use rtc::rtp_transceiver::rtp_sender::{
    RTCRtpCodecParameters, RTCRtpCodingParameters, RTCRtpEncodingParameters, RtpCodecKind,
};
use webrtc::error::Error;
use webrtc::media_stream::track_local::TrackLocal;
use webrtc::media_stream::track_local::static_rtp::TrackLocalStaticRTP;
use webrtc::rtp_transceiver::{RtpSender, RtpTransceiver};

use super::connection::Connection;
use super::{EngineError, media};
use crate::OutgoingAudio;
use crate::outlet::{Frame, Outlet};
use crate::record::{Counter, Record};

/// All tracks are of one stream, so that a browser plays them together; of two pictures it plays the first.
const STREAM: &str = "rtc-chat";
/// Pictures leave at a multiple of the estimate, so that a frame is out well before the next one: at the first one on ways
/// that carry so many bits per second, at the second one on ways that carry much. Narrow ways have short queues.
const PACE: (f64, f64) = (1.5, 2.5);
const PACE_RATES: (f64, f64) = (300_000.0, 1_000_000.0);
/// What may leave at once.
const BURST: Duration = Duration::from_millis(15);
const BURST_MIN: f64 = 3.0 * 1200.0;
/// An estimate is not there yet: as the congestion controller begins.
const DEFAULT_RATE: u32 = 1_500_000;

/// One track of ours on one connection.
struct OutTrack {
    track: Arc<TrackLocalStaticRTP>,
    transceiver: Arc<dyn RtpTransceiver>,
    sender: Arc<dyn RtpSender>,
    codec: RTCRtpCodecParameters,
    ssrc: u32,
    sequence: u16,
}

/// The streams' names on the wire, chosen before the connection is made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ssrcs {
    audio: u32,
    video: u32,
    pub(super) screen: u32,
}

impl Ssrcs {
    pub(super) fn random() -> Self {
        Self { audio: rand::random(), video: rand::random(), screen: rand::random() }
    }
}

/// The tracks that every connection has from the start.
pub(super) struct OutTracks {
    audio: OutTrack,
    pictures: [OutTrack; 2],
}

/// A frame on its way out.
struct Going {
    frame: Arc<Frame>,
    /// The payload that is next.
    next: usize,
}

impl OutTracks {
    /// Adds a sendrecv transceiver for each. Whoever knows of one picture only leaves the last one out, or only listens.
    pub(super) async fn add(connection: &Connection, ssrcs: Ssrcs) -> Result<Self, EngineError> {
        Ok(Self {
            audio: OutTrack::add(connection, RtpCodecKind::Audio, media::opus(), ssrcs.audio).await?,
            pictures: [
                OutTrack::add(connection, RtpCodecKind::Video, media::vp8(), ssrcs.video).await?,
                OutTrack::add(connection, RtpCodecKind::Video, media::vp8(), ssrcs.screen).await?,
            ],
        })
    }

    pub(super) fn screen(&self) -> Arc<dyn RtpTransceiver> {
        Arc::clone(&self.pictures[1].transceiver)
    }

    /// Sends until the connection is gone: sound at once, and the packets of two pictures in turn.
    pub(super) async fn run(mut self, outlet: Arc<Outlet>, record: Arc<Record>) -> Result<(), Error> {
        let mut audio_type = self.audio.payload_type().await?;
        let mut types = [None, None];
        let mut pace = Pace::new(Instant::now());
        let mut others = 0;
        let mut going: [Option<Going>; 2] = [None, None];
        let mut turn = 0;
        loop {
            while let Some(packet) = outlet.next_audio() {
                self.send_audio(audio_type, packet, &record.audio_sent).await?;
            }
            for (i, going) in going.iter_mut().enumerate().filter(|(_, going)| going.is_none()) {
                let Some(frame) = outlet.next_frame(i) else { continue };
                if frame.keyframe {
                    // What was negotiated may have been negotiated anew.
                    audio_type = self.audio.payload_type().await?;
                    types[i] = self.pictures[i].payload_type().await?;
                }
                *going = types[i].is_some().then_some(Going { frame, next: 0 });
            }
            turn = if going[1 - turn].is_some() { 1 - turn } else { turn };
            let (Some(Going { frame, next }), Some(payload_type)) = (&mut going[turn], types[turn]) else {
                outlet.filled().await;
                continue;
            };
            let payload = &frame.payloads[*next];
            *next += 1;
            let last = *next == frame.payloads.len();
            let speed = speed(&record);
            // Sound, and what went again in the meantime, have taken their places.
            let others_now = record.resent.bytes() + record.audio_sent.bytes();
            let since = (others_now - std::mem::replace(&mut others, others_now)) as usize;
            if let Some(wait) = pace.wait(payload.len() + since, speed, Instant::now()) {
                let deadline = tokio::time::Instant::now() + wait;
                while let Some(packet) = outlet.next_audio_until(deadline).await {
                    self.send_audio(audio_type, packet, &record.audio_sent).await?;
                }
            }
            record.video_sent.count(payload.len());
            self.pictures[turn].write(payload_type, frame.timestamp, last, payload.clone()).await?;
            if last {
                going[turn] = None;
                record.frames_sent.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    async fn send_audio(
        &mut self,
        payload_type: Option<u8>,
        packet: OutgoingAudio,
        sent: &Counter,
    ) -> Result<(), Error> {
        let Some(payload_type) = payload_type else { return Ok(()) };
        sent.count(packet.data.len());
        // A marker says that a talk spurt begins (RFC 3551, section 4.1); ours never end.
        self.audio.write(payload_type, packet.timestamp, false, packet.data).await
    }
}

impl OutTrack {
    async fn add(
        connection: &Connection,
        kind: RtpCodecKind,
        codec: RTCRtpCodecParameters,
        ssrc: u32,
    ) -> Result<Self, EngineError> {
        let refused = |error: Error| EngineError::Setup(error.to_string());
        let encoding = RTCRtpEncodingParameters {
            rtp_coding_parameters: RTCRtpCodingParameters { ssrc: Some(ssrc), ..Default::default() },
            codec: codec.rtp_codec.clone(),
            ..Default::default()
        };
        // Random, because the engine keeps the other side's tracks under their names too.
        let name = format!("{kind}-{:08x}", rand::random::<u32>());
        let track = MediaStreamTrack::new(STREAM.to_owned(), name.clone(), name, kind, vec![encoding]);
        let track = Arc::new(TrackLocalStaticRTP::new(track));
        let sender = connection.add_track(Arc::clone(&track) as Arc<dyn TrackLocal>).await.map_err(refused)?;
        for transceiver in connection.get_transceivers().await {
            let found = transceiver.sender().await.map_err(refused)?;
            if found.is_some_and(|found| found.id() == sender.id()) {
                return Ok(Self { track, transceiver, sender, codec, ssrc, sequence: rand::random() });
            }
        }
        Err(EngineError::Setup("a track without a transceiver".into()))
    }

    /// As negotiated; `None` where the other side does not want this kind.
    async fn payload_type(&self) -> Result<Option<u8>, Error> {
        if !self.transceiver.current_direction().await?.has_send() {
            return Ok(None);
        }
        let parameters = self.sender.get_parameters().await?;
        let mut codecs = parameters.rtp_parameters.codecs.iter();
        let ours = codecs.find(|codec| codec.rtp_codec.mime_type.eq_ignore_ascii_case(&self.codec.rtp_codec.mime_type));
        Ok(ours.map(|codec| codec.payload_type))
    }

    async fn write(&mut self, payload_type: u8, timestamp: u32, marker: bool, payload: Bytes) -> Result<(), Error> {
        let sequence_number = self.sequence;
        self.sequence = self.sequence.wrapping_add(1);
        let header = Header {
            version: 2,
            marker,
            payload_type,
            sequence_number,
            timestamp,
            ssrc: self.ssrc,
            ..Header::default()
        };
        self.track.write_rtp(rtc::rtp::Packet { header, payload }).await
    }
}

/// A bucket of bytes that fills at the pace and may be overdrawn by a packet.
pub(super) struct Pace {
    bytes: f64,
    filled: Instant,
}

impl Pace {
    pub(super) fn new(now: Instant) -> Self {
        Self { bytes: BURST_MIN, filled: now }
    }

    /// Takes `bytes`; how long to wait before they may go, at `speed` bits per second.
    pub(super) fn wait(&mut self, bytes: usize, speed: f64, now: Instant) -> Option<Duration> {
        let rate = speed / 8.0;
        let burst = (rate * BURST.as_secs_f64()).max(BURST_MIN);
        self.bytes = (self.bytes + now.duration_since(self.filled).as_secs_f64() * rate).min(burst);
        self.filled = now;
        self.bytes -= bytes as f64;
        (self.bytes < 0.0).then(|| Duration::from_secs_f64(-self.bytes / rate))
    }
}

/// At how many bits per second packets leave, one after the other.
pub(super) fn speed(record: &Record) -> f64 {
    paced(record.target().unwrap_or(DEFAULT_RATE).into(), record.outflow().map(f64::from))
}

/// For pictures of `bitrate`, not faster than `most`, if there is such a bound.
pub(super) fn paced(bitrate: f64, most: Option<f64>) -> f64 {
    let (narrow, wide) = PACE_RATES;
    let part = ((bitrate - narrow) / (wide - narrow)).clamp(0.0, 1.0);
    let usual = bitrate * (PACE.0 + (PACE.1 - PACE.0) * part);
    most.map_or(usual, |most| usual.min(most.max(bitrate)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_keyframe_leaves_at_the_pace_and_not_at_once() {
        for (bitrate, factor) in [(100e3, 1.5), (300e3, 1.5), (650e3, 2.0), (1e6, 2.5), (5e6, 2.5)] {
            let start = Instant::now();
            let mut pace = Pace::new(start);
            let mut now = start;
            for _ in 0..100 {
                if let Some(wait) = pace.wait(1200, paced(bitrate, None), now) {
                    now += wait;
                }
            }
            // 120 kB less the first burst.
            let expected = (120_000.0 - BURST_MIN) * 8.0 / (bitrate * factor);
            let took = now.duration_since(start).as_secs_f64();
            assert!((took / expected - 1.0).abs() < 0.05, "{bitrate}: {took} {expected}");
        }
    }

    #[test]
    fn packets_leave_as_fast_as_they_may_and_never_slower_than_the_pictures_come() {
        assert_eq!(paced(2_700e3, Some(2_900e3)), 2_900e3);
        assert_eq!(paced(2_700e3, Some(20e6)), paced(2_700e3, None));
        assert_eq!(paced(2_700e3, Some(1e6)), 2_700e3);
    }

    #[test]
    fn what_fits_the_burst_does_not_wait() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        assert!((0..3).all(|_| pace.wait(1200, 150e3, start).is_none()));
        assert!(pace.wait(1200, 150e3, start).is_some());
    }
}
