//! What a client of the authority signs: a question that only the holder of the account's key can ask, and only once.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey, crypto};
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// The flattened form of RFC 7515.
#[derive(Deserialize)]
struct Signed {
    protected: String,
    payload: String,
    signature: String,
}

#[derive(Deserialize)]
struct Head {
    alg: String,
    nonce: String,
    url: String,
    jwk: Option<Key>,
    kid: Option<String>,
}

/// An elliptic key, as RFC 7517 writes it.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Key {
    crv: String,
    kty: String,
    x: String,
    y: String,
}

/// A question whose signature is right.
pub(super) struct Question {
    pub nonce: String,
    pub url: String,
    pub key: Key,
    /// `Null`: an empty payload, for reading.
    pub payload: Value,
}

impl Question {
    /// `None`: badly formed or badly signed. `key_of` finds the key of an account.
    pub(super) fn read(body: &[u8], key_of: impl Fn(&str) -> Option<Key>) -> Option<Self> {
        let signed: Signed = serde_json::from_slice(body).ok()?;
        let head: Head = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(&signed.protected).ok()?).ok()?;
        let key = match (head.jwk, head.kid) {
            (Some(key), None) => key,
            (None, Some(account)) => key_of(&account)?,
            _ => return None,
        };
        let known = DecodingKey::from_ec_components(&key.x, &key.y).ok()?;
        let message = format!("{}.{}", signed.protected, signed.payload);
        let is_right = head.alg == "ES256"
            && crypto::verify(&signed.signature, message.as_bytes(), &known, Algorithm::ES256).unwrap_or(false);
        let payload = URL_SAFE_NO_PAD.decode(&signed.payload).ok()?;
        let payload = if payload.is_empty() { Value::Null } else { serde_json::from_slice(&payload).ok()? };
        is_right.then_some(Self { nonce: head.nonce, url: head.url, key, payload })
    }
}

impl Key {
    /// RFC 7638.
    pub(super) fn thumbprint(&self) -> String {
        let Self { crv, kty, x, y } = self;
        let canonical = format!(r#"{{"crv":"{crv}","kty":"{kty}","x":"{x}","y":"{y}"}}"#);
        URL_SAFE_NO_PAD.encode(Sha256::digest(canonical))
    }
}
