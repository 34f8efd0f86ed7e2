//! The app's end of a lane: asks, and waits for an answer no longer than it should take.

use std::io::{self, Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use super::memory::Memory;
use super::message::{Answer, LEN, Request};

#[derive(Debug)]
pub(super) struct Link {
    socket: UnixStream,
    memory: Memory,
    /// What the socket was told last: telling it costs a system call.
    patience: Option<Duration>,
}

/// There is no answer, and there will be none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Broken {
    /// The process was gone before it was asked.
    Before,
    /// It ended instead of answering.
    Ended,
    /// It does not answer.
    Silent,
    /// What it answers makes no sense.
    Nonsense,
}

impl Link {
    /// The link, and what the other side needs: its socket and its memory.
    pub(super) fn create() -> io::Result<(Self, [OwnedFd; 2])> {
        let (socket, theirs) = UnixStream::pair()?;
        let (memory, file) = Memory::create()?;
        Ok((Self { socket, memory, patience: None }, [theirs.into(), file]))
    }

    pub(super) fn memory(&self) -> &Memory {
        &self.memory
    }

    pub(super) fn ask(&mut self, request: Request, patience: Duration) -> Result<Answer, Broken> {
        self.tell(request)?;
        let (deadline, mut bytes, mut read) = (Instant::now() + patience, [0; LEN], 0);
        let mut left = patience;
        while read < LEN {
            self.be_patient(left)?;
            match self.socket.read(&mut bytes[read..]) {
                Ok(0) => return Err(Broken::Ended),
                Ok(more) => read += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Err(Broken::Silent),
                Err(_) => return Err(Broken::Ended),
            }
            if read < LEN {
                left = deadline.checked_duration_since(Instant::now()).ok_or(Broken::Silent)?;
            }
        }
        Answer::parse(&bytes).map_err(|_| Broken::Nonsense)
    }

    pub(super) fn tell(&mut self, request: Request) -> Result<(), Broken> {
        // Sixteen bytes find room unless the other side has not read for hundreds of requests.
        self.socket.write_all(&request.to_bytes()).map_err(|_| Broken::Before)
    }

    fn be_patient(&mut self, patience: Duration) -> Result<(), Broken> {
        // No time at all would mean: for ever.
        let patience = patience.max(Duration::from_millis(1));
        if self.patience != Some(patience) {
            self.socket.set_read_timeout(Some(patience)).map_err(|_| Broken::Ended)?;
            self.patience = Some(patience);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsFd;

    use super::*;
    use crate::decode::memory::WorkerMemory;

    const SOON: Duration = Duration::from_millis(20);
    const PATIENCE: Duration = Duration::from_secs(20);
    const REQUEST: Request = Request::Decode { stream: 1, length: 0 };

    fn pair() -> (Link, UnixStream) {
        let (link, [socket, memory]) = Link::create().unwrap();
        assert!(WorkerMemory::open(memory.as_fd()).is_ok());
        (link, UnixStream::from(socket))
    }

    #[test]
    fn a_worker_that_says_nothing_or_dribbles_is_not_waited_for() {
        let (mut link, mut worker) = pair();
        assert_eq!(link.ask(REQUEST, SOON), Err(Broken::Silent));
        // All but the last byte of an answer.
        worker.write_all(&Answer::Nothing.to_bytes()[..LEN - 1]).unwrap();
        assert_eq!(link.ask(REQUEST, SOON), Err(Broken::Silent));
    }

    #[test]
    fn a_worker_that_ends_or_talks_nonsense_is_found_out() {
        let (mut link, mut worker) = pair();
        worker.write_all(&[0xFF; LEN]).unwrap();
        assert_eq!(link.ask(REQUEST, PATIENCE), Err(Broken::Nonsense));
        worker.write_all(&Answer::Picture { width: 65_535, height: 65_535 }.to_bytes()).unwrap();
        assert_eq!(link.ask(REQUEST, PATIENCE), Err(Broken::Nonsense));
        worker.shutdown(std::net::Shutdown::Write).unwrap();
        assert_eq!(link.ask(REQUEST, PATIENCE), Err(Broken::Ended));
        drop(worker);
        assert_eq!(link.ask(REQUEST, PATIENCE), Err(Broken::Before));
    }
}
