//! The headless server: sockets, clock, tasks and HTTP around the rooms.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

mod calendar;
pub mod check;
pub mod cli;
mod controls;
mod credentials;
mod engine;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;
mod generations;
mod join_key;
mod keys;
mod metrics;
mod secret;
pub mod settings;
mod store;
mod tls;
mod web;
mod webhooks;

pub use controls::Controls;
use credentials::{CredentialError, Credentials};
pub use engine::EngineError;
use engine::{Engine, EngineHandle, EngineSettings};
use generations::Generations;
pub use join_key::JoinKeyError;
pub use keys::KeyError;
use keys::Keys;
use metrics::Metrics;
use secret::Secret;
pub use secret::SecretError;
use settings::{Operations, Settings};
pub use store::OpenError;
use store::Store;
pub use tls::TlsError;
use tls::{Renewal, Tls};
use webhooks::{Events, Webhooks};

/// How long requests that are under way may take when the server stops.
const GOODBYE_MAX: Duration = Duration::from_secs(6);

/// Why the server did not start.
#[derive(Debug, Error)]
pub enum StartError {
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error(transparent)]
    JoinKey(#[from] JoinKeyError),
    #[error(transparent)]
    Secret(#[from] SecretError),
    #[error(transparent)]
    Database(#[from] OpenError),
    #[error("cannot listen for HTTP on {address}: {source}")]
    Bind { address: SocketAddr, source: io::Error },
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error("cannot set up the webhook: {0}")]
    Webhook(String),
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// A server that has bound its sockets; [`Self::run`] serves them.
pub struct Server {
    entrances: Vec<web::Entrance>,
    http_address: SocketAddr,
    redirect_address: Option<SocketAddr>,
    metrics_address: Option<SocketAddr>,
    engine: Engine,
    handle: EngineHandle,
    tls: Option<Tls>,
    controls: Controls,
    renewal: Option<Renewal>,
    webhooks: Option<Webhooks>,
}

impl Server {
    /// Binds every socket.
    pub async fn bind(settings: Settings) -> Result<Self, StartError> {
        let generations = Generations::default();
        let keys = Keys::open(&settings.data_dir, generations.clone())?;
        let credentials = Arc::new(Credentials::open(&settings)?);
        let database = settings.database();
        let tls = Tls::open(settings.tls.source(), &settings.data_dir)?;
        let metrics = Metrics::new();
        let (webhooks, events) = open_webhooks(&settings.operations, &metrics)?.unzip();
        let (listener, http_address) = listen(settings.listen).await?;
        let engine_settings = EngineSettings {
            listen: settings.rtc_listen(),
            public_addresses: settings.rtc_address.clone(),
            limits: settings.limits,
            kept_rooms: settings.room.clone(),
            rooms: settings.rooms(),
            accounts: settings.accounts(),
            generations,
            metrics: metrics.clone(),
            events,
        };
        let (store, stored) = Store::open(&database).await?;
        tracing::info!(
            n_rooms = stored.rooms.len(),
            n_accounts = stored.accounts.accounts.len(),
            "opened the database"
        );
        let (engine, handle) = Engine::bind(engine_settings, store, stored).await?;
        let (per_address, in_all) = settings.http_connections();
        let crowd = Arc::new(web::Crowd::new(per_address, in_all));
        let app = web::App::new(web::Inner {
            engine: handle.clone(),
            keys,
            credentials: Arc::clone(&credentials),
            assets: web::Assets::new(settings.assets),
            behind_proxy: settings.behind_proxy,
            tls: tls.clone(),
            metrics: metrics.clone(),
            crowd: Arc::clone(&crowd),
        });
        let entrance =
            |listener, tls, crowd, router| web::Entrance { listener, tls, crowd, router, metrics: metrics.clone() };
        let controls = Controls::new(handle.clone(), tls.clone(), credentials, Arc::clone(&crowd));
        let mut entrances = vec![entrance(listener, tls.clone(), Arc::clone(&crowd), app.clone().into_router())];
        let (mut redirect_address, mut metrics_address) = (None, None);
        if let Some(address) = settings.tls.http_redirect {
            let (listener, address) = listen(address).await?;
            entrances.push(entrance(listener, None, crowd, web::redirect(http_address.port(), tls.clone())));
            redirect_address = Some(address);
        }
        if let Some(address) = settings.operations.metrics_listen {
            let (listener, address) = listen(address).await?;
            entrances.push(entrance(listener, None, web::operations::crowd(), web::operations::router(app)));
            metrics_address = Some(address);
        }
        let renewal = tls.as_ref().and_then(|tls| tls.renewal(metrics, redirect_address.is_some()));
        Ok(Self {
            entrances,
            http_address,
            redirect_address,
            metrics_address,
            engine,
            handle,
            tls,
            controls,
            renewal,
            webhooks,
        })
    }

    /// What can be asked of the server while it runs.
    pub fn controls(&self) -> Controls {
        self.controls.clone()
    }

    /// Where the metrics are served.
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics_address
    }

    /// Where pages and API are served.
    pub fn http_address(&self) -> SocketAddr {
        self.http_address
    }

    /// Where pages and API are served, as people write it.
    pub fn url(&self) -> String {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        format!("{scheme}://{}", self.http_address)
    }

    /// Where HTTP is answered with the way to HTTPS.
    pub fn redirect_address(&self) -> Option<SocketAddr> {
        self.redirect_address
    }

    /// What whoever started the server should read.
    pub fn notice(&self) -> Option<String> {
        self.tls.as_ref()?.notice(&self.url())
    }

    /// Where WebRTC is taken (UDP).
    pub fn rtc_address(&self) -> SocketAddr {
        self.handle.rtc_address()
    }

    /// Serves until `stop` is done; then says `bye` to everyone and lets requests come to their end.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let stopping = CancellationToken::new();
        let mut tasks = JoinSet::new();
        tasks.spawn(self.engine.run(stopping.clone()));
        for entrance in self.entrances {
            tasks.spawn(entrance.serve(stopping.clone()));
        }
        // Without these the server goes on.
        let mut errands = JoinSet::new();
        if let Some(webhooks) = self.webhooks {
            errands.spawn(webhooks.run(stopping.clone()));
        }
        if let Some(renewal) = self.renewal {
            errands.spawn(renewal.run(stopping.clone()));
        }
        tokio::select! {
            () = stop => {}
            // All run for ever: one that ends is a fault, and the others are of no use without it.
            _ = tasks.join_next() => tracing::error!("a part of the server ended"),
        }
        stopping.cancel();
        let all_done = async { while tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(GOODBYE_MAX, all_done).await.is_err() {
            tracing::info!("some requests were cut off");
        }
        while errands.join_next().await.is_some() {}
    }
}

impl From<CredentialError> for StartError {
    fn from(error: CredentialError) -> Self {
        match error {
            CredentialError::Secret(error) => Self::Secret(error),
            CredentialError::JoinKey(error) => Self::JoinKey(error),
        }
    }
}

fn open_webhooks(settings: &Operations, metrics: &Metrics) -> Result<Option<(Webhooks, Events)>, StartError> {
    let (Some(url), Some(secret)) = (&settings.webhook, &settings.webhook_secret_file) else { return Ok(None) };
    let secret = Secret::read(secret)?;
    let made = Webhooks::new(url.clone(), secret, metrics.clone());
    made.map(Some).map_err(|error| StartError::Webhook(error.to_string()))
}

async fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), StartError> {
    let bind_error = |source| StartError::Bind { address, source };
    let listener = TcpListener::bind(address).await.map_err(bind_error)?;
    let bound = listener.local_addr().map_err(bind_error)?;
    Ok((listener, bound))
}
