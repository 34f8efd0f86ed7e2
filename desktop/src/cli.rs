//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand};
use client::Fingerprint;
use media::{
    CameraChoice, EngineConfig, Isolation, MicrophoneChoice, Processing, ScreenChoice, SpeakerChoice, WorkerProgram,
};
use protocol::Username;
use url::Url;

use crate::address::{RoomAddress, parse_server};
use crate::app::Drawing;

/// Video chat in rooms: see, hear and write to each other.
#[derive(Debug, Parser)]
#[command(name = "rtc-chat", version, about, args_conflicts_with_subcommands = true)]
pub struct Cli {
    #[command(subcommand)]
    pub what: Option<What>,
    /// The server whose lobby is shown [default: the last one, at first http://127.0.0.1:5000]
    #[arg(long, env = "RTC_CHAT_SERVER", value_parser = server)]
    pub server: Option<Url>,
    /// Show a scripted room instead of a real one
    #[arg(long)]
    pub mock: bool,
    #[command(flatten)]
    pub participant: ParticipantArgs,
}

#[derive(Debug, Subcommand)]
pub enum What {
    /// Go straight into a room
    Join(Box<JoinArgs>),
    /// Becomes the process where the others' pictures are decoded
    #[command(hide = true)]
    DecodeWorker {
        /// The descriptors that the app hands over
        handles: Vec<i32>,
    },
}

#[derive(Debug, Args)]
pub struct JoinArgs {
    /// The room's address, as in http://127.0.0.1:5000/rtc/demo, perhaps with ?invite=…
    pub address: RoomAddress,
    /// The room's password, where it has one
    #[arg(long, env = "RTC_CHAT_PASSWORD", hide_env_values = true)]
    pub password: Option<String>,
    /// Trust the server if it shows exactly the certificate with this SHA-256 fingerprint, as it prints it at its start
    #[arg(long, value_name = "FINGERPRINT")]
    pub trust: Option<Fingerprint>,
    /// Create the room if it does not exist
    #[arg(long)]
    pub create: bool,
    /// No window
    #[arg(long)]
    pub headless: bool,
    /// Leave after this long, as in 30s, 5m or 1h
    #[arg(long = "for", value_name = "TIME", value_parser = duration)]
    pub duration: Option<Duration>,
    /// Write a report (JSON) here at the end
    #[arg(long, value_name = "FILE")]
    pub report: Option<PathBuf>,
    /// Take commands as JSON lines from standard input, write events to standard output
    #[arg(long)]
    pub control: bool,
    #[command(flatten)]
    pub participant: ParticipantArgs,
}

