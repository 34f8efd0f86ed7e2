//! The desktop of a test.

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use zbus::message::Header;
use zbus::object_server::SignalEmitter;
use zbus::zvariant::{ObjectPath, OwnedObjectPath, OwnedValue, Value};
use zbus::{Connection, interface};

use crate::slot::lock;

const PORTAL: &str = "/org/freedesktop/portal/desktop";
const PATIENCE: Duration = Duration::from_secs(20);

type Options = HashMap<String, OwnedValue>;

/// What the person says to the question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    Yes,
    No,
    Never,
}

/// What the portal was asked for.
#[derive(Debug, Clone, Default)]
pub(super) struct Asked {
    pub(super) kinds: Option<u32>,
    pub(super) cursor: Option<u32>,
    pub(super) started: bool,
    pub(super) closed: bool,
    session: Option<OwnedObjectPath>,
    /// PipeWire's number for the picture.
    node: u32,
}

/// Ends with the test.
pub(super) struct Desktop {
    folder: TempDir,
    bus: String,
    programs: Mutex<Vec<Child>>,
    portal: Option<Connection>,
    asked: Arc<Mutex<Asked>>,
}

impl Desktop {
    pub(super) fn without_portal() -> Self {
        let folder = TempDir::new().unwrap();
        let arguments = ["--session", "--nofork", "--nopidfile", "--print-address=1"];
        let mut program = Command::new("dbus-daemon");
        let address = format!("--address=unix:dir={}", folder.path().display());
        let mut bus = program
            .args(arguments)
            .arg(address)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("this test needs the program dbus-daemon (Debian: dbus)");
        let mut address = String::new();
        BufReader::new(bus.stdout.take().unwrap()).read_line(&mut address).unwrap();
        let asked = Arc::default();
        Self { folder, bus: address.trim().to_owned(), programs: Mutex::new(vec![bus]), portal: None, asked }
    }

    pub(super) fn start(answer: Answer) -> Self {
        let mut desktop = Self::without_portal();
        let remote = desktop.folder.path().join("pipewire-0");
        let portal = Portal { answer, remote: remote.to_str().unwrap().to_owned(), asked: Arc::clone(&desktop.asked) };
        let builder = zbus::connection::Builder::address(desktop.bus.as_str()).unwrap();
        let builder = builder.name("org.freedesktop.portal.Desktop").unwrap().serve_at(PORTAL, portal).unwrap();
        desktop.portal = Some(async_io::block_on(builder.build()).unwrap());
        desktop
    }

    pub(super) fn bus(&self) -> &str {
        &self.bus
    }

    pub(super) fn asked(&self) -> Asked {
        lock(&self.asked).clone()
    }

    pub(super) fn wait_until_asked(&self) {
        wait_for("the question", || self.asked().started.then_some(()));
    }

    /// PipeWire, and a test picture in it.
    pub(super) fn show_pictures(&self) {
        self.run("pipewire", &[]);
        let socket = self.folder.path().join("pipewire-0");
        wait_for("PipeWire", || UnixStream::connect(&socket).ok());
        self.run("wireplumber", &[]);
        let picture = "video/x-raw,format=BGRx,width=320,height=240,framerate=30/1";
        let sink = ["pipewiresink", "mode=provide", "stream-properties=props,media.class=Video/Source,node.name=wall"];
        self.run("gst-launch-1.0", &[&["-q", "videotestsrc", "is-live=true", "!", picture, "!"][..], &sink].concat());
        lock(&self.asked).node = wait_for("the picture", || node_number(self.folder.path(), &self.bus));
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        let child = command(program, self.folder.path(), &self.bus)
            .args(arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("this test needs the program {program}: {error}"));
        lock(&self.programs).push(child);
    }

    /// As when the person presses the desktop's own button for that.
    pub(super) fn end_session(&self) {
        let session = lock(&self.asked).session.clone().unwrap();
        let portal = self.portal.as_ref().unwrap();
        let nothing: HashMap<String, Value<'_>> = HashMap::new();
        let signal = portal.emit_signal(None::<&str>, session, "org.freedesktop.portal.Session", "Closed", &nothing);
        async_io::block_on(signal).unwrap();
    }
}

