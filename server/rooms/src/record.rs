//! What is kept of a room and of a chat line, as plain records: the shell stores them and brings them back.

use protocol::{Chat, ChatLine, ClientId, History, Role, RoomId, TextId, Username, api};

use crate::ids::{AddressMark, InviteHash, InviteId};

/// Everything of a room that outlives the process, except its chat lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RoomRecord {
    pub id: RoomId,
    pub public: bool,
    /// 0: no limit.
    pub guest_limit: usize,
    /// In PHC form.
    pub password_hash: Option<String>,
    /// It never expires.
    pub kept: bool,
    pub lobby: bool,
    pub locked: bool,
    pub history: History,
    pub owner: Option<ClientId>,
    /// In the order of their naming.
    pub moderators: Vec<ClientId>,
    /// The oldest first.
    pub bans: Vec<BanRecord>,
    /// The oldest first.
    pub invites: Vec<InviteRecord>,
    /// Who has a seat, in join order, where the room does not let everyone in: they may come back after a restart.
    pub inside: Vec<ClientId>,
    /// Seconds since 1970.
    pub created_s: u64,
    /// Chat lines have smaller numbers than this one.
    pub next_text_id: u64,
}

/// One who may not come in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BanRecord {
    pub client: ClientId,
    pub name: String,
    /// Whoever comes from this address is refused too.
    pub address: Option<AddressMark>,
    /// `None`: an administrator.
    pub by: Option<ClientId>,
    /// Seconds since 1970.
    pub since_s: u64,
}

/// A secret that opens the room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InviteRecord {
    pub id: InviteId,
    pub hash: InviteHash,
    pub role: Role,
    /// Seconds since 1970. `None`: it does not expire.
    pub expires_s: Option<u64>,
    /// Seats that may still be taken. `None`: any number.
    pub uses_left: Option<u32>,
    /// Seconds since 1970.
    pub created_s: u64,
}

/// One chat line.
#[derive(Clone, PartialEq)]
pub struct TextRecord {
    pub room: RoomId,
    pub id: u64,
    pub client: ClientId,
    pub name: Username,
    /// The server's clock, milliseconds since 1970.
    pub time_ms: u64,
    /// The time that its author wrote into it.
    pub said_ms: f64,
    pub text: String,
    /// What its author knows it by. The store has one line of each client and key in a room, and keeps it when it is
    /// asked for a second one.
    pub key: Option<String>,
    pub edited: bool,
}

/// What people write stays out of logs.
impl std::fmt::Debug for TextRecord {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TextRecord").field("room", &self.room).field("id", &self.id).finish_non_exhaustive()
    }
}

/// What came of storing, changing or dropping a chat line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// It is durable: it survives the end of the process and of the machine's power.
    Done,
    /// It was durable already, under this number: its author says it again. Nothing was changed.
    Before(u64),
    /// There is no such line (or not of this author): nothing was changed.
    Missing,
    /// The store is broken or full: nothing was changed.
    Failed,
}

/// What was found of a room's chat lines.
#[derive(Debug, Clone, PartialEq)]
pub struct LoadedTexts {
    /// In order of their numbers.
    pub texts: Vec<TextRecord>,
    /// There are older ones.
    pub more: bool,
}

impl From<&BanRecord> for api::Ban {
    fn from(ban: &BanRecord) -> Self {
        Self {
            client: ban.client.clone(),
            name: ban.name.clone(),
            address: ban.address.is_some(),
            by: ban.by.clone(),
            since: ban.since_s,
        }
    }
}

impl From<&InviteRecord> for api::Invite {
    fn from(invite: &InviteRecord) -> Self {
        Self {
            id: invite.id.to_string(),
            expires: invite.expires_s,
            uses_left: invite.uses_left,
            role: invite.role,
            created: invite.created_s,
        }
    }
}

impl From<TextRecord> for ChatLine {
    fn from(text: TextRecord) -> Self {
        Self {
            id: TextId(text.id),
            client: text.client,
            name: text.name.into(),
            time: text.time_ms,
            text: text.text,
            edited: text.edited,
        }
    }
}

/// As many of the newest lines as fit into one frame, the oldest first. `texts` are in order of their numbers.
pub(crate) fn chat_of(LoadedTexts { texts, more }: LoadedTexts, bytes_max: usize) -> Chat {
    let mut lines: Vec<ChatLine> = texts.into_iter().map(ChatLine::from).collect();
    let mut bytes = 0;
    let fits = |line: &&ChatLine| {
        // The brackets and the comma are counted with the line.
        bytes += serde_json::to_string(line).map_or(usize::MAX / 2, |json| json.len()) + 1;
        bytes <= bytes_max
    };
    let count = lines.iter().rev().take_while(fits).count();
    let left_out = lines.len() - count;
    lines.drain(..left_out);
    Chat { messages: lines, more: more || left_out > 0 }
}
