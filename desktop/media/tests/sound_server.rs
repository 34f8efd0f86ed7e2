//! Through a real PulseAudio that this test starts itself: what one engine plays, another one's microphone hears; and
//! a sound server that comes late, goes and comes back.
//!
//! One test alone in its file: it runs itself again in a process whose environment names the private server.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crossbeam_channel::Receiver;
use media::{Engine, EngineConfig, Kind, MediaEvent, MicrophoneChoice, Packet, PeerTag, Processing, SpeakerChoice};

const FOLDER: &str = "RTC_CHAT_TEST_SOUND_SERVER";

/// The speaker that PulseAudio pretends to have, and what can be heard of it.
const SPEAKER: &str = "stage";
const MICROPHONE: &str = "stage.monitor";

/// Another speaker, which takes its place.
const OTHER: &str = "balcony";

const PEER: PeerTag = PeerTag(1);
const TONE_HZ: f32 = 997.0;
const PATIENCE: Duration = Duration::from_secs(30);

#[test]
fn a_tone_goes_through_a_real_sound_server_and_survives_its_restart() {
    if let Some(folder) = std::env::var_os(FOLDER) {
        return in_a_private_environment(Path::new(&folder));
    }
    let folder = tempfile::tempdir().expect("a folder for the server's socket");
    let status = Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", "a_tone_goes_through_a_real_sound_server_and_survives_its_restart", "--nocapture"])
        .env(FOLDER, folder.path())
        .env("XDG_RUNTIME_DIR", folder.path())
        .env("PULSE_SERVER", format!("unix:{}", socket(folder.path()).display()))
        .env_remove("PULSE_RUNTIME_PATH")
        // Without a cookie.
        .env("HOME", folder.path())
        .env_remove("XDG_CONFIG_HOME")
        .env_remove("PULSE_COOKIE")
        .status();
    assert!(status.expect("this test runs itself").success());
}

fn in_a_private_environment(folder: &Path) {
    let mut scene = Scene::start();
    scene.expect_notice("no sound server and no sound card, so you cannot hear");
    scene.expect_notice("no sound server and no sound card, so the others cannot hear");

    let server = SoundServer::start(folder);
    scene.expect_notice("The speaker works again.");
    scene.expect_notice("The microphone works again.");
    scene.expect_tone();

    drop(server);
    scene.expect_notice("The speaker stopped working");
    scene.expect_notice("The microphone stopped working");
    let server = SoundServer::start(folder);
    scene.expect_notice("The speaker works again.");
    scene.expect_notice("The microphone works again.");
    scene.expect_tone();

    scene.expect_another_speaker_in_its_place();

    // Without a name the monitor is no microphone: everyone would hear themselves.
    let config = EngineConfig { microphone: MicrophoneChoice::Device(None), ..EngineConfig::default() };
    let (engine, events) = Engine::start(config);
    engine.set_microphone(true);
    assert!(next_notice(&events).contains("There is no microphone"));
    drop(engine);
    let nobody = SpeakerChoice::Device(Some("nobody".into()));
    let (engine, events) = Engine::start(EngineConfig { speaker: nobody, ..EngineConfig::default() });
    assert!(next_notice(&events).contains("called “nobody”"));
    drop(engine);

    assert!(!sound_threads().is_empty());
    drop(scene);
    expect_no_sound_threads();
    drop(server);
}

/// A tone that is sent to a player, heard by a listener's microphone, and sent on to a judge.
struct Scene {
    _source: Engine,
    player: Engine,
    _listener: Engine,
    judge: Engine,
    sent: Receiver<MediaEvent>,
    playing: Receiver<MediaEvent>,
    heard: Receiver<MediaEvent>,
    notices: Vec<String>,
    passed_on: [u16; 2],
}

impl Scene {
    fn start() -> Self {
        let silent = EngineConfig::default;
        let tone = MicrophoneChoice::Tone(TONE_HZ);
        let (source, sent) = Engine::start(EngineConfig { microphone: tone, ..silent() });
        let speaker = SpeakerChoice::Device(None);
        let (player, playing) = Engine::start(EngineConfig { speaker, ..silent() });
        let microphone = MicrophoneChoice::Device(Some(MICROPHONE.into()));
        // A tone that goes on is noise to a noise suppressor.
        let processing = Processing::NONE;
        let (listener, heard) = Engine::start(EngineConfig { microphone, processing, ..silent() });
        let (judge, _) = Engine::start(silent());
        source.set_microphone(true);
        listener.set_microphone(true);
        player.open_peer(PEER);
        judge.open_peer(PEER);
        let notices = Vec::new();
        Self { _source: source, player, _listener: listener, judge, sent, playing, heard, notices, passed_on: [0; 2] }
    }

    /// Passes packets on until `done`.
    fn run(&mut self, what: &str, mut done: impl FnMut(&mut Self) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !done(self) {
            assert!(Instant::now() < deadline, "waited for {what} in vain; notices: {:?}", self.notices);
            let tick = Duration::from_millis(100);
            crossbeam_channel::select! {
                recv(self.sent) -> event => pass_on(event.expect("the source"), &self.player, &mut self.passed_on[0]),
                recv(self.heard) -> event => match event.expect("the listener") {
                    MediaEvent::Notice(notice) => self.notices.push(notice.0),
                    event => pass_on(event, &self.judge, &mut self.passed_on[1]),
                },
                recv(self.playing) -> event => if let MediaEvent::Notice(notice) = event.expect("the player") {
                    self.notices.push(notice.0);
                },
                default(tick) => {}
            }
        }
    }

