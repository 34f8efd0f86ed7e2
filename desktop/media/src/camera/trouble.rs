//! Why there is no picture of a camera, in words that say what to do.

use std::io;

use thiserror::Error;

use super::convert::ConvertError;

#[derive(Debug, PartialEq, Eq, Error)]
pub(super) enum Trouble {
    #[error("There is no camera. It is switched on as soon as one is plugged in.")]
    Missing,
    #[error("There is no camera called {name}; there is {}. It is switched on as soon as it is plugged in.", known.join(", "))]
    Unknown { name: String, known: Vec<String> },
    #[error("The camera is gone. It is switched on again as soon as it is plugged in.")]
    Gone,
    #[error("The camera is used by another program. Close that program and switch the camera on again.")]
    Busy,
    #[error("The camera may not be used: add this user to the group `video`, then log in again.")]
    Forbidden,
    #[error("The camera has no room on its USB port. Plug it into another one, then switch it on again.")]
    Crowded,
    #[error("The camera sends no pictures any more. Unplug it, plug it in again and switch it on.")]
    Stalled,
    #[error("The camera offers its pictures only as {0}, which cannot be read here.")]
    Formats(String),
    #[error("The camera sends pictures that cannot be read: {0}.")]
    Damaged(ConvertError),
    #[error("The camera does not work: {0}.")]
    Other(String),
}

impl Trouble {
    /// Whether it is over when a camera is plugged in.
    pub(super) fn ends_by_plugging_in(&self) -> bool {
        match self {
            Self::Missing | Self::Unknown { .. } | Self::Gone => true,
            Self::Busy
            | Self::Forbidden
            | Self::Crowded
            | Self::Stalled
            | Self::Formats(_)
            | Self::Damaged(_)
            | Self::Other(_) => false,
        }
    }
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        match error.raw_os_error() {
            Some(libc::EBUSY) => Self::Busy,
            Some(libc::EACCES | libc::EPERM) => Self::Forbidden,
            Some(libc::ENODEV | libc::ENOENT | libc::ENXIO) => Self::Gone,
            Some(libc::ENOSPC) => Self::Crowded,
            _ => Self::Other(error.to_string()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_drivers_error_becomes_words_that_help() {
        let words = |number| Trouble::from(io::Error::from_raw_os_error(number)).to_string();
        assert!(words(libc::EBUSY).contains("another program"));
        assert!(words(libc::EACCES).contains("group `video`"));
        assert!(words(libc::ENODEV).contains("is gone"));
        assert!(words(libc::ENOSPC).contains("another one"));
        assert!(Trouble::from(io::Error::other("strange")).to_string().contains("strange"));
    }
}
