//! The facade: one engine per participant, commands in, [`MediaEvent`]s out.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crossbeam_channel::Receiver;

use crate::audio::{In, Out};
use crate::choice::{CameraChoice, MicrophoneChoice, SpeakerChoice};
use crate::event::{Events, MediaEvent};
use crate::frame::Picture;
use crate::packet::{Kind, Packet, PeerTag};
use crate::stats::{OutStats, PeerStats};

#[derive(Debug, Clone, PartialEq)]
pub struct EngineConfig {
    pub camera: CameraChoice,
    pub microphone: MicrophoneChoice,
    pub speaker: SpeakerChoice,
    /// Of the camera's picture; a screen or a clip keeps its own size (up to 1920×1080).
    pub width: u32,
    pub height: u32,
    pub fps: u32,
    /// Bits per second, until [`Engine::set_bitrate`].
    pub bitrate: u32,
    /// A folder for what was received: `<tag>.y4m` per peer, `mix.wav`.
    pub record: Option<PathBuf>,
}

impl Default for EngineConfig {
    fn default() -> Self {
        Self {
            camera: CameraChoice::default(),
            microphone: MicrophoneChoice::default(),
            speaker: SpeakerChoice::default(),
            width: 640,
            height: 360,
            fps: 30,
            bitrate: 1_000_000,
            record: None,
        }
    }
}

/// A running engine. Dropping it ends every thread and releases every device.
#[derive(Debug)]
pub struct Engine {
    events: Events,
    microphone_on: Arc<AtomicBool>,
    microphone: Out,
    speaker: In,
}

impl Engine {
    /// Starts with camera, screen and microphone off. Never fails: what is missing is told as a notice.
    pub fn start(config: EngineConfig) -> (Self, Receiver<MediaEvent>) {
        let (events, receiver) = Events::channel();
        let microphone_on = Arc::new(AtomicBool::new(false));
        let microphone = Out::start(config.microphone, Arc::clone(&microphone_on), events.clone());
        let mix = config.record.map(|folder| folder.join("mix.wav"));
        let speaker = In::start(config.speaker, mix, events.clone());
        (Self { events, microphone_on, microphone, speaker }, receiver)
    }

    pub fn set_camera(&self, _on: bool) {}

    /// While it is on, the screen is sent instead of the camera.
    pub fn set_screen(&self, _on: bool) {}

    pub fn set_microphone(&self, on: bool) {
        self.microphone_on.store(on, Ordering::Relaxed);
    }

    /// Someone cannot go on without a keyframe. Calls within 300 ms end in one keyframe.
    pub fn want_keyframe(&self) {}

    /// What the video encoder aims at from now on, bits per second.
    pub fn set_bitrate(&self, _bps: u32) {}

    pub fn open_peer(&self, peer: PeerTag) {
        self.speaker.open_peer(peer);
    }

    pub fn close_peer(&self, peer: PeerTag) {
        self.speaker.close_peer(peer);
    }

    /// Never blocks. Packets of an unknown peer are dropped.
    pub fn receive(&self, peer: PeerTag, kind: Kind, packet: Packet) {
        match kind {
            Kind::Audio => self.speaker.receive(peer, packet),
            Kind::Video => {}
        }
    }

    /// The newest picture of a peer; `None` before the first one and after the peer stopped sending. Cheap.
    pub fn picture(&self, _peer: PeerTag) -> Option<Picture> {
        None
    }

    /// What is being sent at the moment; `None` while camera and screen are off. Cheap.
    pub fn self_view(&self) -> Option<Picture> {
        None
    }

    /// 1.0 is as sent, 0.0 is silence.
    pub fn set_volume(&self, peer: PeerTag, volume: f32) {
        self.speaker.set_volume(peer, volume);
    }

    pub fn peer_stats(&self, peer: PeerTag) -> PeerStats {
        PeerStats { audio: self.speaker.stats(peer), ..PeerStats::default() }
    }

    pub fn out_stats(&self) -> OutStats {
        OutStats {
            audio_packets: self.microphone.packets(),
            audio_level: self.microphone.level(),
            events_dropped: self.events.dropped(),
            ..OutStats::default()
        }
    }
}
