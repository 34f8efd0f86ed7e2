//! Records for tests.

use protocol::{ClientId, History, RoomId, Username};

use rooms::{RoomRecord, TextRecord};

pub(crate) fn room(name: &str) -> RoomRecord {
    RoomRecord {
        id: RoomId::parse(name).unwrap(),
        public: true,
        guest_limit: 0,
        password_hash: None,
        kept: false,
        lobby: false,
        locked: false,
        history: History::Forever,
        owner: None,
        moderators: vec![],
        bans: vec![],
        invites: vec![],
        inside: vec![],
        created_s: 0,
        next_text_id: 1,
    }
}

pub(crate) fn text(room: &str, id: u64, time_ms: u64) -> TextRecord {
    TextRecord {
        room: RoomId::parse(room).unwrap(),
        id,
        client: ClientId::new("ann"),
        name: Username::parse("Ann 🐢").unwrap(),
        time_ms,
        said_ms: 1.5,
        text: format!("line {id} ' \" \u{0} ü"),
        key: None,
        edited: false,
    }
}
