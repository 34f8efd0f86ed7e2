//! Names that people and programs choose, parsed once into types.

use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use thiserror::Error;
use unicode_normalization::UnicodeNormalization;

use crate::limits::{ROOM_ID_CHARS, USERNAME_CHARS};

/// RFC 3986, section 2.3: the unreserved characters stay as they are in a path segment.
const PATH_SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Why a name was refused.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum NameError {
    #[error("the name is empty")]
    Empty,
    #[error("the name has more than {limit} characters")]
    TooLong { limit: usize },
    #[error("the name contains {found:?}, which cannot stand in an address")]
    Forbidden { found: char },
}

/// The name of a room: 1–64 characters that survive a trip through a URL's path.
///
/// Control and format characters (which hide or reorder text), `/ \ ? # %` and the dot segments are refused.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RoomId(String);

impl RoomId {
    /// Trims, composes (NFC) and checks `name`, which is already percent-decoded.
    pub fn parse(name: &str) -> Result<Self, NameError> {
        let name: String = name.trim().nfc().collect();
        if name.is_empty() {
            return Err(NameError::Empty);
        }
        if name.chars().count() > ROOM_ID_CHARS {
            return Err(NameError::TooLong { limit: ROOM_ID_CHARS });
        }
        if let Some(found) = name.chars().find(|&c| is_invisible(c) || r"/\?#%".contains(c)) {
            return Err(NameError::Forbidden { found });
        }
        if name == "." || name == ".." {
            return Err(NameError::Forbidden { found: '.' });
        }
        Ok(Self(name))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name as one segment of a URL's path.
    pub fn to_path_segment(&self) -> String {
        utf8_percent_encode(&self.0, PATH_SEGMENT).to_string()
    }
}

/// What a person is called: 1–64 scalar values after NFC and trim. Not unique and not an identity.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Username(String);

impl Username {
    /// The name of everybody who has not chosen one.
    pub const DEFAULT: &str = "Major Tom";

    /// Composes (NFC), drops what hides or reorders text, trims and checks `name`.
    pub fn parse(name: &str) -> Result<Self, NameError> {
        let name: String = name.nfc().filter(|&c| !is_invisible(c)).collect();
        let name = name.trim();
        if name.is_empty() {
            return Err(NameError::Empty);
        }
        if name.chars().count() > USERNAME_CHARS {
            return Err(NameError::TooLong { limit: USERNAME_CHARS });
        }
        Ok(Self(name.to_owned()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Username {
    fn default() -> Self {
        Self(Self::DEFAULT.to_owned())
    }
}

/// The public name of one participant's seat. Everyone in the room sees it: it is no secret.
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ClientId(String);

impl ClientId {
    pub fn new(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Control and format characters: C0, C1, soft hyphen, zero-width, bidi marks, embeddings, overrides and isolates, tags.
pub(crate) fn is_invisible(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

macro_rules! shown_as_its_text {
    ($($name:ty),*) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
        impl From<$name> for String {
            fn from(name: $name) -> String {
                name.0
            }
        }
    )*};
}
shown_as_its_text!(RoomId, Username, ClientId);

impl TryFrom<String> for RoomId {
    type Error = NameError;
    fn try_from(name: String) -> Result<Self, NameError> {
        Self::parse(&name)
    }
}

impl TryFrom<String> for Username {
    type Error = NameError;
    fn try_from(name: String) -> Result<Self, NameError> {
        Self::parse(&name)
    }
}

impl std::str::FromStr for RoomId {
    type Err = NameError;
    fn from_str(name: &str) -> Result<Self, NameError> {
        Self::parse(name)
    }
}

impl std::str::FromStr for Username {
    type Err = NameError;
    fn from_str(name: &str) -> Result<Self, NameError> {
        Self::parse(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_room_name_has_one_to_64_characters() {
        assert!(RoomId::parse(&"é".repeat(64)).is_ok());
        assert_eq!(RoomId::parse(&"é".repeat(65)), Err(NameError::TooLong { limit: 64 }));
        assert_eq!(RoomId::parse("  "), Err(NameError::Empty));
    }

    #[test]
    fn a_room_name_survives_a_url() {
        for bad in ["a/b", "a\\b", "a?b", "a#b", "a%2f", ".", "..", "a\u{202e}b", "a\nb"] {
            assert!(matches!(RoomId::parse(bad), Err(NameError::Forbidden { .. })), "{bad:?}");
        }
        assert_eq!(RoomId::parse(" <b>ü ").unwrap().to_path_segment(), "%3Cb%3E%C3%BC");
    }

    #[test]
    fn a_username_has_one_to_64_scalar_values_after_nfc_and_trim() {
        assert!(Username::parse(&"x".repeat(64)).is_ok());
        assert_eq!(Username::parse(&"x".repeat(65)), Err(NameError::TooLong { limit: 64 }));
        assert_eq!(Username::parse(&format!("a{}", "\u{301}".repeat(5_000))), Err(NameError::TooLong { limit: 64 }));
        assert_eq!(Username::parse("\u{200b} \u{202e}"), Err(NameError::Empty));
        assert_eq!(Username::parse(" e\u{301} ").unwrap().as_str(), "é");
    }
}
