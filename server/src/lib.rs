//! The headless server: sockets, clock, tasks and HTTP around the rooms.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use thiserror::Error;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

mod engine;
mod keys;
pub mod settings;
mod store;
mod web;

pub use engine::EngineError;
use engine::{Engine, EngineHandle, EngineSettings};
pub use keys::KeyError;
use keys::Keys;
use settings::Settings;

/// How long requests that are under way may take when the server stops.
const GOODBYE_MAX: Duration = Duration::from_secs(5);

/// Why the server did not start.
#[derive(Debug, Error)]
pub enum StartError {
    #[error(transparent)]
    Key(#[from] KeyError),
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
        let address = settings.listen;
        let bind_error = |source| StartError::Bind { address, source };
        let listener = TcpListener::bind(address).await.map_err(bind_error)?;
        let http_address = listener.local_addr().map_err(bind_error)?;
        let engine_settings = EngineSettings {
            listen: settings.rtc_listen(),
            public_addresses: settings.rtc_address,
            limits: settings.limits,
            rooms: rooms::Config { ice_servers: settings.ice_server, ..settings.limits.rooms() },
        };
        let store = store::InMemory::with_rooms(settings.room);
        let (engine, handle) = Engine::bind(engine_settings, &store).await?;
        let app = web::App::new(web::Inner {
            engine: handle.clone(),
            keys,
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
