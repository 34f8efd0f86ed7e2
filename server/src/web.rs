//! Everything over HTTP: the pages, the form flow of the first version, the API, the assets.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::middleware;
use axum::routing::{get, post};
use axum::serve::ListenerExt;
use protocol::limits::OFFER_BYTES;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower_http::timeout::TimeoutLayer;

use crate::engine::EngineHandle;
use crate::join_key::JoinKey;
use crate::keys::Keys;
use crate::secret::Secret;

mod api;
mod assets;
mod caller;
mod classic;
mod door;
mod failure;
mod guard;
mod offer;
mod pages;

pub(crate) use assets::Assets;

/// A form, or any body of the API but an offer.
const BODY_BYTES: usize = 8 * 1024;
/// Nothing takes this long, not even a password behind many others.
const REQUEST_MAX: Duration = Duration::from_secs(30);

/// What every handler can reach.
#[derive(Clone)]
pub(crate) struct App(Arc<Inner>);

/// Shared by all requests.
pub(crate) struct Inner {
    pub engine: EngineHandle,
    pub keys: Keys,
    pub join_key: Option<JoinKey>,
    pub admin_token: Option<Secret>,
    pub assets: Assets,
    /// Whether `X-Forwarded-…` is to be believed.
    pub behind_proxy: bool,
}

impl App {
    pub(crate) fn new(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }

    /// Serves until `stop` is cancelled and the requests that are under way have come to their end.
    pub(crate) async fn serve(self, listener: TcpListener, stop: CancellationToken) {
        let listener = listener.tap_io(|stream| {
            // Without it an answer may wait for the acknowledgement of its first half.
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "no TCP_NODELAY");
            }
        });
        let service = self.into_router().into_make_service_with_connect_info::<SocketAddr>();
        let serving = axum::serve(listener, service).with_graceful_shutdown(stop.cancelled_owned());
        if let Err(error) = serving.await {
            tracing::error!(%error, "serving HTTP failed");
        }
    }

    fn into_router(self) -> Router {
        Router::new()
            .route("/", get(pages::landing))
            .route("/index", get(pages::landing))
            .route("/healthz", get(|| async { "ok" }))
            .route("/readyz", get(ready))
            .route("/reset", get(classic::reset))
            .route("/assets/{*path}", get(assets::serve))
            .merge(classic::routes("/rtc"))
            .merge(classic::routes("/chat"))
            .nest("/api/v1", api::routes())
            .layer(DefaultBodyLimit::max(BODY_BYTES))
            .merge(
                Router::new()
                    .route("/rtc/{room}/offer", post(offer::classic))
                    .route("/chat/{room}/offer", post(offer::classic))
                    .route("/api/v1/rooms/{room}/offer", post(offer::api))
                    .layer(DefaultBodyLimit::max(OFFER_BYTES)),
            )
            .fallback(pages::not_found)
            .layer(middleware::from_fn(guard::refuse_cross_origin))
            .layer(middleware::from_fn(guard::add_headers))
            .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, REQUEST_MAX))
            .with_state(self)
    }

    fn keys(&self) -> &Keys {
        &self.0.keys
    }

    fn is_administrator(&self, token: &str) -> bool {
        self.0.admin_token.as_ref().is_some_and(|known| known.is(token))
    }

    fn engine(&self) -> &EngineHandle {
        &self.0.engine
    }
}

/// Whether someone new may be sent here: not while what is said cannot be kept.
async fn ready(State(app): State<App>) -> (StatusCode, &'static str) {
    match app.engine().store_works() {
        true => (StatusCode::OK, "ready"),
        false => (StatusCode::SERVICE_UNAVAILABLE, "the database does not work"),
    }
}

/// Seconds since 1970.
fn unix_time() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
