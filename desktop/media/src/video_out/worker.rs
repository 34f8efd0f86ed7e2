//! The thread of a way out: opens its source when it is wanted, shows and encodes what comes from it.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, never, select};

use super::encodings::{Addressed, Encodings};
use super::ladder::{Ladder, Original};
use super::load::Load;
use super::{Settings, Shared};
use crate::camera::{self, Wish};
use crate::choice::CameraChoice;
use crate::clip::Marks;
use crate::event::{EncodedVideo, Events, MediaEvent};
use crate::frame::I420;
use crate::pattern::{self, Mark};
use crate::slot::lock;
use crate::source::{FromSource, Source};
use crate::stats::VideoSource;
use crate::vp8::Vp8Error;
use crate::{clip, screen};

/// What plays clips that are not plain Y4M.
const CONVERTER: &str = "ffmpeg";

enum Heard {
    /// Something is wanted.
    Wish,
    Picture,
    /// The source's thread is gone, without a word.
    Gone,
}

pub(super) struct Worker {
    kind: VideoSource,
    settings: Settings,
    shared: Arc<Shared>,
    events: Events,
    source: Option<Source>,
    /// It is there, and waits for a device.
    is_away: bool,
    /// How it is shared, if it is a screen.
    motion: bool,
    ladder: Ladder,
    load: Load,
    encodings: Encodings,
    encoder_failed: bool,
    /// Where the timestamps begin.
    start: Instant,
    /// Events that were lost when the encoder last knew.
    events_dropped: u64,
}

impl Worker {
    pub(super) fn new(
        kind: VideoSource,
        settings: Settings,
        shared: Arc<Shared>,
        start: Instant,
        events: Events,
    ) -> Self {
        Self {
            kind,
            settings,
            shared,
            events,
            source: None,
            is_away: false,
            motion: false,
            ladder: Ladder::default(),
            load: Load::default(),
            encodings: Encodings::default(),
            encoder_failed: false,
            start,
            events_dropped: 0,
        }
    }

    pub(super) fn run(mut self, bell: &Receiver<()>) {
        while self.apply() {
            match self.listen(bell) {
                Heard::Wish => {}
                Heard::Picture => self.handle_picture(),
                Heard::Gone => self.handle_failure("It stopped unexpectedly. Switch it on again."),
            }
        }
    }

    fn listen(&self, bell: &Receiver<()>) -> Heard {
        let nothing = never();
        let pictures = self.source.as_ref().map_or(&nothing, |source| source.pictures().bell());
        select! {
            recv(bell) -> _ => Heard::Wish,
            recv(pictures) -> rung => if rung.is_ok() { Heard::Picture } else { Heard::Gone },
        }
    }

    /// Brings what is to what is wanted. Says whether to go on.
    fn apply(&mut self) -> bool {
        let (wanted, keyframes, renew, chosen) = {
            let mut desired = lock(&self.shared.desired);
            self.ladder.set_needs(&desired.needs);
            let renew = std::mem::take(&mut desired.renew) || !desired.keyframes.is_empty();
            let chosen = std::mem::take(&mut desired.chosen);
            if desired.stop {
                return false;
            }
            (desired.on, std::mem::take(&mut desired.keyframes), renew, chosen)
        };
        if chosen {
            self.source = None;
        }
        keyframes.into_iter().for_each(|peer| self.encodings.want_keyframe(peer));
        if wanted != self.source.is_some() {
            self.switch(wanted);
        }
        if let Some(source) = &self.source
            && renew
        {
            source.renew();
        }
        true
    }

    fn switch(&mut self, wanted: bool) {
        // The old device is released before the new one is opened: it may be the same.
        self.source = None;
        self.is_away = false;
        // Another picture begins: with a keyframe, and with a rate of its own.
        self.encodings.restart();
        self.encoder_failed = false;
        // First what it counts as: whoever sees that the picture is gone finds the camera off.
        self.shared.set_source(self.kind, wanted);
        self.show_nothing();
        if !wanted {
            return;
        }
        match self.open() {
            Ok(source) => self.source = Some(source),
            Err(error) => self.give_up(&format!("No thread can be started for it: {error}.")),
        }
    }

    /// Frames a second.
    fn fps(&self) -> u32 {
        match self.kind {
            VideoSource::Camera => self.settings.fps,
            VideoSource::Screen if self.motion => screen::MOTION_FPS,
            VideoSource::Screen => screen::FPS,
        }
    }

    fn open(&mut self) -> io::Result<Source> {
        self.motion = lock(&self.shared.desired).motion;
        let Settings { camera, width, height, fps, display, .. } = self.settings.clone();
        let size = (width, height);
        match (self.kind, camera) {
            (VideoSource::Screen, _) => {
                let choice = lock(&self.shared.desired).screen_choice.clone();
                let share = screen::Share { choice, fps: self.fps(), display };
                let events = self.events.clone();
                Source::start("screen", move |outlet| screen::run(outlet, &share, &|words| events.notice(words)))
            }
            (VideoSource::Camera, CameraChoice::Pattern) => {
                let number = Arc::clone(&self.shared.number);
                Source::start("camera", move |outlet| {
                    pattern::camera::run(outlet, size, fps, &number);
                    Ok::<(), String>(())
                })
            }
            (VideoSource::Camera, CameraChoice::File(path)) => {
                Source::start("camera", move |outlet| clip::run(outlet, &path, size, Marks::None, CONVERTER))
            }
            (VideoSource::Camera, CameraChoice::MarkedFile(path)) => {
                Source::start("camera", move |outlet| clip::run(outlet, &path, size, Marks::Drawn, CONVERTER))
            }
            (VideoSource::Camera, CameraChoice::Device(name)) => {
                let wish = Wish { width, height, fps };
                Source::start("camera", move |outlet| camera::run(outlet, name.as_deref(), wish))
            }
            (VideoSource::Camera, CameraChoice::Off) => {
                Source::start("camera", |_| Err("No camera was chosen for this run.".to_owned()))
            }
        }
    }

