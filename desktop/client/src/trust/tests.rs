//! Whom one talks to over TLS, tried on servers that show certificates of all kinds.

use std::sync::Mutex;

use protocol::RoomId;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::PrivateKeyDer;
use rustls::{RootCertStore, ServerConfig};
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use url::Url;

use rustls::client::WebPkiServerVerifier;

use super::*;
use crate::api::{Api, ApiError};
use crate::stand_in;

/// A certificate with its key.
struct Pair {
    certificate: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
}

impl Pair {
    fn self_signed() -> Self {
        let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        Self { certificate: made.cert.der().clone(), key: made.signing_key.into() }
    }

    fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&self.certificate)
    }
}

/// A server that shows one certificate after the other can be had on the same port.
struct SecureServer {
    url: Url,
    acceptor: Arc<Mutex<TlsAcceptor>>,
    _task: JoinSet<()>,
}

impl SecureServer {
    async fn start(pair: &Pair) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("https://{}", listener.local_addr().unwrap())).unwrap();
        let acceptor = Arc::new(Mutex::new(acceptor(pair.certificate.clone(), pair)));
        let mut task = JoinSet::new();
        let shown = Arc::clone(&acceptor);
        task.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let acceptor = shown.lock().unwrap().clone();
                let Ok(mut stream) = acceptor.accept(stream).await else { continue };
                stand_in::exchange(&mut stream, |_| (200, Vec::new(), r#"{"rooms":[]}"#.to_owned())).await;
            }
        });
        Self { url, acceptor, _task: task }
    }

    fn show(&self, certificate: CertificateDer<'static>, pair: &Pair) {
        *self.acceptor.lock().unwrap() = acceptor(certificate, pair);
    }
}

fn acceptor(certificate: CertificateDer<'static>, pair: &Pair) -> TlsAcceptor {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    // Whether certificate and key make a pair is not for the server to say here.
    let key = provider.key_provider.load_private_key(pair.key.clone_key()).unwrap();
    let shown = rustls::sign::CertifiedKey::new(vec![certificate], key);
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(rustls::sign::SingleCertAndKey::from(shown)));
    TlsAcceptor::from(Arc::new(config))
}

async fn ask(url: &Url, only: Option<Fingerprint>) -> Result<(), ApiError> {
    Api::new(url.clone(), only).list_rooms().await.map(|_| ())
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_is_refused_and_shown() {
    let pair = Pair::self_signed();
    let server = SecureServer::start(&pair).await;
    match ask(&server.url, None).await {
        Err(ApiError::Untrusted(untrusted)) => {
            assert_eq!((untrusted.found, untrusted.expected), (pair.fingerprint(), None));
            assert!(untrusted.to_string().contains(&pair.fingerprint().to_string()), "{untrusted}");
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn exactly_the_trusted_certificate_is_good_enough() {
    let (pair, other) = (Pair::self_signed(), Pair::self_signed());
    let server = SecureServer::start(&pair).await;
    assert_eq!(ask(&server.url, Some(pair.fingerprint())).await, Ok(()));
    let refused = Untrusted { found: pair.fingerprint(), expected: Some(other.fingerprint()), why: None };
    assert_eq!(ask(&server.url, Some(other.fingerprint())).await, Err(ApiError::Untrusted(refused)));
    server.show(other.certificate.clone(), &other);
    let refused = Untrusted { found: other.fingerprint(), expected: Some(pair.fingerprint()), why: None };
    assert_eq!(ask(&server.url, Some(pair.fingerprint())).await, Err(ApiError::Untrusted(refused)));
}

#[tokio::test]
async fn a_copied_certificate_is_worth_nothing_without_its_key() {
    let (pair, thief) = (Pair::self_signed(), Pair::self_signed());
    let server = SecureServer::start(&pair).await;
    server.show(pair.certificate.clone(), &thief);
    assert!(matches!(ask(&server.url, Some(pair.fingerprint())).await, Err(ApiError::Unreachable(_))));
}

/// An authority, and a server that it vouches for.
fn vouched_for() -> (Judge, Pair) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let key = KeyPair::generate().unwrap();
    let certificate =
        CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap().signed_by(&key, &authority).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(authority.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
    (Judge::Authorities(Some(verifier)), Pair { certificate: certificate.der().clone(), key: key.into() })
}

#[tokio::test]
async fn what_an_authority_vouches_for_needs_no_trust() {
    let (judge, pair) = vouched_for();
    let server = SecureServer::start(&pair).await;
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let http = reqwest::Client::builder()
        .tls_backend_preconfigured(config_with(judge, provider).unwrap())
        .no_proxy()
        .build()
        .unwrap();
    assert!(http.get(server.url.clone()).send().await.unwrap().status().is_success());
    let other = Pair::self_signed();
    server.show(other.certificate.clone(), &other);
    // Connections are kept for a while; this one is new.
    let other_name = server.url.as_str().replace("127.0.0.1", "localhost");
    let error = http.get(other_name).send().await.unwrap_err();
    assert_eq!(Untrusted::among(&error).map(|untrusted| untrusted.found), Some(other.fingerprint()), "{error:?}");
}

#[tokio::test]
async fn nobody_takes_a_seat_on_a_server_that_is_not_trusted() {
    let pair = Pair::self_signed();
    let server = SecureServer::start(&pair).await;
    let room = RoomId::parse("r").unwrap();
    let pass = protocol::api::JoinRoom::default();
    let joined = Api::new(server.url.clone(), None).join(&room, &pass, Some("secret")).await;
    assert!(matches!(joined, Err(ApiError::Untrusted(_))), "{joined:?}");
}

#[test]
fn a_fingerprint_is_read_as_people_copy_it() {
    let fingerprint = Fingerprint::of(b"x");
    let shown = fingerprint.to_string();
    assert_eq!(shown.len(), 95);
    assert_eq!(shown.parse(), Ok(fingerprint));
    assert_eq!(format!(" {}\n", shown.replace(':', "").to_lowercase()).parse(), Ok(fingerprint));
    for wrong in ["", "AB", &shown[..94], &format!("{shown}:00"), &shown.replace(':', "-")] {
        assert_eq!(wrong.parse::<Fingerprint>(), Err(NoFingerprint), "{wrong}");
    }
}
