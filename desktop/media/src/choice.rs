//! Where picture and sound come from and go to, as a person writes it on the command line.

mod screen;

use std::path::PathBuf;
use std::str::FromStr;

use thiserror::Error;

pub use screen::{Region, ScreenChoice, WindowChoice};

/// The pitch of `tone` without a number: the concert A.
const TONE_DEFAULT_HZ: f32 = 440.0;

/// What can be sampled at 48 kHz with some room above it.
const TONE_MAX_HZ: f32 = 20_000.0;

/// The source of the camera's picture.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum CameraChoice {
    /// Moving bars whose frames carry a number and the time (see [`crate::pattern`]).
    Pattern,
    /// A clip, played in a loop.
    File(PathBuf),
    /// A clip whose pictures carry the pattern's mark: how many came before, and the time.
    MarkedFile(PathBuf),
    /// A camera of this machine: the first one, or the one of this name or number.
    Device(Option<String>),
    #[default]
    Off,
}

/// The source of the microphone's sound.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum MicrophoneChoice {
    /// A sine of this many hertz.
    Tone(f32),
    /// A WAV file, played in a loop.
    File(PathBuf),
    /// A microphone of this machine: the default one, or the one of this name.
    Device(Option<String>),
    #[default]
    Off,
}

/// Where the peers' sound goes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum SpeakerChoice {
    Device(Option<String>),
    /// The mix is written to this WAV file.
    File(PathBuf),
    /// Decoded and mixed on time, heard by no one.
    #[default]
    Null,
}

/// What is done to the sound of a microphone of this machine before it is sent. A tone or a file is sent as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Processing {
    /// What the speaker plays is taken out.
    pub echo: bool,
    /// Steady noise is turned down.
    pub noise: bool,
    /// A quiet voice is turned up.
    pub gain: bool,
}

impl Processing {
    pub const ALL: Self = Self { echo: true, noise: true, gain: true };
    pub const NONE: Self = Self { echo: false, noise: false, gain: false };
}

