//! The sound of other programs, through a real PulseAudio that this test starts itself: what they play goes along with a
//! shared screen, what this process plays does not, and nobody listens when nothing is shared.
//!
//! One test alone in its file: it runs itself again in a process whose environment names the private server.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crossbeam_channel::Receiver;
use media::{Engine, EngineConfig, Kind, MediaEvent, MicrophoneChoice, Packet, PeerTag, SpeakerChoice};

const FOLDER: &str = "RTC_CHAT_TEST_SHARED_SOUND";

/// The speaker that plays everything, and another one.
const SPEAKER: &str = "stage";
const OTHER: &str = "balcony";

const PEER: PeerTag = PeerTag(1);

/// What the other side of the call sends, and so what this process plays.
const CALL_HZ: f32 = 1500.0;

/// What other programs play.
const FILM_HZ: u32 = 600;
const LATER_HZ: u32 = 2200;

const PATIENCE: Duration = Duration::from_secs(30);

#[test]
fn a_shared_screen_takes_other_programs_along_and_not_the_call() {
    if let Some(folder) = std::env::var_os(FOLDER) {
        return in_a_private_environment(Path::new(&folder));
    }
    let folder = tempfile::tempdir().expect("a folder for the server's socket");
    let status = Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", "a_shared_screen_takes_other_programs_along_and_not_the_call", "--nocapture"])
        .env(FOLDER, folder.path())
        .env("XDG_RUNTIME_DIR", folder.path())
        .env("PULSE_SERVER", format!("unix:{}", socket(folder.path()).display()))
        .env_remove("PULSE_RUNTIME_PATH")
        .env_remove("DISPLAY")
        .status();
    assert!(status.expect("this test runs itself").success());
}

fn in_a_private_environment(folder: &Path) {
    assert!(media::screen_sound().is_err_and(|why| why.contains("neither PipeWire nor PulseAudio")));
    let server = SoundServer::start(folder);
    let mut scene = Scene::start();
    let film = Program::start(folder, FILM_HZ);
    scene.run("the call's own sound and the film, which are played", |_| sink_inputs() == 2);
    assert_eq!(media::screen_sound(), Ok(()));

    scene.sharer.choose_screen_sound(true);
    scene.expect_silence("nothing is shared");
    assert_eq!(recordings(), 0);

    scene.sharer.set_screen(true);
    scene.expect("the film alone", FILM_HZ);
    assert_eq!(recordings(), 1, "what this process plays is not listened to");

    drop(film);
    scene.expect_silence("the film has ended, and the call goes on");
    let later = Program::start(folder, LATER_HZ);
    scene.expect("a program that was started later", LATER_HZ);

    pactl(&["move-sink-input", &number_of(LATER_HZ), OTHER]);
    scene.run("the recording's move", |_| recorded_from().as_deref() == Some(OTHER));
    scene.expect("a program that moved to another speaker", LATER_HZ);

    scene.sharer.choose_screen_sound(false);
    scene.run("the recording's end", |_| recordings() == 0);
    scene.expect_silence("the sound is not shared any more");
    scene.sharer.choose_screen_sound(true);
    scene.expect("the sound is shared again", LATER_HZ);

    scene.sharer.set_screen(false);
    scene.run("the recording's end", |_| recordings() == 0);
    scene.expect_silence("the screen is not shared any more");

    scene.sharer.set_screen(true);
    scene.expect("the screen is shared again", LATER_HZ);
    drop(server);
    scene.expect_notice("neither PipeWire nor PulseAudio");
    let server = SoundServer::start(folder);
    let again = Program::start(folder, FILM_HZ);
    scene.expect("after the server's restart", FILM_HZ);
    drop((again, later, scene));
    assert_eq!(recordings(), 0);
    drop(server);
}

/// A participant that hears a tone of the call and shares its screen, and a judge of what it sends.
struct Scene {
    _other_side: Engine,
    sharer: Engine,
    judge: Option<Engine>,
    call: Receiver<MediaEvent>,
    shared: Receiver<MediaEvent>,
    notices: Vec<String>,
    sequences: [u16; 2],
}

impl Scene {
    fn start() -> Self {
        let silent = EngineConfig::default;
        let tone = MicrophoneChoice::Tone(CALL_HZ);
        let (other_side, call) = Engine::start(EngineConfig { microphone: tone, ..silent() });
        let speaker = SpeakerChoice::Device(None);
        // Muted: what other programs play is heard all the same.
        let (sharer, shared) = Engine::start(EngineConfig { speaker, ..silent() });
        other_side.set_microphone(true);
        sharer.open_peer(PEER);
        Self { _other_side: other_side, sharer, judge: None, call, shared, notices: Vec::new(), sequences: [0; 2] }
    }

