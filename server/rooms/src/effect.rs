//! What the core wants done, in the order in which it must happen.

use std::collections::VecDeque;

use protocol::{Address, ClientId, Envelope, ErrorId, ErrorNotice, Message, RoomId};

use crate::{JobId, Reply, RequestId, RoomRecord, TextRecord};

/// One thing for the shell to do.
#[derive(Clone, PartialEq)]
pub enum Effect {
    /// Answer a request. The request may be long gone: then there is nobody to tell.
    Reply { request: RequestId, reply: Reply },
    /// Hash the password of a new room; the verdict is [`Rooms::handle_hashed`](crate::Rooms::handle_hashed).
    /// Every job must come back.
    HashPassword { job: JobId, password: String },
    /// Compare; the verdict is [`Rooms::handle_verified`](crate::Rooms::handle_verified). Every job must come back.
    VerifyPassword { job: JobId, password: String, hash: String },
    /// Keep this of the room, in place of what was kept of it before. It comes before the [`Effect::Reply`] that tells
    /// of it, so a shell that holds replies back until all earlier records are durable promises nothing that can be lost.
    SaveRoom(Box<RoomRecord>),
    /// The room is gone, and its chat lines with it.
    ForgetRoom(RoomId),
    /// Keep a chat line, unless there is one of this client and key in the room already; the verdict is
    /// [`Rooms::handle_kept`](crate::Rooms::handle_kept). Every job must come back.
    /// The store does all that is asked of it about chat lines in the order in which it is asked.
    KeepText { job: JobId, text: Box<TextRecord> },
    /// Change a chat line, if this is its author; the verdict is [`Rooms::handle_kept`](crate::Rooms::handle_kept).
    EditText { job: JobId, room: RoomId, id: u64, author: ClientId, text: String },
    /// Drop a chat line, if this is its author (`None`: whoever it is); the verdict is
    /// [`Rooms::handle_kept`](crate::Rooms::handle_kept).
    DropText { job: JobId, room: RoomId, id: u64, author: Option<ClientId> },
    /// Drop the chat lines of the room that are older than this (milliseconds since 1970). No verdict.
    ForgetTexts { room: RoomId, before_ms: u64 },
    /// Find the last `limit` chat lines with numbers smaller than `before` that are not older than `since_ms`; the
    /// answer is [`Rooms::handle_texts`](crate::Rooms::handle_texts). Every job must come back.
    LoadTexts { job: JobId, room: RoomId, before: Option<u64>, limit: usize, since_ms: u64 },
    /// One text frame on the client's open channel.
    Send { to: ClientId, frame: String },
    /// Close the client's open channel once what was sent is out.
    /// A newer connection of the same client that has not opened its channel yet lives on.
    Disconnect { client: ClientId },
}

/// Passwords and what people write stay out of logs.
impl std::fmt::Debug for Effect {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Reply { request, reply } => {
                f.debug_struct("Reply").field("request", request).field("reply", reply).finish()
            }
            Self::HashPassword { job, .. } => f.debug_struct("HashPassword").field("job", job).finish_non_exhaustive(),
            Self::VerifyPassword { job, .. } => {
                f.debug_struct("VerifyPassword").field("job", job).finish_non_exhaustive()
            }
            Self::SaveRoom(record) => f.debug_struct("SaveRoom").field("room", &record.id).finish_non_exhaustive(),
            Self::ForgetRoom(room) => f.debug_tuple("ForgetRoom").field(room).finish(),
            Self::KeepText { job, text } => f.debug_struct("KeepText").field("job", job).field("text", text).finish(),
            Self::EditText { job, room, id, .. } => {
                f.debug_struct("EditText").field("job", job).field("room", room).field("id", id).finish_non_exhaustive()
            }
            Self::DropText { job, room, id, .. } => {
                f.debug_struct("DropText").field("job", job).field("room", room).field("id", id).finish_non_exhaustive()
            }
            Self::ForgetTexts { room, before_ms } => {
                f.debug_struct("ForgetTexts").field("room", room).field("before_ms", before_ms).finish()
            }
            Self::LoadTexts { job, room, before, limit, .. } => {
                let mut shown = f.debug_struct("LoadTexts");
                shown.field("job", job).field("room", room).field("before", before).field("limit", limit);
                shown.finish_non_exhaustive()
            }
            Self::Send { to, .. } => f.debug_struct("Send").field("to", to).finish_non_exhaustive(),
            Self::Disconnect { client } => f.debug_struct("Disconnect").field("client", client).finish(),
        }
    }
}

/// The effects that nobody has fetched yet.
#[derive(Debug, Default)]
pub(crate) struct Effects(VecDeque<Effect>);

impl Effects {
    pub(crate) fn next(&mut self) -> Option<Effect> {
        self.0.pop_front()
    }

    pub(crate) fn push(&mut self, effect: Effect) {
        self.0.push_back(effect);
    }

    pub(crate) fn reply(&mut self, request: RequestId, reply: Reply) {
        self.push(Effect::Reply { request, reply });
    }

    /// Says `message` to one client, as the server.
    pub(crate) fn tell(&mut self, to: &ClientId, message: &Message) {
        let envelope = Envelope::new(Some(Address::GroundControl), Address::Client(to.clone()), message);
        self.push(Effect::Send { to: to.clone(), frame: envelope.to_json() });
    }

    pub(crate) fn refuse(&mut self, to: &ClientId, id: ErrorId, why: impl Into<String>) {
        self.tell(to, &Message::Error(ErrorNotice::new(id, why)));
    }

    pub(crate) fn disconnect(&mut self, client: &ClientId) {
        self.push(Effect::Disconnect { client: client.clone() });
    }
}