    fn expect_notice(&mut self, part: &str) {
        self.run(part, |scene| {
            let found = scene.notices.iter().position(|notice| notice.contains(part));
            found.map(|index| scene.notices.remove(index)).is_some()
        });
    }

    /// The speaker is pulled out while it plays: the sound goes on through the other one.
    fn expect_another_speaker_in_its_place(&mut self) {
        let microphone = MicrophoneChoice::Device(Some(format!("{OTHER}.monitor")));
        let config = EngineConfig { microphone, processing: Processing::NONE, ..EngineConfig::default() };
        let (listener, heard) = Engine::start(config);
        listener.set_microphone(true);
        let is_speech = |event: &MediaEvent| matches!(event, MediaEvent::Speaking { speaking: true, .. });
        // A monitor that has just been opened hands out its first second late.
        let started = Instant::now();
        self.run("the other speaker's silence", |_| started.elapsed() > Duration::from_millis(3500));
        assert!(!heard.try_iter().any(|event| is_speech(&event)), "it plays already");
        let before = Instant::now();
        unload(SPEAKER);
        self.run("the tone from the other speaker", |_| heard.try_iter().any(|event| is_speech(&event)));
        // 60 ms of it are what it takes to know speech, and this machine may have other things to do.
        assert!(before.elapsed() < Duration::from_millis(500), "{:?}", before.elapsed());
    }

    /// A second of nothing but the tone at the far end.
    fn expect_tone(&mut self) {
        self.run("the tone", |scene| {
            let audio = scene.judge.peer_stats(PEER).audio;
            audio.tone_hz.is_some_and(|hertz| (hertz - TONE_HZ).abs() < 2.0) && audio.level > 0.15
        });
    }
}

fn pass_on(event: MediaEvent, to: &Engine, sequence: &mut u16) {
    if let MediaEvent::Audio(audio) = event {
        let packet = Packet {
            sequence: *sequence,
            timestamp: audio.timestamp,
            marker: false,
            payload: audio.data,
            arrived: Instant::now(),
        };
        *sequence = sequence.wrapping_add(1);
        to.receive(PEER, Kind::Audio, packet);
    }
}

fn next_notice(events: &Receiver<MediaEvent>) -> String {
    loop {
        if let MediaEvent::Notice(notice) = events.recv_timeout(PATIENCE).expect("a notice") {
            return notice.0;
        }
    }
}

/// Ours, and those that libraries start from ours: they inherit the name.
fn sound_threads() -> Vec<String> {
    let tasks = std::fs::read_dir("/proc/self/task").expect("the threads of this process");
    let names = tasks.flatten().filter_map(|task| std::fs::read_to_string(task.path().join("comm")).ok());
    names.filter(|name| name.starts_with("audio-")).collect()
}

/// Ours are joined; the sound library's end when they notice that their connection is closed.
fn expect_no_sound_threads() {
    let deadline = Instant::now() + PATIENCE;
    while !sound_threads().is_empty() {
        assert!(Instant::now() < deadline, "left behind: {:?}", sound_threads());
        std::thread::yield_now();
    }
}

fn socket(folder: &Path) -> PathBuf {
    folder.join("sound.socket")
}

/// Takes a speaker away from the server.
fn unload(speaker: &str) {
    let pactl = |arguments: &[&str]| Command::new("pactl").args(arguments).output().expect("pactl");
    let modules = String::from_utf8_lossy(&pactl(&["list", "short", "modules"]).stdout).into_owned();
    let line = modules.lines().find(|line| line.contains(&format!("sink_name={speaker}"))).expect("the speaker");
    assert!(pactl(&["unload-module", line.split_whitespace().next().expect("its number")]).status.success());
}

/// Ends with its owner.
struct SoundServer {
    process: Child,
    socket: PathBuf,
}

impl SoundServer {
    fn start(folder: &Path) -> Self {
        let socket = socket(folder);
        // Both speakers are worth the same to PulseAudio: it is told which one is the default.
        let script = folder.join("start.pa");
        let commands = format!(
            "load-module module-native-protocol-unix socket={} auth-anonymous=1\n\
             load-module module-null-sink sink_name={SPEAKER} rate=48000\n\
             load-module module-null-sink sink_name={OTHER} rate=48000\n\
             set-default-sink {SPEAKER}\n",
            socket.display()
        );
        std::fs::write(&script, commands).expect("a script for the server");
        let process = Command::new("pulseaudio")
            .args(["-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no", "--disable-shm=yes", "-F"])
            .arg(&script)
            .env("HOME", folder)
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        match process {
            Ok(process) => Self { process, socket },
            Err(error) if error.kind() == io::ErrorKind::NotFound => panic!("install pulseaudio to run this test"),
            Err(error) => panic!("pulseaudio did not start: {error}"),
        }
    }
}

impl Drop for SoundServer {
    fn drop(&mut self) {
        // Already gone is as good.
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = std::fs::remove_file(&self.socket);
    }
}
