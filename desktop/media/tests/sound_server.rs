//! Through a real PulseAudio that this test starts itself: what one engine plays, another one's microphone hears; and
//! a sound server that comes late, goes and comes back.
//!
//! One test alone in its file: it runs itself again in a process whose environment names the private server.

#[path = "sound_server/ears.rs"]
mod ears;

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crossbeam_channel::Receiver;
use ears::{Ear, SECOND, longest_silence};
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

/// Sound that moves to another speaker is away for so long at most.
const GAP_MAX: Duration = Duration::from_millis(200);

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

    scene.expect_to_move_without_a_gap(&socket(folder));

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

    /// The person chooses another speaker for the whole system, then the first one for this program alone, and at last
    /// pulls it out while it plays.
    fn expect_to_move_without_a_gap(&mut self, server: &Path) {
        self.expect_move(server, [SPEAKER, OTHER], || drop(pactl(&["set-default-sink", OTHER])));
        self.expect_move(server, [OTHER, SPEAKER], || {
            for stream in pactl(&["list", "short", "sink-inputs"]).lines() {
                pactl(&["move-sink-input", stream.split_whitespace().next().expect("its number"), SPEAKER]);
            }
        });
        pactl(&["set-default-sink", SPEAKER]);
        self.expect_move(server, [SPEAKER, OTHER], || unload(SPEAKER));
    }

    /// The sound of one speaker goes on at the other one after `change`.
    fn expect_move(&mut self, server: &Path, [from, to]: [&str; 2], change: impl FnOnce() + Send + 'static) {
        let what = format!("from {from} to {to}");
        let [old, new] = [from, to].map(|speaker| Ear::at(server, speaker));
        self.run(&what, |_| old.sounding_for() > SECOND && new.length() > SECOND);
        assert!(new.is_silent(), "{what}: it plays at the other one already");
        let before = old.length();
        // Beside the packets, which go on coming meanwhile.
        let person = std::thread::Builder::new().name("person".into()).spawn(change).expect("a thread");
        self.run(&what, |_| person.is_finished() && new.sounding_for() > SECOND);
        person.join().expect("the change");
        let gap = longest_silence(&old, before, &new);
        assert!(gap <= GAP_MAX, "{what}: {gap:?} without sound");
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
    let modules = pactl(&["list", "short", "modules"]);
    let line = modules.lines().find(|line| line.contains(&format!("sink_name={speaker}"))).expect("the speaker");
    pactl(&["unload-module", line.split_whitespace().next().expect("its number")]);
}

/// What the server answers to a command.
fn pactl(arguments: &[&str]) -> String {
    let output = Command::new("pactl").args(arguments).output().expect("install pulseaudio-utils to run this test");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
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
