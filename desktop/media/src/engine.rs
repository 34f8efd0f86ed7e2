//! The facade: one engine per participant, commands in, [`MediaEvent`]s out.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crossbeam_channel::Receiver;

use crate::audio::{In, Out, Processor, Reference, Wish};
use crate::choice::{CameraChoice, MicrophoneChoice, Processing, ScreenChoice, SpeakerChoice};
use crate::decode::Isolation;
use crate::event::{Events, MediaEvent};
use crate::frame::Picture;
use crate::lips::{Lips, SenderClock};
use crate::packet::{Kind, Packet, PeerTag};
use crate::slot::lock;
use crate::stats::{OutStats, PeerStats, VideoSource};
use crate::video_in::VideoIn;
use crate::video_out::{Need, Settings, VideoOut};

/// What can be captured and encoded in real time; anything else is brought to the nearest bound.
const SIDE_MIN: u32 = 16;
const WIDTH_MAX: u32 = 1920;
const HEIGHT_MAX: u32 = 1080;
const FPS_MAX: u32 = 60;

#[derive(Debug, Clone, PartialEq)]
pub struct EngineConfig {
    pub camera: CameraChoice,
    pub microphone: MicrophoneChoice,
    pub speaker: SpeakerChoice,
    /// What of the screen is shared, until [`Engine::choose_screen`].
    pub screen: ScreenChoice,
    /// Whether other programs' sound goes along with it, until [`Engine::choose_screen_sound`].
    pub screen_sound: bool,
    /// Of the camera's picture, even and at most 1920×1080. A larger clip is scaled down to it, a smaller one keeps its
    /// own size; a screen has its own, up to 1920×1080.
    pub width: u32,
    pub height: u32,
    pub fps: u32,
    /// The most that one quality of the picture may take, bits per second.
    pub bitrate_max: u32,
    /// What is done to the sound of a microphone, until [`Engine::set_processing`].
    pub processing: Processing,
    /// A folder for what was received: `<tag>.y4m` and `<tag>.times` per peer, `mix.wav`.
    pub record: Option<PathBuf>,
    /// Between two pictures that are recorded: zero for all of them.
    pub record_every: Duration,
    /// Where the others' pictures are decoded.
    pub isolation: Isolation,
}

impl Default for EngineConfig {
    fn default() -> Self {
        Self {
            camera: CameraChoice::default(),
            microphone: MicrophoneChoice::default(),
            speaker: SpeakerChoice::default(),
            screen: ScreenChoice::default(),
            screen_sound: false,
            width: 640,
            height: 360,
            fps: 30,
            bitrate_max: 4_000_000,
            processing: Processing::default(),
            record: None,
            record_every: Duration::ZERO,
            isolation: Isolation::default(),
        }
    }
}

/// A running engine. Dropping it ends every thread and releases every device.
#[derive(Debug)]
pub struct Engine {
    events: Events,
    /// `None` if its thread could not be started, which was told as a notice.
    camera: Option<VideoOut>,
    screen: Option<VideoOut>,
    screen_sound: Mutex<ScreenSound>,
    video_in: VideoIn,
    bitrate_max: u32,
    processing: Wish,
    microphone: Out,
    speaker: In,
    /// What sound and pictures of each peer know of each other.
    lips: Mutex<BTreeMap<PeerTag, Lips>>,
}

/// Whether the sound of other programs is wished for, and whether there is a screen that it would go along with.
#[derive(Debug)]
struct ScreenSound {
    wished: bool,
    shown: bool,
}

