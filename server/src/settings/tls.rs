//! How the server is reached: TLS, its certificate, and how many may come at once.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::Parser;

/// Where the certificate comes from, and the way from HTTP to HTTPS. Without a certificate HTTP is served in the clear.
#[derive(Debug, Clone, Parser)]
#[command(next_help_heading = "TLS")]
pub struct Tls {
    /// The certificate and what it hangs on, as PEM; read again on SIGHUP.
    #[arg(long, env = "RTC_CHAT_TLS_CERT", value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,

    /// The certificate's key, as PEM; read again on SIGHUP.
    #[arg(long, env = "RTC_CHAT_TLS_KEY", value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,

    /// Make a certificate that nobody vouches for and keep it in the data directory: for a LAN.
    #[arg(long, env = "RTC_CHAT_TLS_SELF_SIGNED", conflicts_with = "tls_cert")]
    pub tls_self_signed: bool,

    /// A name that the self-signed certificate is for, beside localhost and this machine's addresses; repeatable.
    #[arg(long, env = "RTC_CHAT_TLS_NAME", value_name = "NAME", value_delimiter = ',')]
    pub tls_name: Vec<String>,

    /// Answer HTTP here with the way to the same page on HTTPS.
    #[arg(long, env = "RTC_CHAT_HTTP_REDIRECT", value_name = "ADDRESS:PORT")]
    pub http_redirect: Option<SocketAddr>,
}

/// Where the certificate comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TlsSource {
    /// No certificate: plain HTTP.
    None,
    Files {
        cert: PathBuf,
        key: PathBuf,
    },
    SelfSigned {
        names: Vec<String>,
    },
}

impl Tls {
    pub fn source(&self) -> TlsSource {
        match (&self.tls_cert, &self.tls_key) {
            (Some(cert), Some(key)) => TlsSource::Files { cert: cert.clone(), key: key.clone() },
            _ if self.tls_self_signed => TlsSource::SelfSigned { names: self.tls_name.clone() },
            _ => TlsSource::None,
        }
    }
}
