//! The decoders' process, seen from the app: starts it, ends it, and starts it again.

use std::ffi::OsString;
use std::io::{self, Read};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Mutex, RwLock};
use std::time::{Duration, Instant};

use super::handles::bequeath;
use super::link::Link;
use super::sandbox::Walls;
use super::suspicion::Suspicion;
use crate::slot::lock;

/// From the start of the process to its first sign of life; on a busy machine, with a cold disk.
const START_MAX: Duration = Duration::from_secs(5);

/// A process that ends is started again at once; one that ends again and again, twice in so long at most.
const TWO_STARTS_WITHIN: Duration = Duration::from_millis(600);

/// One that cannot be started at all is tried again after so long.
const RETRY_AFTER: Duration = Duration::from_secs(5);

/// The program that becomes the decoders' process: this one, told to do nothing else. The descriptors' numbers follow
/// its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkerProgram {
    pub program: PathBuf,
    pub arguments: Vec<OsString>,
}

/// One per app. Dropping it ends the process.
#[derive(Debug)]
pub struct Helper {
    program: WorkerProgram,
    lanes: usize,
    state: Mutex<State>,
    pub(super) suspicion: Mutex<Suspicion>,
    /// Held for reading by whoever decodes together with others, for writing by whoever must be alone.
    pub(super) turn: RwLock<()>,
}

#[derive(Debug, Default)]
struct State {
    running: Option<Running>,
    /// Of the process that runs, or ran last.
    generation: u64,
    /// The last start, and the one before.
    started: [Option<Instant>; 2],
    failed: Option<(Instant, String)>,
}

#[derive(Debug)]
struct Running {
    child: Child,
    /// Breaks with the app, whatever way it ends.
    _lifeline: UnixStream,
    /// Those that nobody has fetched yet.
    links: Vec<Option<Link>>,
}

/// Why there is no link at the moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Missing {
    /// It will be started again in a moment.
    Soon,
    /// It cannot be started, for this reason.
    Never(String),
}

impl Helper {
    /// The process is started when it is needed first.
    pub fn new(program: WorkerProgram, lanes: usize) -> Self {
        let (state, suspicion, turn) = (Mutex::default(), Mutex::default(), RwLock::default());
        Self { program, lanes, state, suspicion, turn }
    }

    /// How many threads decode at the same time.
    pub fn lanes(&self) -> usize {
        self.lanes
    }

    /// Its number, while it runs.
    pub fn process(&self) -> Option<u32> {
        lock(&self.state).running.as_ref().map(|running| running.child.id())
    }

    /// A link of this lane to a younger process than `after`.
    pub(super) fn link(&self, lane: usize, after: u64, now: Instant) -> Result<(u64, Link), Missing> {
        let mut state = lock(&self.state);
        if state.generation <= after {
            state.end();
        }
        if state.running.is_none() {
            state.start(&self.program, self.lanes, now)?;
        }
        let generation = state.generation;
        let links = state.running.as_mut().and_then(|running| running.links.get_mut(lane));
        links.and_then(Option::take).map(|link| (generation, link)).ok_or(Missing::Soon)
    }

    /// Ends the process, if it is still this one.
    pub(super) fn end(&self, generation: u64) {
        let mut state = lock(&self.state);
        if state.generation == generation {
            state.end();
        }
    }
}

impl State {
    fn start(&mut self, program: &WorkerProgram, lanes: usize, now: Instant) -> Result<(), Missing> {
        let too_early = |since: Instant, wait: Duration| now.saturating_duration_since(since) < wait;
        if let Some((_, why)) = self.failed.as_ref().filter(|(since, _)| too_early(*since, RETRY_AFTER)) {
            return Err(Missing::Never(why.clone()));
        }
        if self.started[1].is_some_and(|before| too_early(before, TWO_STARTS_WITHIN)) {
            return Err(Missing::Soon);
        }
        self.started = [Some(now), self.started[0]];
        match Running::start(program, lanes) {
            Ok((running, walls)) => {
                self.generation += 1;
                self.failed = None;
                report(walls, running.child.id());
                self.running = Some(running);
                Ok(())
            }
            Err(error) => {
                tracing::error!(%error, "the decoders' process cannot be started");
                self.failed = Some((now, error.to_string()));
                Err(Missing::Never(error.to_string()))
            }
        }
    }

    fn end(&mut self) {
        let Some(mut running) = self.running.take() else { return };
        // One that has ended already cannot be killed, which is just as well.
        let _ = running.child.kill();
        match running.child.wait() {
            Ok(status) => tracing::warn!(%status, "the decoders' process has ended and is started again"),
            Err(error) => tracing::error!(%error, "the decoders' process cannot be waited for"),
        }
    }
}

impl Running {
    fn start(program: &WorkerProgram, lanes: usize) -> io::Result<(Self, Walls)> {
        let (mut lifeline, their_end) = UnixStream::pair()?;
        let mut handles: Vec<OwnedFd> = vec![their_end.into()];
        let mut links = Vec::new();
        for _ in 0..lanes {
            let (link, theirs) = Link::create()?;
            links.push(Some(link));
            handles.extend(theirs);
        }
        let mut command = Command::new(&program.program);
        command.args(&program.arguments).args(handles.iter().map(|handle| handle.as_raw_fd().to_string()));
        // It needs nothing that it could read there, and what it could read there is nothing for it.
        command.env_clear().current_dir("/");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        bequeath(&mut command, handles);
        let mut child = command.spawn()?;
        // Our copies of its ends, so that its end breaks the links.
        drop(command);
        match hear(&mut lifeline) {
            Ok(walls) => Ok((Self { child, _lifeline: lifeline, links }, walls)),
            Err(error) => {
                let _ = child.kill();
                let _ = child.wait();
                Err(error)
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The first sign of life.
fn hear(lifeline: &mut UnixStream) -> io::Result<Walls> {
    lifeline.set_read_timeout(Some(START_MAX))?;
    let mut byte = [0];
    lifeline.read_exact(&mut byte).map_err(|_| io::Error::other("it ended before it was ready"))?;
    Walls::of_byte(byte[0]).ok_or_else(|| io::Error::other("it says nothing that makes sense"))
}

fn report(walls: Walls, process: u32) {
    let Walls { landlock, seccomp } = walls;
    if landlock && seccomp {
        tracing::info!(process, "pictures are decoded in a process of their own");
    } else {
        tracing::warn!(process, landlock, seccomp, "the kernel cannot shut the decoders' process in completely");
    }
}
