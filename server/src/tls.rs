//! TLS by rustls: which certificate is shown, where it comes from, and how it is exchanged while the server runs.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use rustls::ServerConfig;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::ResolvesServerCert;
use rustls::sign::CertifiedKey;
use sha2::{Digest, Sha256};
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::Notify;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

mod acme;
mod leaf;
mod self_signed;
mod shown;

pub(crate) use acme::Renewal;
use shown::{ACME_TLS, Shown};

use crate::metrics::Metrics;
use crate::settings::TlsSource;

/// What is spoken on the connection. HTTP/2 is left out on purpose: see the decisions.
const HTTP: &[u8] = b"http/1.1";

/// Why there is no TLS.
#[derive(Debug, Error)]
pub enum TlsError {
    #[error("cannot read or write {}: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("{} holds no certificate as PEM", path.display())]
    NoCertificate { path: PathBuf },
    #[error("{} holds no private key as PEM", path.display())]
    NoKey { path: PathBuf },
    #[error("the certificate and the key do not make a pair: {0}")]
    Pair(rustls::Error),
    #[error("TLS cannot be set up: {0}")]
    Setup(rustls::Error),
    #[error("cannot make a certificate: {0}")]
    SelfSigned(String),
    #[error("cannot set up the way to the certificate authority: {0}")]
    Client(String),
}

/// Encrypts what is accepted. Clones show the same certificate.
#[derive(Clone)]
pub(crate) struct Tls {
    acceptor: TlsAcceptor,
    shown: Arc<Shown>,
    source: Arc<TlsSource>,
    data_dir: PathBuf,
    /// Has the renewal look at once.
    wake: Arc<Notify>,
}

/// A certificate, what it hangs on, and its key, all as PEM.
struct Pair {
    chain: Vec<u8>,
    key: Vec<u8>,
    /// Where they stand, for complaints.
    chain_path: PathBuf,
    key_path: PathBuf,
}

impl Tls {
    /// Reads or makes the certificate. `None`: the settings want none.
    pub(crate) fn open(source: TlsSource, data_dir: &Path) -> Result<Option<Self>, TlsError> {
        if source == TlsSource::None {
            return Ok(None);
        }
        let shown = Arc::new(Shown::default());
        let mut config = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(TlsError::Setup)?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&shown) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = vec![HTTP.to_vec()];
        if matches!(source, TlsSource::Acme(_)) {
            config.alpn_protocols.push(ACME_TLS.to_vec());
        }
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let wake = Arc::new(Notify::new());
        let tls = Self { acceptor, shown, source: Arc::new(source), data_dir: data_dir.to_owned(), wake };
        tls.read(&tls.source)?;
        Ok(Some(tls))
    }

    /// Reads what the settings name, and makes nothing.
    pub(crate) fn check(source: &TlsSource, data_dir: &Path) -> Result<(), TlsError> {
        match source {
            TlsSource::Files { .. } => Self::open(source.clone(), data_dir).map(drop),
            TlsSource::Acme(wish) => acme::check(wish),
            TlsSource::None | TlsSource::SelfSigned { .. } => Ok(()),
        }
    }

    /// Reads the certificate again, or has the authority asked at once where it is time. Whatever is wrong with it: the one
    /// that is shown stays.
    /// Files may be others than before; where the certificate comes from stays.
    pub(crate) fn reload(&self, wanted: &TlsSource) -> Result<(), TlsError> {
        self.wake.notify_one();
        match (&*self.source, wanted) {
            (TlsSource::Acme(_), _) => Ok(()),
            (TlsSource::Files { .. }, files @ TlsSource::Files { .. }) => self.read(files),
            (source, _) => self.read(source),
        }
    }

    fn read(&self, source: &TlsSource) -> Result<(), TlsError> {
        let pair = match source {
            TlsSource::None => return Ok(()),
            TlsSource::Files { cert, key } => {
                Pair { chain: read(cert)?, key: read(key)?, chain_path: cert.clone(), key_path: key.clone() }
            }
            TlsSource::SelfSigned { names } => self_signed::open(&self.data_dir, names)?,
            TlsSource::Acme(wish) => match acme::kept(wish, &self.data_dir).map(|kept| kept.parse()) {
                Some(Ok(kept)) => {
                    self.shown.show(kept);
                    return Ok(());
                }
                // Until the authority has issued one: a warning is better than no answer.
                Some(Err(_)) | None => {
                    self.shown.set_trouble(Some("the authority has not issued one yet".to_owned()));
                    let names: Vec<String> = wish.domains.iter().map(ToString::to_string).collect();
                    self_signed::open(&self.data_dir, &names)?
                }
            },
        };
        self.shown.show(pair.parse()?);
        Ok(())
    }

    /// What keeps the certificate good, where an authority issues it by itself. `has_http`: [`Self::proof`] is asked over HTTP.
    pub(crate) fn renewal(&self, metrics: Metrics, has_http: bool) -> Option<Renewal> {
        let TlsSource::Acme(wish) = &*self.source else { return None };
        let (shown, wake) = (Arc::clone(&self.shown), Arc::clone(&self.wake));
        Some(Renewal::new(wish.clone(), &self.data_dir, shown, wake, metrics, has_http))
    }

    /// What a certificate authority is to read over HTTP under this token (RFC 8555, section 8.3).
    pub(crate) fn proof(&self, token: &str) -> Option<String> {
        self.shown.text_of(token)
    }

    /// Why there is no good certificate.
    pub(crate) fn trouble(&self) -> Option<String> {
        self.shown.trouble()
    }

    /// When the certificate that is shown ends.
    pub(crate) fn ends(&self) -> Option<SystemTime> {
        self.shown.leaf().map(|leaf| leaf.not_after)
    }

    /// The handshake. `None`: it was all that was wanted, by a certificate authority.
    pub(crate) async fn accept<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: S,
    ) -> io::Result<Option<TlsStream<S>>> {
        let stream = self.acceptor.accept(stream).await?;
        let is_proof = stream.get_ref().1.alpn_protocol() == Some(ACME_TLS);
        Ok((!is_proof).then_some(stream))
    }

    /// What a person must know who runs a server that nobody vouches for.
    pub(crate) fn notice(&self, url: &str) -> Option<String> {
        if !matches!(*self.source, TlsSource::SelfSigned { .. }) {
            return None;
        }
        let current = self.shown.now()?;
        let fingerprint = fingerprint(current.end_entity_cert().ok()?);
        let path = self.data_dir.join(self_signed::CERTIFICATE);
        Some(format!(
            "This server shows a certificate that it made itself ({}).\n\
             Nobody vouches for it, so every browser warns once: open {url} (with this machine's address in the LAN),\n\
             choose \"Advanced\" and go on, after comparing the certificate's SHA-256 fingerprint with this one:\n\
             {fingerprint}\n\
             To spare everyone the warning, install that file as a trusted certificate on their devices.",
            path.display()
        ))
    }
}

