//! Whom a server has to be: someone that an authority of this system vouches for, or the holder of exactly one
//! certificate.

#[cfg(test)]
mod tests;

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::str::FromStr;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, OtherError, SignatureScheme};
use sha2::{Digest, Sha256};
use thiserror::Error as ThisError;

/// What is spoken on the connection.
const HTTP: &[u8] = b"http/1.1";
const BYTES: usize = 32;

/// The SHA-256 digest of a certificate, written as servers and browsers show it: `AB:CD:…`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Fingerprint([u8; BYTES]);

/// A text that is no fingerprint.
#[derive(Debug, ThisError, Clone, PartialEq, Eq)]
#[error("a SHA-256 fingerprint has 32 pairs of hexadecimal digits, as in AB:CD:…")]
pub struct NoFingerprint;

/// The server shows a certificate that nobody vouches for. Nothing was said to it.
#[derive(Debug, ThisError, Clone, PartialEq, Eq)]
pub struct Untrusted {
    /// Of the certificate that it shows.
    pub found: Fingerprint,
    /// Of the certificate that it should have.
    pub expected: Option<Fingerprint>,
    /// Why no authority vouches for it, where that was asked.
    pub why: Option<String>,
}

impl Fingerprint {
    pub fn of(certificate: &[u8]) -> Self {
        Self(Sha256::digest(certificate).into())
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, byte) in self.0.iter().enumerate() {
            write!(f, "{}{byte:02X}", if i == 0 { "" } else { ":" })?;
        }
        Ok(())
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Colons and spaces may be left out, and small letters do.
impl FromStr for Fingerprint {
    type Err = NoFingerprint;

    fn from_str(text: &str) -> Result<Self, NoFingerprint> {
        let digits: Option<Vec<u8>> = text
            .chars()
            .filter(|c| *c != ':' && !c.is_whitespace())
            .map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
            .collect();
        let digits = digits.filter(|digits| digits.len() == 2 * BYTES).ok_or(NoFingerprint)?;
        let mut bytes = [0; BYTES];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = pair[0] << 4 | pair[1];
        }
        Ok(Self(bytes))
    }
}

impl fmt::Display for Untrusted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let found = self.found;
        match (&self.expected, &self.why) {
            (Some(expected), _) => write!(
                f,
                "the server shows another certificate than the one that was trusted. It should be {expected}, and is \
                 {found}. Someone may be listening in"
            ),
            (None, Some(why)) => write!(f, "nobody vouches for the server's certificate, {found}: {why}"),
            (None, None) => write!(f, "nobody vouches for the server's certificate, {found}"),
        }
    }
}

impl Untrusted {
    /// The one among the causes of an error, if that is one.
    pub(crate) fn among(error: &(dyn StdError + 'static)) -> Option<Self> {
        let mut next = Some(error);
        while let Some(cause) = next {
            if let Some(Error::InvalidCertificate(CertificateError::Other(OtherError(inner)))) = cause.downcast_ref() {
                return inner.downcast_ref::<Self>().cloned();
            }
            // An I/O error names the cause of its cause, but not its cause.
            next = match cause.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
                Some(inner) => Some(inner),
                None => cause.source(),
            };
        }
        None
    }
}

/// TLS towards a server: where `only` names a certificate it has to show exactly that one.
pub(crate) fn config(only: Option<Fingerprint>) -> Result<ClientConfig, Error> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let judge = match only {
        Some(fingerprint) => Judge::Only(fingerprint),
        None => Judge::Authorities(system_authorities(&provider)),
    };
    config_with(judge, provider)
}

fn config_with(judge: Judge, provider: Arc<CryptoProvider>) -> Result<ClientConfig, Error> {
    let verifier = Arc::new(Verifier { judge, provider: Arc::clone(&provider) });
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    config.alpn_protocols = vec![HTTP.to_vec()];
    Ok(config)
}

/// On a system without any authority there is nobody to vouch.
fn system_authorities(provider: &Arc<CryptoProvider>) -> Option<Arc<dyn ServerCertVerifier>> {
    match rustls_platform_verifier::Verifier::new(Arc::clone(provider)) {
        Ok(verifier) => Some(Arc::new(verifier)),
        Err(error) => {
            tracing::warn!(%error, "this system's certificate authorities cannot be read");
            None
        }
    }
}

/// Who decides whether a certificate is good.
#[derive(Debug)]
enum Judge {
    Authorities(Option<Arc<dyn ServerCertVerifier>>),
    /// Name, term and issuer do not matter: the person has compared the certificate itself.
    Only(Fingerprint),
}

/// In either case the server has to prove that it holds the certificate's key.
#[derive(Debug)]
struct Verifier {
    judge: Judge,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let found = Fingerprint::of(end_entity);
        let (expected, why) = match &self.judge {
            Judge::Only(fingerprint) if *fingerprint == found => return Ok(ServerCertVerified::assertion()),
            Judge::Only(fingerprint) => (Some(*fingerprint), None),
            Judge::Authorities(None) => (None, Some("this system knows no authority".to_owned())),
            Judge::Authorities(Some(authorities)) => {
                match authorities.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now) {
                    Err(Error::InvalidCertificate(why)) => (None, Some(reason(&why))),
                    judged => return judged,
                }
            }
        };
        let untrusted = Untrusted { found, expected, why };
        Err(Error::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(untrusted)))))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

fn reason(why: &CertificateError) -> String {
    match why {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "its time is over".to_owned(),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "its time has not begun (is this machine's clock right?)".to_owned()
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "it is for another name".to_owned()
        }
        CertificateError::UnknownIssuer => "no authority that this system knows has issued it".to_owned(),
        CertificateError::Revoked => "it was revoked".to_owned(),
        other => other.to_string(),
    }
}
