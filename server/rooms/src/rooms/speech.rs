//! What clients say, and what the server answers.

use std::time::Instant;

use protocol::{Address, ClientId, Envelope, Message, Profile};

use super::Rooms;
use crate::By;
use crate::keys::Said;
use crate::relay::{FrameError, Target, check};

impl Rooms {
    /// A text frame arrived on the client's channel.
    pub fn handle_frame(&mut self, from: &ClientId, frame: &[u8], now: Instant) {
        if let Err(error) = self.hear(from, now).and_then(|()| self.take_frame(from, frame, now)) {
            self.complain(from, &error, now);
        }
    }

    /// A binary frame arrived on the client's channel.
    pub fn handle_binary(&mut self, from: &ClientId, now: Instant) {
        let refused = self.hear(from, now).err().unwrap_or(FrameError::Binary);
        self.complain(from, &refused, now);
    }

    /// The client said something, whatever it is. May it?
    fn hear(&mut self, from: &ClientId, now: Instant) -> Result<(), FrameError> {
        let Some((room, number)) = self.directory.place(from) else { return Ok(()) };
        let Some(seat) = room.seats.get_mut(&number).filter(|seat| seat.is_connected()) else { return Ok(()) };
        let was_unstable = seat.hear(now);
        let may_speak = seat.may_speak(&self.config, now);
        if was_unstable {
            room.tell_events_info(&mut self.effects);
            self.note_seat(from);
        }
        if may_speak { Ok(()) } else { Err(FrameError::TooManyMessages(self.config.messages.0)) }
    }

    fn complain(&mut self, to: &ClientId, error: &FrameError, now: Instant) {
        let Some(seat) = self.directory.seat_mut(to).filter(|seat| seat.is_connected()) else { return };
        if !matches!(error, FrameError::TooManyMessages(_)) || seat.may_be_scolded(now) {
            self.effects.refuse(to, error.id(), error.to_string());
        }
    }

    fn take_frame(&mut self, from: &ClientId, frame: &[u8], now: Instant) -> Result<(), FrameError> {
        let Some((room, number)) = self.directory.place(from) else { return Ok(()) };
        let Some(seat) = room.seats.get_mut(&number).filter(|seat| seat.is_connected()) else { return Ok(()) };
        let envelope = Envelope::parse(frame)?;
        if envelope.receiver == Address::GroundControl {
            return self.answer(from, &envelope, now);
        }
        let text = check(&envelope)?;
        let is_text = text.is_some();
        if is_text && !seat.may_write(&self.config, now) {
            return Err(FrameError::TooManyTexts(self.config.texts.0));
        }
        let key = text.as_ref().and_then(|text| text.key.clone());
        if let Some(said) = key.as_ref().and_then(|key| room.keys.find(from, key)) {
            match said {
                Said::OnItsWay => {}
                Said::Heard(id) => room.echo_text(from, envelope, id, &mut self.effects),
            }
            return Ok(());
        }
        let room_id = room.id.clone();
        let target = match &envelope.receiver {
            Address::Client(to) => {
                Target::One(self.directory.connected_in(&room_id, to).ok_or(FrameError::UnknownReceiver)?)
            }
            Address::Room | Address::GroundControl => Target::Everyone,
        };
        if let Some(room) = self.directory.room_mut(&room_id) {
            if is_text {
                room.touch(now);
            }
            match (text, &target) {
                (Some(text), Target::Everyone) => return self.say(from, &room_id, envelope, text, now),
                (Some(_), Target::One(_)) | (None, _) => {}
            }
            if let Some(key) = key {
                room.keys.note(from, key, Said::Heard(None));
            }
            room.relay(from, target, envelope, &mut self.effects);
        }
        Ok(())
    }

    /// A frame for the server itself.
    fn answer(&mut self, from: &ClientId, envelope: &Envelope, now: Instant) -> Result<(), FrameError> {
        match envelope.message()? {
            Message::Greeting(_) | Message::Pong(_) | Message::Error(_) => {}
            Message::Ping(data) => self.effects.tell(from, &Message::Pong(data)),
            Message::GetIceServers => {
                let servers = Message::IceServers(self.config.ice_servers.clone());
                self.effects.tell(from, &servers);
            }
            Message::GetRoomInfo => {
                if let Some((room, number)) = self.directory.place(from) {
                    room.announce(number, &mut self.effects);
                    room.tell_info(number, &mut self.effects);
                }
            }
            Message::Profile(profile) => return self.take_profile(from, profile, now),
            Message::Bye => self.give_up(from, now),
            Message::Moderate(deed) => {
                let Some(room) = self.directory.place(from).map(|(room, _)| room.id.clone()) else { return Ok(()) };
                self.moderate(&room, &By::Client(from.clone()), deed, now)?;
            }
            Message::GetChat(question) => self.get_chat(from, question, now)?,
            Message::EditText(edit) => self.edit_text(from, edit, now)?,
            Message::DeleteText(delete) => self.delete_text(from, delete, now)?,
            Message::RoomInfo(_)
            | Message::Text(_)
            | Message::Offer(_)
            | Message::Answer(_)
            | Message::LegacyIceCandidate(_)
            | Message::IceCandidate(_)
            | Message::IceServers(_)
            | Message::Joined(_)
            | Message::Left(_)
            | Message::MediaState(_)
            | Message::View(_)
            | Message::Moderated(_)
            | Message::RoomSettings(_)
            | Message::Knocking(_)
            | Message::Chat(_)
            | Message::TextEdited(_)
            | Message::TextDeleted(_)
            | Message::Other { .. } => return Err(FrameError::UnknownType),
        }
        Ok(())
    }

    fn take_profile(&mut self, from: &ClientId, profile: Profile, now: Instant) -> Result<(), FrameError> {
        let Some((room, number)) = self.directory.place(from) else { return Ok(()) };
        let Some(seat) = room.seats.get_mut(&number) else { return Ok(()) };
        let applied = seat.apply(profile);
        room.announce(number, &mut self.effects);
        let owed = room.tell_profile(number, &self.config, &mut self.effects, now);
        room.tell_notices(&mut self.effects);
        for client in owed.iter().chain([from]) {
            self.note_seat(client);
        }
        Ok(applied?)
    }
}
