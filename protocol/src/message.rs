//! What an envelope says, typed.

use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use thiserror::Error;

use crate::{
    Chat, ClientInfo, DeleteText, Description, EditText, ErrorNotice, GetChat, IceCandidate, IceServer, Knocking,
    MediaState, Moderate, Moderated, Profile, RoomInfo, RoomSettings, Text, TextDeleted, TextEdited, View,
};

/// Every `type` that this version knows, as written on the wire.
pub const KINDS: &[&str] = &[
    "greeting",
    "ping",
    "pong",
    "get-room-info",
    "room-info",
    "profile",
    "text",
    "offer",
    "answer",
    "icecandidate",
    "ice-candidate",
    "get-ice-servers",
    "ice-servers",
    "bye",
    "error",
    "joined",
    "left",
    "media-state",
    "moderate",
    "moderated",
    "room-settings",
    "knocking",
    "get-chat",
    "chat",
    "edit-text",
    "text-edited",
    "delete-text",
    "text-deleted",
];

/// A message. See `docs/PROTOCOL.md` for who says which to whom.
#[derive(Debug, Clone, PartialEq)]
pub enum Message {
    /// Said by both sides as the channel opens. No reply.
    Greeting(String),
    /// Answered with a [`Message::Pong`] of the very same value.
    Ping(Value),
    Pong(Value),
    GetRoomInfo,
    RoomInfo(RoomInfo),
    Profile(Profile),
    Text(Text),
    Offer(Description),
    Answer(Description),
    /// The second version's spelling of a trickled candidate.
    LegacyIceCandidate(IceCandidate),
    /// A trickled candidate between clients that both announced it.
    IceCandidate(IceCandidate),
    GetIceServers,
    IceServers(Vec<IceServer>),
    /// To the server: I leave. From the server: you are out. Between clients: tear our connection down.
    Bye,
    Error(ErrorNotice),
    /// Someone took a seat and connected; only to clients that announced `events`.
    Joined(ClientInfo),
    /// Someone left; only to clients that announced `events`.
    Left(ClientInfo),
    MediaState(MediaState),
    /// Only to clients that announced `view`.
    View(View),
    /// To the server: what someone with a role wants done.
    Moderate(Moderate),
    /// It was done to the one who hears it; only to clients that announced `moderation`.
    Moderated(Moderated),
    /// How the room is set; only to clients that announced `moderation`.
    RoomSettings(RoomSettings),
    /// Who waits to be let in; only to those who may admit, and announced `moderation`.
    Knocking(Knocking),
    /// Answered with [`Message::Chat`].
    GetChat(GetChat),
    Chat(Chat),
    EditText(EditText),
    /// Only to clients that announced `chat`.
    TextEdited(TextEdited),
    DeleteText(DeleteText),
    /// Only to clients that announced `chat`.
    TextDeleted(TextDeleted),
    /// A type that this version does not know.
    Other {
        kind: String,
        data: Value,
    },
}

/// A known type whose `data` is not of its shape.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
#[error("`data` of `{kind}` is not of the documented shape")]
pub struct MessageError {
    pub kind: String,
}

impl Message {
    /// Reads the `data` of a message of type `kind`.
    pub fn read(kind: &str, data: &Value) -> Result<Self, MessageError> {
        let shape = || MessageError { kind: kind.to_owned() };
        Ok(match kind {
            "greeting" => Self::Greeting(as_text(data)),
            "ping" => Self::Ping(data.clone()),
            "pong" => Self::Pong(data.clone()),
            "get-room-info" => Self::GetRoomInfo,
            "room-info" => Self::RoomInfo(typed(data).ok_or_else(shape)?),
            "profile" => {
                Self::Profile(if data.is_object() { typed(data).ok_or_else(shape)? } else { Profile::default() })
            }
            "text" => Self::Text(typed(data).ok_or_else(shape)?),
            "offer" => Self::Offer(Description::read(data).ok_or_else(shape)?),
            "answer" => Self::Answer(Description::read(data).ok_or_else(shape)?),
            "icecandidate" => Self::LegacyIceCandidate(typed(data).ok_or_else(shape)?),
            "ice-candidate" => Self::IceCandidate(typed(data).ok_or_else(shape)?),
            "get-ice-servers" => Self::GetIceServers,
            "ice-servers" => Self::IceServers(typed(data).ok_or_else(shape)?),
            "bye" => Self::Bye,
            "error" => Self::Error(ErrorNotice::read(&as_text(data))),
            "joined" => Self::Joined(typed(data).ok_or_else(shape)?),
            "left" => Self::Left(typed(data).ok_or_else(shape)?),
            "media-state" => Self::MediaState(typed(data).ok_or_else(shape)?),
            "view" => Self::View(typed(data).ok_or_else(shape)?),
            "moderate" => Self::Moderate(typed(data).ok_or_else(shape)?),
            "moderated" => Self::Moderated(typed(data).ok_or_else(shape)?),
            "room-settings" => Self::RoomSettings(typed(data).ok_or_else(shape)?),
            "knocking" => Self::Knocking(typed(data).ok_or_else(shape)?),
            "get-chat" => {
                Self::GetChat(if data.is_object() { typed(data).ok_or_else(shape)? } else { GetChat::default() })
            }
            "chat" => Self::Chat(typed(data).ok_or_else(shape)?),
            "edit-text" => Self::EditText(typed(data).ok_or_else(shape)?),
            "text-edited" => Self::TextEdited(typed(data).ok_or_else(shape)?),
            "delete-text" => Self::DeleteText(typed(data).ok_or_else(shape)?),
            "text-deleted" => Self::TextDeleted(typed(data).ok_or_else(shape)?),
            _ => Self::Other { kind: kind.to_owned(), data: data.clone() },
        })
    }

