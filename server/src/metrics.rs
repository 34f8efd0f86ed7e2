//! What the server tells Prometheus: how many and how fast, never who. No label holds a name, an address or an id.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

mod process;

use process::Process;

/// Seconds: from an asset out of memory to a password behind many others.
const DURATIONS: [f64; 10] = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0];

/// What `Content-Type` the text of [`Metrics::to_text`] has.
pub(crate) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// How much there is right now; counted when somebody asks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Census {
    pub rooms: rooms::Census,
    /// WebRTC connections, half-open ones too.
    pub connections: usize,
    pub half_open: usize,
    /// Passwords that are being hashed or wait for it.
    pub passwords: usize,
    /// Nobody new is let in any more.
    pub draining: bool,
}

/// Everything that is counted. Clones count together.
#[derive(Debug, Clone)]
pub(crate) struct Metrics(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    registry: Registry,
    requests: Family<Request, Counter>,
    request_seconds: Family<Route, Histogram, fn() -> Histogram>,
    offers: Family<Outcome, Counter>,
    replies: Family<Outcome, Counter>,
    webhooks: Family<Outcome, Counter>,
    certificate_orders: Family<Outcome, Counter>,
    frames_in: Counter,
    frames_out: Counter,
    bytes_out: Counter,
    slow_readers: Counter,
    crowded: Counter,
    gauges: Gauges,
}

#[derive(Debug, Default)]
struct Gauges {
    rooms: Gauge,
    public_rooms: Gauge,
    seats: Gauge,
    connected: Gauge,
    connections: Gauge,
    half_open: Gauge,
    passwords: Gauge,
    http_connections: Gauge,
    resident: Gauge,
    descriptors: Gauge,
    tasks: Gauge,
    cpu: Counter<f64, AtomicU64>,
    started: Gauge<f64, AtomicU64>,
    certificate_ends: Gauge,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Request {
    method: &'static str,
    /// As the router knows it, with its placeholders.
    route: String,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    route: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    /// What was done, or the identifier of the error.
    outcome: String,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut inner = Inner {
            registry: Registry::with_prefix("rtc_chat"),
            requests: Family::default(),
            request_seconds: Family::new_with_constructor(|| Histogram::new(DURATIONS)),
            offers: Family::default(),
            replies: Family::default(),
            webhooks: Family::default(),
            certificate_orders: Family::default(),
            frames_in: Counter::default(),
            frames_out: Counter::default(),
            bytes_out: Counter::default(),
            slow_readers: Counter::default(),
            crowded: Counter::default(),
            gauges: Gauges::default(),
        };
        inner.register();
        if let Some(started) = Process::read().map(|process| process.started) {
            inner.gauges.started.set(started);
        }
        Self(Arc::new(inner))
    }

    /// An HTTP request was answered. `route` is the router's pattern.
    pub(crate) fn answered(&self, method: &str, route: &str, status: u16, took: Duration) {
        // What a client writes there must not make a new series.
        let known = ["GET", "HEAD", "POST", "PATCH", "DELETE", "OPTIONS", "PUT"];
        let method = known.into_iter().find(|&known| known == method).unwrap_or("other");
        self.0.requests.get_or_create(&Request { method, route: route.to_owned(), status }).inc();
        self.0.request_seconds.get_or_create(&Route { route: route.to_owned() }).observe(took.as_secs_f64());
    }

    /// An offer was answered (`ok`), or refused with this identifier.
    pub(crate) fn offered(&self, outcome: &str) {
        self.0.offers.get_or_create(&Outcome { outcome: outcome.to_owned() }).inc();
    }

    /// The rooms answered a request: what was done, or the identifier of the refusal.
    pub(crate) fn replied(&self, outcome: &str) {
        self.0.replies.get_or_create(&Outcome { outcome: outcome.to_owned() }).inc();
    }

    /// Someone's event was delivered to the webhook, or given up, or dropped because too many waited.
    pub(crate) fn hooked(&self, outcome: &str) {
        self.0.webhooks.get_or_create(&Outcome { outcome: outcome.to_owned() }).inc();
    }

    /// A certificate was ordered: `ok`, or `failed`.
    pub(crate) fn ordered(&self, outcome: &str) {
        self.0.certificate_orders.get_or_create(&Outcome { outcome: outcome.to_owned() }).inc();
    }

    /// When the certificate that is shown is over; 0: there is none.
    pub(crate) fn certificate_ends(&self, at: Option<SystemTime>) {
        let seconds = at.and_then(|at| at.duration_since(UNIX_EPOCH).ok()).map_or(0, |since| since.as_secs());
        self.0.gauges.certificate_ends.set(i64::try_from(seconds).unwrap_or(i64::MAX));
    }

    /// A frame came from a client.
    pub(crate) fn heard(&self) {
        self.0.frames_in.inc();
    }

    /// A frame went to a client.
    pub(crate) fn said(&self, bytes: usize) {
        self.0.frames_out.inc();
        self.0.bytes_out.inc_by(bytes as u64);
    }

    /// A client that does not read was disconnected.
    pub(crate) fn gave_up_on_a_reader(&self) {
        self.0.slow_readers.inc();
    }

    /// An HTTP connection was refused because there are too many.
    pub(crate) fn crowded(&self) {
        self.0.crowded.inc();
    }

