//! Decoders of what strangers send: in a process that may do nothing else ([`Helper`]), or here.
//!
//! A lane is a thread of the app and a thread of that process, which decode one frame at a time for some peers. A frame
//! goes there and a picture comes back over memory that both see; the app looks at every number before it uses it.

mod handles;
mod helper;
mod link;
mod memory;
mod message;
mod sandbox;
mod suspicion;
mod worker;

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use thiserror::Error;

use crate::frame::{FramePool, I420};
use crate::slot::lock;
use crate::vp8::{Decoder, Header, Vp8Error, parse_header};
use helper::Missing;
pub use helper::{Helper, WorkerProgram};
use link::{Broken, Link};
use message::{Answer, Request};
use suspicion::Turn;
pub use worker::decode_worker;

/// The largest picture takes a tenth of it on a slow machine.
const DECODE_MAX: Duration = Duration::from_secs(1);

/// Where foreign streams are decoded.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Isolation {
    /// In a process of this program.
    Process(WorkerProgram),
    /// In the app itself, where a mistake in the decoder is a mistake in the app.
    #[default]
    Off,
}

#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DecodeError {
    /// A keyframe may help.
    #[error("{0}")]
    Frame(String),
    /// No frame of this size will ever be shown.
    #[error("{0}")]
    Refused(String),
    /// The decoders' process ended; it is started again, and a keyframe helps.
    #[error("the decoder has to start again")]
    Restarting,
    /// The process cannot be started.
    #[error("the decoder does not start: {0}")]
    Missing(String),
    /// Frames of this stream made the process end again and again: it is not decoded any more.
    #[error("the decoder failed on it again and again")]
    Stopped,
}

impl From<Vp8Error> for DecodeError {
    fn from(error: Vp8Error) -> Self {
        match error {
            Vp8Error::Size { .. } => Self::Refused(error.to_string()),
            other => Self::Frame(other.to_string()),
        }
    }
}

/// One lane's decoders.
pub struct Decoders(Place);

enum Place {
    Here(BTreeMap<u64, Decoder>),
    There(Remote),
}

/// A lane of the decoders' process.
struct Remote {
    helper: Arc<Helper>,
    lane: usize,
    link: Option<Link>,
    /// Of the process that the link leads, or led, to.
    generation: u64,
    /// In which process a stream had its last keyframe.
    begun: BTreeMap<u64, u64>,
}

impl Decoders {
    /// In this process.
    pub fn here() -> Self {
        Self(Place::Here(BTreeMap::new()))
    }

    /// In the other process, on this lane of it.
    pub fn there(helper: Arc<Helper>, lane: usize) -> Self {
        Self(Place::There(Remote { helper, lane, link: None, generation: 0, begun: BTreeMap::new() }))
    }

    /// Decodes the stream's next frame; `None` if it is not to be shown.
    pub fn decode(
        &mut self,
        stream: u64,
        frame: &[u8],
        pool: &mut FramePool,
        now: Instant,
    ) -> Result<Option<Arc<I420>>, DecodeError> {
        match &mut self.0 {
            Place::Here(decoders) => {
                let Some(decoded) = decoders.entry(stream).or_default().decode(frame)? else { return Ok(None) };
                pool.fill(decoded.size(), now, |picture| {
                    decoded.copy_to(picture);
                    Ok(())
                })
                .map(Some)
            }
            Place::There(remote) => remote.decode(stream, frame, pool, now),
        }
    }

    /// The stream has ended.
    pub fn close(&mut self, stream: u64) {
        match &mut self.0 {
            Place::Here(decoders) => drop(decoders.remove(&stream)),
            Place::There(remote) => remote.close(stream),
        }
    }
}

impl Remote {
    fn decode(
        &mut self,
        stream: u64,
        frame: &[u8],
        pool: &mut FramePool,
        now: Instant,
    ) -> Result<Option<Arc<I420>>, DecodeError> {
        // Most of what is wrong is found without troubling anyone.
        let key = matches!(parse_header(frame)?, Header::Key { .. });
        self.connect(now)?;
        if key {
            self.begun.insert(stream, self.generation);
        } else if self.begun.get(&stream) != Some(&self.generation) {
            return Err(Vp8Error::NoKeyframe.into());
        }
        let helper = Arc::clone(&self.helper);
        let turn = lock(&helper.suspicion).turn(stream, now);
        let outcome = match turn {
            Turn::Never => return Err(DecodeError::Stopped),
            Turn::Together => {
                let _turn = helper.turn.read().unwrap_or_else(PoisonError::into_inner);
                self.ask(stream, frame)
            }
            Turn::Alone => {
                let _turn = helper.turn.write().unwrap_or_else(PoisonError::into_inner);
                self.ask(stream, frame)
            }
        };
        match outcome {
            Ok(Answer::Picture { width, height }) => self.fetch((width, height), pool, now).map(Some),
            Ok(Answer::Nothing) => Ok(None),
            Ok(Answer::Failed(error)) => {
                self.begun.remove(&stream);
                Err(error.into())
            }
            Err(broken) => Err(self.handle_broken(broken, stream, turn)),
        }
    }

    fn connect(&mut self, now: Instant) -> Result<(), DecodeError> {
        if self.link.is_some() {
            return Ok(());
        }
        let (generation, link) =
            self.helper.link(self.lane, self.generation, now).map_err(|missing| match missing {
                Missing::Soon => DecodeError::Restarting,
                Missing::Never(why) => DecodeError::Missing(why),
            })?;
        (self.generation, self.link) = (generation, Some(link));
        Ok(())
    }

    fn ask(&mut self, stream: u64, frame: &[u8]) -> Result<Answer, Broken> {
        let Some(link) = &mut self.link else { return Err(Broken::Before) };
        if !link.memory().put_frame(frame) {
            return Ok(Answer::Failed(Vp8Error::Truncated));
        }
        link.ask(Request::Decode { stream, length: frame.len() as u32 }, DECODE_MAX)
    }

    fn fetch(&self, size: (u32, u32), pool: &mut FramePool, now: Instant) -> Result<Arc<I420>, DecodeError> {
        let Some(link) = &self.link else { return Err(DecodeError::Restarting) };
        pool.fill(size, now, |picture| {
            link.memory().copy_picture(picture.data_mut());
            Ok(())
        })
    }

    fn handle_broken(&mut self, broken: Broken, stream: u64, turn: Turn) -> DecodeError {
        self.link = None;
        // Whatever it is still doing, it is not to be trusted with the next frame.
        self.helper.end(self.generation);
        if broken == Broken::Before {
            return DecodeError::Restarting;
        }
        tracing::warn!(?broken, stream, ?turn, "the decoders' process failed");
        match lock(&self.helper.suspicion).handle_failure(stream, turn, Instant::now()) {
            Turn::Never => DecodeError::Stopped,
            Turn::Together | Turn::Alone => DecodeError::Restarting,
        }
    }

    fn close(&mut self, stream: u64) {
        self.begun.remove(&stream);
        lock(&self.helper.suspicion).forget(stream);
        let told = self.link.as_mut().map(|link| link.tell(Request::Close { stream }));
        if let Some(Err(_)) = told {
            self.link = None;
        }
    }
}

#[cfg(test)]
pub(crate) mod tests;
