//! What the passing of time does in the model.

use std::time::Instant;

use super::{Heards, Model, ModelSeat};
use crate::crowd::hearing::Heard;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fate {
    Expires,
    Gone,
    HearsRoster,
    BecomesUnstable,
}

impl Model {
    /// Everything that has happened by `now` because time passed. The earliest first.
    pub(crate) fn advance(&mut self, now: Instant) -> Heards {
        let mut out = Vec::new();
        while let Some((at, fate, seat)) = self.next_fate().filter(|(at, ..)| *at <= now) {
            self.meet(fate, seat, at, &mut out);
        }
        out.extend(self.forget_knockers(now));
        let lifetime = self.config.empty_room;
        self.rooms.retain(|room| room.is_kept || room.empty_since.is_none_or(|since| since + lifetime > now));
        out
    }

    fn next_fate(&self) -> Option<(Instant, Fate, usize)> {
        let fates =
            self.seats.iter().enumerate().flat_map(|(at, seat)| {
                self.fates(seat).into_iter().flatten().map(move |(when, fate)| (when, fate, at))
            });
        fates.min()
    }

    fn fates(&self, seat: &ModelSeat) -> [Option<(Instant, Fate)>; 3] {
        let Some(here) = &seat.here else { return [Some((seat.waits_until, Fate::Expires)), None, None] };
        let last_sign = if seat.takes_events { here.spoke } else { here.spoke.max(here.alive) };
        let may_waver = seat.takes_events && !here.is_unstable;
        [
            Some((last_sign + self.config.silence_gone, Fate::Gone)),
            may_waver.then_some((here.spoke + self.config.silence_unstable, Fate::BecomesUnstable)),
            here.roster_due.map(|due| (due, Fate::HearsRoster)),
        ]
    }

    fn meet(&mut self, fate: Fate, at: usize, now: Instant, out: &mut Heards) {
        let client = self.seats[at].client.clone();
        let room = self.seats[at].room.clone();
        match fate {
            Fate::Expires => self.free(at, now),
            Fate::Gone => {
                out.push((client.clone(), Heard::Bye));
                out.push((client, Heard::Closed));
                self.end(at, now, out);
            }
            Fate::HearsRoster => self.tell_roster(&room, |seat| seat.client == client, out),
            Fate::BecomesUnstable => {
                self.seats[at].here.as_mut().expect("present").is_unstable = true;
                self.tell_roster(&room, |seat| seat.takes_events, out);
            }
        }
    }
}
