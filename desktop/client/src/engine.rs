//! The WebRTC engine. Its types stay within this family of files.

mod again;
mod congestion;
mod connection;
mod estimate;
mod feedback;
mod link;
mod media;
mod missing;
mod peer;
mod receive;
mod remote;
mod repair;
mod requests;
mod resent;
mod send;
mod spoken;
mod stats;
mod tasks;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use thiserror::Error;
use tokio::runtime::Handle;

pub(crate) use link::{Link, LinkEvent};
pub(crate) use peer::{Order, Peer, PeerNews, Surroundings};
use tasks::Tasks;

/// What the engine refused to do.
#[derive(Debug, Error)]
pub(crate) enum EngineError {
    #[error("the connection could not be set up: {0}")]
    Setup(String),
    #[error("the session description was refused: {0}")]
    Description(String),
    #[error("the data channel is closed")]
    Closed,
    #[error("{0} took too long")]
    Slow(&'static str),
}

/// Makes connections, and owns every task that they run on: dropping it ends them.
pub(crate) struct Engine {
    tasks: Arc<Tasks>,
    handle: Handle,
    loopback: bool,
}

impl Engine {
    /// `loopback`: offer 127.0.0.1 too.
    pub(crate) fn new(loopback: bool, handle: Handle) -> Self {
        Self { tasks: Arc::new(Tasks::new(handle.clone())), handle, loopback }
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        self.tasks.end();
    }
}
