//! Chat lines that can be named again: to read them later, to change them, to take them back.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::ClientId;
use crate::limits::CHAT_LINES;

/// The number of a chat line; numbers rise within a room. On the wire a decimal string: JavaScript's numbers are too short.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TextId(pub u64);

impl fmt::Display for TextId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::str::FromStr for TextId {
    type Err = std::num::ParseIntError;
    fn from_str(digits: &str) -> Result<Self, Self::Err> {
        digits.parse().map(Self)
    }
}

impl Serialize for TextId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for TextId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

/// `get-chat`: the lines before one of them, or the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetChat {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<TextId>,
    /// How many at most: 1 to 100, [`CHAT_LINES`].
    #[serde(default = "usual_count", skip_serializing_if = "is_usual_count")]
    pub limit: usize,
}

fn usual_count() -> usize {
    CHAT_LINES.0
}

fn is_usual_count(count: &usize) -> bool {
    *count == CHAT_LINES.0
}

impl Default for GetChat {
    fn default() -> Self {
        Self { before: None, limit: CHAT_LINES.0 }
    }
}

/// `chat`: lines that the room keeps, the oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Chat {
    pub messages: Vec<ChatLine>,
    /// There are older ones.
    pub more: bool,
}

/// One line that the room keeps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChatLine {
    pub id: TextId,
    pub client: ClientId,
    /// What its author was called when writing it.
    pub name: String,
    /// The server's clock, milliseconds since 1970.
    pub time: u64,
    pub text: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub edited: bool,
}

/// `edit-text`: one's own line reads differently from now on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EditText {
    pub id: TextId,
    pub text: String,
}

/// `delete-text`: one's own line is taken back, or anyone's by a moderator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeleteText {
    pub id: TextId,
}

/// `text-edited`: a line reads differently.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextEdited {
    pub id: TextId,
    /// Its author.
    pub client: ClientId,
    pub text: String,
    /// When it was changed, by the server's clock, in milliseconds since 1970.
    pub time: u64,
}

/// `text-deleted`: a line is gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TextDeleted {
    pub id: TextId,
    /// Who took it back: its author or a moderator.
    pub client: ClientId,
}
