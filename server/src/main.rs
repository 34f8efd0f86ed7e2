//! `rtc-chat-server`: reads the settings, logs to stderr, and serves until it is told to stop.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;
use std::time::Duration;

use clap::ArgMatches;
use server::cli::Command;
use server::settings::{Changes, Settings};
use server::{Controls, Server, check};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Registry, fmt, reload};

/// The engines below us write addresses into their messages: they are silent unless asked for.
const QUIET: &str = "str0m=off,is=off,dimpl=off,sctp_proto=off,quinn_udp=off,hyper=off";
/// What the settings cannot be used for.
const BAD_SETTINGS: u8 = 2;

/// Exchanges the log's filter.
type Log = reload::Handle<EnvFilter, Registry>;

fn main() -> ExitCode {
    let (settings, matches) = match Settings::read() {
        Ok(read) => read,
        Err(error) => error.exit(),
    };
    let filter = match filter(&settings) {
        Ok(filter) => filter,
        Err(complaint) => {
            eprintln!("error: {complaint}");
            return ExitCode::from(BAD_SETTINGS);
        }
    };
    if settings.operations.check_config {
        return check(&settings, &matches);
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: cannot start the runtime: {error}");
            return ExitCode::FAILURE;
        }
    };
    let code = match settings.command.clone() {
        Some(command) => runtime.block_on(administer(command)),
        None => {
            let (filter, log) = reload::Layer::new(filter);
            let colours = std::io::stderr().is_terminal();
            let lines = fmt::layer().with_writer(std::io::stderr).with_ansi(colours);
            tracing_subscriber::registry().with(filter).with(lines).init();
            runtime.block_on(serve(settings, matches, log))
        }
    };
    // A password that is still being hashed interests nobody any more.
    runtime.shutdown_background();
    code
}

fn filter(settings: &Settings) -> Result<EnvFilter, String> {
    EnvFilter::try_new(format!("{QUIET},{}", settings.log)).map_err(|error| format!("--log: {error}"))
}

fn check(settings: &Settings, matches: &ArgMatches) -> ExitCode {
    let _ = write!(std::io::stdout(), "{}", check::effective(matches));
    match check::files(settings) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(BAD_SETTINGS)
        }
    }
}

async fn administer(command: Command) -> ExitCode {
    match command.run().await {
        Ok(text) if text.is_empty() => ExitCode::SUCCESS,
        Ok(text) => {
            let _ = writeln!(std::io::stdout(), "{text}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn serve(settings: Settings, matches: ArgMatches, log: Log) -> ExitCode {
    let mut signals = match Signals::listen() {
        Ok(signals) => signals,
        Err(error) => {
            eprintln!("error: cannot listen for signals: {error}");
            return ExitCode::FAILURE;
        }
    };
    let drain = Duration::from_secs(settings.operations.drain_seconds);
    let server = match Server::bind(settings).await {
        Ok(server) => server,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::FAILURE;
        }
    };
    // Programs that start this one read exactly these lines; one that does not read is no reason to fail.
    let _ = writeln!(std::io::stdout(), "listening on {}", server.url());
    if let Some(address) = server.metrics_address() {
        let _ = writeln!(std::io::stdout(), "metrics on http://{address}/metrics");
    }
    if let Some(notice) = server.notice() {
        eprintln!("{notice}");
    }
    tracing::info!(rtc_port = server.rtc_address().port(), "ready");
    let mut reload = Reload { controls: server.controls(), log, started: matches.clone(), current: matches };
    server.run(signals.until_stop(&mut reload, drain)).await;
    tracing::info!("stopped");
    ExitCode::SUCCESS
}

/// The signals that the server minds.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

impl Signals {
    fn listen() -> std::io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    /// Reloads on SIGHUP. On SIGTERM and SIGINT everyone may first leave by themselves for `drain`; a second one ends that.
    async fn until_stop(&mut self, reload: &mut Reload, drain: Duration) {
        loop {
            tokio::select! {
                () = told_to_stop(&mut self.terminate, &mut self.interrupt) => break,
                _ = self.hang_up.recv() => reload.run().await,
            }
        }
        if !drain.is_zero() {
            tokio::select! {
                _ = tokio::time::timeout(drain, reload.controls.drain()) => {}
                () = told_to_stop(&mut self.terminate, &mut self.interrupt) => {}
            }
        }
    }
}

async fn told_to_stop(terminate: &mut Signal, interrupt: &mut Signal) {
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
}

/// What is needed to take new settings over.
struct Reload {
    controls: Controls,
    log: Log,
    /// What still holds of the settings that need a restart.
    started: ArgMatches,
    /// What holds of the others.
    current: ArgMatches,
}

impl Reload {
    /// Reads the settings again. Whatever is wrong with them: what was in force stays.
    async fn run(&mut self) {
        let (settings, matches) = match Settings::read() {
            Ok(read) => read,
            Err(error) => return tracing::error!(%error, "the settings stay as they were"),
        };
        match filter(&settings).map(|filter| self.log.reload(filter)) {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(%error, "the log stays as it was"),
            Err(complaint) => tracing::error!(complaint, "the log stays as it was"),
        }
        self.controls.reload(&settings).await;
        let restart = Changes::between(&self.started, &matches).restart;
        if !restart.is_empty() {
            tracing::warn!(settings = restart.join(", "), "these need a restart and stay as they were");
        }
        let changed = Changes::between(&self.current, &matches).live;
        tracing::info!(changed = changed.join(", "), "read the settings again");
        self.current = matches;
    }
}
