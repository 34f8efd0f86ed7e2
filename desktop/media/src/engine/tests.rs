//! The whole engine against itself: what it sends is what it receives.

use std::time::{Duration, Instant};

use bytes::{BufMut, Bytes, BytesMut};
use crossbeam_channel::TryRecvError;
use tempfile::TempDir;

use super::*;
use crate::event::EncodedVideo;

const PATIENCE: Duration = Duration::from_secs(30);
const ECHO: PeerTag = PeerTag(1);

/// Puts what an engine sends into packets, as the network's side does.
#[derive(Default)]
struct Packetiser {
    video: u16,
    audio: u16,
}

impl Packetiser {
    fn echo(&mut self, engine: &Engine, event: MediaEvent) {
        match event {
            MediaEvent::Video(video) => {
                self.video(&video).into_iter().for_each(|p| engine.receive(ECHO, Kind::Video, p))
            }
            MediaEvent::Audio(audio) => {
                self.audio = self.audio.wrapping_add(1);
                let packet = packet(self.audio, audio.timestamp, true, audio.data);
                engine.receive(ECHO, Kind::Audio, packet);
            }
            MediaEvent::KeyframeNeeded(peer) => engine.want_keyframe(peer, VideoSource::Camera),
            MediaEvent::Notice(notice) => panic!("{notice}"),
            MediaEvent::Speaking { .. }
            | MediaEvent::Level(_)
            | MediaEvent::Unheard
            | MediaEvent::Picture(_)
            | MediaEvent::SourceLost(_)
            | MediaEvent::SourceAway(_)
            | MediaEvent::SourceBack(_) => {}
        }
    }

    fn video(&mut self, video: &EncodedVideo) -> Vec<Packet> {
        let last = video.data.len().div_ceil(1_100) - 1;
        let one = |(index, part): (usize, &[u8])| {
            let mut payload = BytesMut::new();
            payload.put_u8(if index == 0 { 0x10 } else { 0 });
            payload.extend_from_slice(part);
            self.video = self.video.wrapping_add(1);
            packet(self.video, video.timestamp, index == last, payload.freeze())
        };
        video.data.chunks(1_100).enumerate().map(one).collect()
    }
}

fn packet(sequence: u16, timestamp: u32, marker: bool, payload: Bytes) -> Packet {
    Packet { sequence, timestamp, marker, payload, arrived: Instant::now() }
}

fn config(record: Option<PathBuf>) -> EngineConfig {
    let (camera, microphone) = (CameraChoice::Pattern, MicrophoneChoice::Tone(1_000.0));
    EngineConfig { camera, microphone, width: 320, height: 180, fps: 60, record, ..EngineConfig::default() }
}

#[test]
fn what_one_sends_is_seen_and_heard_and_recorded() {
    let folder = TempDir::new().unwrap();
    let (engine, events) = Engine::start(config(Some(folder.path().join("new"))));
    engine.open_peer(ECHO);
    engine.set_need(ECHO, VideoSource::Camera, Some(Need { bitrate: 1_000_000, height: None }));
    engine.set_camera(true);
    engine.set_microphone(true);
    let mut packetiser = Packetiser::default();
    let deadline = Instant::now() + PATIENCE;
    let enough = |stats: &PeerStats| stats.video.marks_seen >= 30 && stats.audio.tone_hz.is_some();
    while !enough(&engine.peer_stats(ECHO)) {
        packetiser.echo(&engine, events.recv_deadline(deadline).expect("it is seen and heard in time"));
    }
    let stats = engine.peer_stats(ECHO);
    assert!(stats.video.dropped == 0 && stats.video.latency_p50_ms.is_some_and(|delay| delay < 500), "{stats:?}");
    assert!(stats.audio.tone_hz.is_some_and(|pitch| (pitch - 1_000.0).abs() < 20.0), "{stats:?}");
    assert_eq!(engine.picture(ECHO).map(|picture| picture.frame.width()), Some(320));
    assert_eq!(engine.self_view(VideoSource::Camera).map(|picture| picture.frame.height()), Some(180));
    assert!(engine.out_stats().frames_encoded >= 30 && engine.out_stats().audio_packets > 0);
    drop(engine);
    assert!(std::fs::metadata(folder.path().join("new/1.y4m")).unwrap().len() > 30 * 320 * 180);
    assert!(std::fs::metadata(folder.path().join("new/mix.wav")).unwrap().len() > 44);
}

#[test]
fn dropping_the_engine_ends_every_thread() {
    let (engine, events) = Engine::start(config(None));
    engine.open_peer(ECHO);
    engine.set_need(ECHO, VideoSource::Camera, Some(Need { bitrate: 1_000_000, height: None }));
    engine.open_peer(PeerTag(2));
    engine.set_camera(true);
    engine.set_microphone(true);
    while !matches!(events.recv_timeout(PATIENCE).unwrap(), MediaEvent::Video(_)) {}
    drop(engine);
    // Every thread can send events; the channel is closed when the last one is gone.
    let last = std::iter::repeat_with(|| events.try_recv()).find_map(Result::err);
    assert_eq!(last, Some(TryRecvError::Disconnected));
}

#[test]
fn an_engine_can_be_used_from_any_thread() {
    fn is_shared<T: Send + Sync>() {}
    is_shared::<Engine>();
}
