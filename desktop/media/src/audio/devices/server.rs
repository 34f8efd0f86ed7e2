//! The embassy of PulseAudio's protocol, which PipeWire speaks too. The server converts to 48 kHz mono itself.
//!
//! cpal has a host for it, but one whose connections outlive their streams and whose calls can wait for ever; here the
//! socket is ours, and shutting it ends everything at once.

use std::ffi::{CStr, CString};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

use crossbeam_channel::Sender;
use pulseaudio::protocol::stream::{BufferAttr, StreamFlags};
use pulseaudio::protocol::{
    ChannelMap, DEFAULT_SOURCE, PlaybackStreamParams, Prop, Props, RecordStreamParams, SampleFormat, SampleSpec,
};
use pulseaudio::{AsPlaybackSource, Client, ClientError, PlaybackStream, RecordStream};

use super::{Direction, Line, OpenError};
use crate::audio::SAMPLE_RATE;

/// The longest wait for an answer of the server.
const PATIENCE: Duration = Duration::from_secs(2);

const SAMPLE_BYTES: usize = size_of::<f32>();

/// Samples that the server keeps ready to play, 30 ms, and asks for or gives at a time, 10 ms.
const READY: u32 = 1440;
const PERIOD: u32 = 480;

/// What the server knows this program by, with the process's number: so its own sound is told from the others'.
pub(crate) const NAME: &CStr = c"RTC-Chat";

/// A connection to the server, which has not been greeted yet; `None` if there is none. A socket that nobody listens to
/// is what a server that crashed leaves behind.
pub(crate) fn dial() -> Option<UnixStream> {
    UnixStream::connect(pulseaudio::socket_path_from_env()?).ok()
}

/// What the server knows its user by. One that does not care hangs up all the same if the length is wrong, so where there
/// is no cookie it is zeros.
pub(crate) fn cookie() -> Vec<u8> {
    const LENGTH: usize = 256;
    let known = pulseaudio::cookie_path_from_env().and_then(|path| std::fs::read(path).ok());
    known.unwrap_or_else(|| vec![0; LENGTH])
}

/// An open stream with a connection of its own. Dropping it closes both.
pub(crate) struct Stream {
    _flow: Flow,
    _connection: Connection,
}

#[expect(dead_code, reason = "kept for its end: dropping it tells the server to stop")]
enum Flow {
    In(RecordStream),
    Out(PlaybackStream),
}

/// Opens and starts a stream. `broken` is dropped when the connection ends.
pub(crate) fn open(
    direction: Direction,
    name: Option<&str>,
    line: &Arc<Line>,
    broken: Sender<String>,
) -> Result<Stream, OpenError> {
    let connection = Connection::open()?;
    let device = connection.find(direction, name)?;
    let line = Arc::clone(line);
    let flow = match direction {
        Direction::Capture => Flow::In(connection.capture(device, line, broken)?),
        Direction::Playback => Flow::Out(connection.play(device, line, broken)?),
    };
    Ok(Stream { _flow: flow, _connection: connection })
}

struct Connection {
    /// The same socket as the client's: the client's thread ends when it is shut down, and only then.
    socket: UnixStream,
    client: Client,
}

impl Connection {
    fn open() -> Result<Self, OpenError> {
        let socket = dial().ok_or(OpenError::NoSound)?;
        let open = || {
            // For the greeting, which waits for the answer in the socket.
            socket.set_read_timeout(Some(PATIENCE))?;
            socket.set_write_timeout(Some(PATIENCE))?;
            Client::new_unix(NAME, socket.try_clone()?, Some(cookie()))
        };
        match open() {
            Ok(client) => Ok(Self { socket, client }),
            Err(error) => {
                let _ = socket.shutdown(Shutdown::Both);
                Err(error.into())
            }
        }
    }

