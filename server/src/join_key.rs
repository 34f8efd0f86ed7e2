//! Join tokens: another application vouches for its users with a signature (JWT, RFC 7519). The only file that names
//! `jsonwebtoken`.
//!
//! A token says `{"room": …, "name"?: …, "role"?: "guest"|"moderator"|"owner", "exp": …, "nbf"?: …}`; whoever brings it
//! needs no password and does not knock.

use std::io;
use std::path::{Path, PathBuf};

use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use protocol::{Role, RoomId, Username};
use serde::Deserialize;
use thiserror::Error;

/// RFC 7518, section 3.2: a key as long as the hash at least.
const SECRET_BYTES: usize = 32;
/// A longer token is not worth looking at.
const TOKEN_BYTES: usize = 4096;

/// Why there is no key.
#[derive(Debug, Error)]
pub enum JoinKeyError {
    #[error("cannot read the join key {}: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("the join key {} has less than {SECRET_BYTES} bytes; make one with `openssl rand -base64 48`", path.display())]
    TooShort { path: PathBuf },
    #[error("the join key {} is no Ed25519 public key in PEM", path.display())]
    NoKey { path: PathBuf },
}

/// Checks tokens that another application signed.
pub(crate) struct JoinKey {
    key: DecodingKey,
    validation: Validation,
}

/// What a token vouches for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Voucher {
    pub name: Option<Username>,
    pub role: Role,
}

/// Why a token opens nothing. Whoever brings it learns no more than this.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenError {
    #[error("this server takes no join tokens")]
    NoKey,
    #[error("the join token is not signed as this server expects, or says something else than it should")]
    Unreadable,
    #[error("the join token is not valid at this time")]
    Time,
    #[error("the join token is for another room")]
    OtherRoom,
}

#[derive(Deserialize)]
struct Claims {
    room: String,
    #[serde(default)]
    name: Option<String>,
    #[serde(default)]
    role: Role,
    /// Seconds since 1970, as all of RFC 7519's; some applications write fractions.
    exp: f64,
    #[serde(default)]
    nbf: f64,
}

impl JoinKey {
    /// A public key in PEM (EdDSA), or the secret itself (HS256).
    pub(crate) fn read(path: &Path) -> Result<Self, JoinKeyError> {
        let bytes = std::fs::read(path).map_err(|source| JoinKeyError::File { path: path.to_owned(), source })?;
        let secret = bytes.trim_ascii();
        let (algorithm, key) = if secret.starts_with(b"-----BEGIN ") {
            // A private key would do as well, and does not belong on this machine.
            let is_public = secret.starts_with(b"-----BEGIN PUBLIC KEY-----");
            let key = is_public.then(|| DecodingKey::from_ed_pem(secret).ok()).flatten();
            (Algorithm::EdDSA, key.ok_or_else(|| JoinKeyError::NoKey { path: path.to_owned() })?)
        } else {
            if secret.len() < SECRET_BYTES {
                return Err(JoinKeyError::TooShort { path: path.to_owned() });
            }
            (Algorithm::HS256, DecodingKey::from_secret(secret))
        };
        // Exactly the one algorithm of the key: what the token itself says of it decides nothing.
        let mut validation = Validation::new(algorithm);
        // The times are looked at below, against a clock that tests can set.
        validation.validate_exp = false;
        // One key for one server: a token needs no audience to be meant for it.
        validation.validate_aud = false;
        Ok(Self { key, validation })
    }

    /// What the token vouches for in `room`. `now`: seconds since 1970.
    pub(crate) fn open(&self, token: &str, room: &RoomId, now: u64) -> Result<Voucher, TokenError> {
        if token.len() > TOKEN_BYTES {
            return Err(TokenError::Unreadable);
        }
        let claims = jsonwebtoken::decode::<Claims>(token, &self.key, &self.validation)
            .map_err(|_| TokenError::Unreadable)?
            .claims;
        let now = now as f64;
        if claims.exp <= now || claims.nbf > now {
            return Err(TokenError::Time);
        }
        if RoomId::parse(&claims.room).as_ref() != Ok(room) {
            return Err(TokenError::OtherRoom);
        }
        let name = claims.name.as_deref().map(Username::parse).transpose().map_err(|_| TokenError::Unreadable)?;
        Ok(Voucher { name, role: claims.role })
    }
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::{EncodingKey, Header, encode};
    use serde_json::{Value, json};

    use super::*;

