//! What a certificate says of itself: for whom it is, and how long.

use std::net::IpAddr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustls::pki_types::CertificateDer;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::FromDer;
use x509_parser::prelude::X509Certificate;

/// The first certificate of a chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Leaf {
    pub not_before: SystemTime,
    pub not_after: SystemTime,
    names: Vec<Name>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Name {
    Dns(String),
    Address(Vec<u8>),
}

impl Leaf {
    /// `None`: that is no certificate.
    pub(super) fn read(certificate: &CertificateDer<'_>) -> Option<Self> {
        let (_, certificate) = X509Certificate::from_der(certificate).ok()?;
        let known = certificate.subject_alternative_name().ok()?;
        let names = known.map(|known| known.value.general_names.iter().filter_map(name).collect()).unwrap_or_default();
        let validity = certificate.validity();
        Some(Self {
            not_before: time(validity.not_before.timestamp()),
            not_after: time(validity.not_after.timestamp()),
            names,
        })
    }

    /// Whether it is for this DNS name or address.
    pub(super) fn is_for(&self, wanted: &str) -> bool {
        self.names.iter().any(|name| match name {
            Name::Dns(name) => name.eq_ignore_ascii_case(wanted),
            Name::Address(bytes) => wanted.parse().is_ok_and(|address| octets(address) == *bytes),
        })
    }

    /// How long it is good for, from its first moment.
    pub(super) fn life(&self) -> Duration {
        self.not_after.duration_since(self.not_before).unwrap_or_default()
    }

    /// How long it is still good for.
    pub(super) fn rest(&self, now: SystemTime) -> Duration {
        self.not_after.duration_since(now).unwrap_or_default()
    }
}

fn name(name: &GeneralName<'_>) -> Option<Name> {
    match name {
        GeneralName::DNSName(name) => Some(Name::Dns((*name).to_owned())),
        GeneralName::IPAddress(bytes) => Some(Name::Address(bytes.to_vec())),
        _ => None,
    }
}

/// Nothing here is older than 1970.
fn time(seconds: i64) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(u64::try_from(seconds).unwrap_or_default())
}

fn octets(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    }
}