    /// The index of the device of this name; `None` for the default one, which may change while it is in use.
    fn find(&self, direction: Direction, name: Option<&str>) -> Result<Option<u32>, OpenError> {
        let Some(name) = name else {
            if direction == Direction::Capture {
                self.refuse_monitor()?;
            }
            return Ok(None);
        };
        let known: Vec<(u32, CString, Option<CString>)> = match direction {
            Direction::Capture => {
                let sources = answer(self.client.list_sources())?;
                sources.into_iter().map(|source| (source.index, source.name, source.description)).collect()
            }
            Direction::Playback => {
                let sinks = answer(self.client.list_sinks())?;
                sinks.into_iter().map(|sink| (sink.index, sink.name, sink.description)).collect()
            }
        };
        let shown = |own: &CString, description: &Option<CString>| {
            description.as_ref().unwrap_or(own).to_string_lossy().into_owned()
        };
        // By the name that people see, or by the server's own.
        let found = known.iter().find(|(_, own, description)| {
            own.to_string_lossy() == name || shown(own, description).eq_ignore_ascii_case(name)
        });
        match found {
            Some((index, ..)) => Ok(Some(*index)),
            None => Err(OpenError::Unknown {
                name: name.to_owned(),
                known: known.iter().map(|(_, own, description)| shown(own, description)).collect(),
            }),
        }
    }

    /// A server without a microphone offers what its speaker plays instead: the others would hear themselves. Who
    /// wants that chooses it by name.
    fn refuse_monitor(&self) -> Result<(), OpenError> {
        match answer(self.client.source_info_by_name(DEFAULT_SOURCE.to_owned())) {
            Ok(source) if source.monitor_of_sink_index.is_none() => Ok(()),
            Ok(_) | Err(OpenError::Server(ClientError::ServerError(_))) => Err(OpenError::NoDevice),
            Err(error) => Err(error),
        }
    }

    fn capture(&self, device: Option<u32>, line: Arc<Line>, broken: Sender<String>) -> Result<RecordStream, OpenError> {
        let params = RecordStreamParams {
            sample_spec: sample_spec(),
            channel_map: ChannelMap::mono(),
            source_index: device,
            source_name: device.is_none().then(|| DEFAULT_SOURCE.to_owned()),
            buffer_attr: BufferAttr { fragment_size: PERIOD * SAMPLE_BYTES as u32, ..Default::default() },
            flags: flags(),
            props: props(),
            ..Default::default()
        };
        let take = move |bytes: &[u8]| {
            let _held_until_the_end = &broken;
            let samples = bytes.as_chunks::<SAMPLE_BYTES>().0;
            line.ring.push(samples.iter().map(|&bytes| f32::from_le_bytes(bytes)));
            line.wake();
        };
        answer(self.client.create_record_stream(params, take))
    }

    fn play(&self, device: Option<u32>, line: Arc<Line>, broken: Sender<String>) -> Result<PlaybackStream, OpenError> {
        let params = PlaybackStreamParams {
            sample_spec: sample_spec(),
            channel_map: ChannelMap::mono(),
            sink_index: device,
            buffer_attr: BufferAttr {
                target_length: READY * SAMPLE_BYTES as u32,
                minimum_request_length: PERIOD * SAMPLE_BYTES as u32,
                ..Default::default()
            },
            flags: flags(),
            props: props(),
            ..Default::default()
        };
        let mut samples = Vec::new();
        let give = move |bytes: &mut [u8]| {
            let _held_until_the_end = &broken;
            let slots = bytes.as_chunks_mut::<SAMPLE_BYTES>().0;
            line.note_appetite(slots.len());
            samples.clear();
            samples.resize(slots.len(), 0.0);
            line.ring.take(&mut samples);
            for (slot, sample) in slots.iter_mut().zip(&samples) {
                *slot = sample.to_le_bytes();
            }
            line.wake();
            bytes.len()
        };
        answer(self.client.create_playback_stream(params, give.as_playback_source()))
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // Fails only if the server was faster.
        let _ = self.socket.shutdown(Shutdown::Both);
    }
}

fn sample_spec() -> SampleSpec {
    SampleSpec { format: SampleFormat::Float32Le, channels: 1, sample_rate: SAMPLE_RATE }
}

fn flags() -> StreamFlags {
    StreamFlags { adjust_latency: true, ..Default::default() }
}

/// The role lets the server lower other sounds during a call.
fn props() -> Props {
    let mut props = Props::new();
    props.set(Prop::MediaName, c"Call");
    props.set(Prop::MediaRole, c"phone");
    props
}

/// Waits for an answer, but not for ever.
fn answer<T>(question: impl Future<Output = Result<T, ClientError>>) -> Result<T, OpenError> {
    let mut question = pin!(question);
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Poll::Ready(answer) = question.as_mut().poll(&mut Context::from_waker(&waker)) {
            return Ok(answer?);
        }
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(OpenError::Silent);
        }
        thread::park_timeout(left);
    }
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}
