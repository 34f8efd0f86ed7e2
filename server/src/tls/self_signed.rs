//! A certificate of our own making, for a LAN: kept in the data directory, so that whoever trusted it once need not again.

use std::path::Path;
use std::time::{Duration, SystemTime};

use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::leaf::Leaf;
use super::{Pair, TlsError, read, write_private};

pub(super) const CERTIFICATE: &str = "self-signed.crt";
pub(super) const KEY: &str = "self-signed.key";

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// Some systems believe no certificate that is valid for more than 825 days.
const VALID: Duration = Duration::from_secs(800 * DAY.as_secs());
/// One that ends sooner than this is made anew at the start.
const REST_MIN: Duration = Duration::from_secs(30 * DAY.as_secs());

/// The certificate in `directory`, made there unless it is good for `names` and for a while.
pub(super) fn open(directory: &Path, names: &[String]) -> Result<Pair, TlsError> {
    let (chain_path, key_path) = (directory.join(CERTIFICATE), directory.join(KEY));
    if let (Ok(chain), Ok(key)) = (read(&chain_path), read(&key_path))
        && is_good(&chain, names, SystemTime::now())
    {
        return Ok(Pair { chain, key, chain_path, key_path });
    }
    std::fs::create_dir_all(directory).map_err(|source| TlsError::File { path: directory.to_owned(), source })?;
    let (chain, key) = make(names, SystemTime::now()).map_err(|error| TlsError::SelfSigned(error.to_string()))?;
    write_private(&key_path, key.as_bytes())?;
    write_private(&chain_path, chain.as_bytes())?;
    Ok(Pair { chain: chain.into_bytes(), key: key.into_bytes(), chain_path, key_path })
}

fn make(names: &[String], now: SystemTime) -> Result<(String, String), rcgen::Error> {
    let local = ["localhost", "127.0.0.1", "::1"].map(str::to_owned);
    let addresses = if_addrs::get_if_addrs().unwrap_or_default().into_iter().map(|interface| interface.ip());
    let addresses = addresses.filter(|address| !address.is_loopback()).map(|address| address.to_string());
    let mut all: Vec<String> = local.into_iter().chain(addresses).chain(names.iter().cloned()).collect();
    all.sort();
    all.dedup();
    let mut params = CertificateParams::new(all)?;
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "RTC-Chat (self-signed)");
    params.not_before = (now - DAY).into();
    params.not_after = (now + VALID).into();
    let key = KeyPair::generate()?;
    let certificate = params.self_signed(&key)?;
    Ok((certificate.pem(), key.serialize_pem()))
}

fn is_good(pem: &[u8], names: &[String], now: SystemTime) -> bool {
    let Ok(certificate) = CertificateDer::from_pem_slice(pem) else { return false };
    Leaf::read(&certificate).is_some_and(|leaf| leaf.rest(now) > REST_MIN && names.iter().all(|name| leaf.is_for(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_made_anew_before_it_ends() {
        let now = SystemTime::now();
        let (certificate, _) = make(&["chat.lan".to_owned(), "192.0.2.7".to_owned()], now).unwrap();
        let good = |names: &[&str], at| {
            let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
            is_good(certificate.as_bytes(), &names, at)
        };
        let last_day = now + VALID - REST_MIN - DAY;
        assert!(good(&["CHAT.lan", "192.0.2.7", "localhost"], last_day));
        assert!(!good(&[], last_day + DAY + DAY));
        assert!(!good(&["other.lan"], now) && !good(&["192.0.2.8"], now));
    }
}
