//! Cameras and microphones are let go when the stay is over, whoever ended it and whether or not anybody looks.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use client::ClientEvent;
use crossbeam_channel::Receiver;
use media::{CameraChoice, Engine, EngineConfig, MicrophoneChoice, SpeakerChoice};
use protocol::{Action, ErrorId, ErrorNotice, MediaState, Username};
use session::{Event as Session, Status};
use tokio::runtime::Runtime;
use tokio::sync::mpsc;
use url::Url;

use super::capture::{Capture, Captured};
use super::inbox::{Inbox, Told};
use super::peers::Peers;
use super::room::Switchboard;
use super::{Participant, ParticipantConfig};
use crate::memory::Memory;

const FILMED: MediaState = MediaState { microphone: true, camera: true, screen: false, hand: false };

/// What stands between a client and whoever looks, without either.
struct Bench {
    switchboard: Arc<Switchboard>,
    inbox: Receiver<Told>,
    /// What the devices were told, the last at the end.
    captured: Arc<Mutex<Vec<Captured>>>,
    engine: Arc<Engine>,
}

/// Opens no device.
fn idle() -> EngineConfig {
    EngineConfig {
        camera: CameraChoice::Off,
        microphone: MicrophoneChoice::Off,
        speaker: SpeakerChoice::Null,
        ..EngineConfig::default()
    }
}

impl Bench {
    fn new() -> Self {
        let captured = Arc::new(Mutex::new(Vec::new()));
        let told = Arc::clone(&captured);
        let peers = Arc::new(Mutex::new(Peers::new(Instant::now())));
        let capture = Capture::new(FILMED, move |inside| told.lock().unwrap().push(inside.unwrap_or_default()));
        let (sender, inbox) = Inbox::channel(Arc::new(|| {}));
        let (engine, _) = Engine::start(idle());
        let switchboard = Arc::new(Switchboard::new(sender, Memory::default(), capture, peers));
        Self { switchboard, inbox, captured, engine: Arc::new(engine) }
    }

    /// A client of `stay` says this, and no more.
    fn hear(&self, stay: u64, event: Session) {
        let (sender, events) = mpsc::channel(1);
        sender.try_send(ClientEvent::Session(event)).unwrap();
        drop(sender);
        let pump = Switchboard::pump_client(Arc::clone(&self.switchboard), Arc::clone(&self.engine), events, stay);
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(pump);
    }

    fn captured(&self) -> MediaState {
        self.told().sending
    }

    fn told(&self) -> Captured {
        *self.captured.lock().unwrap().last().unwrap()
    }
}

fn ends() -> [Status; 3] {
    let refused = Status::Refused(ErrorNotice::new(ErrorId::Denied, "no"));
    let removed = |banned| Status::Removed { banned, by: None };
    [refused, removed(false), removed(true)]
}

#[test]
fn whoever_is_put_out_or_refused_is_not_filmed_any_more_before_anybody_looks() {
    for end in ends() {
        let bench = Bench::new();
        let stay = bench.switchboard.capture().begin();
        assert_eq!(bench.captured(), FILMED);
        bench.hear(stay, Session::Status(end.clone()));
        assert_eq!(bench.captured(), MediaState::default(), "{end:?}: nobody is in a room, and the camera is on");
        bench.switchboard.capture().change(|sending| sending.screen = true);
        assert_eq!(bench.captured(), MediaState::default(), "{end:?}: a switch turns nothing on outside a room");
        let told: Vec<Told> = bench.inbox.try_iter().collect();
        assert!(matches!(told[..], [Told::Event(_), Told::Ended(ended)] if ended == stay), "{end:?}");
    }
}

#[test]
fn the_end_of_an_earlier_stay_does_not_end_the_next() {
    let bench = Bench::new();
    let first = bench.switchboard.capture().begin();
    let second = bench.switchboard.capture().begin();
    for end in ends() {
        bench.hear(first, Session::Status(end));
        assert_eq!(bench.captured(), FILMED);
    }
    bench.switchboard.capture().end(second);
    assert_eq!(bench.captured(), MediaState::default());
}

#[test]
fn whoever_is_muted_stays_so_whatever_else_is_switched_before_anybody_looks() {
    let bench = Bench::new();
    let stay = bench.switchboard.capture().begin();
    bench.engine.choose_screen_sound(true);
    bench.engine.set_screen(true);
    assert!(bench.engine.shares_sound());
    bench.hear(stay, Session::Moderated { action: Action::Mute, by: None });
    assert!(!bench.engine.shares_sound(), "a film goes on");
    bench.switchboard.capture().change(|sending| sending.camera = false);
    assert_eq!(bench.captured(), MediaState::default());
}

#[test]
fn a_camera_that_was_lost_is_on_again_when_it_is_back() {
    let bench = Bench::new();
    let capture = bench.switchboard.capture();
    capture.begin();
    assert!(capture.lose_camera());
    assert_eq!(bench.told(), Captured { sending: MediaState { camera: false, ..FILMED }, awaits_camera: true });
    assert!(!capture.set_camera(true), "what is awaited cannot be on");
    assert!(capture.regain_camera());
    assert_eq!(bench.told(), Captured { sending: FILMED, awaits_camera: false });
    assert!(!capture.regain_camera());
}

#[test]
fn whoever_has_switched_an_awaited_camera_off_is_not_filmed_when_it_is_back() {
    let bench = Bench::new();
    let capture = bench.switchboard.capture();
    capture.begin();
    capture.lose_camera();
    assert!(capture.set_camera(false));
    assert!(!bench.told().awaits_camera);
    assert!(!capture.regain_camera(), "it was on its way when it was switched off");
    assert!(!bench.captured().camera);
    // Nor does it become an awaited one when it goes while it is off.
    assert!(!capture.lose_camera() && !capture.awaits_camera());
}

#[test]
fn a_camera_is_not_awaited_any_more_when_the_stay_is_over() {
    let bench = Bench::new();
    let capture = bench.switchboard.capture();
    let stay = capture.begin();
    capture.lose_camera();
    capture.end(stay);
    assert_eq!(bench.told(), Captured::default());
    capture.begin();
    assert!(!capture.regain_camera() && !bench.told().awaits_camera && !bench.captured().camera);
}

#[test]
fn the_engine_goes_with_its_participant() {
    let runtime = Runtime::new().unwrap();
    let config = ParticipantConfig {
        server: Url::parse("http://127.0.0.1:1").unwrap(),
        memory: Memory::default(),
        username: Username::default(),
        media: idle(),
        loopback: true,
        create: false,
        camera: true,
        microphone: true,
        screen: false,
        screen_motion: false,
        wake: Arc::new(|| {}),
    };
    let participant = Participant::start(config, runtime.handle());
    let engine = Arc::downgrade(&participant.engine);
    drop(participant);
    assert!(engine.upgrade().is_none(), "something else holds it: no device is ever released");
}