impl Pair {
    fn parse(&self) -> Result<CertifiedKey, TlsError> {
        let no_certificate = || TlsError::NoCertificate { path: self.chain_path.clone() };
        let chain: Vec<CertificateDer<'static>> =
            CertificateDer::pem_slice_iter(&self.chain).collect::<Result<_, _>>().map_err(|_| no_certificate())?;
        if chain.is_empty() {
            return Err(no_certificate());
        }
        let no_key = |_| TlsError::NoKey { path: self.key_path.clone() };
        let key = PrivateKeyDer::from_pem_slice(&self.key).map_err(no_key)?;
        CertifiedKey::from_der(chain, key, &provider()).map_err(TlsError::Pair)
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

/// As browsers show it: pairs of hexadecimal digits with colons.
fn fingerprint(certificate: &CertificateDer<'_>) -> String {
    let pairs: Vec<String> = Sha256::digest(certificate).iter().map(|byte| format!("{byte:02X}")).collect();
    pairs.join(":")
}

fn read(path: &Path) -> Result<Vec<u8>, TlsError> {
    std::fs::read(path).map_err(|source| TlsError::File { path: path.to_owned(), source })
}

/// Writes a file whole or not at all, readable for its owner only.
fn write_private(path: &Path, bytes: &[u8]) -> Result<(), TlsError> {
    let write = || {
        let fresh = path.with_extension("new");
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&fresh)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&fresh, path)
    };
    write().map_err(|source| TlsError::File { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(directory: &Path) -> (PathBuf, PathBuf) {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let (cert, key) = (directory.join("a.crt"), directory.join("a.key"));
        std::fs::write(&cert, made.cert.pem()).unwrap();
        std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
        (cert, key)
    }

    fn shown(tls: &Tls) -> String {
        fingerprint(tls.shown.now().unwrap().end_entity_cert().unwrap())
    }

    #[test]
    fn a_renewed_certificate_is_shown_and_a_broken_one_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let (cert, key) = pair(dir.path());
        let source = TlsSource::Files { cert: cert.clone(), key: key.clone() };
        let tls = Tls::open(source, dir.path()).unwrap().unwrap();
        let first = shown(&tls);
        pair(dir.path());
        tls.reload(&tls.source).unwrap();
        let second = shown(&tls);
        assert_ne!(first, second);
        let other = tempfile::tempdir().unwrap();
        std::fs::copy(pair(other.path()).1, &key).unwrap();
        assert!(matches!(tls.reload(&tls.source), Err(TlsError::Pair(_))), "a key of another certificate");
        std::fs::write(&cert, "nonsense").unwrap();
        assert!(matches!(tls.reload(&tls.source), Err(TlsError::NoCertificate { .. })));
        std::fs::remove_file(&cert).unwrap();
        assert!(matches!(tls.reload(&tls.source), Err(TlsError::File { .. })));
        assert_eq!(shown(&tls), second);
    }

    #[test]
    fn a_self_signed_certificate_outlives_the_process_and_says_how_to_trust_it() {
        let dir = tempfile::tempdir().unwrap();
        let open = |names: &[&str]| {
            let names = names.iter().map(|&name| name.to_owned()).collect();
            Tls::open(TlsSource::SelfSigned { names }, dir.path()).unwrap().unwrap()
        };
        let first = open(&[]);
        assert_eq!(shown(&open(&[])), shown(&first));
        let notice = first.notice("https://192.0.2.1:5000").unwrap();
        assert!(notice.contains(&shown(&first)) && notice.contains("https://192.0.2.1:5000"), "{notice}");
        assert_ne!(shown(&open(&["chat.lan"])), shown(&first), "it has no such name");
        assert_eq!(shown(&open(&["chat.lan"])), shown(&open(&[])));
    }

    #[cfg(unix)]
    #[test]
    fn only_its_owner_reads_the_key_of_a_self_signed_certificate() {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        Tls::open(TlsSource::SelfSigned { names: Vec::new() }, dir.path()).unwrap();
        let mode = dir.path().join(self_signed::KEY).metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}
