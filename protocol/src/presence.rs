//! Who is in a room and what they can and do.

use serde::{Deserialize, Deserializer, Serialize};

use crate::{ClientId, OfferForm, Role};

/// `profile`: what a client tells the server of itself.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Profile {
    /// Empty or absent: keep the present name.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "String::is_empty")]
    pub username: String,
    /// What the client understands beyond the first version; empty for a client of an earlier version.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    pub capabilities: Vec<Capability>,
}

/// Something that a client understands beyond the first version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum Capability {
    /// Wants `joined` and `left`.
    Events,
    /// Takes `ice-candidate` after an offer or answer that has none.
    Trickle,
    /// Takes further offers on a standing connection (ICE restart, new tracks), with rollback on glare.
    Renegotiation,
    /// Sends and takes `media-state`.
    MediaState,
    /// Takes `view`, and sends pictures no larger than they are shown.
    View,
    /// Understands roles, `moderated`, `knocking` and `room-settings`.
    Moderation,
    /// Understands numbered chat lines, `chat`, `text-edited` and `text-deleted`.
    Chat,
    /// One that this version does not know: kept and repeated.
    Other(String),
}

impl From<String> for Capability {
    fn from(name: String) -> Self {
        match name.as_str() {
            "events" => Self::Events,
            "trickle" => Self::Trickle,
            "renegotiation" => Self::Renegotiation,
            "media-state" => Self::MediaState,
            "view" => Self::View,
            "moderation" => Self::Moderation,
            "chat" => Self::Chat,
            _ => Self::Other(name),
        }
    }
}

impl From<Capability> for String {
    fn from(capability: Capability) -> Self {
        match capability {
            Capability::Events => "events".into(),
            Capability::Trickle => "trickle".into(),
            Capability::Renegotiation => "renegotiation".into(),
            Capability::MediaState => "media-state".into(),
            Capability::View => "view".into(),
            Capability::Moderation => "moderation".into(),
            Capability::Chat => "chat".into(),
            Capability::Other(name) => name,
        }
    }
}

impl Capability {
    /// What every client of this version announces.
    pub fn ours() -> Vec<Self> {
        vec![
            Self::Events,
            Self::Trickle,
            Self::Renegotiation,
            Self::MediaState,
            Self::View,
            Self::Moderation,
            Self::Chat,
        ]
    }
}

/// `room-info`: everyone in the room, in join order, the asker included.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomInfo {
    /// As the server calls it; a server of the first version has its own idea of names.
    #[serde(default, deserialize_with = "or_default")]
    pub room_id: String,
    pub clients: Vec<ClientInfo>,
}

/// One participant as the others see it: an entry of `room-info`, and the `data` of `joined` and `left`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClientInfo {
    pub id: ClientId,
    /// As the server keeps it; a server of the first version does not bound it.
    #[serde(default, deserialize_with = "or_default")]
    pub username: String,
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "Vec::is_empty")]
    pub capabilities: Vec<Capability>,
    /// The form of offer that a client of an earlier version understands, where the server knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offers: Option<OfferForm>,
    /// Connected, yet silent for longer than [`SILENCE_UNSTABLE`](crate::limits::SILENCE_UNSTABLE).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unstable: bool,
    /// Left out for a guest, which is everyone whom the server says nothing of.
    #[serde(default, deserialize_with = "or_default", skip_serializing_if = "Role::is_guest")]
    pub role: Role,
}

impl ClientInfo {
    pub fn is_capable_of(&self, capability: &Capability) -> bool {
        self.capabilities.contains(capability)
    }
}

/// `media-state`: what a participant sends at the moment. Sent to the room on every change, and to each newcomer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct MediaState {
    #[serde(default)]
    pub microphone: bool,
    #[serde(default)]
    pub camera: bool,
    #[serde(default)]
    pub screen: bool,
    #[serde(default)]
    pub hand: bool,
}

/// `view`: how the sender shows the receiver's picture, so that nobody encodes and carries what nobody sees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    /// In pixels; 0: not at all. Of the only picture, or of the camera's.
    pub height: u32,
    /// Of the screen's, from those who show it beside the camera's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub screen: Option<u32>,
}

/// `null` and a wrong type read as the default: the first version writes `""` where nothing is meant.
fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + serde::de::DeserializeOwned,
{
    let value = serde_json::Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(value).unwrap_or_default())
}
