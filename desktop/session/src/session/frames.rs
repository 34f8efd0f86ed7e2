//! What the frames from the server do.

use std::time::Instant;

use protocol::{Address, ClientId, ClientInfo, Envelope, ErrorId, Message, RoomInfo, Text};

use super::{RETURN_GRACE, Session};
use crate::chat::{Way, read_line};
use crate::{Effect, Event, Status};

impl Session {
    /// Whatever cannot be read is passed over: the link goes on.
    pub(super) fn read_frame(&mut self, frame: &str, now: Instant) {
        let Ok(envelope) = Envelope::parse(frame.as_bytes()) else { return };
        let Ok(message) = envelope.message() else { return };
        let sender = envelope.sender.unwrap_or(Address::GroundControl);
        let to = if let Address::Client(client) = &envelope.receiver { Some(client.clone()) } else { None };
        let way = Way { to, id: envelope.id };
        if let (Address::Client(me), Address::GroundControl, false) = (&envelope.receiver, &sender, self.is_me_certain)
        {
            self.learn_me(me.clone(), now);
        }
        match sender {
            Address::GroundControl | Address::Room => self.read_server(message, now),
            Address::Client(sender) if self.me.as_ref() == Some(&sender) => self.read_echo(&message, way, now),
            Address::Client(sender) => self.read_client(sender, message, way, now),
        }
    }

    /// From the server itself.
    fn read_server(&mut self, message: Message, now: Instant) {
        match message {
            Message::Ping(data) => self.send(Address::GroundControl, &Message::Pong(data), now),
            Message::RoomInfo(info) => self.read_room_info(info, now),
            Message::Joined(info) => self.read_joined(info, now),
            Message::Left(info) => self.depart(&info.id, now),
            Message::IceServers(servers) => self.outbox.push(Effect::SetIceServers(servers)),
            Message::Bye => {
                self.outbox.push(Effect::HangUp);
                self.lose_link("the server said bye".into(), now);
            }
            // Someone left while a message to it was under way: its departure is news enough.
            Message::Error(notice) if notice.id == ErrorId::UnknownReceiver => {}
            // Fighting over the seat would throw both out again and again. Coming back is up to the person.
            Message::Error(notice) if notice.id == ErrorId::Elsewhere => {
                self.outbox.push(Effect::HangUp);
                self.end(Status::Refused(notice), now);
            }
            Message::Error(notice) => {
                self.history.refused();
                self.outbox.event(Event::Notice(notice));
            }
            Message::RoomSettings(settings) => self.read_settings(settings, now),
            Message::Knocking(list) => self.read_knocking(list),
            Message::Moderated(deed) => self.read_moderated(deed, now),
            Message::Chat(chat) => self.read_chat(chat, now),
            Message::TextEdited(edited) => self.read_edited(edited),
            Message::TextDeleted(deleted) => self.read_deleted(deleted),
            // Our first ping follows our profile: whatever the server says of the room has come before this.
            Message::Pong(_) => self.take_early_lines(now),
            Message::Greeting(_)
            | Message::GetRoomInfo
            | Message::Profile(_)
            | Message::Text(_)
            | Message::Offer(_)
            | Message::Answer(_)
            | Message::LegacyIceCandidate(_)
            | Message::IceCandidate(_)
            | Message::GetIceServers
            | Message::MediaState(_)
            | Message::View(_)
            | Message::Moderate(_)
            | Message::GetChat(_)
            | Message::EditText(_)
            | Message::DeleteText(_)
            | Message::Other { .. } => {}
        }
    }

    /// From ourselves, by way of the server. A line of our own is shown now that everyone has it.
    fn read_echo(&mut self, message: &Message, way: Way, now: Instant) {
        let Message::Text(line) = message else { return };
        self.lines.echoed(line);
        self.history.heard(way.id);
        let is_shown = way.to.is_some() && !self.link.ours;
        let Some(me) = self.me.clone().filter(|_| !is_shown) else { return };
        if !(self.link.ours && self.early.hold(&me, line, &way)) {
            self.take_own_line(&me, line, way, now);
        }
    }

    fn take_own_line(&mut self, me: &ClientId, line: &Text, way: Way, now: Instant) {
        if self.lines.is_new(me, line) {
            self.show_own_line(line, way, now);
        }
    }

    /// The server knows what we understand. Lines that came before are shown now, unless they are read in the history.
    pub(super) fn take_early_lines(&mut self, now: Instant) {
        for (from, line) in self.early.end() {
            if self.keeps_history {
                continue;
            }
            if self.me.as_ref() == Some(&from) {
                self.take_own_line(&from, &line, Way::default(), now);
            } else {
                self.take_text(from, &line, Way::default(), now);
            }
        }
    }

