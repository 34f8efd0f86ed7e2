//! Someone who records what a loudspeaker plays, and what is missing in two such recordings laid side by side.

use std::ffi::CString;
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use pulseaudio::protocol::stream::{BufferAttr, StreamFlags};
use pulseaudio::protocol::{ChannelMap, RecordStreamParams, SampleFormat, SampleSpec};
use pulseaudio::{Client, RecordStream};

const SAMPLE_RATE: u32 = 48_000;

/// Bytes that come at a time: 10 ms of 32-bit samples.
const PART: u32 = 480 * 4;

/// Samples that are judged together, 1 ms, and how many a second has.
const GRAIN: usize = 48;
pub(crate) const SECOND: usize = 1000;

/// Quieter than this nothing sounds; the tone is at 0.25.
const AUDIBLE: f32 = 0.03;

/// Records a loudspeaker's monitor, and nothing else: the recording ends with the loudspeaker. Ends with its owner.
pub(crate) struct Ear {
    socket: UnixStream,
    _stream: RecordStream,
    recording: Arc<Mutex<Recording>>,
}

#[derive(Default)]
struct Recording {
    /// Of each millisecond, whether something sounded.
    sounded: Vec<bool>,
    /// What is no whole millisecond yet: samples, and whether something sounded.
    rest: (usize, bool),
    /// When its first sample was played at the latest. A part may come late and never early, so the most punctual one of
    /// them says it.
    began: Option<Instant>,
}

impl Ear {
    /// At a loudspeaker of the server with this socket.
    pub(crate) fn at(server: &Path, speaker: &str) -> Self {
        let socket = UnixStream::connect(server).expect("the server's socket");
        let connection = socket.try_clone().expect("a descriptor");
        let client = Client::new_unix(c"ear", connection, Some([0; 256])).expect("a greeting");
        let params = RecordStreamParams {
            sample_spec: SampleSpec { format: SampleFormat::Float32Le, channels: 1, sample_rate: SAMPLE_RATE },
            channel_map: ChannelMap::mono(),
            source_name: Some(CString::new(format!("{speaker}.monitor")).expect("a name")),
            buffer_attr: BufferAttr { fragment_size: PART, ..Default::default() },
            flags: StreamFlags { no_move: true, adjust_latency: true, ..Default::default() },
            ..Default::default()
        };
        let recording = Arc::<Mutex<Recording>>::default();
        let filled = Arc::clone(&recording);
        let listen = move |bytes: &[u8]| lock(&filled).handle_part(bytes, Instant::now());
        let stream = async_io::block_on(client.create_record_stream(params, listen)).expect("a recording");
        Self { socket, _stream: stream, recording }
    }

    /// Milliseconds that it has been recording.
    pub(crate) fn length(&self) -> usize {
        self.recording().sounded.len()
    }

    /// Milliseconds that it has sounded without a break until now.
    pub(crate) fn sounding_for(&self) -> usize {
        self.recording().sounded.iter().rev().take_while(|sounded| **sounded).count()
    }

    pub(crate) fn is_silent(&self) -> bool {
        !self.recording().sounded.contains(&true)
    }

    /// When something sounded from this millisecond of the recording on.
    fn moments(&self, from: usize) -> Vec<Instant> {
        let recording = self.recording();
        let began = recording.began.expect("a part at least");
        let sounded = recording.sounded.iter().enumerate().skip(from).filter(|(_, sounded)| **sounded);
        sounded.map(|(i, _)| began + Duration::from_millis(i as u64)).collect()
    }

    fn recording(&self) -> MutexGuard<'_, Recording> {
        lock(&self.recording)
    }
}

impl Recording {
    fn handle_part(&mut self, bytes: &[u8], now: Instant) {
        for &bytes in bytes.as_chunks::<4>().0 {
            self.rest.0 += 1;
            self.rest.1 |= f32::from_le_bytes(bytes).abs() > AUDIBLE;
            if self.rest.0 == GRAIN {
                self.sounded.push(std::mem::take(&mut self.rest).1);
            }
        }
        let samples = self.sounded.len() * GRAIN + self.rest.0;
        let length = Duration::from_secs(samples as u64) / SAMPLE_RATE;
        let began = now - length;
        self.began = Some(self.began.map_or(began, |before| before.min(began)));
    }
}

/// The longest time in which nothing sounded at either loudspeaker, counted in what they played, from this millisecond of
/// the first one's recording on.
pub(crate) fn longest_silence(first: &Ear, from: usize, second: &Ear) -> Duration {
    let mut moments = [first.moments(from), second.moments(0)].concat();
    moments.sort_unstable();
    let pauses = moments.windows(2).map(|pair| pair[1] - pair[0]);
    // Each moment is a millisecond long.
    pauses.max().expect("something that sounded").saturating_sub(Duration::from_millis(1))
}

fn lock(recording: &Mutex<Recording>) -> MutexGuard<'_, Recording> {
    recording.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Drop for Ear {
    fn drop(&mut self) {
        // Fails only if the server was faster.
        let _ = self.socket.shutdown(Shutdown::Both);
    }
}
