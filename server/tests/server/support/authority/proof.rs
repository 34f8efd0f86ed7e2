//! How the authority looks whether a name is the asker's: it connects there, whatever the name says, to where the test is.

use std::net::SocketAddr;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, SignatureScheme};
use sha2::{Digest, Sha256};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer, X509Certificate};

/// RFC 8737, section 3. `Err`: why it does not hold.
pub(super) async fn by_tls(at: SocketAddr, name: &str, authorization: &str) -> Result<(), String> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Anyone))
        .with_no_client_auth();
    config.alpn_protocols = vec![b"acme-tls/1".to_vec()];
    let stream = TcpStream::connect(at).await.map_err(|error| error.to_string())?;
    let server = ServerName::try_from(name.to_owned()).map_err(|error| error.to_string())?;
    let shaken = TlsConnector::from(Arc::new(config)).connect(server, stream).await;
    let mut stream = shaken.map_err(|error| error.to_string())?;
    let session = stream.get_ref().1;
    if session.alpn_protocol() != Some(b"acme-tls/1") {
        return Err("another protocol".to_owned());
    }
    let [certificate] = session.peer_certificates().unwrap_or_default() else {
        return Err("no certificate".to_owned());
    };
    holds(certificate, name, authorization)?;
    // Nothing else is spoken on such a connection.
    let rest = stream.read_to_end(&mut Vec::new()).await;
    if rest.is_ok_and(|read| read > 0) { Err("something was said".to_owned()) } else { Ok(()) }
}

fn holds(certificate: &[u8], name: &str, authorization: &str) -> Result<(), String> {
    let (_, certificate) = X509Certificate::from_der(certificate).map_err(|error| error.to_string())?;
    let names = certificate.subject_alternative_name().ok().flatten().ok_or("no names")?;
    let [GeneralName::DNSName(only)] = names.value.general_names[..] else { return Err("other names".to_owned()) };
    if only != name {
        return Err(format!("it is for {only}"));
    }
    let expected = [&[0x04, 0x20], &Sha256::digest(authorization)[..]].concat();
    let identifier = certificate.extensions().iter().find(|found| found.oid.to_id_string() == "1.3.6.1.5.5.7.1.31");
    match identifier {
        Some(found) if found.critical && found.value == expected => Ok(()),
        Some(_) => Err("incorrect key authorization".to_owned()),
        None => Err("no acmeIdentifier".to_owned()),
    }
}

/// RFC 8555, section 8.3.
pub(super) async fn by_http(at: SocketAddr, name: &str, token: &str, authorization: &str) -> Result<(), String> {
    let client = reqwest::Client::builder().resolve(name, at).build().map_err(|error| error.to_string())?;
    let address = format!("http://{name}:{}/.well-known/acme-challenge/{token}", at.port());
    let answer = client.get(address).send().await.map_err(|error| error.to_string())?;
    let text = answer.text().await.map_err(|error| error.to_string())?;
    if text == authorization { Ok(()) } else { Err("incorrect key authorization".to_owned()) }
}

/// Believes any certificate: what it holds is what is looked at.
#[derive(Debug)]
struct Anyone;

impl ServerCertVerifier for Anyone {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        rustls::crypto::aws_lc_rs::default_provider().signature_verification_algorithms.supported_schemes()
    }
}
