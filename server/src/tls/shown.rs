//! The certificate that visitors are shown now, and what a certificate authority is shown that looks whether a name is ours.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use super::leaf::Leaf;

/// What a certificate authority speaks on the TLS port (RFC 8737).
pub(super) const ACME_TLS: &[u8] = b"acme-tls/1";

/// Everything that can be asked for from outside.
#[derive(Debug, Default)]
pub(super) struct Shown {
    current: RwLock<Option<Arc<CertifiedKey>>>,
    proofs: RwLock<Proofs>,
    trouble: RwLock<Option<String>>,
}

/// What proves that we hold a name, while an order is under way.
#[derive(Debug, Default)]
struct Proofs {
    /// By name: shown to whoever speaks `acme-tls/1`.
    certificates: BTreeMap<String, Arc<CertifiedKey>>,
    /// By token: told over HTTP.
    texts: BTreeMap<String, String>,
}

impl Shown {
    pub(super) fn show(&self, pair: CertifiedKey) {
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(pair));
    }

    pub(super) fn now(&self) -> Option<Arc<CertifiedKey>> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn leaf(&self) -> Option<Leaf> {
        Leaf::read(self.now()?.end_entity_cert().ok()?)
    }

    pub(super) fn prove_by_certificate(&self, name: &str, proof: CertifiedKey) {
        let mut proofs = self.proofs.write().unwrap_or_else(PoisonError::into_inner);
        proofs.certificates.insert(name.to_ascii_lowercase(), Arc::new(proof));
    }

    pub(super) fn prove_by_text(&self, token: &str, text: &str) {
        let mut proofs = self.proofs.write().unwrap_or_else(PoisonError::into_inner);
        proofs.texts.insert(token.to_owned(), text.to_owned());
    }

    pub(super) fn text_of(&self, token: &str) -> Option<String> {
        self.proofs.read().unwrap_or_else(PoisonError::into_inner).texts.get(token).cloned()
    }

    pub(super) fn forget_proofs(&self) {
        *self.proofs.write().unwrap_or_else(PoisonError::into_inner) = Proofs::default();
    }

    /// Why there is no good certificate, in words; `None`: all is well.
    pub(super) fn set_trouble(&self, trouble: Option<String>) {
        *self.trouble.write().unwrap_or_else(PoisonError::into_inner) = trouble;
    }

    pub(super) fn trouble(&self) -> Option<String> {
        self.trouble.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        // A certificate authority offers this and nothing else; a visitor never does.
        let is_asked_for_proof = hello.alpn().is_some_and(|mut offered| offered.next() == Some(ACME_TLS));
        if !is_asked_for_proof {
            return self.now();
        }
        let name = hello.server_name()?.to_ascii_lowercase();
        self.proofs.read().unwrap_or_else(PoisonError::into_inner).certificates.get(&name).cloned()
    }
}
