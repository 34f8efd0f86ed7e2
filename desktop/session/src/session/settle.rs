//! What should be against what is: compared after every input, and only the difference goes out.

use std::time::Instant;

use protocol::{Address, Message, Username};

use super::Session;
use crate::Event;

impl Session {
    pub(super) fn settle(&mut self, now: Instant) {
        if self.link.is_in_room() {
            self.drop_the_missing(now);
            self.tell_name(now);
            self.ask_for_chat(now);
            self.release_lines(now);
            if let Some(receiver) = self.peers.tell_media(self.config.media) {
                self.send(receiver, &Message::MediaState(self.config.media), now);
            }
            for (client, view) in self.peers.tell_views() {
                self.send(Address::Client(client), &Message::View(view), now);
            }
        }
        if !self.link.is_ended() && self.link.was_in_room_before() {
            self.show_roster();
        }
    }

    /// Whoever the server does not list stays for a while, as long as the connection to it lives.
    fn drop_the_missing(&mut self, now: Instant) {
        let missing = self.roster.missing();
        let over = missing.filter(|(client, until)| now >= *until || !self.peers.is_living(client));
        for client in over.map(|(client, _)| client.clone()).collect::<Vec<_>>() {
            self.forget(&client, now);
        }
    }

    /// Says (again) what has not come back, as soon as everyone who was here is back to hear it, and we know what the
    /// room has kept of it.
    fn release_lines(&mut self, now: Instant) {
        if self.is_holding_lines && !self.history.is_catching_up() && self.roster.missing().next().is_none() {
            self.is_holding_lines = false;
            for (to, line) in self.lines.unechoed() {
                self.outbox.send(to.clone(), &Message::Text(line.clone()), now);
            }
        }
    }

    /// On a server of an earlier version the name waits until our offers are out: every profile makes the pages in
    /// the room look for people whom they have no connection with, and their offers would cross ours.
    fn tell_name(&mut self, now: Instant) {
        let is_default = self.config.username.as_str() == Username::DEFAULT;
        if !self.is_named && (self.link.ours || !self.peers.is_any_making_offer()) {
            if self.link.ours || !is_default || self.is_renamed() {
                self.introduce(now);
            }
            self.is_named = true;
        }
    }

    /// The server knows us by another name.
    fn is_renamed(&self) -> bool {
        let known = self.me.as_ref().and_then(|me| self.roster.get(me));
        known.is_some_and(|info| info.username != self.config.username.as_str())
    }

    fn show_roster(&mut self) {
        let Some(me) = &self.me else { return };
        let roster = self.roster.participants(me, self.config.media);
        if roster != self.shown {
            self.shown = roster.clone();
            self.outbox.event(Event::Roster(roster));
        }
    }
}
