//! Why a microphone or speaker is not there, and the sentence that a person is told.

use thiserror::Error;

use super::Direction;
use crate::audio::resample::RateError;

#[derive(Debug, Error)]
pub(crate) enum OpenError {
    #[error("no sound server and no sound card")]
    NoSound,
    #[error("no device")]
    NoDevice,
    #[error("no device of this name")]
    Unknown { name: String, known: Vec<String> },
    #[error("the sound server does not answer")]
    Silent,
    #[error("{0}")]
    Server(#[from] pulseaudio::ClientError),
    #[error("{0}")]
    Card(#[from] cpal::Error),
    #[error("{0}")]
    Rate(#[from] RateError),
}

impl OpenError {
    /// What happened and what to do about it.
    pub(crate) fn sentence(&self, direction: Direction) -> String {
        let (what, who) = words(direction);
        match self {
            Self::NoSound => format!(
                "There is no sound server and no sound card, so {who}. Start PulseAudio or PipeWire, or connect a \
                 {what}; it is tried again every few seconds."
            ),
            Self::NoDevice => format!(
                "There is no {what}, so {who}. Connect one or choose one by its name; it is tried again every few \
                 seconds."
            ),
            Self::Unknown { name, known } if known.is_empty() => {
                format!("There is no {what} called “{name}” and no other either, so {who}. Connect one.")
            }
            Self::Unknown { name, known } => {
                format!("There is no {what} called “{name}”, so {who}. Choose one of: {}.", known.join(", "))
            }
            Self::Silent | Self::Server(_) | Self::Card(_) => format!(
                "The {what} could not be opened ({self}), so {who}. Close other programs that use it or choose \
                 another one; it is tried again every few seconds."
            ),
            Self::Rate(_) => format!("The {what} could not be opened ({self}), so {who}. Choose another one."),
        }
    }
}

/// A device that worked and does no more.
pub(crate) fn lost(direction: Direction, reason: &str) -> String {
    let (what, who) = words(direction);
    format!(
        "The {what} stopped working ({reason}), so {who}. Connect it again or choose another one; it is tried again \
         every few seconds."
    )
}

pub(crate) fn works_again(direction: Direction) -> String {
    format!("The {} works again.", words(direction).0)
}

fn words(direction: Direction) -> (&'static str, &'static str) {
    match direction {
        Direction::Capture => ("microphone", "the others cannot hear you"),
        Direction::Playback => ("speaker", "you cannot hear the others"),
    }
}
