//! What is kept of the dealings with a certificate authority: the account and the last certificate with its key, for us only.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use url::Url;

use crate::tls::{Pair, TlsError, read, write_private};

/// The files of one authority; another one has others, so that trying a staging authority first loses nothing.
#[derive(Debug, Clone)]
pub(super) struct Vault {
    account: PathBuf,
    certificate: PathBuf,
}

impl Vault {
    pub(super) fn of(data_dir: &Path, directory: &Url) -> Self {
        let digest = Sha256::digest(directory.as_str().as_bytes());
        let mark: String = digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
        Self {
            account: data_dir.join(format!("acme-{mark}.account.json")),
            certificate: data_dir.join(format!("acme-{mark}.pem")),
        }
    }

    pub(super) fn account(&self) -> Option<Vec<u8>> {
        read(&self.account).ok()
    }

    pub(super) fn keep_account(&self, account: &[u8]) -> Result<(), TlsError> {
        write_private(&self.account, account)
    }

    /// The authority knows it no more.
    pub(super) fn drop_account(&self) {
        if let Err(error) = std::fs::remove_file(&self.account) {
            tracing::warn!(%error, "cannot remove the account of the certificate authority");
        }
    }

    /// Key and chain stand in one file, so that they always fit together.
    pub(super) fn certificate(&self) -> Option<Pair> {
        Some(self.pair(read(&self.certificate).ok()?))
    }

    pub(super) fn keep_certificate(&self, chain: &str, key: &str) -> Result<(), TlsError> {
        write_private(&self.certificate, format!("{key}\n{chain}").as_bytes())
    }

    /// The same, from memory.
    pub(super) fn pair(&self, both: Vec<u8>) -> Pair {
        let path = self.certificate.clone();
        Pair { chain: both.clone(), key: both, chain_path: path.clone(), key_path: path }
    }
}
