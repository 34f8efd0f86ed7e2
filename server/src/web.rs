//! Everything over HTTP: the pages, the form flow of the first version, the API, the assets.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::middleware;
use axum::routing::{get, post};
use protocol::limits::OFFER_BYTES;
use tower_http::timeout::TimeoutLayer;

use crate::credentials::{Credentials, Verdict};
use crate::engine::EngineHandle;
use crate::keys::Keys;
use crate::metrics::Metrics;
use crate::tls::Tls;

mod admin;
mod api;
mod assets;
mod caller;
mod classic;
mod crowd;
mod door;
mod failure;
mod guard;
mod offer;
pub(crate) mod operations;
mod pages;
mod patience;
mod redirect;
mod serve;

pub(crate) use assets::Assets;
pub(crate) use crowd::Crowd;
pub(crate) use redirect::router as redirect;
pub(crate) use serve::Entrance;

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
    pub credentials: Arc<Credentials>,
    pub assets: Assets,
    /// Whether `X-Forwarded-…` is to be believed.
    pub behind_proxy: bool,
    /// Where we speak TLS ourselves.
    pub tls: Option<Tls>,
    pub metrics: Metrics,
    /// Who is connected over HTTP.
    pub crowd: Arc<Crowd>,
}

impl App {
    pub(crate) fn new(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }

    /// What is answered to whom.
    pub(crate) fn into_router(self) -> Router {
        Router::new()
            .route("/", get(pages::landing))
            .route("/index", get(pages::landing))
            .merge(operations::probes())
            .route("/api", get(api::page))
            .route("/reset", get(classic::reset))
            .route("/assets/{*path}", get(assets::serve))
            .merge(classic::routes("/rtc"))
            .merge(classic::routes("/chat"))
            .nest("/api/v1/admin", admin::routes())
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
            .layer(middleware::from_fn_with_state(self.0.metrics.clone(), operations::count))
            .with_state(self)
    }

    fn keys(&self) -> &Keys {
        &self.0.keys
    }

    /// Whether that is the administrator's token.
    fn judge(&self, token: &str, from: IpAddr) -> Verdict {
        self.0.credentials.judge(token, from, Instant::now())
    }

    fn engine(&self) -> &EngineHandle {
        &self.0.engine
    }
}

/// Seconds since 1970.
fn unix_time() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
