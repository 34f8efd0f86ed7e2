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
        line: Line,
    },
    /// The number that the server gave a line, of which this client was told.
    Numbered {
        number: u64,
        id: u64,
    },
    Chat(Vec<Line>),
    Edited {
        client: String,
        line: Line,
    },
    Deleted {
        client: String,
    },
    Settings(Settings),
    /// The ids of those who wait.
    Knocking(Vec<String>),
    Moderated {
        action: String,
        by: String,
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

/// What a chat line says: its author's number, the room in which it was written, and how it was changed last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) room: String,
    pub(crate) number: u64,
    /// 0: not at all.
    pub(crate) edit: u64,
}

impl Line {
    pub(crate) fn write(&self) -> String {
        format!("{}#{}#{}", self.room, self.number, self.edit)
    }

    pub(crate) fn read(text: &str) -> Self {
        let parts: Vec<_> = text.split('#').collect();
        let number = |part: &str| part.parse().expect("a number");
        Self { room: parts[0].to_owned(), number: number(parts[1]), edit: number(parts[2]) }
    }
}

/// What a client is told of how the room is set, and of its own role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Settings {
    pub(crate) locked: bool,
    pub(crate) lobby: bool,
    pub(crate) has_password: bool,
    pub(crate) limit: usize,
    pub(crate) keeps: bool,
    pub(crate) hours: Option<u32>,
    pub(crate) role: String,
}

/// One entry of a roster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) takes_events: bool,
    pub(crate) unstable: bool,
    pub(crate) role: String,
}

/// What reaches a client by this effect.
pub(crate) fn hear(effect: &Effect) -> Vec<(ClientId, Heard)> {
    match effect {
        Effect::Send { to, frame } => read(frame).into_iter().map(|heard| (to.clone(), heard)).collect(),
        Effect::Disconnect { client } => vec![(client.clone(), Heard::Closed)],
        Effect::Reply { .. }
        | Effect::HashPassword { .. }
        | Effect::VerifyPassword { .. }
        | Effect::SaveRoom(_)
        | Effect::ForgetRoom(_)
        | Effect::KeepText { .. }
        | Effect::EditText { .. }
        | Effect::DropText { .. }
        | Effect::ForgetTexts { .. }
        | Effect::LoadTexts { .. } => Vec::new(),
    }
}

fn read(frame: &str) -> Vec<Heard> {
    let frame: Value = serde_json::from_str(frame).expect("the server writes JSON");
    let (sender, data) = (text(&frame["sender"]), &frame["data"]);
    let lines =
        |list: &Value| list.as_array().expect("a list").iter().map(|line| Line::read(&text(&line["text"]))).collect();
    let heard = match frame["type"].as_str().expect("a type") {
        "greeting" => Heard::Greeting,
        "room-info" => Heard::Roster(data["clients"].as_array().expect("a list").iter().map(entry).collect()),
        "joined" => Heard::Joined(entry(data)),
        "left" => Heard::Left(entry(data)),
        "text" => {
            let line = Line::read(&text(&data["text"]));
            let number = line.number;
            let heard = Heard::Text { sender, receiver: text(&frame["receiver"]), line };
            let Some(id) = frame["id"].as_str() else { return vec![heard] };
            return vec![heard, Heard::Numbered { number, id: id.parse().expect("a number") }];
        }
        "chat" => Heard::Chat(lines(&data["messages"])),
        "text-edited" => Heard::Edited { client: text(&data["client"]), line: Line::read(&text(&data["text"])) },
        "text-deleted" => Heard::Deleted { client: text(&data["client"]) },
        "room-settings" => Heard::Settings(Settings {
            locked: data["locked"] == true,
            lobby: data["lobby"] == true,
            has_password: data["has_password"] == true,
            limit: data["guest_limit"].as_u64().expect("a number") as usize,
            keeps: data["history"] != "none",
            hours: data["history"]["hours"].as_u64().and_then(|hours| hours.try_into().ok()),
            role: text(&data["role"]),
        }),
        "knocking" => {
            Heard::Knocking(data["clients"].as_array().expect("a list").iter().map(|one| text(&one["id"])).collect())
        }
        "moderated" => Heard::Moderated { action: text(&data["action"]), by: text(&data["by"]) },
        "offer" => Heard::Offer { sender },
        "pong" => Heard::Pong(data.as_u64().expect("a number")),
        "error" => Heard::Error(text(data).split(':').next().unwrap_or_default().to_owned()),
        "bye" => Heard::Bye,
        other => panic!("nobody sends {other} here"),
    };
    vec![heard]
}

fn entry(data: &Value) -> Entry {
    Entry {
        id: text(&data["id"]),
        name: text(&data["username"]),
        takes_events: data["capabilities"].as_array().is_some_and(|all| all.iter().any(|one| one == "events")),
        unstable: data["unstable"] == true,
        role: data["role"].as_str().unwrap_or("guest").to_owned(),
    }
}

fn text(value: &Value) -> String {
    value.as_str().expect("a string").to_owned()
}
