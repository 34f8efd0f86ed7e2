//! Who a message is from or for.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::ClientId;

/// A sender or a receiver.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Address {
    /// The server.
    GroundControl,
    /// Everyone in the room, the sender too.
    Room,
    /// One participant.
    Client(ClientId),
}

impl Address {
    const GROUND_CONTROL: &str = "ground control";
    const ROOM: &str = "room";

    pub fn as_str(&self) -> &str {
        match self {
            Self::GroundControl => Self::GROUND_CONTROL,
            Self::Room => Self::ROOM,
            Self::Client(id) => id.as_str(),
        }
    }
}

impl From<String> for Address {
    fn from(name: String) -> Self {
        match name.as_str() {
            Self::GROUND_CONTROL => Self::GroundControl,
            Self::ROOM => Self::Room,
            _ => Self::Client(ClientId::new(name)),
        }
    }
}

impl From<ClientId> for Address {
    fn from(id: ClientId) -> Self {
        Self::Client(id)
    }
}

impl Serialize for Address {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Address {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::from)
    }
}
