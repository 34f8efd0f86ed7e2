//! Keeping order, and chat lines that last: what is asked of the server, and what it says of them.

use std::time::Instant;

use protocol::{
    Action, Address, Chat, EditText, ErrorId, Knocking, Message, Moderated, RoomSettings, Text, TextDeleted,
    TextEdited, TextId,
};

use super::Session;
use crate::chat::{bounded_text, displayed_name};
use crate::{ChatLine, Effect, Event, Status};

impl Session {
    /// A question that only a server of ours understands, and only now.
    pub(super) fn ask(&mut self, message: &Message, now: Instant) {
        if !self.link.ours {
            self.notice(ErrorId::UnknownType, "this server is of an earlier version and cannot do that");
        } else if !self.link.is_in_room() {
            self.notice(ErrorId::Other("offline".into()), "that was not done: the server is away");
        } else {
            self.send(Address::GroundControl, message, now);
        }
    }

    pub(super) fn edit_text(&mut self, id: TextId, text: String, now: Instant) {
        let line = Text { text, ..Text::default() };
        match line.check() {
            Ok(()) => self.ask(&Message::EditText(EditText { id, text: line.text }), now),
            Err(error) => self.notice(ErrorId::InvalidText, error.to_string()),
        }
    }

    pub(super) fn load_earlier(&mut self, before: TextId, now: Instant) {
        if let Some(question) = self.history.question(before) {
            self.ask(&Message::GetChat(question), now);
        }
    }

    /// The last lines that the room keeps, as soon as we are in and know that it keeps some.
    pub(super) fn ask_for_chat(&mut self, now: Instant) {
        if self.keeps_history
            && let Some(question) = self.history.first_question()
        {
            self.send(Address::GroundControl, &Message::GetChat(question), now);
        }
    }

    pub(super) fn read_settings(&mut self, settings: RoomSettings, now: Instant) {
        self.keeps_history = settings.history != protocol::History::None;
        self.take_early_lines(now);
        self.outbox.event(Event::Settings(settings));
    }

    pub(super) fn read_knocking(&mut self, list: Knocking) {
        let mut clients = list.clients;
        for one in &mut clients {
            one.username = displayed_name(&one.username);
        }
        self.outbox.event(Event::Knocking(clients));
    }

    /// We do to ourselves what a moderator wants. Whoever was put out does not come back by itself.
    pub(super) fn read_moderated(&mut self, deed: Moderated, now: Instant) {
        let by = self.roster.get(&deed.by).map(|info| displayed_name(&info.username));
        match deed.action {
            Action::Kick | Action::Ban => {
                self.outbox.push(Effect::HangUp);
                return self.end(Status::Removed { banned: deed.action == Action::Ban, by }, now);
            }
            Action::Mute | Action::MuteAll => self.config.media.microphone = false,
            Action::LowerHand => self.config.media.hand = false,
            Action::Unban
            | Action::Admit
            | Action::Deny
            | Action::Lock
            | Action::Unlock
            | Action::Promote
            | Action::Demote
            | Action::HandOver => {}
        }
        self.outbox.event(Event::Moderated { action: deed.action, by });
    }

    pub(super) fn read_chat(&mut self, chat: Chat, now: Instant) {
        if self.is_holding_lines {
            for line in chat.messages.iter().filter(|line| Some(&line.client) == self.me.as_ref()) {
                if self.history.is_missed(line.id) {
                    self.lines.kept(&line.text);
                }
            }
        }
        if let Some(question) = self.history.answered(&chat) {
            self.send(Address::GroundControl, &Message::GetChat(question), now);
        }
        let lines = chat.messages.into_iter().map(|line| ChatLine {
            mine: self.me.as_ref() == Some(&line.client),
            from: line.client,
            name: displayed_name(&line.name),
            time_ms: line.time,
            text: bounded_text(&line.text),
            private: false,
            to: None,
            id: Some(line.id),
            edited: line.edited,
        });
        let lines = lines.collect();
        self.outbox.event(Event::History { lines, more: chat.more });
    }

    pub(super) fn read_edited(&mut self, edited: TextEdited) {
        self.outbox.event(Event::TextEdited { id: edited.id, text: bounded_text(&edited.text) });
    }

    pub(super) fn read_deleted(&mut self, deleted: TextDeleted) {
        self.outbox.event(Event::TextDeleted { id: deleted.id, by: deleted.client });
    }
}
