//! The headless server: sockets, clock, tasks and HTTP around the rooms.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use thiserror::Error;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

mod calendar;
mod engine;
mod join_key;
mod keys;
mod secret;
pub mod settings;
mod store;
mod web;

pub use engine::EngineError;
use engine::{Engine, EngineHandle, EngineSettings};
use join_key::JoinKey;
pub use join_key::JoinKeyError;
pub use keys::KeyError;
use keys::Keys;
use secret::Secret;
pub use secret::SecretError;
use settings::Settings;
pub use store::OpenError;
use store::Store;

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
    Engine(#[from] EngineError),
}

/// A server that has bound its sockets; [`Self::run`] serves them.
pub struct Server {
    listener: TcpListener,
    http_address: SocketAddr,
    engine: Engine,
    handle: EngineHandle,
    app: web::App,
}

impl Server {
    /// Binds both sockets.
    pub async fn bind(settings: Settings) -> Result<Self, StartError> {
        let keys = Keys::open(&settings.data_dir)?;
        let join_key = settings.join_key.as_deref().map(JoinKey::read).transpose()?;
        let admin_token = settings.admin_token_file.as_deref().map(Secret::read).transpose()?;
        let database = settings.database();
        let address = settings.listen;
        let bind_error = |source| StartError::Bind { address, source };
        let listener = TcpListener::bind(address).await.map_err(bind_error)?;
        let http_address = listener.local_addr().map_err(bind_error)?;
        let engine_settings = EngineSettings {
            listen: settings.rtc_listen(),
            public_addresses: settings.rtc_address,
            limits: settings.limits,
            kept_rooms: settings.room,
            rooms: rooms::Config { ice_servers: settings.ice_server, ..settings.limits.rooms() },
        };
        let (store, stored) = Store::open(&database).await?;
        tracing::info!(n_rooms = stored.len(), "opened the database");
        let (engine, handle) = Engine::bind(engine_settings, store, stored).await?;
        let app = web::App::new(web::Inner {
            engine: handle.clone(),
            keys,
            join_key,
            admin_token,
            assets: web::Assets::new(settings.assets),
            behind_proxy: settings.behind_proxy,
        });
        Ok(Self { listener, http_address, engine, handle, app })
    }

    /// Where pages and API are served.
    pub fn http_address(&self) -> SocketAddr {
        self.http_address
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
        tasks.spawn(self.app.serve(self.listener, stopping.clone()));
        tokio::select! {
            () = stop => {}
            // Both run for ever: one that ends is a fault, and the other is of no use without it.
            _ = tasks.join_next() => tracing::error!("a part of the server ended"),
        }
        stopping.cancel();
        let all_done = async { while tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(GOODBYE_MAX, all_done).await.is_err() {
            tracing::info!("some requests were cut off");
        }
    }
}
