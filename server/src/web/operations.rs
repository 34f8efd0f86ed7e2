//! What machines ask that watch the server: does it live, may visitors be sent here, how much is there.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use super::{App, Crowd, guard};
use crate::metrics::{self, Metrics};
use crate::tls::Tls;

/// An engine that does not answer within this time has too much to do.
const READY_WITHIN: Duration = Duration::from_secs(2);

/// What the metrics' own listener answers.
pub(crate) fn router(app: App) -> Router {
    Router::new()
        .route("/metrics", get(tell))
        .merge(probes())
        .layer(middleware::from_fn(guard::add_headers))
        .with_state(app)
}

/// For load balancers and supervisors.
pub(crate) fn probes() -> Router<App> {
    Router::new().route("/healthz", get(|| async { "ok" })).route("/readyz", get(ready))
}

/// Whether someone new may be sent here: not while the server is overloaded, drained or stopped, nor while what is said
/// cannot be kept. A certificate that is missing is told of but keeps nobody away: the authority must reach us to issue one.
async fn ready(State(app): State<App>) -> (StatusCode, String) {
    let unready = |why: &str| (StatusCode::SERVICE_UNAVAILABLE, why.to_owned());
    if !app.engine().store_works() {
        return unready("the database does not work");
    }
    match tokio::time::timeout(READY_WITHIN, app.engine().census()).await {
        Ok(Ok(census)) if census.draining => unready("draining"),
        Ok(Ok(_)) => match app.0.tls.as_ref().and_then(Tls::trouble) {
            Some(why) => (StatusCode::OK, format!("ready, without a new certificate: {why}")),
            None => (StatusCode::OK, "ready".to_owned()),
        },
        Ok(Err(_)) | Err(_) => unready("overloaded"),
    }
}

async fn tell(State(app): State<App>) -> Response {
    let census = app.engine().census().await.unwrap_or_default();
    app.0.metrics.certificate_ends(app.0.tls.as_ref().and_then(Tls::ends));
    let page = app.0.metrics.to_text(&census, app.0.crowd.count());
    ([(header::CONTENT_TYPE, metrics::CONTENT_TYPE)], page).into_response()
}

/// Counts every answer under its route's pattern, which holds no name.
pub(crate) async fn count(State(metrics): State<Metrics>, request: Request, next: Next) -> Response {
    let start = Instant::now();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let method = request.method().clone();
    let response = next.run(request).await;
    let route = route.as_ref().map_or("none", MatchedPath::as_str);
    metrics.answered(method.as_str(), route, response.status().as_u16(), start.elapsed());
    response
}

/// Few machines watch one server.
pub(crate) fn crowd() -> Arc<Crowd> {
    Arc::new(Crowd::new(64, 64))
}
