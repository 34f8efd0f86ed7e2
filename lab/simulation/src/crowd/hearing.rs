//! What a client is told, boiled down to what matters.

use protocol::ClientId;
use rooms::Effect;
use serde_json::Value;

/// One thing that came to a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Heard {
    Greeting,
    Roster(Vec<Entry>),
    Joined(Entry),
    Left(Entry),
    Text {
        sender: String,
        receiver: String,
        number: u64,
        /// The room in which it was written, as its author says.
        room: String,
    },
    Offer {
        sender: String,
    },
    Pong(u64),
    /// The identifier alone.
    Error(String),
    Bye,
    /// The channel is closed.
    Closed,
}

/// One entry of a roster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) takes_events: bool,
    pub(crate) unstable: bool,
}

/// What reaches a client by this effect. `None`: it is not for a client.
pub(crate) fn hear(effect: &Effect) -> Option<(ClientId, Heard)> {
    match effect {
        Effect::Send { to, frame } => Some((to.clone(), read(frame))),
        Effect::Disconnect { client } => Some((client.clone(), Heard::Closed)),
        Effect::Reply { .. }
        | Effect::HashPassword { .. }
        | Effect::VerifyPassword { .. }
        | Effect::SaveRoom(_)
        | Effect::ForgetRoom(_)
        | Effect::KeepText { .. }
        | Effect::EditText { .. }
        | Effect::DropText { .. }
        | Effect::ForgetTexts { .. }
        | Effect::LoadTexts { .. } => None,
    }
}

fn read(frame: &str) -> Heard {
    let frame: Value = serde_json::from_str(frame).expect("the server writes JSON");
    let (sender, data) = (text(&frame["sender"]), &frame["data"]);
    match frame["type"].as_str().expect("a type") {
        "greeting" => Heard::Greeting,
        "room-info" => Heard::Roster(data["clients"].as_array().expect("a list").iter().map(entry).collect()),
        "joined" => Heard::Joined(entry(data)),
        "left" => Heard::Left(entry(data)),
        "text" => Heard::Text {
            sender,
            receiver: text(&frame["receiver"]),
            number: data["time"].as_u64().expect("a number"),
            room: text(&data["text"]),
        },
        "offer" => Heard::Offer { sender },
        "pong" => Heard::Pong(data.as_u64().expect("a number")),
        "error" => Heard::Error(text(data).split(':').next().unwrap_or_default().to_owned()),
        "bye" => Heard::Bye,
        other => panic!("nobody sends {other} here"),
    }
}

fn entry(data: &Value) -> Entry {
    Entry {
        id: text(&data["id"]),
        name: text(&data["username"]),
        takes_events: data["capabilities"].as_array().is_some_and(|all| all.iter().any(|one| one == "events")),
        unstable: data["unstable"] == true,
    }
}

fn text(value: &Value) -> String {
    value.as_str().expect("a string").to_owned()
}
