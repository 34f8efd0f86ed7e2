//! `rtc-chat-server`: reads the settings, logs to stderr, and serves until it is told to stop.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use server::Server;
use server::settings::Settings;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// The engines below us write addresses into their messages: they are silent unless asked for.
const QUIET: &str = "str0m=off,is=off,dimpl=off,sctp_proto=off,quinn_udp=off,hyper=off";

fn main() -> ExitCode {
    let settings = Settings::from_command_line();
    let filter = match EnvFilter::try_new(format!("{QUIET},{}", settings.log)) {
        Ok(filter) => filter,
        Err(error) => {
            eprintln!("error: --log: {error}");
            return ExitCode::from(2);
        }
    };
    let colours = std::io::stderr().is_terminal();
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colours).init();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("error: cannot start the runtime: {error}");
            return ExitCode::FAILURE;
        }
    };
    let code = runtime.block_on(serve(settings));
    // A password that is still being hashed interests nobody any more.
    runtime.shutdown_background();
    code
}

async fn serve(settings: Settings) -> ExitCode {
    let stop = match Stop::listen() {
        Ok(stop) => stop,
        Err(error) => {
            eprintln!("error: cannot listen for signals: {error}");
            return ExitCode::FAILURE;
        }
    };
    let server = match Server::bind(settings).await {
        Ok(server) => server,
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::FAILURE;
        }
    };
    // Programs that start this one read exactly this line; one that does not read is no reason to fail.
    let _ = writeln!(std::io::stdout(), "listening on http://{}", server.http_address());
    tracing::info!(rtc_port = server.rtc_address().port(), "ready");
    server.run(stop.wait()).await;
    tracing::info!("stopped");
    ExitCode::SUCCESS
}

/// The signals that end the server.
struct Stop {
    terminate: tokio::signal::unix::Signal,
    interrupt: tokio::signal::unix::Signal,
}

impl Stop {
    fn listen() -> std::io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    async fn wait(mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
