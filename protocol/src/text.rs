//! A chat line.

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use thiserror::Error;

use crate::limits::{TEXT_CHARS, TEXT_KEY_CHARS};

/// `text`: relayed as it is, to its sender too.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Text {
    /// The sender's name as the sender gave it.
    #[serde(default)]
    pub from: String,
    /// Milliseconds since 1970; a client of the first version may write fractions.
    #[serde(default)]
    pub time: f64,
    pub text: String,
    /// What its author knows this line by: said again with the same key it is the same line. Whatever is no string
    /// reads as none.
    #[serde(default, deserialize_with = "string_or_none", skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
}

/// Why a text was refused.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum TextError {
    #[error("the text is empty")]
    Empty,
    #[error("the text has more than {limit} characters")]
    TooLong { limit: usize },
    #[error("the key of a text has 1 to {limit} characters")]
    Key { limit: usize },
}

impl Text {
    /// Checks the lengths that a server relays.
    pub fn check(&self) -> Result<(), TextError> {
        if self.text.is_empty() {
            return Err(TextError::Empty);
        }
        if self.text.chars().count() > TEXT_CHARS {
            return Err(TextError::TooLong { limit: TEXT_CHARS });
        }
        let key_chars = self.key.as_ref().map_or(1, |key| key.chars().count());
        if !(1..=TEXT_KEY_CHARS).contains(&key_chars) {
            return Err(TextError::Key { limit: TEXT_KEY_CHARS });
        }
        Ok(())
    }
}

fn string_or_none<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    Ok(match Value::deserialize(from)? {
        Value::String(key) => Some(key),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => None,
    })
}