    const SECRET: &str = "a secret of thirty-two bytes at least";
    const PRIVATE: &str = "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQYDK2VwBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f\n-----END PRIVATE KEY-----\n";
    const PUBLIC: &str = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAA6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=\n-----END PUBLIC KEY-----\n";

    fn key_of(text: &str) -> Result<JoinKey, JoinKeyError> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("join.key");
        std::fs::write(&path, text).unwrap();
        JoinKey::read(&path)
    }

    fn signed(claims: &Value) -> String {
        encode(&Header::new(Algorithm::HS256), claims, &EncodingKey::from_secret(SECRET.as_bytes())).unwrap()
    }

    fn demo() -> RoomId {
        RoomId::parse("demo").unwrap()
    }

    #[test]
    fn a_token_vouches_for_a_name_and_a_role_until_it_ends() {
        let key = key_of(&format!("{SECRET}\n")).unwrap();
        let token = signed(&json!({"room": "demo", "name": " Ann ", "role": "moderator", "exp": 100, "nbf": 50}));
        let voucher = Voucher { name: Some(Username::parse("Ann").unwrap()), role: Role::Moderator };
        assert_eq!(key.open(&token, &demo(), 99), Ok(voucher));
        assert_eq!(key.open(&token, &demo(), 100), Err(TokenError::Time));
        assert!(key.open(&token, &demo(), 50).is_ok());
        assert_eq!(key.open(&token, &demo(), 49), Err(TokenError::Time));
        assert_eq!(key.open(&token, &RoomId::parse("other").unwrap(), 99), Err(TokenError::OtherRoom));
        let plain = signed(&json!({"room": "demo", "exp": 100, "aud": "whoever"}));
        assert_eq!(key.open(&plain, &demo(), 99), Ok(Voucher { name: None, role: Role::Guest }));
    }

    #[test]
    fn what_is_not_signed_with_the_key_opens_nothing() {
        let key = key_of(SECRET).unwrap();
        let claims = json!({"room": "demo", "exp": 100});
        let token = signed(&claims);
        let other = encode(&Header::default(), &claims, &EncodingKey::from_secret(&[7; 32])).unwrap();
        let longer =
            encode(&Header::new(Algorithm::HS512), &claims, &EncodingKey::from_secret(SECRET.as_bytes())).unwrap();
        let unsigned = format!("eyJhbGciOiJub25lIn0.{}.", token.split('.').nth(1).unwrap());
        for bad in ["", "a.b.c", &other, &longer, &unsigned, &token[..token.len() - 1], &"x".repeat(TOKEN_BYTES + 1)] {
            assert_eq!(key.open(bad, &demo(), 1), Err(TokenError::Unreadable), "{bad}");
        }
        for claims in [
            json!({"room": "demo"}),
            json!({"exp": 100}),
            json!({"room": "demo", "exp": "soon"}),
            json!({"room": "demo", "exp": 100, "role": "king"}),
            json!({"room": "demo", "exp": 100, "name": ""}),
        ] {
            assert_eq!(key.open(&signed(&claims), &demo(), 1), Err(TokenError::Unreadable), "{claims}");
        }
    }

    #[test]
    fn a_public_key_checks_what_its_private_key_signed() {
        let key = key_of(PUBLIC).unwrap();
        let claims = json!({"room": "demo", "exp": 100});
        let private = EncodingKey::from_ed_pem(PRIVATE.as_bytes()).unwrap();
        let token = encode(&Header::new(Algorithm::EdDSA), &claims, &private).unwrap();
        assert!(key.open(&token, &demo(), 1).is_ok());
        // The public key is no secret: what is signed with it as one is a forgery.
        let forged = encode(&Header::default(), &claims, &EncodingKey::from_secret(PUBLIC.trim().as_bytes())).unwrap();
        assert_eq!(key.open(&forged, &demo(), 1), Err(TokenError::Unreadable));
    }

    #[test]
    fn a_key_has_32_bytes_and_not_31_and_is_no_private_one() {
        assert!(key_of(&"k".repeat(SECRET_BYTES)).is_ok());
        assert!(matches!(key_of(&"k".repeat(SECRET_BYTES - 1)), Err(JoinKeyError::TooShort { .. })));
        assert!(matches!(key_of(PRIVATE), Err(JoinKeyError::NoKey { .. })));
        let missing = JoinKey::read(Path::new("/nowhere/join.key"));
        assert!(matches!(missing, Err(JoinKeyError::File { .. })));
    }
}