/// Who takes part, with what.
#[derive(Debug, Clone, Args)]
pub struct ParticipantArgs {
    /// Your name [default: the last one, at first Major Tom]
    #[arg(long, env = "RTC_CHAT_NAME")]
    pub name: Option<Username>,
    /// The file that knows who you are in the rooms where you were, and which servers you trust [default:
    /// rtc-chat/identity.json in your data directory]
    #[arg(long, env = "RTC_CHAT_IDENTITY", value_name = "FILE")]
    pub identity: Option<PathBuf>,
    /// Know nothing from before, and forget everything at the end
    #[arg(long, conflicts_with = "identity")]
    pub no_identity: bool,
    /// pattern, pattern:CLIP (the clip with the pattern's mark in it), file:CLIP, device, device:NAME or none
    #[arg(long, default_value = "device")]
    pub camera: CameraChoice,
    /// tone, tone:HERTZ, file:WAV, device, device:NAME or none
    #[arg(long, default_value = "device")]
    pub microphone: MicrophoneChoice,
    /// device, device:NAME, file:WAV or null
    #[arg(long, default_value = "device")]
    pub speaker: SpeakerChoice,
    /// What is done to a microphone's sound, as in echo,noise,gain (take the speaker's echo out, turn noise down, turn a
    /// quiet voice up), or none [default: as set last, at first all]
    #[arg(long, value_name = "WHAT")]
    pub processing: Option<Processing>,
    /// Start with the camera off
    #[arg(long)]
    pub camera_off: bool,
    /// Start with the microphone off
    #[arg(long)]
    pub muted: bool,
    /// Start with sharing the screen
    #[arg(long)]
    pub share_screen: bool,
    /// What is shared of the screen: screen, monitor:NAME, window:ID, window:TITLE (a part of it is enough, if no other
    /// window has it) or region:X,Y,WIDTH,HEIGHT. In the window one can choose something else
    #[arg(long, value_name = "WHAT", default_value = "screen")]
    pub screen: ScreenChoice,
    /// Send the shared screen as a film is sent: 30 pictures a second, at the cost of sharp letters. In the window one can
    /// choose otherwise
    #[arg(long)]
    pub screen_motion: bool,
    /// While the screen is shared, what other programs play goes along in your sound, also while you are muted. In the
    /// window one can choose otherwise
    #[arg(long)]
    pub screen_sound: bool,
    /// Size of the camera's picture
    #[arg(long, default_value = "640x360", value_parser = size)]
    pub size: (u32, u32),
    /// Pictures a second
    #[arg(long, default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=60))]
    pub fps: u32,
    /// Bits a second that a picture may take at most; what the way to the others carries is found out
    #[arg(long, default_value_t = 4_000_000, value_parser = clap::value_parser!(u32).range(50_000..=10_000_000))]
    pub bitrate: u32,
    /// Record what the others send into this folder (pictures as Y4M with a list of their times, the mixed sound as WAV)
    #[arg(long, value_name = "FOLDER")]
    pub record: Option<PathBuf>,
    /// Of the pictures record only one in so much time, as in 0.5s; the list has the times of all
    #[arg(long, value_name = "TIME", value_parser = duration, requires = "record", default_value = "0s")]
    pub record_every: Duration,
    /// Also connect to others on this machine over 127.0.0.1
    #[arg(long)]
    pub loopback: bool,
    /// Decode the others' pictures in the app itself, not in a process that can reach nothing: a mistake in the decoder
    /// is then a mistake in the app
    #[arg(long)]
    pub no_isolation: bool,
    /// What draws the window
    #[arg(long, value_enum, default_value_t)]
    pub drawing: Drawing,
    /// What to log to standard error, as in info or client=debug
    // Whoever has two networks tries ways between them that do not exist, and the engine's driver calls each an error.
    #[arg(
        long,
        env = "RTC_CHAT_LOG",
        default_value = "warn,rtc=error,rtc_dtls=error,rtc_ice=error,rtc_interceptor=error,rtc_sctp=error,webrtc=off,rustls_platform_verifier=off"
    )]
    pub log: String,
}

impl ParticipantArgs {
    pub fn media(&self) -> EngineConfig {
        EngineConfig {
            camera: self.camera.clone(),
            microphone: self.microphone.clone(),
            speaker: self.speaker.clone(),
            screen: self.screen.clone(),
            screen_sound: self.screen_sound,
            width: self.size.0,
            height: self.size.1,
            fps: self.fps,
            bitrate_max: self.bitrate,
            processing: self.processing.unwrap_or_default(),
            record: self.record.clone(),
            record_every: self.record_every,
            isolation: if self.no_isolation { Isolation::Off } else { Isolation::Process(decode_worker()) },
        }
    }
}

/// This program as it runs, whatever lies in its place by now.
fn decode_worker() -> WorkerProgram {
    WorkerProgram { program: "/proc/self/exe".into(), arguments: vec!["decode-worker".into()] }
}

fn server(text: &str) -> Result<Url, String> {
    parse_server(text).map_err(|error| error.to_string())
}

fn duration(text: &str) -> Result<Duration, String> {
    let (number, seconds) = match text.trim_end_matches(|c: char| c.is_ascii_alphabetic()) {
        number if text.ends_with('h') => (number, 3600.0),
        number if text.ends_with('m') => (number, 60.0),
        number if text.ends_with('s') || number == text => (number, 1.0),
        _ => return Err("a time looks like 30s, 5m or 1h".to_owned()),
    };
    let number: f64 = number.parse().map_err(|_| "a time looks like 30s, 5m or 1h".to_owned())?;
    Duration::try_from_secs_f64(number * seconds).map_err(|error| error.to_string())
}

fn size(text: &str) -> Result<(u32, u32), String> {
    let parsed = text.split_once('x').and_then(|(w, h)| Some((w.parse().ok()?, h.parse().ok()?)));
    match parsed {
        Some((w, h)) if (16..=1920).contains(&w) && (16..=1080).contains(&h) && w % 2 == 0 && h % 2 == 0 => Ok((w, h)),
        _ => Err("a size looks like 640x360: even, at most 1920x1080".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn times_and_sizes_are_read_as_people_write_them() {
        assert_eq!(duration("30s"), Ok(Duration::from_secs(30)));
        assert_eq!(duration("1.5m"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("2"), Ok(Duration::from_secs(2)));
        assert!(duration("soon").is_err() && duration("-1s").is_err());
        assert_eq!(size("640x360"), Ok((640, 360)));
        assert!(size("641x360").is_err() && size("9999x2").is_err());
    }
}
