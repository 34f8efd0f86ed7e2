//! How the server is reached: TLS, its certificate, and how many may come at once.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::str::FromStr;

use clap::Parser;
use url::Url;

/// Let's Encrypt's production.
const DIRECTORY: &str = "https://acme-v02.api.letsencrypt.org/directory";

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

    /// Get a certificate for this name from a certificate authority, and renew it (ACME); repeatable. The name must lead to this
    /// server, and its TCP port 443 to --listen (or its port 80 to --http-redirect). By using this you agree to the
    /// authority's terms, Let's Encrypt's for example: <https://letsencrypt.org/repository/>.
    #[arg(
        long,
        env = "RTC_CHAT_TLS_ACME",
        value_name = "DOMAIN",
        value_delimiter = ',',
        conflicts_with_all = ["tls_cert", "tls_self_signed"]
    )]
    pub tls_acme: Vec<Domain>,

    /// Where the certificate authority may write to, for example `ann@example.org`; repeatable.
    #[arg(long, env = "RTC_CHAT_ACME_CONTACT", value_name = "EMAIL", value_delimiter = ',', value_parser = parse_contact)]
    pub acme_contact: Vec<String>,

    /// The ACME directory of the certificate authority.
    #[arg(long, env = "RTC_CHAT_ACME_DIRECTORY", value_name = "URL", default_value = DIRECTORY, value_parser = parse_directory)]
    pub acme_directory: Url,

    /// A certificate (PEM) to trust for the ACME directory beside the system's: for a private certificate authority.
    #[arg(long, env = "RTC_CHAT_ACME_ROOT", value_name = "FILE")]
    pub acme_root: Option<PathBuf>,

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
    Acme(Acme),
}

/// What is wanted of a certificate authority that issues by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Acme {
    pub domains: Vec<Domain>,
    /// With their `mailto:`.
    pub contacts: Vec<String>,
    pub directory: Url,
    pub root: Option<PathBuf>,
}

/// A DNS name in small letters: no address, no wildcard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Domain(String);

impl Domain {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Domain {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let is_label = |label: &str| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        if text.starts_with("*.") {
            return Err("a wildcard cannot be proved over the network; name each domain".to_owned());
        }
        if text.parse::<IpAddr>().is_ok() || text.len() > 253 || !text.split('.').all(is_label) {
            return Err("not a DNS name (one with other letters is written in punycode, xn--…)".to_owned());
        }
        Ok(Self(text.to_ascii_lowercase()))
    }
}

fn parse_contact(text: &str) -> Result<String, String> {
    let email = text.strip_prefix("mailto:").unwrap_or(text);
    match email.split_once('@') {
        Some((who, host)) if !who.is_empty() && !host.is_empty() && !email.contains([' ', '?']) => {
            Ok(format!("mailto:{email}"))
        }
        Some(_) | None => Err("not an email address".to_owned()),
    }
}

fn parse_directory(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| error.to_string())?;
    if url.scheme() == "https" { Ok(url) } else { Err("the directory must be https".to_owned()) }
}

impl Tls {
    pub fn source(&self) -> TlsSource {
        match (&self.tls_cert, &self.tls_key) {
            (Some(cert), Some(key)) => TlsSource::Files { cert: cert.clone(), key: key.clone() },
            _ if !self.tls_acme.is_empty() => TlsSource::Acme(Acme {
                domains: self.tls_acme.clone(),
                contacts: self.acme_contact.clone(),
                directory: self.acme_directory.clone(),
                root: self.acme_root.clone(),
            }),
            _ if self.tls_self_signed => TlsSource::SelfSigned { names: self.tls_name.clone() },
            _ => TlsSource::None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Settings;

    fn source(flags: &[&str]) -> Result<TlsSource, clap::Error> {
        Settings::try_parse_from(["server"].iter().chain(flags)).map(|settings| settings.tls.source())
    }

    #[test]
    fn a_certificate_can_be_ordered_for_names_that_can_be_proved() {
        let TlsSource::Acme(wish) =
            source(&["--tls-acme=Chat.Example.org,b.example", "--acme-contact=a@b.example"]).unwrap()
        else {
            panic!("no authority")
        };
        assert_eq!(wish.domains.iter().map(Domain::as_str).collect::<Vec<_>>(), ["chat.example.org", "b.example"]);
        assert_eq!((wish.contacts[0].as_str(), wish.directory.as_str()), ("mailto:a@b.example", DIRECTORY));
        for bad in ["*.example.org", "192.0.2.1", "::1", "a..b", "-a.example", "a_b.example", "käse.example", ""] {
            assert!(source(&["--tls-acme", bad]).is_err(), "{bad}");
        }
        for also in ["--tls-self-signed", "--acme-directory=http://a.example", "--acme-contact=nobody"] {
            assert!(source(&["--tls-acme=a.example", also]).is_err(), "{also}");
        }
    }
}
