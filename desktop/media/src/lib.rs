//! The media engine: cameras, screens, microphones, codecs and playout on threads of their own. It knows no network:
//! encoded frames leave as [`MediaEvent`]s, packets of the peers come in through [`Engine::receive`].

mod audio;
mod choice;
mod engine;
mod event;
mod frame;
mod packet;
pub mod pattern;
mod stats;

pub use choice::{CameraChoice, ChoiceError, MicrophoneChoice, SpeakerChoice};
pub use engine::{Engine, EngineConfig};
pub use event::{EncodedAudio, EncodedVideo, MediaEvent, Notice};
pub use frame::{I420, Picture};
pub use packet::{Kind, Packet, PeerTag};
pub use stats::{AudioStats, OutStats, PeerStats, VideoStats};
