//! A frame's way: to the server, to one client of the room, or to all of them.

use protocol::{
    Address, Capability, ClientId, Envelope, EnvelopeError, ErrorId, Message, MessageError, NameError, Text, TextError,
    TextId,
};
use thiserror::Error;

use crate::effect::Effects;
use crate::room::{Room, SeatNumber};
use crate::{Effect, RoomError};

/// Why a frame went nowhere.
#[derive(Debug, Error, Clone, PartialEq, Eq)]
pub(crate) enum FrameError {
    #[error("messages come faster than {0} a second")]
    TooManyMessages(u32),
    #[error("texts come faster than {0} a second")]
    TooManyTexts(u32),
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    #[error(transparent)]
    Shape(#[from] MessageError),
    #[error(transparent)]
    Text(#[from] TextError),
    #[error(transparent)]
    Room(#[from] RoomError),
    #[error(transparent)]
    Name(#[from] NameError),
    #[error("nobody of this id is in the room")]
    UnknownReceiver,
    #[error("the server does not know messages of this type")]
    UnknownType,
    #[error("too much of yours waits to be stored; try again in a moment")]
    TooManyWaiting,
    #[error("this line is not yours")]
    Forbidden,
    #[error("there is no such line, or it cannot be changed any more")]
    UnknownText,
    #[error("binary frames are not understood: the protocol is text")]
    Binary,
}

impl FrameError {
    pub(crate) const fn id(&self) -> ErrorId {
        match self {
            Self::TooManyMessages(_) | Self::TooManyTexts(_) | Self::TooManyWaiting => ErrorId::TooMany,
            Self::Envelope(EnvelopeError::TooLarge { .. }) => ErrorId::TooLarge,
            Self::Envelope(EnvelopeError::TooDeep | EnvelopeError::NotAnObject | EnvelopeError::Field { .. })
            | Self::Shape(_) => ErrorId::Malformed,
            Self::Room(error) => error.id(),
            Self::Forbidden => ErrorId::Forbidden,
            Self::UnknownText => ErrorId::UnknownText,
            Self::Text(_) => ErrorId::InvalidText,
            Self::Name(_) => ErrorId::InvalidName,
            Self::UnknownReceiver => ErrorId::UnknownReceiver,
            Self::UnknownType => ErrorId::UnknownType,
            Self::Binary => ErrorId::BinaryFrame,
        }
    }
}

/// May this be relayed? A text is measured, and handed out; everything else passes as it is, known or not.
pub(crate) fn check(envelope: &Envelope) -> Result<Option<Text>, FrameError> {
    if envelope.kind == "text"
        && let Message::Text(text) = envelope.message()?
    {
        text.check()?;
        return Ok(Some(text));
    }
    Ok(None)
}

/// Whom a frame is for, within the room of its sender.
pub(crate) enum Target {
    /// Everyone, the sender too.
    Everyone,
    One(SeatNumber),
}

impl Room {
    /// Passes a chat line on to everyone. Those who understand it read its number too.
    pub(crate) fn relay_text(&self, from: &ClientId, mut envelope: Envelope, id: TextId, effects: &mut Effects) {
        envelope.sender = Some(Address::Client(from.clone()));
        envelope.id = None;
        let plain = envelope.to_json();
        envelope.id = Some(id);
        let numbered = envelope.to_json();
        for seat in self.connected() {
            let frame = if seat.understands(&Capability::Chat) { &numbered } else { &plain };
            effects.push(Effect::Send { to: seat.client.clone(), frame: frame.clone() });
        }
    }

    /// Tells the author of a line alone that it stands, with its number if it has one.
    pub(crate) fn echo_text(&self, from: &ClientId, mut envelope: Envelope, id: Option<TextId>, effects: &mut Effects) {
        let Some(seat) = self.connected().find(|seat| &seat.client == from) else { return };
        envelope.sender = Some(Address::Client(from.clone()));
        envelope.id = id.filter(|_| seat.understands(&Capability::Chat));
        effects.push(Effect::Send { to: from.clone(), frame: envelope.to_json() });
    }

    /// Passes a frame on. Whatever its sender wrote as `sender`, the others read who it is.
    pub(crate) fn relay(&mut self, from: &ClientId, to: Target, mut envelope: Envelope, effects: &mut Effects) {
        envelope.sender = Some(Address::Client(from.clone()));
        envelope.id = None;
        let frame = envelope.to_json();
        match to {
            Target::Everyone => {
                for seat in self.connected() {
                    effects.push(Effect::Send { to: seat.client.clone(), frame: frame.clone() });
                }
            }
            Target::One(number) => {
                let Some(seat) = self.seats.get(&number) else { return };
                // Whoever writes reads the own line when it comes back, a private one too.
                if envelope.kind == "text" && &seat.client != from {
                    effects.push(Effect::Send { to: from.clone(), frame: frame.clone() });
                }
                effects.push(Effect::Send { to: seat.client.clone(), frame });
                let is_owed_info = seat.link().is_some_and(|link| link.owed_info.is_some());
                if is_owed_info && envelope.kind == "offer" {
                    self.tell_info(number, effects);
                }
            }
        }
    }
}
