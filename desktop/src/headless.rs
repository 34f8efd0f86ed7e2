//! A participant without a window: joins and stays until its backend wants to end.

use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded};
use session::{Event as SessionEvent, Status};
use thiserror::Error;

use crate::{Backend, Command, Event};

/// A signal does not ring the bell: look up at least this often.
const PATIENCE: Duration = Duration::from_millis(200);

/// How a stay failed.
#[derive(Debug, Error)]
pub enum HeadlessError {
    /// The server's own sentence.
    #[error("{0}")]
    Refused(String),
    #[error("a moderator put us out of the room")]
    Removed,
}

/// A wake-up that never piles up.
#[derive(Clone)]
pub struct Bell {
    sender: Sender<()>,
    receiver: Receiver<()>,
}

impl Bell {
    pub fn new() -> Self {
        let (sender, receiver) = bounded(1);
        Self { sender, receiver }
    }

    pub fn waker(&self) -> Arc<dyn Fn() + Send + Sync> {
        let sender = self.sender.clone();
        Arc::new(move || {
            // Full means that it already rings.
            let _ = sender.try_send(());
        })
    }
}

impl Default for Bell {
    fn default() -> Self {
        Self::new()
    }
}

/// Enters with the command `entrance` and stays until `backend` wants to end or, unless a program is in control, the room is left.
pub fn run(backend: &mut impl Backend, entrance: Command, controlled: bool, bell: &Bell) -> Result<(), HeadlessError> {
    backend.command(entrance);
    loop {
        while let Some(event) = backend.poll_event() {
            match event {
                // Whoever is in control may try again, with another password perhaps.
                _ if controlled => {}
                Event::Session(SessionEvent::Status(Status::Refused(notice))) => {
                    return Err(HeadlessError::Refused(notice.message));
                }
                Event::Session(SessionEvent::Status(Status::Removed { .. })) => return Err(HeadlessError::Removed),
                Event::Left => return Ok(()),
                Event::Notice(text) => eprintln!("{text}"),
                _ => {}
            }
        }
        if backend.wants_to_end() {
            return Ok(());
        }
        let _ = bell.receiver.recv_timeout(PATIENCE);
    }
}
