//! What the model answers to what people say.

use std::time::{Duration, Instant};

use protocol::{ClientId, RoomId};

use super::lines::Said;
use super::order::Deed;
use super::{Heards, Model};
use crate::crowd::hearing::{Heard, Line};
use crate::crowd::people::Saying;

impl Model {
    pub(crate) fn say(&mut self, client: &ClientId, saying: &Saying, now: Instant) -> Heards {
        let mut out = Vec::new();
        let Some(at) = self.index(client).filter(|at| self.seats[*at].here.is_some()) else { return out };
        let room = self.seats[at].room.clone();
        let here = self.seats[at].here.as_mut().expect("present");
        here.spoke = now;
        if std::mem::take(&mut here.is_unstable) {
            self.tell_roster(&room, |seat| seat.takes_events, &mut out);
        }
        let seat = &mut self.seats[at];
        if !seat.messages.take(self.config.messages, now) {
            if seat.scolded.is_none_or(|last| now - last >= Duration::from_secs(1)) {
                seat.scolded = Some(now);
                out.push((client.clone(), Heard::Error("too-many".into())));
            }
            return out;
        }
        if let Err(error) = self.understand(at, &room, saying, now, &mut out) {
            out.push((client.clone(), Heard::Error(error.into())));
        }
        out
    }

    fn understand(
        &mut self,
        at: usize,
        room: &RoomId,
        saying: &Saying,
        now: Instant,
        out: &mut Heards,
    ) -> Result<(), &'static str> {
        let me = self.seats[at].client.clone();
        match saying {
            Saying::Malformed(_) => return Err("malformed"),
            Saying::Binary => return Err("binary-frame"),
            Saying::Unknown => return Err("unknown-type"),
            Saying::Ping(number) => out.push((me, Heard::Pong(*number))),
            Saying::Moderate { action, client, address } => {
                self.moderate(&Deed { by: &me, room, action, client }, *address, now, out)?
            }
            Saying::GetChat { key } => self.ask_lines(at, room, *key, out),
            Saying::Edit { number, key, .. } => {
                if !self.seats[at].texts.take(self.config.texts, now) {
                    return Err("too-many");
                }
                self.change_line(&me, room, *number, *key, true, out)?;
            }
            Saying::Delete { number, key, .. } => self.change_line(&me, room, *number, *key, false, out)?,
            Saying::Bye => out.extend(self.leave(&me, now)),
            Saying::AskRoster => {
                self.announce(at, out);
                self.tell_roster(room, |seat| seat.client == me, out);
            }
            Saying::Profile { name, takes_events } => self.introduce(at, name, *takes_events, now, out),
            Saying::Text { to, number, .. } => {
                if !self.seats[at].texts.take(self.config.texts, now) {
                    return Err("too-many");
                }
                if !self.say_line_again(&me, room, saying, out) {
                    let written = self.write(at, room, to.as_ref(), *number, out);
                    let private = to.as_ref().map(|_| Said::Stands { is_numbered: false });
                    match (written, private) {
                        (Err(_), _) => self.settle_key(&me, room, *number, None),
                        (Ok(()), Some(stands)) => self.settle_key(&me, room, *number, Some(stands)),
                        (Ok(()), None) => {}
                    }
                    written?;
                }
            }
            Saying::Offer { to } => {
                let peer = self.present(room).find(|seat| &seat.client == to).ok_or("unknown-receiver")?;
                out.push((to.clone(), Heard::Offer { sender: me.to_string() }));
                if peer.here.as_ref().expect("present").roster_due.is_some() {
                    self.tell_roster(room, |seat| &seat.client == to, out);
                }
            }
        }
        Ok(())
    }

    fn announce(&mut self, at: usize, out: &mut Heards) {
        let entry = self.entry(at);
        let seat = &mut self.seats[at];
        let (me, room) = (seat.client.clone(), seat.room.clone());
        if std::mem::replace(&mut seat.here.as_mut().expect("present").is_announced, true) {
            return;
        }
        for other in self.present(&room).filter(|other| other.takes_events && other.client != me) {
            out.push((other.client.clone(), Heard::Joined(entry.clone())));
        }
    }

    fn introduce(&mut self, at: usize, name: &str, takes_events: bool, now: Instant, out: &mut Heards) {
        let patience = self.config.newcomer_offers_within;
        let seat = &mut self.seats[at];
        let (me, room) = (seat.client.clone(), seat.room.clone());
        seat.takes_events |= takes_events;
        if !name.is_empty() {
            seat.name = name.to_owned();
        }
        let here = seat.here.as_mut().expect("present");
        let is_first = !std::mem::replace(&mut here.is_introduced, true);
        let is_a_newcomer_of_this_version = is_first && seat.takes_events;
        self.announce(at, out);
        if !is_a_newcomer_of_this_version {
            self.tell_roster(&room, |_| true, out);
            return out.extend(self.tell_notices());
        }
        self.tell_roster(&room, |seat| seat.takes_events || seat.client == me, out);
        for seat in self.seats.iter_mut().filter(|seat| seat.room == room && !seat.takes_events) {
            if let Some(here) = &mut seat.here {
                here.roster_due = here.roster_due.or(Some(now + patience));
            }
        }
        out.extend(self.tell_notices());
    }

    fn write(
        &mut self,
        at: usize,
        room: &RoomId,
        to: Option<&ClientId>,
        number: u64,
        out: &mut Heards,
    ) -> Result<(), &'static str> {
        let me = self.seats[at].client.clone();
        if to.is_some_and(|to| !self.present(room).any(|seat| &seat.client == to)) {
            return Err("unknown-receiver");
        }
        let Some(to) = to else {
            self.say_line(&me, room, number, out);
            return Ok(());
        };
        for reader in self.present(room).filter(|seat| to == &seat.client || seat.client == me) {
            let line = Line { room: room.to_string(), number, edit: 0 };
            let text = Heard::Text { sender: me.to_string(), receiver: to.to_string(), line };
            out.push((reader.client.clone(), text));
        }
        Ok(())
    }
}