    /// From another participant.
    fn read_client(&mut self, sender: ClientId, message: Message, way: Way, now: Instant) {
        self.roster.heard(&sender, now);
        match message {
            Message::Text(line) => self.read_text(sender, &line, way, now),
            Message::MediaState(media) => self.roster.set_media(&sender, media),
            Message::View(view) => self.outbox.event(Event::Shown { client: sender, view }),
            Message::Ping(data) => self.send(Address::Client(sender), &Message::Pong(data), now),
            Message::Offer(offer) => {
                self.expect(&sender, now);
                self.with_peers(now, |peers, turn| peers.entry(&sender, now).handle_offer(offer, turn));
            }
            Message::Answer(answer) => {
                self.with_peers(now, |peers, turn| peers.get_mut(&sender).map(|peer| peer.handle_answer(answer, turn)));
            }
            Message::IceCandidate(candidate) | Message::LegacyIceCandidate(candidate) => {
                self.with_peers(now, |peers, turn| {
                    peers.get_mut(&sender).map(|peer| peer.handle_candidate(candidate, turn))
                });
            }
            Message::Bye => {
                self.with_peers(now, |peers, turn| peers.get_mut(&sender).map(|peer| peer.handle_bye(turn)));
                if !self.link.ours {
                    self.roster.presume_gone(&sender, now);
                }
            }
            Message::Greeting(_)
            | Message::Pong(_)
            | Message::GetRoomInfo
            | Message::RoomInfo(_)
            | Message::Profile(_)
            | Message::GetIceServers
            | Message::IceServers(_)
            | Message::Error(_)
            | Message::Joined(_)
            | Message::Left(_)
            | Message::Moderate(_)
            | Message::Moderated(_)
            | Message::RoomSettings(_)
            | Message::Knocking(_)
            | Message::GetChat(_)
            | Message::Chat(_)
            | Message::EditText(_)
            | Message::TextEdited(_)
            | Message::DeleteText(_)
            | Message::TextDeleted(_)
            | Message::Other { .. } => {}
        }
    }

    fn read_text(&mut self, sender: ClientId, line: &Text, way: Way, now: Instant) {
        self.history.heard(way.id);
        if !(self.link.ours && self.early.hold(&sender, line, &way)) {
            self.take_text(sender, line, way, now);
        }
    }

    fn take_text(&mut self, sender: ClientId, line: &Text, way: Way, now: Instant) {
        if !self.lines.is_new(&sender, line) {
            return;
        }
        let known_as = self.roster.get(&sender).map(|info| info.username.clone()).unwrap_or_default();
        let line = read_line(line, sender, &known_as, false, way, self.clock.at(now));
        self.outbox.event(Event::Chat(line));
    }

    fn read_room_info(&mut self, info: RoomInfo, now: Instant) {
        // A server of an earlier version may list people before it has said who we are. We ask again.
        let Some(me) = self.me.clone().filter(|_| self.is_me_certain) else { return };
        let is_arrival = !self.link.is_in_room();
        let clients = info.clients.into_iter().filter(|client| !self.former.contains(&client.id)).collect();
        for client in self.roster.apply(clients) {
            self.depart(&client, now);
        }
        self.peers.update(&self.roster, &me, now);
        if is_arrival {
            self.arrive(me, now);
        }
    }

    /// The first list on this link: we are in the room, and whoever comes is the one who offers.
    fn arrive(&mut self, me: ClientId, now: Instant) {
        self.roster.keep_unasked(now + RETURN_GRACE);
        self.link.entered();
        self.outbox.event(Event::Status(Status::Joined { me }));
        let roster = std::mem::take(&mut self.roster);
        let introduces = self.link.ours;
        self.with_peers(now, |peers, turn| peers.call_everyone(&roster, introduces, turn));
        self.roster = roster;
    }

    fn read_joined(&mut self, info: ClientInfo, now: Instant) {
        if self.link.is_in_room() && self.me.as_ref() != Some(&info.id) {
            self.roster.join(info.clone());
            self.peers.announced(info, now);
        }
    }

    /// Someone who is not listed yet speaks to us: a server of an earlier version announces nobody, so we ask.
    fn expect(&mut self, sender: &ClientId, now: Instant) {
        if self.roster.get(sender).is_none() {
            self.roster.add_unnamed(sender.clone());
            self.send(Address::GroundControl, &Message::GetRoomInfo, now);
        }
    }
}
