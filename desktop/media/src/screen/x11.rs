//! The screen of an X11 display, through x11rb: these files are the only ones that name it.

mod capture;
mod display;
mod list;
mod news;
mod pointer;
mod shared;
mod window;

use std::time::Instant;

use thiserror::Error;
use x11rb::errors::{ConnectError, ConnectionError, ReplyError, ReplyOrIdError};
use x11rb::protocol::ErrorKind;

use super::canvas::Misfit;
use super::{Rhythm, SIZE_MAX, Share};
use crate::source::Outlet;
use capture::{Capture, News};

pub(super) use list::sights;

/// The display may be busy with a change of its size; this many failures in a row mean more than that.
const FAILURES_MAX: u32 = 5;

#[derive(Debug, Error)]
enum ScreenError {
    #[error("no display answers: {0}")]
    Connect(#[from] ConnectError),
    #[error("the display went away: {0}")]
    Connection(#[from] ConnectionError),
    #[error("the display refused ({0:?})")]
    Refused(ErrorKind),
    #[error("the display has no names left for us")]
    Names,
    #[error("its pixels have a form that is not supported")]
    Pixels,
    #[error("no memory can be shared with it: {0}")]
    Memory(#[from] std::io::Error),
    #[error("there is no monitor {name}; there is {known}")]
    NoMonitor { name: String, known: String },
    #[error("there is no window {0}")]
    NoWindow(String),
    #[error("several windows are called {0}; say more of the title, or the id")]
    ManyWindows(String),
    #[error("the window {0} is minimised or hidden; bring it up and share it again")]
    Hidden(String),
    #[error("the display cannot tell one window from those in front of it (no Composite extension)")]
    Flat,
    #[error("that part is not on the display, which has {0}x{1} pixels")]
    Outside(u16, u16),
    #[error("{0} was closed")]
    Closed(String),
}

impl From<ReplyError> for ScreenError {
    fn from(error: ReplyError) -> Self {
        match error {
            ReplyError::ConnectionError(error) => Self::Connection(error),
            ReplyError::X11Error(error) => Self::Refused(error.error_kind),
        }
    }
}

impl From<ReplyOrIdError> for ScreenError {
    fn from(error: ReplyOrIdError) -> Self {
        match error {
            ReplyOrIdError::IdsExhausted => Self::Names,
            ReplyOrIdError::ConnectionError(error) => Self::Connection(error),
            ReplyOrIdError::X11Error(error) => Self::Refused(error.error_kind),
        }
    }
}

impl From<Misfit> for ScreenError {
    fn from(_: Misfit) -> Self {
        Self::Pixels
    }
}

impl ScreenError {
    /// For a person.
    fn sentence(&self) -> String {
        match self {
            Self::Closed(title) => format!("The window {title} was closed, so it is shared no more."),
            Self::NoMonitor { .. } => format!("The monitor cannot be shared: {self}."),
            Self::NoWindow(_) | Self::ManyWindows(_) | Self::Hidden(_) | Self::Flat => {
                format!("The window cannot be shared: {self}.")
            }
            Self::Connect(_)
            | Self::Connection(_)
            | Self::Refused(_)
            | Self::Names
            | Self::Pixels
            | Self::Memory(_)
            | Self::Outside(..) => format!("The screen cannot be shared: {self}."),
        }
    }

    /// Whether it may be over with the next picture.
    fn may_pass(&self) -> bool {
        matches!(self, Self::Refused(_) | Self::Pixels | Self::Memory(_) | Self::NoMonitor { .. } | Self::Outside(..))
    }
}

/// Runs until it is stopped, or what is shared goes away.
pub(super) fn run(outlet: &Outlet, share: &Share, tell: &dyn Fn(String)) -> Result<(), String> {
    let sentence = |error: ScreenError| error.sentence();
    let mut capture = Capture::open(share.display.as_deref(), &share.choice, SIZE_MAX).map_err(sentence)?;
    let mut rhythm = Rhythm::new(share.fps, Instant::now());
    let mut failures = 0;
    while rhythm.wait(outlet) {
        match step(&mut capture, outlet, &mut rhythm, tell) {
            Ok(()) => failures = 0,
            Err(error) => {
                failures += 1;
                if failures > FAILURES_MAX || !error.may_pass() {
                    return Err(sentence(error));
                }
            }
        }
    }
    Ok(())
}

fn step(capture: &mut Capture, outlet: &Outlet, rhythm: &mut Rhythm, tell: &dyn Fn(String)) -> Result<(), ScreenError> {
    let now = Instant::now();
    match capture.look(now)? {
        News::Picture => {
            // Whoever needed a picture gets this one.
            outlet.renewed();
            rhythm.change(now);
            rhythm.send(outlet, capture.grab(now)?);
        }
        News::Hidden(title) => {
            tell(format!(
                "The window {title} is minimised or hidden: the others keep its last picture until it is back."
            ));
        }
        News::None => {
            if rhythm.wants_again(outlet, now)
                && let Some(picture) = capture.again(now)
            {
                rhythm.send(outlet, picture);
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
