//! The decoders' process: gives everything up, then decodes what the app hands it, until the app is gone.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, RawFd};
use std::os::unix::net::UnixStream;
use std::process::ExitCode;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::Builder;

use super::handles::inherit;
use super::memory::WorkerMemory;
use super::message::{Answer, LEN, Request};
use super::sandbox::{self, Walls};
use crate::frame::{I420, PlanesMut};
use crate::vp8::{Decoder, Vp8Error};

/// What decodes on a lane. Tests put something worse in its place.
pub(super) trait Decode {
    fn decode(&mut self, stream: u64, frame: &[u8], picture: &mut [u8]) -> Answer;
    fn close(&mut self, stream: u64);
}

/// Runs the decoders' process. `numbers` are the descriptors that the app hands over: the lifeline, then socket and
/// memory of each lane. Returns when the app is gone.
pub fn decode_worker(numbers: &[RawFd]) -> ExitCode {
    match run(numbers, Streams::default) {
        Ok(()) => ExitCode::SUCCESS,
        // Standard error is nobody's by now; the app sees that its process ended.
        Err(_) => ExitCode::FAILURE,
    }
}

pub(super) fn run<D: Decode + Send + 'static>(numbers: &[RawFd], decoder: impl Fn() -> D) -> io::Result<()> {
    let (lifeline, lanes) = numbers.split_first().ok_or(io::ErrorKind::InvalidInput)?;
    let mut lifeline = UnixStream::from(inherit(*lifeline)?);
    sandbox::close_all_but(numbers);
    let open = |pair: &[RawFd]| -> io::Result<(UnixStream, WorkerMemory)> {
        let [socket, memory] = pair else { return Err(io::ErrorKind::InvalidInput.into()) };
        // The map outlives the descriptor.
        Ok((UnixStream::from(inherit(*socket)?), WorkerMemory::open(inherit(*memory)?.as_fd())?))
    };
    let lanes: Vec<_> = lanes.chunks(2).map(open).collect::<io::Result<_>>()?;
    let filters = sandbox::filters();
    let landlock = sandbox::enter_process();
    let (ready, all_ready) = sync_channel(lanes.len());
    for (number, (socket, memory)) in lanes.into_iter().enumerate() {
        let (ready, filters, decoder): (SyncSender<bool>, _, _) = (ready.clone(), filters.clone(), decoder());
        Builder::new().name(format!("decode-{number}")).spawn(move || {
            // Nobody listens any more only if another thread could not be started.
            let _ = ready.send(sandbox::enter_thread(filters.as_ref()));
            drop(ready);
            // The app is gone, or does not want this lane any more.
            let _ = serve(socket, memory, decoder);
        })?;
    }
    drop(ready);
    // One without its filter makes the wall open.
    let seccomp = all_ready.iter().fold(true, |all, one| all & one) & sandbox::enter_thread(filters.as_ref());
    lifeline.write_all(&[Walls { landlock, seccomp }.to_byte()])?;
    // Nothing is ever said; at the end of the app it breaks, and with this thread the others end, whatever they do.
    let _ = lifeline.read(&mut [0]);
    Ok(())
}

fn serve(mut socket: UnixStream, mut memory: WorkerMemory, mut decoder: impl Decode) -> io::Result<()> {
    let mut bytes = [0; LEN];
    loop {
        socket.read_exact(&mut bytes)?;
        match Request::parse(&bytes).ok_or(io::ErrorKind::InvalidData)? {
            Request::Decode { stream, length } => {
                let (frame, picture) = memory.split(length as usize);
                let answer = decoder.decode(stream, frame, picture);
                socket.write_all(&answer.to_bytes())?;
            }
            Request::Close { stream } => decoder.close(stream),
        }
    }
}

/// The streams of a lane.
#[derive(Default)]
pub(super) struct Streams(BTreeMap<u64, Decoder>);

impl Decode for Streams {
    fn decode(&mut self, stream: u64, frame: &[u8], picture: &mut [u8]) -> Answer {
        let decoded = match self.0.entry(stream).or_default().decode(frame) {
            Ok(Some(decoded)) => decoded,
            Ok(None) => return Answer::Nothing,
            Err(error) => return Answer::Failed(error),
        };
        let (width, height) = decoded.size();
        match picture.get_mut(..I420::size(width, height)) {
            Some(place) => decoded.draw(PlanesMut::of(place, width, height), width),
            None => return Answer::Failed(Vp8Error::Size { width, height }),
        }
        Answer::Picture { width, height }
    }

    fn close(&mut self, stream: u64) {
        self.0.remove(&stream);
    }
}