impl Default for Processing {
    fn default() -> Self {
        Self::ALL
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ChoiceError {
    #[error("`{given}` is not one of {known}")]
    Unknown { given: String, known: &'static str },
    #[error("the path of a file is missing after the colon")]
    PathMissing,
    #[error("`{0}` is not a pitch between 1 and 20000 Hz")]
    Pitch(String),
    #[error("`{0}` is not a part of a screen as in 0,0,1280,720: left, top, width and height, at least 16x16")]
    Region(String),
}

impl FromStr for CameraChoice {
    type Err = ChoiceError;

    fn from_str(text: &str) -> Result<Self, ChoiceError> {
        match split(text) {
            ("pattern", None) => Ok(Self::Pattern),
            ("pattern", path) => file(path).map(Self::MarkedFile),
            ("file", path) => file(path).map(Self::File),
            ("device", name) => Ok(Self::Device(name.map(str::to_owned))),
            ("none" | "off", None) => Ok(Self::Off),
            _ => Err(unknown(text, "pattern, pattern:<clip>, file:<clip>, device, device:<name>, none")),
        }
    }
}

impl FromStr for MicrophoneChoice {
    type Err = ChoiceError;

    fn from_str(text: &str) -> Result<Self, ChoiceError> {
        match split(text) {
            ("tone", None) => Ok(Self::Tone(TONE_DEFAULT_HZ)),
            ("tone", Some(pitch)) => tone(pitch).map(Self::Tone),
            ("file", path) => file(path).map(Self::File),
            ("device", name) => Ok(Self::Device(name.map(str::to_owned))),
            ("none" | "off", None) => Ok(Self::Off),
            _ => Err(unknown(text, "tone, tone:<hertz>, file:<wav>, device, device:<name>, none")),
        }
    }
}

impl FromStr for SpeakerChoice {
    type Err = ChoiceError;

    fn from_str(text: &str) -> Result<Self, ChoiceError> {
        match split(text) {
            ("device", name) => Ok(Self::Device(name.map(str::to_owned))),
            ("file", path) => file(path).map(Self::File),
            ("null" | "none" | "off", None) => Ok(Self::Null),
            _ => Err(unknown(text, "device, device:<name>, file:<wav>, null")),
        }
    }
}

impl FromStr for Processing {
    type Err = ChoiceError;

    fn from_str(text: &str) -> Result<Self, ChoiceError> {
        let mut processing = Self::NONE;
        match text {
            "all" => return Ok(Self::ALL),
            "none" | "off" => return Ok(Self::NONE),
            _ => {}
        }
        for word in text.split(',') {
            match word.trim() {
                "echo" => processing.echo = true,
                "noise" => processing.noise = true,
                "gain" => processing.gain = true,
                _ => return Err(unknown(word, "all, none, or some of echo,noise,gain")),
            }
        }
        Ok(processing)
    }
}

/// The word before the first colon, and what follows it.
fn split(text: &str) -> (&str, Option<&str>) {
    match text.split_once(':') {
        Some((word, rest)) => (word, Some(rest)),
        None => (text, None),
    }
}

fn file(path: Option<&str>) -> Result<PathBuf, ChoiceError> {
    match path {
        Some(path) if !path.is_empty() => Ok(PathBuf::from(path)),
        _ => Err(ChoiceError::PathMissing),
    }
}

fn tone(pitch: &str) -> Result<f32, ChoiceError> {
    match pitch.parse::<f32>() {
        Ok(hertz) if (1.0..=TONE_MAX_HZ).contains(&hertz) => Ok(hertz),
        _ => Err(ChoiceError::Pitch(pitch.to_owned())),
    }
}

fn unknown(text: &str, known: &'static str) -> ChoiceError {
    ChoiceError::Unknown { given: text.to_owned(), known }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_camera_is_chosen_by_its_word() {
        assert_eq!("pattern".parse(), Ok(CameraChoice::Pattern));
        assert_eq!("file:/a:b.y4m".parse(), Ok(CameraChoice::File("/a:b.y4m".into())));
        assert_eq!("pattern:a.y4m".parse(), Ok(CameraChoice::MarkedFile("a.y4m".into())));
        assert_eq!("device".parse(), Ok(CameraChoice::Device(None)));
        assert_eq!("device:UVC: one".parse(), Ok(CameraChoice::Device(Some("UVC: one".into()))));
        assert_eq!("none".parse(), Ok(CameraChoice::Off));
        assert_eq!("file:".parse::<CameraChoice>(), Err(ChoiceError::PathMissing));
        assert_eq!("pattern:".parse::<CameraChoice>(), Err(ChoiceError::PathMissing));
        assert!(matches!("webcam".parse::<CameraChoice>(), Err(ChoiceError::Unknown { .. })));
    }

    #[test]
    fn a_tone_stays_audible() {
        assert_eq!("tone".parse(), Ok(MicrophoneChoice::Tone(440.0)));
        assert_eq!("tone:1000".parse(), Ok(MicrophoneChoice::Tone(1000.0)));
        for bad in ["tone:", "tone:NaN", "tone:-1", "tone:20001", "tone:inf"] {
            assert!(matches!(bad.parse::<MicrophoneChoice>(), Err(ChoiceError::Pitch(_))), "{bad}");
        }
    }

    #[test]
    fn processing_is_chosen_by_its_parts() {
        assert_eq!("all".parse(), Ok(Processing::ALL));
        assert_eq!("none".parse(), Ok(Processing::NONE));
        assert_eq!("echo, gain".parse(), Ok(Processing { echo: true, noise: false, gain: true }));
        for bad in ["", "echo,", "loud", "none,echo"] {
            assert!(matches!(bad.parse::<Processing>(), Err(ChoiceError::Unknown { .. })), "{bad}");
        }
    }

    #[test]
    fn a_speaker_may_be_a_file_or_nothing() {
        assert_eq!("file:mix.wav".parse(), Ok(SpeakerChoice::File("mix.wav".into())));
        assert_eq!("null".parse(), Ok(SpeakerChoice::Null));
        assert_eq!("device".parse(), Ok(SpeakerChoice::Device(None)));
    }
}