    /// Passes packets on until `done`, which is told whether the sharer has just sent something.
    fn run(&mut self, what: &str, mut done: impl FnMut(&mut Self) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !done(self) {
            assert!(Instant::now() < deadline, "waited for {what} in vain; notices: {:?}", self.notices);
            crossbeam_channel::select! {
                recv(self.call) -> event => pass_on(event.expect("the call"), &self.sharer, &mut self.sequences[0]),
                recv(self.shared) -> event => match event.expect("the sharer") {
                    MediaEvent::Notice(notice) => self.notices.push(notice.0),
                    event => if let Some(judge) = &self.judge { pass_on(event, judge, &mut self.sequences[1]) },
                },
                default(Duration::from_millis(50)) => {}
            }
        }
    }

    /// This tone, and no other that is nearly as loud.
    fn expect(&mut self, what: &str, hertz: u32) {
        let (judge, _) = Engine::start(EngineConfig::default());
        judge.open_peer(PEER);
        self.judge = Some(judge);
        self.run(what, |scene| {
            let Some(judge) = &scene.judge else { return false };
            let audio = judge.peer_stats(PEER).audio;
            audio.tone_hz.is_some_and(|heard| (heard - hertz as f32).abs() < 2.0) && audio.level > 0.1
        });
    }

    /// A second in which nothing is heard.
    fn expect_silence(&mut self, why: &str) {
        let (judge, _) = Engine::start(EngineConfig::default());
        judge.open_peer(PEER);
        self.judge = Some(judge);
        let mut quiet_since = Instant::now();
        self.run(why, |scene| {
            let Some(judge) = &scene.judge else { return false };
            if judge.peer_stats(PEER).audio.level > 0.01 {
                quiet_since = Instant::now();
            }
            quiet_since.elapsed() > Duration::from_secs(1)
        });
    }

    fn expect_notice(&mut self, part: &str) {
        self.run(part, |scene| scene.notices.iter().any(|notice| notice.contains(part)));
    }
}

fn pass_on(event: MediaEvent, to: &Engine, sequence: &mut u16) {
    if let MediaEvent::Audio(audio) = event {
        let (timestamp, payload, arrived) = (audio.timestamp, audio.data, Instant::now());
        to.receive(PEER, Kind::Audio, Packet { sequence: *sequence, timestamp, marker: false, payload, arrived });
        *sequence = sequence.wrapping_add(1);
    }
}

/// What `pactl` says; nothing without a server.
fn pactl(arguments: &[&str]) -> String {
    let output = Command::new("pactl").args(arguments).output().expect("pactl");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn sink_inputs() -> usize {
    pactl(&["list", "short", "sink-inputs"]).lines().count()
}

fn recordings() -> usize {
    pactl(&["list", "short", "source-outputs"]).lines().count()
}

/// The speaker that something is recorded from.
fn recorded_from() -> Option<String> {
    let outputs = pactl(&["list", "short", "source-outputs"]);
    let number = outputs.lines().next()?.split('\t').nth(1)?.to_owned();
    let sources = pactl(&["list", "short", "sources"]);
    let name = sources.lines().find(|line| line.starts_with(&format!("{number}\t")))?.split('\t').nth(1)?;
    Some(name.strip_suffix(".monitor")?.to_owned())
}

/// Of what the program plays that is called so.
fn number_of(hertz: u32) -> String {
    let list = pactl(&["list", "sink-inputs"]);
    let mut inputs = list.split("Sink Input #");
    let found = inputs.find(|input| input.contains(&format!("application.name = \"{hertz}\""))).expect("the program");
    found.lines().next().expect("its number").to_owned()
}

/// Another program, which plays a tone until it is dropped.
struct Program(Child);

impl Program {
    fn start(folder: &Path, hertz: u32) -> Self {
        let path = folder.join(format!("{hertz}.raw"));
        let samples = media::audio::goertzel::sine(hertz as f32, 0.25, 48_000, 60 * 48_000);
        let bytes: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
        std::fs::write(&path, bytes).expect("a tone");
        let program = Command::new("pacat")
            .args(["--playback", "--raw", "--format=float32le", "--rate=48000", "--channels=1"])
            .args([format!("--client-name={hertz}"), "--latency-msec=50".to_owned()])
            .arg(&path)
            .stdin(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        Self(program.expect("pacat"))
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Already gone is as good.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn socket(folder: &Path) -> PathBuf {
    folder.join("sound.socket")
}

/// Ends with its owner.
struct SoundServer {
    process: Child,
    socket: PathBuf,
}

impl SoundServer {
    fn start(folder: &Path) -> Self {
        let socket = socket(folder);
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
        let mut server = match process {
            Ok(process) => Self { process, socket },
            Err(error) if error.kind() == io::ErrorKind::NotFound => panic!("install pulseaudio to run this test"),
            Err(error) => panic!("pulseaudio did not start: {error}"),
        };
        let deadline = Instant::now() + PATIENCE;
        while pactl(&["info"]).is_empty() {
            assert!(server.process.try_wait().is_ok_and(|ended| ended.is_none()), "pulseaudio ended");
            assert!(Instant::now() < deadline, "pulseaudio does not answer");
        }
        server
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
