//! Certificates from an authority that issues them by itself.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::{Certificate, Client};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::support::authority::{GOOD, Manners};
use super::support::{Authority, Site, Visitor};

/// Nothing that a test waits for takes this long.
const PATIENCE: Duration = Duration::from_secs(60);
/// Nearly over as it comes.
const OLD: Manners = Manners { days: (80, 10), ..GOOD };

async fn site(authority: &Authority, more: &[&str]) -> Site {
    let flags = authority.flags();
    let flags: Vec<&str> = flags.iter().map(String::as_str).chain(more.iter().copied()).collect();
    let site = Site::with(&flags).await;
    show(&site, authority);
    site
}

fn show(site: &Site, authority: &Authority) {
    let address = |url: &str| -> SocketAddr {
        url.split_once("://").expect("as the test needs it").1.parse().expect("as the test needs it")
    };
    authority.finds(address(&site.url), site.redirect.as_deref().map(address));
}

/// A visitor who knows the authority and nobody else.
fn believer(site: &Site, authority: &Authority) -> Client {
    let root = Certificate::from_pem(&authority.certificate()).expect("as the test needs it");
    let at = site.url.split_once("://").expect("as the test needs it").1.parse().expect("as the test needs it");
    Client::builder().tls_certs_only([root]).resolve("chat.example", at).build().expect("as the test needs it")
}

fn page(site: &Site, path: &str) -> String {
    format!("https://chat.example:{}{path}", site.url.rsplit_once(':').expect("as the test needs it").1)
}

