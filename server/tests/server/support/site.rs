//! A server in this process, on free ports, with a data directory of its own. It ends with its value.

use std::path::Path;

use clap::Parser;
use server::settings::Settings;
use server::{Controls, Server};
use tempfile::TempDir;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

/// A running server.
pub(crate) struct Site {
    pub url: String,
    /// Where HTTP leads to HTTPS.
    pub redirect: Option<String>,
    /// Where the metrics are.
    pub metrics: Option<String>,
    pub controls: Controls,
    data: TempDir,
    stop: Option<oneshot::Sender<()>>,
    tasks: JoinSet<()>,
}

impl Site {
    /// With the room `demo`.
    pub(crate) async fn start() -> Self {
        Self::with(&["--room", "demo"]).await
    }

    /// With these flags.
    pub(crate) async fn with(flags: &[&str]) -> Self {
        Self::over(tempfile::tempdir().expect("a temporary directory"), flags).await
    }

    /// With a flag that names a file of this text, beside the data.
    pub(crate) async fn with_file(flag: &str, text: &str) -> Self {
        let data = tempfile::tempdir().expect("a temporary directory");
        let path = data.path().join("given");
        std::fs::write(&path, text).expect("a file");
        let path = path.to_str().expect("a path in UTF-8").to_owned();
        Self::over(data, &[flag, &path]).await
    }

    async fn over(data: TempDir, flags: &[&str]) -> Self {
        let server = Server::bind(settings(data.path(), flags)).await.expect("a server");
        let url = server.url();
        let metrics = server.metrics_address().map(|address| format!("http://{address}"));
        let controls = server.controls();
        let redirect = server.redirect_address().map(|address| format!("http://{address}"));
        let (stop, stopped) = oneshot::channel();
        let mut tasks = JoinSet::new();
        tasks.spawn(server.run(async move { drop(stopped.await) }));
        Self { url, redirect, metrics, controls, data, stop: Some(stop), tasks }
    }

    /// Where its data is.
    pub(crate) fn data(&self) -> &Path {
        self.data.path()
    }

    /// Tells the server to stop and waits until it has.
    pub(crate) async fn stop(mut self) -> TempDir {
        drop(self.stop.take());
        while self.tasks.join_next().await.is_some() {}
        self.data
    }

    /// Another server with the same key.
    pub(crate) async fn restart(self, flags: &[&str]) -> Self {
        Self::over(self.stop().await, flags).await
    }
}

pub(crate) fn settings(data: &Path, flags: &[&str]) -> Settings {
    let data = data.to_str().expect("a path in UTF-8");
    let base = ["rtc-chat-server", "--listen", "127.0.0.1:0", "--data-dir", data];
    // Later flags win.
    let command = <Settings as clap::CommandFactory>::command().args_override_self(true);
    let matches = command.get_matches_from(base.iter().chain(flags));
    <Settings as clap::FromArgMatches>::from_arg_matches(&matches).expect("valid flags")
}

/// Keeps the import of the trait that `Settings` derives in one place.
pub(crate) fn help() -> String {
    Settings::try_parse_from(["rtc-chat-server", "--help"]).expect_err("help is no settings").to_string()
}
