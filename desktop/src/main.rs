//! `rtc-chat`: the window, or a participant without one.

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Parser;
use desktop::address::RoomAddress;
use desktop::app::{self, WindowOptions};
use desktop::cli::{Cli, JoinArgs, ParticipantArgs, What};
use desktop::control::Controlled;
use desktop::headless::{self, Bell};
use desktop::memory::{self, Keeper, Memory};
use desktop::mock::ScriptedRoom;
use desktop::report::Reporting;
use desktop::stay::Staying;
use desktop::{Backend, Command, Participant, ParticipantConfig};
use protocol::Username;
use tokio::runtime::Runtime;
use url::Url;

type Failure = Box<dyn std::error::Error>;
type Wake = Arc<dyn Fn() + Send + Sync>;

fn main() -> ExitCode {
    let cli = Cli::parse();
    if let Some(What::DecodeWorker { handles }) = &cli.what {
        return media::decode_worker(handles);
    }
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("rtc-chat: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> Result<(), Failure> {
    let participant = match &cli.what {
        Some(What::Join(join)) => &join.participant,
        Some(What::DecodeWorker { .. }) | None => &cli.participant,
    };
    tracing_subscriber::fmt().with_env_filter(&participant.log).with_writer(std::io::stderr).init();
    // The keeper is the last to go: its end waits until everything is written down.
    let (memory, _keeper, trouble) = memory(participant, cli.mock);
    // Outlives every participant: its drop says good-bye through it.
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).thread_name("network").enable_all().build()?;
    match cli.what {
        _ if cli.mock => {
            let options = options(&cli.participant, &app::default_server(), &memory, None);
            app::run(options, |wake| Ok(Box::new(ScriptedRoom::live(wake)?)))
        }
        Some(What::Join(join)) if join.headless => stay_headless(*join, &memory, trouble, &runtime),
        Some(What::Join(join)) => stay_in_window(*join, &memory, trouble, &runtime),
        Some(What::DecodeWorker { .. }) | None => {
            let server = cli.server.or_else(|| memory.server()).unwrap_or_else(app::default_server);
            app::run(options(&cli.participant, &server, &memory, trouble), |wake| {
                let config = config(&cli.participant, server, &memory, false, wake);
                let mut participant = Participant::start(config, runtime.handle());
                participant.command(Command::ListRooms);
                Ok(Box::new(participant))
            })
        }
    }
}

/// What is known from before, who keeps it, and what is wrong with it.
fn memory(arguments: &ParticipantArgs, mock: bool) -> (Memory, Option<Keeper>, Option<String>) {
    if mock || arguments.no_identity {
        return (Memory::default(), None, None);
    }
    let Some(path) = arguments.identity.clone().or_else(memory::default_path) else {
        let why = "There is no home directory: you are a newcomer in every room. --identity names a file to keep.";
        return (Memory::default(), None, Some(why.to_owned()));
    };
    let (memory, keeper, trouble) = Memory::open(&path);
    (memory, keeper, trouble.map(|trouble| format!("{trouble}.")))
}

fn stay_headless(join: JoinArgs, memory: &Memory, trouble: Option<String>, runtime: &Runtime) -> Result<(), Failure> {
    if let Some(trouble) = trouble {
        eprintln!("{trouble}");
    }
    let bell = Bell::new();
    let ended = Arc::new(AtomicBool::new(false));
    raise_on_signal(&ended, bell.waker(), runtime);
    let mut backend = backend(&join, memory, bell.waker(), ended, runtime)?;
    Ok(headless::run(&mut backend, entrance(&join), join.control, &bell)?)
}

/// The wish to enter the room of the command line.
fn entrance(join: &JoinArgs) -> Command {
    let RoomAddress { room, invite, .. } = join.address.clone();
    Command::Join { room, password: join.password.clone(), invite }
}

fn stay_in_window(join: JoinArgs, memory: &Memory, trouble: Option<String>, runtime: &Runtime) -> Result<(), Failure> {
    let entered = Some(entrance(&join));
    let options = WindowOptions { entered, ..options(&join.participant, &join.address.server, memory, trouble) };
    app::run(options, |wake| {
        let ended = Arc::new(AtomicBool::new(false));
        raise_on_signal(&ended, Arc::clone(&wake), runtime);
        let mut backend = backend(&join, memory, wake, ended, runtime)?;
        backend.command(entrance(&join));
        Ok(backend)
    })
}

/// The participant, with its end, its report and its remote control as far as they are wished for.
fn backend(
    join: &JoinArgs,
    memory: &Memory,
    wake: Wake,
    ended: Arc<AtomicBool>,
    runtime: &Runtime,
) -> Result<Box<dyn Backend>, Failure> {
    let server = join.address.server.clone();
    if let Some(fingerprint) = join.trust {
        memory.trust_for_now(&server, fingerprint);
    }
    let config = config(&join.participant, server, memory, join.create, Arc::clone(&wake));
    let participant = Participant::start(config, runtime.handle());
    if join.control {
        staying(Controlled::new(participant, Arc::clone(&wake))?, join, wake, ended)
    } else {
        staying(participant, join, wake, ended)
    }
}

fn staying<B: Reporting + 'static>(
    inner: B,
    join: &JoinArgs,
    wake: Wake,
    ended: Arc<AtomicBool>,
) -> Result<Box<dyn Backend>, Failure> {
    let staying = Staying::new(inner, ended, join.report.clone());
    if let Some(duration) = join.duration {
        staying.end_after(duration, wake)?;
    }
    Ok(Box::new(staying))
}

fn config(arguments: &ParticipantArgs, server: Url, memory: &Memory, create: bool, wake: Wake) -> ParticipantConfig {
    ParticipantConfig {
        server,
        memory: memory.clone(),
        username: name(arguments, memory),
        media: media::EngineConfig {
            processing: arguments.processing.or_else(|| memory.processing()).unwrap_or_default(),
            ..arguments.media()
        },
        loopback: arguments.loopback,
        create,
        camera: !arguments.camera_off && arguments.camera != media::CameraChoice::Off,
        microphone: !arguments.muted && arguments.microphone != media::MicrophoneChoice::Off,
        screen: arguments.share_screen,
        screen_motion: arguments.screen_motion,
        wake,
    }
}

fn name(arguments: &ParticipantArgs, memory: &Memory) -> Username {
    arguments.name.clone().or_else(|| memory.name()).unwrap_or_default()
}

fn options(arguments: &ParticipantArgs, server: &Url, memory: &Memory, trouble: Option<String>) -> WindowOptions {
    WindowOptions {
        drawing: arguments.drawing,
        server: server.clone(),
        username: name(arguments, memory),
        trouble,
        ..WindowOptions::default()
    }
}

/// SIGINT and SIGTERM end the stay as leaving does.
fn raise_on_signal(ended: &Arc<AtomicBool>, wake: Wake, runtime: &Runtime) {
    use tokio::signal::unix::{SignalKind, signal};
    let ended = Arc::clone(ended);
    // Lives as long as the runtime, which main owns.
    runtime.spawn(async move {
        let (Ok(mut interrupt), Ok(mut terminate)) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
        else {
            return tracing::warn!("signals cannot be heard; a killed program leaves without good-bye");
        };
        tokio::select! { _ = interrupt.recv() => {}, _ = terminate.recv() => {} }
        ended.store(true, Ordering::Relaxed);
        wake();
    });
}