impl Engine {
    /// Starts with camera, screen and microphone off. Never fails: what is missing is told as a notice.
    pub fn start(config: EngineConfig) -> (Self, Receiver<MediaEvent>) {
        let (events, receiver) = Events::channel();
        let EngineConfig {
            camera,
            microphone,
            speaker,
            screen,
            screen_sound,
            width,
            height,
            fps,
            bitrate_max,
            processing,
            record,
            record_every,
            isolation,
        } = config;
        if let Some(Err(error)) = record.as_ref().map(std::fs::create_dir_all) {
            events.notice(format!("Nothing can be recorded: {error}."));
        }
        let (width, height) = (width.clamp(SIDE_MIN, WIDTH_MAX) & !1, height.clamp(SIDE_MIN, HEIGHT_MAX) & !1);
        let settings = Settings { camera, width, height, fps: fps.clamp(1, FPS_MAX), display: None };
        // Who takes one picture only gets now this one and now that one in one stream.
        let beginning = Instant::now();
        let start = |source, settings| {
            VideoOut::start(source, settings, beginning, events.clone())
                .map_err(|error| events.notice(format!("No picture can be sent: {error}.")))
                .ok()
        };
        let choice = screen;
        let camera = start(VideoSource::Camera, settings.clone());
        let screen = start(VideoSource::Screen, settings);
        screen.iter().for_each(|screen| screen.choose_screen(choice.clone()));
        let (processing, reference) = (Wish::new(processing), Arc::new(Reference::new(Instant::now())));
        let processor = Processor::new(processing.clone(), Arc::clone(&reference));
        let microphone = Out::start(microphone, Arc::default(), processor, events.clone());
        let mix = record.as_ref().map(|folder| folder.join("mix.wav"));
        let speaker = In::start(speaker, mix, reference, events.clone());
        let video_in = VideoIn::new(record.map(|folder| (folder, record_every)), isolation, events.clone());
        let (lips, screen_sound) = (Mutex::default(), Mutex::new(ScreenSound { wished: screen_sound, shown: false }));
        (
            Self { events, camera, screen, screen_sound, video_in, bitrate_max, processing, microphone, speaker, lips },
            receiver,
        )
    }

    pub fn set_camera(&self, on: bool) {
        self.out(VideoSource::Camera).for_each(|video| video.set_on(on));
    }

    /// Beside the camera, or without it.
    pub fn set_screen(&self, on: bool) {
        self.out(VideoSource::Screen).for_each(|video| video.set_on(on));
        self.set_screen_sound(|sound| sound.shown = on);
    }

    /// Whether what other programs of this machine play goes along with the screen, now or when it is switched on: in our
    /// sound, also while the microphone is off. What we play of the others never does.
    pub fn choose_screen_sound(&self, wished: bool) {
        self.set_screen_sound(|sound| sound.wished = wished);
    }

    /// Whether it goes along at the moment.
    pub fn shares_sound(&self) -> bool {
        let sound = lock(&self.screen_sound);
        sound.wished && sound.shown
    }

    fn set_screen_sound(&self, change: impl FnOnce(&mut ScreenSound)) {
        let mut sound = lock(&self.screen_sound);
        change(&mut sound);
        self.microphone.set_sharing(sound.wished && sound.shown);
    }

    /// What of the screen is shared, now or when it is switched on.
    pub fn choose_screen(&self, choice: ScreenChoice) {
        self.out(VideoSource::Screen).for_each(|video| video.choose_screen(choice.clone()));
    }

    /// Of the screen, moving pictures are shown 30 times a second; otherwise every letter is sharp, 15 times at most.
    pub fn set_motion(&self, motion: bool) {
        self.out(VideoSource::Screen).for_each(|video| video.set_motion(motion));
    }

    /// A microphone of this machine is open only while it is on, or listened to.
    pub fn set_microphone(&self, on: bool) {
        self.microphone.set_on(on);
    }

    /// Whether a microphone of this machine stays open while it is off, so that whoever speaks can be told
    /// ([`MediaEvent::Unheard`]). Nothing of it leaves the engine.
    pub fn set_listening(&self, listening: bool) {
        self.microphone.set_listening(listening);
    }

    /// What is done to the microphone's sound from now on. The sound of a tone or a file stays as it is.
    pub fn set_processing(&self, processing: Processing) {
        self.processing.set(processing);
    }

