//! What the core wants done, in the order in which it must happen.

use std::collections::VecDeque;

use protocol::{Address, ClientId, Envelope, ErrorId, ErrorNotice, Message};

use crate::{JobId, Reply, RequestId};

/// One thing for the shell to do.
#[derive(Clone, PartialEq, Eq)]
pub enum Effect {
    /// Answer a request. The request may be long gone: then there is nobody to tell.
    Reply { request: RequestId, reply: Reply },
    /// Hash the password of a new room; the verdict is [`Rooms::handle_hashed`](crate::Rooms::handle_hashed).
    /// Every job must come back.
    HashPassword { job: JobId, password: String },
    /// Compare; the verdict is [`Rooms::handle_verified`](crate::Rooms::handle_verified). Every job must come back.
    VerifyPassword { job: JobId, password: String, hash: String },
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
