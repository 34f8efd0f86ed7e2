//! The media engine with cameras that are as good and as bad as real ones.
//!
//! Each test runs itself again in a process into which the library is preloaded.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bots::Cameras;
use bots::cameras::{Encoding, Mode};
use crossbeam_channel::Receiver;
use media::{CameraChoice, Engine, EngineConfig, I420, MediaEvent, VideoSource, pattern};

const PATIENCE: Duration = Duration::from_secs(30);
const SIZE: (u32, u32) = (640, 360);

/// Mean difference of a plane that coding and another grid of colours make.
const DIFFERENCE_MAX: f64 = 2.5;

struct Stage {
    cameras: Cameras,
    folder: PathBuf,
}

/// Runs `act` in a process that sees the cameras.
fn on_stage(test: &str, act: impl FnOnce(&Stage)) {
    let act = |cameras, folder: &Path| act(&Stage { cameras, folder: folder.to_owned() });
    Cameras::on_stage(test, act).expect("a stage");
}

impl Stage {
    fn mode(&self, encoding: Encoding) -> Mode {
        Mode::pattern(&self.folder, encoding, SIZE, 0).expect("a stage")
    }

    fn plug(&self, modes: &[Mode]) {
        self.cameras.plug(0, "Lab Camera", modes).expect("a stage");
    }
}

struct Participant {
    engine: Engine,
    events: Receiver<MediaEvent>,
    /// The number of the last picture that was looked at.
    seen: Cell<u64>,
}

impl Participant {
    fn with_camera(name: Option<&str>) -> Self {
        let camera = CameraChoice::Device(name.map(str::to_owned));
        let (width, height) = SIZE;
        let (engine, events) =
            Engine::start(EngineConfig { camera, width, height, fps: 30, ..EngineConfig::default() });
        engine.set_camera(true);
        Self { engine, events, seen: Cell::new(0) }
    }

    fn next<T>(&self, what: &str, mut find: impl FnMut(&MediaEvent) -> Option<T>) -> T {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let event = self.events.recv_deadline(deadline).unwrap_or_else(|_| panic!("waited for {what} in vain"));
            if let Some(found) = find(&event) {
                return found;
            }
        }
    }

    fn notice(&self) -> String {
        self.next("a notice", |event| match event {
            MediaEvent::Notice(notice) => Some(notice.to_string()),
            _ => None,
        })
    }

    /// The next picture of oneself; a notice is a failure.
    fn picture(&self) -> Arc<I420> {
        self.next("a picture", |event| match event {
            MediaEvent::Picture(None) => self
                .engine
                .self_view(VideoSource::Camera)
                .filter(|picture| self.seen.replace(picture.number) != picture.number)
                .map(|picture| picture.frame),
            MediaEvent::Notice(notice) => panic!("{notice}"),
            _ => None,
        })
    }

    /// Waits until a camera is open, whether or not it sends.
    fn opens(&self) {
        let deadline = Instant::now() + PATIENCE;
        while !has_camera() {
            assert!(Instant::now() < deadline, "no camera is opened");
            let _ = self.events.recv_timeout(Duration::from_millis(20));
        }
    }

    fn numbers(&self, count: usize) -> Vec<u32> {
        (0..count).map(|_| pattern::read(&self.picture()).expect("a mark").number).collect()
    }
}

/// Whether this process has a camera of the stage.
fn has_camera() -> bool {
    let links = std::fs::read_dir("/proc/self/fd")
        .expect("a stage")
        .filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok());
    links.into_iter().any(|link| link.to_string_lossy().contains("memfd:camera"))
}

/// The mean difference of the planes between a picture and the pattern that it shows.
fn differences(picture: &I420) -> [f64; 3] {
    let mark = pattern::read(picture).expect("a mark");
    let expected = pattern::picture(picture.width(), picture.height(), mark, picture.captured());
    let mean =
        |a: &[u8], b: &[u8]| a.iter().zip(b).map(|(a, b)| f64::from(a.abs_diff(*b))).sum::<f64>() / a.len() as f64;
    [mean(picture.y(), expected.y()), mean(picture.u(), expected.u()), mean(picture.v(), expected.v())]
}

/// From one to the next by at most a few, over the end of the hundred pictures too.
fn are_rising(numbers: &[u32]) -> bool {
    numbers.windows(2).all(|pair| (1..50).contains(&((pair[1] + 100 - pair[0]) % 100)))
}

fn damage(pictures: &Path, mut change: impl FnMut(usize, &Path)) {
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(pictures).expect("a stage").map(|entry| entry.expect("a stage").path()).collect();
    files.sort();
    files.iter().enumerate().for_each(|(place, path)| change(place, path));
}

