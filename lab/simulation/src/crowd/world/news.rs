//! What people learn from what they hear.

use protocol::ClientId;

use super::World;
use crate::crowd::hearing::Heard;

impl World {
    /// What was heard changes what people know and where they stand.
    pub(super) fn take_in(&mut self, client: &ClientId, heard: &Heard) {
        let now = self.now;
        let Some(tab) = self.tabs.iter_mut().find(|tab| &tab.client == client) else { return };
        match heard {
            Heard::Roster(entries) => tab.note_roster(entries),
            Heard::Joined(entry) => tab.note_joined(entry),
            Heard::Left(entry) => tab.note_left(entry),
            Heard::Closed => tab.close(now),
            Heard::Error(id) if id == "too-many" => tab.scolded_at = Some(now),
            Heard::Greeting
            | Heard::Numbered { .. }
            | Heard::Chat(_)
            | Heard::Edited { .. }
            | Heard::Deleted { .. }
            | Heard::Settings(_)
            | Heard::Knocking(_)
            | Heard::Moderated { .. }
            | Heard::Text { .. }
            | Heard::Offer { .. }
            | Heard::Pong(_)
            | Heard::Error(_)
            | Heard::Bye => {}
        }
        self.count(match heard {
            Heard::Greeting => "greeted",
            Heard::Roster(entries) if entries.iter().any(|entry| entry.unstable) => "someone unstable",
            Heard::Roster(_) => "rosters",
            Heard::Joined(_) => "joined",
            Heard::Left(_) => "left",
            Heard::Text { receiver, .. } if receiver == "room" => "texts",
            Heard::Text { .. } => "private texts",
            Heard::Numbered { .. } => "numbered",
            Heard::Chat(lines) if lines.is_empty() => "nothing to read",
            Heard::Chat(_) => "read earlier lines",
            Heard::Edited { .. } => "edited",
            Heard::Deleted { .. } => "deleted",
            Heard::Settings(_) => "settings",
            Heard::Knocking(_) => "knocking",
            Heard::Moderated { .. } => "moderated",
            Heard::Offer { .. } => "offers",
            Heard::Pong(_) => "pongs",
            Heard::Error(id) if id == "too-many" => "too much said",
            Heard::Error(id) if id == "forbidden" => "forbidden",
            Heard::Error(id) if id == "unknown-text" => "unknown text",
            Heard::Error(id) if id == "internal" => "not stored",
            Heard::Error(_) => "errors",
            Heard::Bye => "thrown out",
            Heard::Closed => "closed",
        });
    }
}
