//! A chat line.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::limits::TEXT_CHARS;

/// `text`: relayed as it is, to its sender too.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Text {
    /// The sender's name as the sender gave it.
    #[serde(default)]
    pub from: String,
    /// Milliseconds since 1970; a client of the first version may write fractions.
    #[serde(default)]
    pub time: f64,
    pub text: String,
}

/// Why a text was refused.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub enum TextError {
    #[error("the text is empty")]
    Empty,
    #[error("the text has more than {limit} characters")]
    TooLong { limit: usize },
}

impl Text {
    /// Checks the length that a server relays.
    pub fn check(&self) -> Result<(), TextError> {
        if self.text.is_empty() {
            return Err(TextError::Empty);
        }
        if self.text.chars().count() > TEXT_CHARS {
            return Err(TextError::TooLong { limit: TEXT_CHARS });
        }
        Ok(())
    }
}