impl Drop for Desktop {
    fn drop(&mut self) {
        for child in lock(&self.programs).iter_mut().rev() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn command(program: &str, folder: &Path, bus: &str) -> Command {
    let mut command = Command::new(program);
    command.env("XDG_RUNTIME_DIR", folder).env("PIPEWIRE_RUNTIME_DIR", folder).env("DBUS_SESSION_BUS_ADDRESS", bus);
    command.env("XDG_STATE_HOME", folder).env("XDG_CONFIG_HOME", folder).env_remove("DISPLAY");
    command
}

/// Of the wall, once it is there.
fn node_number(folder: &Path, bus: &str) -> Option<u32> {
    let listed = command("pw-cli", folder, bus).args(["ls", "Node"]).output().ok()?;
    let text = String::from_utf8_lossy(&listed.stdout).into_owned();
    let before = text.split("node.name = \"wall\"").next().filter(|before| before.len() < text.len())?;
    before.rsplit_once("\tid ")?.1.split(',').next()?.parse().ok()
}

/// Programs have no bell to ring when they are ready.
#[track_caller]
fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "{what} does not come");
        std::thread::yield_now();
    }
}

struct Portal {
    answer: Answer,
    remote: String,
    asked: Arc<Mutex<Asked>>,
}

/// The words of a program that asks: `handle_token` and the like.
fn word(options: &Options, name: &str) -> String {
    options.get(name).and_then(|value| <&str>::try_from(value).ok()).unwrap_or_default().to_owned()
}

fn number(options: &Options, name: &str) -> Option<u32> {
    options.get(name).and_then(|value| u32::try_from(value).ok())
}

/// Where an object of whoever asks is.
fn path(header: &Header<'_>, kind: &str, token: &str) -> OwnedObjectPath {
    let sender = header.sender().unwrap().trim_start_matches(':').replace('.', "_");
    ObjectPath::try_from(format!("{PORTAL}/{kind}/{sender}/{token}")).unwrap().into()
}

async fn respond(connection: &Connection, request: &OwnedObjectPath, outcome: u32, results: HashMap<&str, Value<'_>>) {
    let (interface, body) = ("org.freedesktop.portal.Request", (outcome, results));
    connection.emit_signal(None::<&str>, request, interface, "Response", &body).await.unwrap();
}

#[interface(name = "org.freedesktop.portal.ScreenCast")]
impl Portal {
    async fn create_session(
        &self,
        options: Options,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
    ) -> OwnedObjectPath {
        let request = path(&header, "request", &word(&options, "handle_token"));
        let session = path(&header, "session", &word(&options, "session_handle_token"));
        let handle = Session { asked: Arc::clone(&self.asked) };
        connection.object_server().at(&session, handle).await.unwrap();
        lock(&self.asked).session = Some(session.clone());
        respond(connection, &request, 0, HashMap::from([("session_handle", Value::from(session.as_str()))])).await;
        request
    }

    async fn select_sources(
        &self,
        _session: OwnedObjectPath,
        options: Options,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
    ) -> OwnedObjectPath {
        let request = path(&header, "request", &word(&options, "handle_token"));
        {
            let mut asked = lock(&self.asked);
            (asked.kinds, asked.cursor) = (number(&options, "types"), number(&options, "cursor_mode"));
        }
        respond(connection, &request, 0, HashMap::new()).await;
        request
    }

    async fn start(
        &self,
        _session: OwnedObjectPath,
        _window: String,
        options: Options,
        #[zbus(header)] header: Header<'_>,
        #[zbus(connection)] connection: &Connection,
    ) -> OwnedObjectPath {
        let request = path(&header, "request", &word(&options, "handle_token"));
        let node = {
            let mut asked = lock(&self.asked);
            asked.started = true;
            asked.node
        };
        let properties: HashMap<&str, Value<'_>> = HashMap::new();
        match self.answer {
            Answer::Yes => {
                let streams = HashMap::from([("streams", Value::from(vec![(node, properties)]))]);
                respond(connection, &request, 0, streams).await;
            }
            Answer::No => respond(connection, &request, 1, HashMap::new()).await,
            Answer::Never => {}
        }
        request
    }

    async fn open_pipe_wire_remote(&self, _session: OwnedObjectPath, _options: Options) -> zbus::zvariant::OwnedFd {
        let remote = UnixStream::connect(&self.remote).unwrap();
        std::os::fd::OwnedFd::from(remote).into()
    }

    #[zbus(property)]
    async fn available_cursor_modes(&self) -> u32 {
        7
    }

    #[zbus(property)]
    async fn available_source_types(&self) -> u32 {
        3
    }

    #[zbus(property, name = "version")]
    async fn version(&self) -> u32 {
        4
    }
}

struct Session {
    asked: Arc<Mutex<Asked>>,
}

#[interface(name = "org.freedesktop.portal.Session")]
impl Session {
    async fn close(&self) {
        lock(&self.asked).closed = true;
    }

    #[zbus(signal)]
    async fn closed(emitter: &SignalEmitter<'_>, details: HashMap<String, Value<'_>>) -> zbus::Result<()>;
}
