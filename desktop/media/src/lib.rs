//! The media engine: cameras, screens, microphones, codecs and playout on threads of their own. It knows no network:
//! encoded frames leave as [`MediaEvent`]s, packets of the peers come in through [`Engine::receive`].

mod assemble;
pub mod audio;
mod camera;
mod choice;
mod clip;
mod conversion;
mod decode;
mod engine;
mod event;
mod frame;
mod lips;
mod packet;
pub mod pattern;
pub mod rehearsal;
mod scale;
mod screen;
mod slot;
mod source;
mod stats;
mod video_in;
mod video_out;
mod vp8;
mod y4m;

pub use audio::screen_sound;
pub use choice::{
    CameraChoice, ChoiceError, MicrophoneChoice, Processing, Region, ScreenChoice, SpeakerChoice, WindowChoice,
};
pub use conversion::{Conversion, Pixels};
pub use decode::{DecodeError, Decoders, Helper, Isolation, WorkerProgram, decode_worker};
pub use engine::{Engine, EngineConfig};
pub use event::{EncodedAudio, EncodedVideo, LEVELS, MediaEvent, Notice};
pub use frame::{FramePool, I420, Picture};
pub use lips::SenderClock;
pub use packet::{Kind, Packet, PeerTag};
pub use screen::{Screens, Sight, sights};
pub use stats::{AudioStats, OutStats, PeerStats, VideoSource, VideoStats};
pub use video_out::Need;
