//! Accounts: for whoever wants to be the same person on several devices. Nobody needs one.
//!
//! | Route | Body | Answer |
//! |---|---|---|
//! | `GET /api/v1/account` | | [`AccountState`] |
//! | `POST /api/v1/account` | [`Credentials`] | 201 [`SignedIn`] |
//! | `PATCH /api/v1/account` | [`ChangePassword`] | [`SignedIn`] |
//! | `DELETE /api/v1/account` | [`DeleteAccount`] | 204 |
//! | `POST /api/v1/session` | [`Credentials`] | [`SignedIn`] |
//! | `DELETE /api/v1/session` | | 204 |

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use unicode_normalization::UnicodeNormalization;

use crate::limits::{ACCOUNT_NAME_CHARS, ACCOUNT_PASSWORD_CHARS};
use crate::names::{NameError, is_invisible};

/// What an account is called: 1–64 scalar values after NFC and trim. Unique, whatever the case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AccountName(String);

/// By what a name is known again: two names that differ in case or in the width of their letters are one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountKey(String);

impl AccountName {
    /// Composes (NFC), drops what hides or reorders text, trims and checks `name`.
    pub fn parse(name: &str) -> Result<Self, NameError> {
        let name: String = name.nfc().filter(|&c| !is_invisible(c)).collect();
        let name = name.trim();
        if name.is_empty() {
            return Err(NameError::Empty);
        }
        if name.chars().count() > ACCOUNT_NAME_CHARS {
            return Err(NameError::TooLong { limit: ACCOUNT_NAME_CHARS });
        }
        // An address with such a segment leads elsewhere.
        if name == "." || name == ".." {
            return Err(NameError::Forbidden { found: '.' });
        }
        Ok(Self(name.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Up and down again: what has several letters in one case has the same ones in the other then (`ß`, `SS`).
    pub fn key(&self) -> AccountKey {
        let upper = self.0.nfkc().flat_map(char::to_uppercase);
        AccountKey(upper.flat_map(char::to_lowercase).nfkc().collect())
    }
}

impl AccountKey {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AccountName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<AccountName> for String {
    fn from(name: AccountName) -> Self {
        name.0
    }
}

impl TryFrom<String> for AccountName {
    type Error = NameError;

    fn try_from(name: String) -> Result<Self, NameError> {
        Self::parse(&name)
    }
}

impl std::str::FromStr for AccountName {
    type Err = NameError;

    fn from_str(name: &str) -> Result<Self, NameError> {
        Self::parse(name)
    }
}

/// Why no account can have this password.
#[derive(Debug, Error, Clone, Copy, PartialEq, Eq)]
pub enum PasswordError {
    #[error("the password has fewer than {limit} characters")]
    TooShort { limit: usize },
    #[error("the password has more than {limit} characters")]
    TooLong { limit: usize },
}

/// The password of an account: 8–256 scalar values after NFC. Never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct AccountPassword(String);

impl AccountPassword {
    /// Composes (NFC: keyboards differ) and counts. Nothing is trimmed.
    pub fn parse(password: &str) -> Result<Self, PasswordError> {
        let (min, max) = ACCOUNT_PASSWORD_CHARS;
        // One more than may be: a text of any length costs no more than that.
        let password: String = password.nfc().take(max + 1).collect();
        match password.chars().count() {
            count if count < min => Err(PasswordError::TooShort { limit: min }),
            count if count > max => Err(PasswordError::TooLong { limit: max }),
            _ => Ok(Self(password)),
        }
    }

    /// For whoever hashes it.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for AccountPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccountPassword(secret)")
    }
}

/// Who may have an account here.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Registration {
    /// Whoever wants one.
    #[default]
    Open,
    /// Whoever has one: there are no new ones.
    Closed,
    /// Nobody.
    Off,
}

/// Whether the sender is signed in.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccountState {
    pub registration: Registration,
    /// The account. Absent: not signed in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// A name and a password: of a new account, or to sign in.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credentials {
    /// 1–64 characters; `Ann` and `ann` are one.
    #[cfg_attr(feature = "openapi", schema(min_length = 1))]
    pub name: String,
    /// 8–256 characters.
    #[cfg_attr(feature = "openapi", schema(min_length = 8, max_length = 256))]
    pub password: String,
}

/// The sender is signed in.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedIn {
    /// The account, as it was written when it was made.
    pub name: String,
    /// Secret: whoever has it is this person, in every room. Empty for a browser, which has it in its cookie.
    pub token: String,
}

/// Another password for one's account.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangePassword {
    #[cfg_attr(feature = "openapi", schema(min_length = 8, max_length = 256))]
    pub old_password: String,
    /// 8–256 characters.
    #[cfg_attr(feature = "openapi", schema(min_length = 8, max_length = 256))]
    pub password: String,
}

/// The end of one's account.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeleteAccount {
    #[cfg_attr(feature = "openapi", schema(min_length = 8, max_length = 256))]
    pub password: String,
}

macro_rules! hides_passwords {
    ($($name:ident),*) => {$(
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($name)).finish_non_exhaustive()
            }
        }
    )*};
}
hides_passwords!(Credentials, ChangePassword, DeleteAccount);

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> AccountKey {
        AccountName::parse(name).unwrap().key()
    }

    #[test]
    fn an_account_name_has_one_to_64_scalar_values_after_nfc_and_trim() {
        assert!(AccountName::parse(&"é".repeat(64)).is_ok());
        assert!(AccountName::parse(&"e\u{301}".repeat(64)).is_ok());
        assert_eq!(AccountName::parse(&"é".repeat(65)), Err(NameError::TooLong { limit: 64 }));
        assert_eq!(AccountName::parse(" \u{200b}\u{202e} "), Err(NameError::Empty));
        assert_eq!(AccountName::parse(" e\u{301} ").unwrap().as_str(), "é");
        assert!(AccountName::parse("..").is_err() && AccountName::parse("...").is_ok());
    }

    #[test]
    fn names_that_differ_in_case_or_width_are_one() {
        for (one, other) in [
            ("Ann", "aNN"),
            ("STRASSE", "straße"),
            ("ΟΔΟΣ", "οδος"),
            ("e\u{301}va", "ÉVA"),
            ("Ａｎｎ", "ann"),
            ("a\u{200b}nn", "Ann"),
            ("ǆ", "ǅ"),
        ] {
            assert_eq!(key(one), key(other), "{one} {other}");
        }
        assert_ne!(key("Ann"), key("Anna"));
        assert_ne!(key("Ann Lee"), key("AnnLee"));
    }

    #[test]
    fn a_password_has_8_to_256_characters() {
        let refused = |length: usize| AccountPassword::parse(&"ü".repeat(length)).err();
        assert_eq!(refused(7), Some(PasswordError::TooShort { limit: 8 }));
        assert_eq!((refused(8), refused(256)), (None, None));
        assert_eq!(refused(257), Some(PasswordError::TooLong { limit: 256 }));
        assert_eq!(refused(1_000_000), Some(PasswordError::TooLong { limit: 256 }));
        assert_eq!(AccountPassword::parse(&"u\u{308}".repeat(8)), AccountPassword::parse(&"ü".repeat(8)));
        assert_eq!(AccountPassword::parse("  spaces  ").unwrap().reveal(), "  spaces  ");
        let shown = format!("{:?}", AccountPassword::parse("sesame open").unwrap());
        assert!(!shown.contains("sesame"), "{shown}");
    }
}