fn cut(path: &Path) {
    let whole = std::fs::read(path).expect("a stage");
    std::fs::write(path, &whole[..whole.len() * 2 / 3]).expect("a stage");
}

#[test]
fn pictures_of_every_format_come_in_their_colours() {
    on_stage("pictures_of_every_format_come_in_their_colours", |stage| {
        let modes = [
            (Encoding::Yuyv, 0),
            (Encoding::Yuyv, 2 * SIZE.0 + 64),
            (Encoding::Nv12, 0),
            (Encoding::Nv12, SIZE.0 + 32),
            (Encoding::Mjpeg, 0),
            (Encoding::MjpegWithoutTables, 0),
        ];
        for (encoding, stride) in modes {
            stage.plug(&[Mode::pattern(&stage.folder, encoding, SIZE, stride).unwrap()]);
            let participant = Participant::with_camera(None);
            let numbers = participant.numbers(10);
            assert!(are_rising(&numbers), "{encoding:?}: {numbers:?}");
            let picture = participant.picture();
            assert_eq!((picture.width(), picture.height()), SIZE);
            let found = differences(&picture);
            assert!(found.iter().all(|mean| *mean < DIFFERENCE_MAX), "{encoding:?} with {stride}: {found:?}");
            stage.cameras.unplug(0).unwrap();
        }
    });
}

#[test]
fn the_mode_that_is_nearest_to_the_wish_is_set() {
    on_stage("the_mode_that_is_nearest_to_the_wish_is_set", |stage| {
        let offered = [
            Mode::offered(Encoding::Yuyv, (1920, 1080), (5, 1)),
            Mode::offered(Encoding::Yuyv, SIZE, (15, 1)),
            Mode::offered(Encoding::H264, SIZE, (30, 1)),
            stage.mode(Encoding::Mjpeg),
        ];
        stage.plug(&offered);
        // Another program left it where neither format nor rate is of any use to us.
        stage.cameras.leave_at(0, &Mode { rate: (30_000, 1001), ..offered[2].clone() }).unwrap();
        assert!(are_rising(&Participant::with_camera(None).numbers(3)));
        assert_eq!(stage.cameras.standing(0).unwrap(), "MJPG 640x360 30/1");
        stage.cameras.unplug(0).unwrap();

        let television = Mode { rate: (30_000, 1001), ..stage.mode(Encoding::Nv12) };
        stage.plug(&[offered[1].clone(), television]);
        assert!(are_rising(&Participant::with_camera(None).numbers(3)));
        assert_eq!(stage.cameras.standing(0).unwrap(), "NV12 640x360 30000/1001");
        stage.cameras.unplug(0).unwrap();

        stage.plug(&offered[2..3]);
        let participant = Participant::with_camera(None);
        assert_eq!(participant.notice(), "The camera offers its pictures only as H264, which cannot be read here.");
    });
}

#[test]
fn a_camera_that_sends_less_than_agreed_is_shown_all_the_same() {
    on_stage("a_camera_that_sends_less_than_agreed_is_shown_all_the_same", |stage| {
        stage.plug(&[stage.mode(Encoding::Yuyv)]);
        stage.cameras.set_rate(0, 4.0).unwrap();
        let start = Instant::now();
        // None is lost but the first.
        assert_eq!(Participant::with_camera(None).numbers(5), [1, 2, 3, 4, 5]);
        assert!(start.elapsed() > Duration::from_secs(1));
    });
}

#[test]
fn damaged_pictures_are_skipped() {
    on_stage("damaged_pictures_are_skipped", |stage| {
        let jpeg = stage.mode(Encoding::Mjpeg);
        damage(&jpeg.pictures, |place, path| match place % 5 {
            1 => cut(path),
            3 => std::fs::write(path, [0; 40]).unwrap(),
            _ => {}
        });
        stage.plug(&[jpeg]);
        let numbers = Participant::with_camera(None).numbers(30);
        assert!(are_rising(&numbers) && numbers.iter().all(|number| [0, 2, 4].contains(&(number % 5))), "{numbers:?}");
        stage.cameras.unplug(0).unwrap();

        let marked = stage.mode(Encoding::Yuyv);
        damage(&marked.pictures, |place, path| match place % 5 {
            1 => std::fs::rename(path, path.with_extension("error")).unwrap(),
            3 => cut(path),
            _ => {}
        });
        stage.plug(&[marked]);
        let numbers = Participant::with_camera(None).numbers(30);
        assert!(are_rising(&numbers) && numbers.iter().all(|number| [0, 2, 4].contains(&(number % 5))), "{numbers:?}");
    });
}

