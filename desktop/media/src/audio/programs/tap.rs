//! The thread that listens to the other programs while they are shared: connects, tells what is wrong in a sentence,
//! and tries again.

use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded, select};

use super::Programs;
use super::conversation::{Conversation, TalkError};
use crate::audio::devices;
use crate::audio::worker::Worker;
use crate::event::Events;

/// A server that is missing is looked for this often.
const RETRY: Duration = Duration::from_secs(3);

/// The longest wait for a place in the socket.
const PATIENCE: Duration = Duration::from_secs(2);

const NO_SERVER: &str = "There is neither PipeWire nor PulseAudio, so the sound of other programs cannot be shared.";

/// Whether the sound of other programs can go along with a screen at all; if not, why, in a sentence.
pub fn screen_sound() -> Result<(), String> {
    devices::dial().map(drop).ok_or_else(|| NO_SERVER.to_owned())
}

/// Listens while it is on. Dropping it ends everything.
#[derive(Debug)]
pub(crate) struct Tap {
    on: Arc<AtomicBool>,
    switched: Sender<()>,
    _watch: Worker,
}

impl Tap {
    pub(crate) fn start(programs: Arc<Programs>, events: Events) -> io::Result<Self> {
        let (on, (switched, switches)) = (Arc::<AtomicBool>::default(), bounded(1));
        let theirs = Arc::clone(&on);
        let watch = Worker::spawn("audio-programs", move |stopped| {
            Watch { programs, events, on: theirs, switches, told: false }.run(stopped);
        })?;
        Ok(Self { on, switched, _watch: watch })
    }

    pub(crate) fn set_on(&self, on: bool) {
        self.on.store(on, Ordering::Relaxed);
        // Full: the thread has not looked yet, one message is enough.
        let _ = self.switched.try_send(());
    }
}

struct Watch {
    programs: Arc<Programs>,
    events: Events,
    on: Arc<AtomicBool>,
    switches: Receiver<()>,
    /// The trouble that there is was told.
    told: bool,
}

/// Why nothing is heard any more.
enum End {
    Stopped,
    Off,
    Broken,
}

impl Watch {
    fn run(mut self, stopped: &Receiver<()>) {
        loop {
            if !self.on.load(Ordering::Relaxed) {
                self.told = false;
                select! {
                    recv(stopped) -> _ => return,
                    recv(self.switches) -> _ => continue,
                }
            }
            let end = match Listening::start(Arc::clone(&self.programs)) {
                Ok((listening, broken)) => {
                    let end = self.wait(stopped, &broken, None);
                    drop(listening);
                    self.programs.clear();
                    end
                }
                Err(error) => {
                    tracing::warn!(%error, "other programs cannot be listened to");
                    End::Broken
                }
            };
            match end {
                End::Stopped => return,
                End::Off => {}
                End::Broken => {
                    self.tell();
                    if matches!(self.wait(stopped, &crossbeam_channel::never(), Some(RETRY)), End::Stopped) {
                        return;
                    }
                }
            }
        }
    }

    /// Until it is switched off or broken, or for so long.
    fn wait(&self, stopped: &Receiver<()>, broken: &Receiver<()>, longest: Option<Duration>) -> End {
        let timeout = longest.map_or_else(crossbeam_channel::never, crossbeam_channel::after);
        while self.on.load(Ordering::Relaxed) {
            select! {
                recv(stopped) -> _ => return End::Stopped,
                recv(self.switches) -> _ => {}
                recv(broken) -> _ => return End::Broken,
                recv(timeout) -> _ => return End::Broken,
            }
        }
        End::Off
    }

    fn tell(&mut self) {
        if !std::mem::replace(&mut self.told, true) {
            let why = screen_sound().err().unwrap_or_else(|| {
                "The sound of other programs cannot be had from the sound server just now; it is tried again every \
                 few seconds."
                    .to_owned()
            });
            self.events.notice(why);
        }
    }
}

/// A connection of its own and the thread that reads it. Dropping it ends both.
struct Listening {
    socket: UnixStream,
    reader: Option<JoinHandle<()>>,
}

impl Listening {
    /// The receiver is disconnected when the connection is.
    fn start(programs: Arc<Programs>) -> Result<(Self, Receiver<()>), ListenError> {
        let socket = devices::dial().ok_or(ListenError::NoServer)?;
        socket.set_write_timeout(Some(PATIENCE))?;
        let talk = Conversation::new(programs, devices::cookie())?;
        let (ending, broken) = bounded(1);
        let theirs = socket.try_clone()?;
        let reader = Builder::new().name("audio-programs".into()).spawn(move || {
            let _ending: Sender<()> = ending;
            if let Err(error) = converse(theirs, talk) {
                tracing::warn!(%error, "the sound server is not understood");
            }
        })?;
        Ok((Self { socket, reader: Some(reader) }, broken))
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        // Fails only if the server was faster.
        let _ = self.socket.shutdown(Shutdown::Both);
        if self.reader.take().is_some_and(|reader| reader.join().is_err()) {
            tracing::error!("the thread that listens to other programs panicked");
        }
    }
}

#[derive(Debug, thiserror::Error)]
enum ListenError {
    #[error("no sound server")]
    NoServer,
    #[error("{0}")]
    Socket(#[from] io::Error),
    #[error("{0}")]
    Talk(#[from] TalkError),
}

/// Until the socket is shut.
fn converse(mut socket: UnixStream, mut talk: Conversation) -> Result<(), ListenError> {
    let mut bytes = vec![0; 1 << 16];
    loop {
        socket.write_all(&talk.take_outgoing())?;
        match socket.read(&mut bytes)? {
            0 => return Ok(()),
            count => talk.handle_bytes(&bytes[..count])?,
        }
    }
}
