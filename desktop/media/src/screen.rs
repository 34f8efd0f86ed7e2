//! The screen of an X11 display, through x11rb: these files are the only ones that name it.

mod capture;
mod pointer;
mod shared;

use std::time::Instant;

use thiserror::Error;
use x11rb::errors::{ConnectError, ConnectionError, ReplyError, ReplyOrIdError};
use x11rb::protocol::ErrorKind;

use capture::Capture;

use crate::source::{Outlet, Pacer};

/// Enough for slides, text and a pointer; a film is not what a screen is shared for.
pub(crate) const FPS: u32 = 15;

/// A larger screen is scaled down to this.
const SIZE_MAX: (u32, u32) = (1920, 1080);

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

/// Runs until it is stopped, or the display goes away. Without a name, `$DISPLAY` is meant.
pub(crate) fn run(outlet: &Outlet, display: Option<&str>) -> Result<(), String> {
    if display.is_none() && std::env::var("XDG_SESSION_TYPE").is_ok_and(|kind| kind == "wayland") {
        return Err(
            "The screen of a Wayland session cannot be shared yet. Log in to an X11 session for that.".to_owned()
        );
    }
    let sentence = |error: ScreenError| format!("The screen cannot be shared: {error}.");
    let mut capture = Capture::open(display, SIZE_MAX).map_err(sentence)?;
    let mut pacer = Pacer::new((FPS, 1), Instant::now());
    let mut failures = 0;
    while outlet.sleep_until(pacer.next(Instant::now())) {
        match capture.grab() {
            Ok(picture) => {
                failures = 0;
                outlet.send(picture);
            }
            Err(ScreenError::Connection(error)) => return Err(sentence(error.into())),
            Err(error) => {
                failures += 1;
                if failures > FAILURES_MAX {
                    return Err(sentence(error));
                }
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