    /// Everything in the OpenMetrics text format.
    pub(crate) fn to_text(&self, census: &Census, http_connections: usize) -> String {
        let gauges = &self.0.gauges;
        for (gauge, count) in [
            (&gauges.rooms, census.rooms.rooms),
            (&gauges.public_rooms, census.rooms.public),
            (&gauges.seats, census.rooms.seats),
            (&gauges.connected, census.rooms.connected),
            (&gauges.connections, census.connections),
            (&gauges.half_open, census.half_open),
            (&gauges.passwords, census.passwords),
            (&gauges.http_connections, http_connections),
        ] {
            gauge.set(count as i64);
        }
        if let Some(process) = Process::read() {
            gauges.resident.set(process.resident_bytes as i64);
            gauges.descriptors.set(process.descriptors as i64);
            gauges.cpu.inner().store(process.cpu_seconds.to_bits(), std::sync::atomic::Ordering::Relaxed);
        }
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            gauges.tasks.set(runtime.metrics().num_alive_tasks() as i64);
        }
        let mut page = String::new();
        // Writing to a string cannot fail.
        let _ = text::encode(&mut page, &self.0.registry);
        page
    }
}

impl Inner {
    fn register(&mut self) {
        let registry = &mut self.registry;
        registry.register("build", "This server", Info::new([("version", env!("CARGO_PKG_VERSION"))]));
        registry.register("http_requests", "HTTP requests that were answered", self.requests.clone());
        registry.register_with_unit(
            "http_request_duration",
            "From a request's head to its answer's head",
            Unit::Seconds,
            self.request_seconds.clone(),
        );
        registry.register("offers", "WebRTC offers, by what came of them", self.offers.clone());
        registry.register("room_requests", "Joins, creations, departures, by what came of them", self.replies.clone());
        registry.register("webhooks", "Events for the webhook, by what came of them", self.webhooks.clone());
        registry.register(
            "certificate_orders",
            "Certificates ordered, by what came of it",
            self.certificate_orders.clone(),
        );
        registry.register("frames_received", "Data channel frames from clients", self.frames_in.clone());
        registry.register("frames_sent", "Data channel frames to clients", self.frames_out.clone());
        registry.register_with_unit("frames_sent", "Their size", Unit::Bytes, self.bytes_out.clone());
        registry.register("slow_readers", "Clients disconnected because they did not read", self.slow_readers.clone());
        registry.register("http_crowded", "HTTP connections refused over the limit", self.crowded.clone());
        let gauges = &self.gauges;
        for (name, help, gauge) in [
            ("rooms", "Rooms", &gauges.rooms),
            ("rooms_public", "Rooms that are listed", &gauges.public_rooms),
            ("seats", "Seats that are taken", &gauges.seats),
            ("clients", "Clients with an open data channel", &gauges.connected),
            ("connections", "WebRTC connections, half-open ones too", &gauges.connections),
            ("connections_half_open", "WebRTC connections without an open channel", &gauges.half_open),
            ("passwords", "Passwords that are being hashed or wait for it", &gauges.passwords),
            ("http_connections", "HTTP connections", &gauges.http_connections),
            ("process_open_fds", "File descriptors", &gauges.descriptors),
            ("tasks", "Tasks of the runtime", &gauges.tasks),
        ] {
            registry.register(name, help, gauge.clone());
        }
        registry.register_with_unit("process_resident_memory", "Memory", Unit::Bytes, gauges.resident.clone());
        registry.register_with_unit("process_cpu", "Processor time", Unit::Seconds, gauges.cpu.clone());
        registry.register_with_unit(
            "certificate_expiry",
            "When the certificate that is shown is over, since 1970 (0: there is none)",
            Unit::Seconds,
            gauges.certificate_ends.clone(),
        );
        registry.register_with_unit(
            "process_start_time",
            "When the process began, since 1970",
            Unit::Seconds,
            gauges.started.clone(),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_client_writes_makes_no_new_series() {
        let metrics = Metrics::new();
        for method in ["GET", "BREW", "WHEN"] {
            metrics.answered(method, "/rtc/{room}", 200, Duration::from_millis(2));
        }
        let page = metrics.to_text(&Census::default(), 0);
        assert!(page.contains(r#"rtc_chat_http_requests_total{method="GET",route="/rtc/{room}",status="200"} 1"#));
        assert!(page.contains(r#"{method="other",route="/rtc/{room}",status="200"} 2"#), "{page}");
        assert!(page.contains(r#"rtc_chat_http_request_duration_seconds_count{route="/rtc/{room}"} 3"#), "{page}");
    }

    #[test]
    fn the_dashboard_asks_for_nothing_that_is_not_told() {
        let metrics = Metrics::new();
        metrics.answered("GET", "/", 200, Duration::ZERO);
        metrics.offered("ok");
        metrics.replied("room-full");
        let page = metrics.to_text(&Census::default(), 0);
        let told: Vec<&str> = page
            .lines()
            .filter(|line| !line.starts_with('#'))
            .filter_map(|line| line.split(['{', ' ']).next())
            .collect();
        let dashboard = include_str!("../grafana/rtc-chat.json");
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let asked: Vec<&str> = dashboard.split(|c| !is_name(c)).filter(|word| word.starts_with("rtc_chat_")).collect();
        assert!(asked.len() > 10);
        for name in asked {
            assert!(told.contains(&name), "{name} in {told:?}");
        }
        let parsed: serde_json::Value = serde_json::from_str(dashboard).unwrap();
        assert!(parsed["panels"].as_array().is_some_and(|panels| panels.len() > 5));
    }
}