    /// A peer cannot go on without a keyframe. Calls within 300 ms end in one keyframe for all who get the same quality.
    pub fn want_keyframe(&self, peer: PeerTag, source: VideoSource) {
        self.out(source).for_each(|video| video.want_keyframe(peer));
    }

    /// From now on a peer gets pictures, as good as it needs and can take; `None`: no more.
    pub fn set_need(&self, peer: PeerTag, source: VideoSource, need: Option<Need>) {
        let need = need.map(|need| Need { bitrate: need.bitrate.min(self.bitrate_max), ..need });
        self.out(source).for_each(|video| video.set_need(peer, need));
    }

    /// What the sound encoder aims at from now on, bits per second; 16 to 48 kbit/s.
    pub fn set_sound_bitrate(&self, bps: u32) {
        self.microphone.set_bitrate(bps);
    }

    /// How much of our sound is lost on its way, in per cent: so much redundancy is sent along.
    pub fn set_sound_loss(&self, percent: u8) {
        self.microphone.set_loss(percent);
    }

    /// A peer that is open already stays as it is.
    pub fn open_peer(&self, peer: PeerTag) {
        let lips = {
            let mut lips = lock(&self.lips);
            Arc::clone(lips.entry(peer).or_default())
        };
        self.speaker.open_peer(peer, Arc::clone(&lips));
        self.video_in.open_peer(peer, lips);
    }

    /// A second picture of a peer, without sound, under a tag of its own.
    pub fn open_picture(&self, peer: PeerTag) {
        self.video_in.open_peer(peer, Arc::default());
    }

    /// A report of the sender came: which timestamp of this kind is which moment of its own clock.
    pub fn set_clock(&self, peer: PeerTag, kind: Kind, clock: SenderClock) {
        if let Some(lips) = lock(&self.lips).get(&peer) {
            lock(lips).handle_clock(kind, clock);
        }
    }

    pub fn close_peer(&self, peer: PeerTag) {
        self.set_need(peer, VideoSource::Camera, None);
        self.set_need(peer, VideoSource::Screen, None);
        lock(&self.lips).remove(&peer);
        self.speaker.close_peer(peer);
        self.video_in.close_peer(peer);
    }

    /// Never blocks. Packets of an unknown peer are dropped.
    pub fn receive(&self, peer: PeerTag, kind: Kind, packet: Packet) {
        match kind {
            Kind::Audio => self.speaker.receive(peer, packet),
            Kind::Video => self.video_in.receive(peer, packet),
        }
    }

    /// The newest picture of a peer; `None` before the first one, and when nothing came for three seconds. Cheap.
    pub fn picture(&self, peer: PeerTag) -> Option<Picture> {
        self.video_in.picture(peer)
    }

    /// What is being sent at the moment; `None` while it is off. Cheap.
    pub fn self_view(&self, source: VideoSource) -> Option<Picture> {
        self.out(source).next()?.view()
    }

    /// The number of the process where the others' pictures are decoded, while there is one.
    pub fn decoding_process(&self) -> Option<u32> {
        self.video_in.process()
    }

    /// 1.0 is as sent, 0.0 is silence.
    pub fn set_volume(&self, peer: PeerTag, volume: f32) {
        self.speaker.set_volume(peer, volume);
    }

    pub fn peer_stats(&self, peer: PeerTag) -> PeerStats {
        PeerStats { video: self.video_in.stats(peer), audio: self.speaker.stats(peer) }
    }

    pub fn out_stats(&self) -> OutStats {
        OutStats {
            audio_packets: self.microphone.packets(),
            audio_level: self.microphone.level(),
            events_dropped: self.events.dropped(),
            ..self.out(VideoSource::Camera).chain(self.out(VideoSource::Screen)).map(VideoOut::stats).sum()
        }
    }

    fn out(&self, source: VideoSource) -> impl Iterator<Item = &VideoOut> {
        match source {
            VideoSource::Camera => self.camera.iter(),
            VideoSource::Screen => self.screen.iter(),
        }
    }
}

#[cfg(test)]
mod tests;