    fn handle_picture(&mut self) {
        let Some(source) = &self.source else { return };
        match source.pictures().take() {
            None => {}
            Some(FromSource::Failed(sentence)) => self.handle_failure(&sentence),
            Some(FromSource::Ended) => self.handle_end(),
            Some(FromSource::Away(sentence)) => self.handle_absence(&sentence),
            Some(FromSource::Picture(frame)) => {
                if std::mem::take(&mut self.is_away) {
                    self.handle_return();
                }
                self.shared.show(Arc::clone(&frame));
                self.events.send(MediaEvent::Picture(None));
                if let Err(error) = self.encode(&frame) {
                    self.handle_encoder_error(&error);
                }
            }
        }
    }

    fn handle_failure(&mut self, sentence: &str) {
        if self.source.take().is_some() {
            self.give_up(sentence);
        }
    }

    /// It goes on waiting.
    fn handle_absence(&mut self, sentence: &str) {
        self.is_away = true;
        self.encodings.restart();
        self.shared.set_source(self.kind, false);
        self.show_nothing();
        self.events.send(MediaEvent::SourceAway(self.kind));
        self.events.notice(sentence);
    }

    fn handle_return(&mut self) {
        self.shared.set_source(self.kind, true);
        self.events.send(MediaEvent::SourceBack(self.kind));
    }

    fn show_nothing(&self) {
        *lock(&self.shared.view) = None;
        self.events.send(MediaEvent::Picture(None));
    }

    /// The person has ended it, and knows.
    fn handle_end(&mut self) {
        if self.source.take().is_some() {
            self.turn_off();
        }
    }

    /// The source cannot be had: it is off now, until it is wanted again.
    fn give_up(&mut self, sentence: &str) {
        self.turn_off();
        self.events.notice(sentence);
    }

    fn turn_off(&mut self) {
        lock(&self.shared.desired).on = false;
        self.source = None;
        self.shared.set_source(self.kind, false);
        self.show_nothing();
        self.events.send(MediaEvent::SourceLost(self.kind));
    }

    fn handle_encoder_error(&mut self, error: &Vp8Error) {
        self.encodings.restart();
        if !std::mem::replace(&mut self.encoder_failed, true) {
            self.events.notice(format!("The picture cannot be encoded, so nobody sees it: {error}."));
        }
    }

    fn encode(&mut self, frame: &I420) -> Result<(), Vp8Error> {
        let (fps, screen) = (self.fps(), self.kind == VideoSource::Screen && !self.motion);
        // A frame that nobody took is missing from everyone's chain.
        let dropped = self.events.dropped();
        if std::mem::replace(&mut self.events_dropped, dropped) != dropped {
            self.encodings.want_keyframes();
        }
        let now = Instant::now();
        let original = Original { width: frame.width(), height: frame.height(), fps, screen };
        let plan = self.ladder.plan(original, self.load.saving(), now);
        let best = plan.iter().flatten().next().map(|rung| (rung.shape, rung.bitrate));
        let ticks = ticks(frame.captured().saturating_duration_since(self.start).as_nanos());
        let encoded = self.encodings.encode(frame, ticks, (fps, screen), plan, now)?;
        let took = now.elapsed();
        self.load.note(took, Duration::from_secs(1) / fps.max(1), now);
        self.count(frame, &encoded, took);
        if let Some((shape, bitrate)) = best {
            let mut stats = lock(&self.shared.stats);
            (stats.width, stats.height, stats.bitrate) = (shape.width, shape.height, bitrate);
        }
        for Addressed { encoded, peers } in encoded.into_iter().flatten() {
            let (data, keyframe) = (encoded.data, encoded.keyframe);
            let (timestamp, source) = (ticks as u32, self.kind);
            self.events.send(MediaEvent::Video(EncodedVideo { data, timestamp, keyframe, source, peers }));
        }
        Ok(())
    }

    fn count(&self, frame: &I420, encoded: &[Option<Addressed>], took: Duration) {
        let is_marked = matches!(self.settings.camera, CameraChoice::Pattern | CameraChoice::MarkedFile(_));
        let is_marked = is_marked && self.kind == VideoSource::Camera;
        let mark: Option<Mark> = is_marked.then(|| pattern::read(frame)).flatten();
        let mut stats = lock(&self.shared.stats);
        stats.frames_captured += 1;
        stats.encoding += took;
        stats.last_mark = mark.or(stats.last_mark);
        stats.encodings = self.encodings.count();
        stats.frames_encoded += u64::from(encoded.iter().any(Option::is_some));
        for Addressed { encoded, .. } in encoded.iter().flatten() {
            stats.keyframes += u64::from(encoded.keyframe);
            stats.video_bytes += encoded.data.len() as u64;
        }
    }
}

/// Nanoseconds on RTP's clock for video, 90 kHz.
fn ticks(nanos: u128) -> i64 {
    (nanos * 9 / 100_000) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_of_video_has_90_000_ticks_a_second() {
        assert_eq!((ticks(1_000_000_000), ticks(33_333_333), ticks(0)), (90_000, 2_999, 0));
        assert_eq!(ticks(86_400_000_000_000) as u32, (86_400_u64 * 90_000) as u32);
    }
}
