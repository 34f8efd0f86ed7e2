//! Writes down what the program knows, on a thread of its own, so that neither window nor network wait for the disk.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use super::file::{self, MemoryError};
use super::{Memory, Shared};

/// Whoever holds it keeps the memory. Its end waits until everything is on the disk.
#[derive(Debug)]
pub struct Keeper {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
    /// Ours alone, as long as we run.
    _lock: Option<File>,
}

impl Memory {
    /// What is written in the file at `path`. Where it cannot be had or kept as it should, there is something to tell the
    /// person, and one begins anew.
    pub fn open(path: &Path) -> (Self, Option<Keeper>, Option<MemoryError>) {
        let lock = match file::lock(path) {
            Ok(lock) => lock,
            Err(error) => {
                let memory = Self::default();
                // Two who are the same would push each other out of their seat.
                let mut contents = file::read(path).ok().flatten().unwrap_or_default();
                contents.rooms.iter_mut().for_each(|(_, secret)| *secret = None);
                contents.accounts.clear();
                memory.lock().contents = contents;
                return (memory, None, Some(error));
            }
        };
        let (contents, trouble) = match file::read(path) {
            Ok(contents) => (contents.unwrap_or_default(), None),
            Err(error @ MemoryError::Newer { .. }) => return (Self::default(), None, Some(error)),
            Err(error) => (Default::default(), Some(file::put_aside(path, error))),
        };
        let memory = Self::default();
        memory.lock().contents = contents;
        match Keeper::start(&memory, path.to_owned(), lock) {
            Ok(keeper) => (memory, Some(keeper), trouble),
            Err(source) => (memory, None, Some(MemoryError::File { path: path.to_owned(), source })),
        }
    }
}

impl Keeper {
    fn start(memory: &Memory, path: PathBuf, lock: Option<File>) -> std::io::Result<Self> {
        let of_thread = memory.clone();
        let keep = move || of_thread.keep(&path);
        let thread = std::thread::Builder::new().name("memory".to_owned()).spawn(keep)?;
        Ok(Self { shared: Arc::clone(&memory.shared), thread: Some(thread), _lock: lock })
    }
}

impl Memory {
    /// Until the keeper goes.
    fn keep(&self, path: &Path) {
        // As it was read.
        let mut written = 0;
        loop {
            let mut state = self.lock();
            while state.version == written && !state.is_closed {
                state = self.shared.bell.wait(state).unwrap_or_else(std::sync::PoisonError::into_inner);
            }
            if state.version == written {
                return;
            }
            let contents = state.contents.clone();
            written = state.version;
            drop(state);
            if let Err(error) = file::write(path, &contents) {
                tracing::error!(%error, "what the app knows is not kept");
            }
        }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.shared.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner).is_closed = true;
        self.shared.bell.notify_all();
        if let Some(thread) = self.thread.take() {
            // A panic there has been reported.
            let _ = thread.join();
        }
    }
}
