//! A secret that a person put into a file: read once, compared in constant time, never shown.

use std::io;
use std::path::{Path, PathBuf};

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use thiserror::Error;

/// Shorter ones can be guessed.
const CHARS_MIN: usize = 16;

/// Why a secret cannot be used.
#[derive(Debug, Error)]
pub enum SecretError {
    #[error("cannot read the secret {}: {source}", path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("the secret in {} has fewer than {CHARS_MIN} characters", path.display())]
    TooShort { path: PathBuf },
}

/// Something that only two sides know.
#[derive(Clone)]
pub(crate) struct Secret(Vec<u8>);

impl Secret {
    /// The file's text without what surrounds it (an editor's last line break).
    pub(crate) fn read(path: &Path) -> Result<Self, SecretError> {
        let text =
            std::fs::read_to_string(path).map_err(|source| SecretError::Read { path: path.to_owned(), source })?;
        let text = text.trim();
        if text.chars().count() < CHARS_MIN {
            return Err(SecretError::TooShort { path: path.to_owned() });
        }
        Ok(Self(text.as_bytes().to_vec()))
    }

    /// HMAC-SHA256 of all parts, one after the other.
    pub(crate) fn sign(&self, parts: &[&[u8]]) -> [u8; 32] {
        self.mac(parts).finalize().into_bytes().into()
    }

    /// Takes the same time however much of `given` is right: only signatures under a key of the moment are compared.
    pub(crate) fn is(&self, given: &str) -> bool {
        let moment = Self(rand::random::<[u8; 32]>().to_vec());
        moment.mac(&[given.as_bytes()]).verify_slice(&moment.sign(&[&self.0])).is_ok()
    }

    /// The secret itself, for whoever has to send it.
    pub(crate) fn reveal(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    fn mac(&self, parts: &[&[u8]]) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes a key of any length");
        for part in parts {
            mac.update(part);
        }
        mac
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_has_16_characters_and_a_line_break_is_none_of_them() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secret");
        let read = |text: &str| {
            std::fs::write(&path, text).unwrap();
            Secret::read(&path)
        };
        assert!(matches!(read("fifteen-letters\n"), Err(SecretError::TooShort { .. })));
        let secret = read("sixteen-letters!\n").unwrap();
        assert!(secret.is("sixteen-letters!"));
        for wrong in ["", "sixteen-letters", "sixteen-letters!\n", "sixteen-letters?"] {
            assert!(!secret.is(wrong), "{wrong:?}");
        }
        assert!(matches!(Secret::read(dir.path()), Err(SecretError::Read { .. })));
    }

    #[test]
    fn a_signature_is_hmac_sha256() {
        // RFC 4231, test case 2.
        let signed = Secret(b"Jefe".to_vec()).sign(&[b"what do ya want ", b"for nothing?"]);
        let hex: String = signed.iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }
}