#[test]
fn a_camera_whose_pictures_are_all_damaged_is_off_and_says_so() {
    on_stage("a_camera_whose_pictures_are_all_damaged_is_off_and_says_so", |stage| {
        let jpeg = stage.mode(Encoding::Mjpeg);
        damage(&jpeg.pictures, |_, path| cut(path));
        stage.plug(&[jpeg]);
        let participant = Participant::with_camera(None);
        participant.next("its end", |event| matches!(event, MediaEvent::SourceLost(_)).then_some(()));
        let notice = participant.notice();
        assert_eq!(notice, "The camera sends pictures that cannot be read: the JPEG is damaged.");
        assert!(stage.cameras.take(0).is_ok(), "it is let go");
    });
}

#[test]
fn a_camera_in_use_elsewhere_says_so_and_can_be_had_when_it_is_free() {
    on_stage("a_camera_in_use_elsewhere_says_so_and_can_be_had_when_it_is_free", |stage| {
        stage.plug(&[stage.mode(Encoding::Yuyv)]);
        let other = stage.cameras.take(0).unwrap();
        let participant = Participant::with_camera(None);
        participant.next("its end", |event| matches!(event, MediaEvent::SourceLost(_)).then_some(()));
        let busy = "The camera is used by another program. Close that program and switch the camera on again.";
        assert_eq!(participant.notice(), busy);
        drop(other);
        participant.engine.set_camera(true);
        assert!(are_rising(&participant.numbers(5)));
        drop(participant);

        stage.cameras.set(0, "crowded", true).unwrap();
        assert!(Participant::with_camera(None).notice().contains("no room on its USB port"));
        stage.cameras.set(0, "forbidden", true).unwrap();
        assert!(Participant::with_camera(None).notice().contains("group `video`"));
    });
}

#[test]
fn a_camera_that_stops_sending_is_given_up_and_holds_nothing_up() {
    on_stage("a_camera_that_stops_sending_is_given_up_and_holds_nothing_up", |stage| {
        stage.plug(&[stage.mode(Encoding::Yuyv)]);
        let participant = Participant::with_camera(None);
        participant.numbers(3);
        stage.cameras.set(0, "stalled", true).unwrap();
        let stalled = "The camera sends no pictures any more. Unplug it, plug it in again and switch it on.";
        assert_eq!(participant.notice(), stalled);
        drop(stage.cameras.take(0).expect("it is let go"));

        // Switched on again it sends nothing either, and is off at once when it is switched off.
        participant.engine.set_camera(true);
        participant.opens();
        let start = Instant::now();
        drop(participant);
        assert!(start.elapsed() < Duration::from_secs(1), "a camera that sends nothing holds up the end");

        // A pause goes by.
        let participant = Participant::with_camera(None);
        participant.opens();
        stage.cameras.set(0, "stalled", false).unwrap();
        assert!(are_rising(&participant.numbers(5)));
    });
}

#[test]
fn a_camera_that_is_missing_or_unplugged_is_back_by_itself() {
    on_stage("a_camera_that_is_missing_or_unplugged_is_back_by_itself", |stage| {
        let mode = [stage.mode(Encoding::Yuyv)];
        let participant = Participant::with_camera(None);
        let away = |event: &MediaEvent| matches!(event, MediaEvent::SourceAway(VideoSource::Camera)).then_some(());
        let back = |event: &MediaEvent| matches!(event, MediaEvent::SourceBack(VideoSource::Camera)).then_some(());
        participant.next("being away", away);
        assert_eq!(participant.notice(), "There is no camera. It is switched on as soon as one is plugged in.");
        stage.plug(&mode);
        participant.next("being back", back);
        participant.numbers(3);

        stage.cameras.unplug(0).unwrap();
        participant.next("being away", away);
        assert_eq!(participant.notice(), "The camera is gone. It is switched on again as soon as it is plugged in.");
        assert!(participant.engine.self_view(VideoSource::Camera).is_none());
        // Another one is not the one that was chosen; and it may come back in another place.
        stage.cameras.plug(1, "Other Camera", &mode).unwrap();
        stage.cameras.plug(2, "Lab Camera", &mode).unwrap();
        participant.next("being back", back);
        participant.numbers(3);
        assert!(stage.cameras.take(1).is_ok() && stage.cameras.take(2).is_err());
        drop(participant);

        let participant = Participant::with_camera(Some("nobody's"));
        let unknown = "There is no camera called nobody's; there is Other Camera, Lab Camera. It is switched on as soon as it \
                       is plugged in.";
        assert_eq!(participant.notice(), unknown);
        stage.cameras.plug(0, "Nobody's Camera", &mode).unwrap();
        participant.next("being back", back);
        assert!(stage.cameras.take(0).is_err());
    });
}