    /// The `type` as written on the wire.
    pub fn kind(&self) -> &str {
        match self {
            Self::Greeting(_) => "greeting",
            Self::Ping(_) => "ping",
            Self::Pong(_) => "pong",
            Self::GetRoomInfo => "get-room-info",
            Self::RoomInfo(_) => "room-info",
            Self::Profile(_) => "profile",
            Self::Text(_) => "text",
            Self::Offer(_) => "offer",
            Self::Answer(_) => "answer",
            Self::LegacyIceCandidate(_) => "icecandidate",
            Self::IceCandidate(_) => "ice-candidate",
            Self::GetIceServers => "get-ice-servers",
            Self::IceServers(_) => "ice-servers",
            Self::Bye => "bye",
            Self::Error(_) => "error",
            Self::Joined(_) => "joined",
            Self::Left(_) => "left",
            Self::MediaState(_) => "media-state",
            Self::View(_) => "view",
            Self::Moderate(_) => "moderate",
            Self::Moderated(_) => "moderated",
            Self::RoomSettings(_) => "room-settings",
            Self::Knocking(_) => "knocking",
            Self::GetChat(_) => "get-chat",
            Self::Chat(_) => "chat",
            Self::EditText(_) => "edit-text",
            Self::TextEdited(_) => "text-edited",
            Self::DeleteText(_) => "delete-text",
            Self::TextDeleted(_) => "text-deleted",
            Self::Other { kind, .. } => kind,
        }
    }

    /// The `data` as written on the wire.
    pub fn write_data(&self) -> Value {
        match self {
            Self::Greeting(text) => json!(text),
            Self::Ping(data) | Self::Pong(data) | Self::Other { data, .. } => data.clone(),
            Self::GetRoomInfo | Self::GetIceServers | Self::Bye => Value::Null,
            Self::RoomInfo(info) => json!(info),
            Self::Profile(profile) => json!(profile),
            Self::Text(text) => write_text(text),
            Self::Offer(description) | Self::Answer(description) => description.write(self.kind()),
            Self::LegacyIceCandidate(candidate) | Self::IceCandidate(candidate) => json!(candidate),
            Self::IceServers(servers) => json!(servers),
            Self::Error(notice) => json!(notice.to_string()),
            Self::Joined(client) | Self::Left(client) => json!(client),
            Self::MediaState(state) => json!(state),
            Self::View(view) => json!(view),
            Self::Moderate(wish) => json!(wish),
            Self::Moderated(deed) => json!(deed),
            Self::RoomSettings(settings) => json!(settings),
            Self::Knocking(knocking) => json!(knocking),
            Self::GetChat(question) => json!(question),
            Self::Chat(chat) => json!(chat),
            Self::EditText(edit) => json!(edit),
            Self::TextEdited(edited) => json!(edited),
            Self::DeleteText(delete) => json!(delete),
            Self::TextDeleted(deleted) => json!(deleted),
        }
    }
}

fn typed<T: DeserializeOwned>(data: &Value) -> Option<T> {
    T::deserialize(data).ok()
}

fn as_text(data: &Value) -> String {
    match data {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// Whole milliseconds are written without a fraction.
fn write_text(text: &Text) -> Value {
    const EXACT: f64 = 9_007_199_254_740_992.0; // 2^53
    let time =
        if text.time.fract() == 0.0 && text.time.abs() < EXACT { json!(text.time as i64) } else { json!(text.time) };
    let mut data = json!({"from": text.from, "time": time, "text": text.text});
    if let Some(key) = &text.key {
        data["key"] = json!(key);
    }
    data
}
