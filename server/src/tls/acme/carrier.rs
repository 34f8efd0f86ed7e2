//! How the ACME client reaches the certificate authority: over the HTTPS client that the server has anyway.

use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::Request;
use http_body_util::BodyExt;
use instant_acme::{BodyWrapper, BytesResponse, Error, HttpClient};
use reqwest::{Certificate, Client, redirect};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use crate::tls::{TlsError, read};

/// One question to the authority.
const ANSWER_MAX: Duration = Duration::from_secs(30);
/// A chain of certificates is a few KiB.
const ANSWER_BYTES: usize = 256 * 1024;

/// Carries questions there and answers back.
pub(super) struct Carrier(Client);

impl Carrier {
    /// Trusts the system's authorities, and those in `root`.
    pub(super) fn new(root: Option<&Path>) -> Result<Self, TlsError> {
        // Where the authority is was configured; it may send us elsewhere only in its own words, not by redirects.
        let mut client = Client::builder().https_only(true).timeout(ANSWER_MAX).redirect(redirect::Policy::none());
        if let Some(path) = root {
            client = client.tls_certs_merge(authorities(path)?);
        }
        client.build().map(Self).map_err(|error| TlsError::Client(error.to_string()))
    }
}

/// The certificates in a file.
pub(super) fn authorities(path: &Path) -> Result<Vec<Certificate>, TlsError> {
    let no_certificate = || TlsError::NoCertificate { path: path.to_owned() };
    let text = read(path)?;
    let found: Vec<Certificate> = CertificateDer::pem_slice_iter(&text)
        .map(|found| found.ok().and_then(|found| Certificate::from_der(&found).ok()))
        .collect::<Option<_>>()
        .ok_or_else(no_certificate)?;
    if found.is_empty() { Err(no_certificate()) } else { Ok(found) }
}

impl HttpClient for Carrier {
    fn request(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>> {
        let client = self.0.clone();
        Box::pin(async move { carry(client, request).await })
    }
}

async fn carry(client: Client, request: Request<BodyWrapper<Bytes>>) -> Result<BytesResponse, Error> {
    let (head, body) = request.into_parts();
    let body = match body.collect().await {
        Ok(body) => body.to_bytes(),
        Err(never) => match never {},
    };
    let request = reqwest::Request::try_from(Request::from_parts(head, body)).map_err(other)?;
    let mut answer = client.execute(request).await.map_err(other)?;
    let mut bytes = BytesMut::new();
    while let Some(more) = answer.chunk().await.map_err(other)? {
        if bytes.len() + more.len() > ANSWER_BYTES {
            return Err(Error::Other("the answer is too long".into()));
        }
        bytes.extend_from_slice(&more);
    }
    let (parts, _) = http::Response::<reqwest::Body>::from(answer).into_parts();
    Ok(BytesResponse { parts, body: Box::new(bytes.freeze()) })
}

/// With what lies under it: "error sending request" alone helps nobody.
fn other(error: reqwest::Error) -> Error {
    use std::error::Error as _;
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(under) = cause {
        text = format!("{text}: {under}");
        cause = under.source();
    }
    Error::Other(text.into())
}