/// Asks until the answer is this: whatever is awaited comes by itself.
async fn until(ask: impl AsyncFn() -> bool) {
    let asking = async {
        while !ask().await {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, asking).await.expect("it comes in time");
}

async fn ready(site: &Site) -> String {
    Visitor::at(site.metrics.as_deref().expect("as the test needs it")).get("/readyz").await.text
}

async fn metric(site: &Site, name: &str) -> f64 {
    let told = Visitor::at(site.metrics.as_deref().expect("as the test needs it")).get("/metrics").await.text;
    told.lines()
        .find_map(|line| line.strip_prefix(name))
        .map_or(0.0, |value| value.trim().parse().expect("as the test needs it"))
}

const WATCHED: [&str; 2] = ["--metrics-listen", "127.0.0.1:0"];

#[tokio::test]
async fn a_server_shows_the_certificate_that_the_authority_issued_for_its_name() {
    let authority = Authority::start(GOOD).await;
    let site = site(&authority, &WATCHED).await;
    let ann = believer(&site, &authority);
    until(async || ann.get(page(&site, "/healthz")).send().await.is_ok()).await;
    assert_eq!((authority.orders(), authority.issued()), (1, 1));
    until(async || ready(&site).await == "ready").await;
    assert_eq!(metric(&site, r#"rtc_chat_certificate_orders_total{outcome="ok"}"#).await, 1.0);
    let days = (metric(&site, "rtc_chat_certificate_expiry_seconds").await - now()) / 86_400.0;
    assert!((88.9..89.1).contains(&days), "{days}");
    #[cfg(unix)]
    for file in std::fs::read_dir(site.data()).unwrap().map(Result::unwrap) {
        use std::os::unix::fs::PermissionsExt;
        let name = file.file_name().into_string().unwrap();
        let mode = file.metadata().unwrap().permissions().mode() & 0o777;
        assert!(!name.starts_with("acme-") || mode == 0o600, "{name} {mode:o}");
    }
}

fn now() -> f64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("as the test needs it").as_secs_f64()
}

#[tokio::test]
async fn the_certificate_survives_a_restart_without_a_new_order() {
    let authority = Authority::start(GOOD).await;
    let first = site(&authority, &[]).await;
    let ann = believer(&first, &authority);
    until(async || ann.get(page(&first, "/healthz")).send().await.is_ok()).await;
    let flags = authority.flags();
    let second = first.restart(&flags.each_ref().map(String::as_str)).await;
    show(&second, &authority);
    // From its first answer on.
    assert!(believer(&second, &authority).get(page(&second, "/healthz")).send().await.is_ok());
    assert_eq!(authority.orders(), 1);
}

#[tokio::test]
async fn a_certificate_is_renewed_before_its_end_and_no_connection_breaks() {
    let authority = Authority::start(OLD).await;
    let site = site(&authority, &WATCHED).await;
    let ann = believer(&site, &authority);
    until(async || ann.get(page(&site, "/healthz")).send().await.is_ok()).await;
    let old = metric(&site, "rtc_chat_certificate_expiry_seconds").await;
    let mut open = Raw::open(&site, &authority).await;
    assert!(open.ask().await.starts_with("HTTP/1.1 200"));
    authority.behave(GOOD);
    // Less than a third of its life is left: whenever the server looks, it is time.
    site.controls.reload(&super::support::site::settings(site.data(), &[])).await;
    until(async || metric(&site, "rtc_chat_certificate_expiry_seconds").await > old).await;
    assert!(open.ask().await.starts_with("HTTP/1.1 200"), "over the connection of before");
    assert!(believer(&site, &authority).get(page(&site, "/healthz")).send().await.is_ok(), "and over a new one");
    assert_eq!(authority.issued(), 2);
    site.controls.reload(&super::support::site::settings(site.data(), &[])).await;
    assert_eq!(ready(&site).await, "ready");
    assert_eq!(authority.orders(), 2, "a good one is not renewed");
}

/// One connection, held open by hand.
struct Raw(TlsStream<TcpStream>);

impl Raw {
    async fn open(site: &Site, authority: &Authority) -> Self {
        let mut roots = RootCertStore::empty();
        let root = CertificateDer::from_pem_slice(&authority.certificate()).expect("as the test needs it");
        roots.add(root).expect("as the test needs it");
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("as the test needs it");
        let config = config.with_root_certificates(roots).with_no_client_auth();
        let stream = TcpStream::connect(site.url.split_once("://").expect("as the test needs it").1)
            .await
            .expect("as the test needs it");
        let name = ServerName::try_from("chat.example").expect("as the test needs it");
        Self(TlsConnector::from(Arc::new(config)).connect(name, stream).await.expect("as the test needs it"))
    }

    /// The beginning of the answer; its end is `ok`.
    async fn ask(&mut self) -> String {
        self.0.write_all(b"GET /healthz HTTP/1.1\r\nhost: chat.example\r\n\r\n").await.expect("as the test needs it");
        let mut answer = Vec::new();
        while !answer.ends_with(b"ok") {
            assert!(self.0.read_buf(&mut answer).await.expect("as the test needs it") > 0, "the connection ended");
        }
        String::from_utf8(answer).expect("as the test needs it")
    }
}

#[tokio::test]
async fn who_cannot_prove_the_name_gets_no_certificate() {
    for challenge in ["tls-alpn-01", "http-01"] {
        let authority = Authority::start(Manners { mistrusts: true, challenge, ..GOOD }).await;
        let flags = [&WATCHED[..], &["--http-redirect", "127.0.0.1:0"]].concat();
        let site = site(&authority, &flags).await;
        until(async || ready(&site).await.contains("incorrect key authorization")).await;
        assert!(ready(&site).await.contains("chat.example"));
        assert_eq!((authority.orders(), authority.issued()), (1, 0));
        assert!(believer(&site, &authority).get(page(&site, "/healthz")).send().await.is_err());
        assert_eq!(metric(&site, r#"rtc_chat_certificate_orders_total{outcome="failed"}"#).await, 1.0);
        // Asked again, it may be luckier.
        authority.behave(Manners { challenge, ..GOOD });
        site.controls.reload(&super::support::site::settings(site.data(), &[])).await;
        until(async || ready(&site).await == "ready").await;
        assert!(believer(&site, &authority).get(page(&site, "/healthz")).send().await.is_ok());
    }
}

#[tokio::test]
async fn an_authority_that_is_down_hinders_nobody() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let directory = format!("--acme-directory=https://{}/directory", taken.local_addr().unwrap());
    drop(taken);
    let flags = [&WATCHED[..], &["--tls-acme=chat.example", &directory, "--room=demo"]].concat();
    let site = Site::with(&flags).await;
    until(async || ready(&site).await.contains("without a new certificate: ")).await;
    let ann = Visitor::trusting(&site, &std::fs::read(site.data().join("self-signed.crt")).unwrap());
    let (healthy, page) = (ann.get("/healthz").await, ann.get("/rtc/demo").await);
    assert_eq!((healthy.text.as_str(), page.status.as_u16()), ("ok", 200));
    site.stop().await;
}

#[tokio::test]
async fn a_proof_is_shown_only_to_who_asks_for_it_and_only_during_an_order() {
    let authority = Authority::start(GOOD).await;
    let site = site(&authority, &["--http-redirect", "127.0.0.1:0"]).await;
    let ann = believer(&site, &authority);
    until(async || ann.get(page(&site, "/healthz")).send().await.is_ok()).await;
    let http = Visitor::at(site.redirect.as_deref().unwrap());
    let path = "/.well-known/acme-challenge/token-of-order-0-and-name-0";
    assert_eq!(http.get(path).await.header("location"), format!("{}{path}", site.url));
}
