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
use desktop::mock::ScriptedRoom;
use desktop::report::Reporting;
use desktop::stay::Staying;
use desktop::{Backend, Command, Participant, ParticipantConfig};
use tokio::runtime::Runtime;
use url::Url;

type Failure = Box<dyn std::error::Error>;
type Wake = Arc<dyn Fn() + Send + Sync>;

fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("rtc-chat: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> Result<(), Failure> {
    let log = match &cli.what {
        Some(What::Join(join)) => &join.participant.log,
        None => &cli.participant.log,
    };
    tracing_subscriber::fmt().with_env_filter(log).with_writer(std::io::stderr).init();
    // Outlives every participant: its drop says good-bye through it.
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).thread_name("network").enable_all().build()?;
    match cli.what {
        _ if cli.mock => {
            app::run(options(&cli.participant, &cli.server), |wake| Ok(Box::new(ScriptedRoom::live(wake)?)))
        }
        Some(What::Join(join)) if join.headless => stay_headless(join, &runtime),
        Some(What::Join(join)) => stay_in_window(join, &runtime),
        None => {
            let config = |wake| config(&cli.participant, cli.server.clone(), false, wake);
            app::run(options(&cli.participant, &cli.server), |wake| {
                let mut participant = Participant::start(config(wake), runtime.handle());
                participant.command(Command::ListRooms);
                Ok(Box::new(participant))
            })
        }
    }
}

fn stay_headless(join: JoinArgs, runtime: &Runtime) -> Result<(), Failure> {
    let bell = Bell::new();
    let ended = Arc::new(AtomicBool::new(false));
    raise_on_signal(&ended, bell.waker(), runtime);
    let mut backend = backend(&join, bell.waker(), ended, runtime)?;
    Ok(headless::run(&mut backend, entrance(&join), join.control, &bell)?)
}

/// The wish to enter the room of the command line.
fn entrance(join: &JoinArgs) -> Command {
    let RoomAddress { room, invite, .. } = join.address.clone();
    Command::Join { room, password: join.password.clone(), invite }
}

fn stay_in_window(join: JoinArgs, runtime: &Runtime) -> Result<(), Failure> {
    let entered = Some(entrance(&join));
    let options = WindowOptions { entered, ..options(&join.participant, &join.address.server) };
    app::run(options, |wake| {
        let ended = Arc::new(AtomicBool::new(false));
        raise_on_signal(&ended, Arc::clone(&wake), runtime);
        let mut backend = backend(&join, wake, ended, runtime)?;
        backend.command(entrance(&join));
        Ok(backend)
    })
}

/// The participant, with its end, its report and its remote control as far as they are wished for.
fn backend(
    join: &JoinArgs,
    wake: Wake,
    ended: Arc<AtomicBool>,
    runtime: &Runtime,
) -> Result<Box<dyn Backend>, Failure> {
    let config = config(&join.participant, join.address.server.clone(), join.create, Arc::clone(&wake));
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

fn config(arguments: &ParticipantArgs, server: Url, create: bool, wake: Wake) -> ParticipantConfig {
    ParticipantConfig {
        server,
        username: arguments.name.clone(),
        media: arguments.media(),
        loopback: arguments.loopback,
        create,
        camera: !arguments.camera_off && arguments.camera != media::CameraChoice::Off,
        microphone: !arguments.muted && arguments.microphone != media::MicrophoneChoice::Off,
        screen: arguments.share_screen,
        wake,
    }
}

fn options(arguments: &ParticipantArgs, server: &Url) -> WindowOptions {
    WindowOptions {
        software_pictures: arguments.software_pictures,
        shader_pictures: arguments.shader_pictures,
        server: server.clone(),
        username: arguments.name.clone(),
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
