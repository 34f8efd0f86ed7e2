//! HTTP requests: bounded in time and size, and never through a proxy to this machine itself.

use std::net::IpAddr;
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder, Response, StatusCode};
use url::{Host, Url};

use crate::api::ApiError;
use crate::trust::{self, Fingerprint, Untrusted};

/// To the first byte of a connection, and for a request as a whole.
const CONNECT_MAX: Duration = Duration::from_secs(5);
const TOTAL_MAX: Duration = Duration::from_secs(15);
/// No answer of a server is longer: room pages and lists are a tenth of it.
const BODY_MAX: usize = 1024 * 1024;

/// A client for one server, which over TLS has to be the one that `trust` names or an authority vouches for. Redirects
/// are not followed: where they lead matters to the one who asks.
pub(crate) fn client(server: &Url, trust: Option<Fingerprint>) -> Result<ClientBuilder, String> {
    // More than one provider may be linked into the program, and rustls panics when it has to choose. The first counts.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let client = Client::builder()
        .user_agent(concat!("rtc-chat/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT_MAX)
        .timeout(TOTAL_MAX)
        .tcp_nodelay(true)
        .redirect(Policy::none());
    // Reading this machine's certificates takes longer than a join over the loopback.
    let client = if server.scheme() == "http" {
        client.tls_certs_only([])
    } else {
        client.tls_backend_preconfigured(trust::config(trust).map_err(|error| error.to_string())?)
    };
    Ok(if is_loopback(server) { client.no_proxy() } else { client })
}

/// Whether the server is on this machine.
pub(crate) fn is_loopback(server: &Url) -> bool {
    match server.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        Some(Host::Domain(name)) => {
            name == "localhost"
                || name.ends_with(".localhost")
                || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
        }
        None => false,
    }
}

/// The status and the whole body, if it is not too long.
pub(crate) async fn read(mut response: Response) -> Result<(StatusCode, Vec<u8>), String> {
    let status = response.status();
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| explain(&error))? {
        if body.len() + chunk.len() > BODY_MAX {
            return Err("the answer is too long".into());
        }
        body.extend_from_slice(&chunk);
    }
    Ok((status, body))
}

/// A request that came to nothing.
pub(crate) fn failure(error: &reqwest::Error) -> ApiError {
    match Untrusted::among(error) {
        Some(untrusted) => ApiError::Untrusted(untrusted),
        None => ApiError::Unreachable(explain(error)),
    }
}

/// What went wrong, down to its cause, without the address that it went wrong with.
pub(crate) fn explain(error: &reqwest::Error) -> String {
    if error.is_timeout() {
        return "it does not answer".into();
    }
    let mut cause: &dyn std::error::Error = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}
