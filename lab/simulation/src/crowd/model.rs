//! The reference: what the rooms owe to whom, written as plainly as possible.
//!
//! No index, no timers, no events: one list of rooms, one list of seats in join order, and a look at everything whenever
//! time passes. Tokens are fractions of one. It knows nothing of how the core does it.

mod door;
mod lines;
mod order;
mod speech;
mod time;

use std::net::IpAddr;
use std::time::Instant;

use protocol::{ClientId, RoomId};
use rooms::{Config, SessionId};

use super::hearing::{Entry, Heard, Settings};
use door::ModelInvite;
pub(crate) use lines::Outcome;
use lines::{Pending, Said};
pub(crate) use order::Answer;
use order::Knocker;

pub(crate) type Heards = Vec<(ClientId, Heard)>;

pub(crate) struct Model {
    pub(crate) config: Config,
    pub(crate) rooms: Vec<ModelRoom>,
    /// In join order.
    pub(crate) seats: Vec<ModelSeat>,
    rooms_opened: u64,
}

pub(crate) struct ModelRoom {
    pub(crate) id: RoomId,
    /// Tells rooms of one name apart.
    pub(crate) serial: u64,
    pub(crate) limit: usize,
    pub(crate) password: Option<String>,
    pub(crate) owner: Option<ClientId>,
    moderators: Vec<ClientId>,
    pub(crate) lobby: bool,
    pub(crate) locked: bool,
    /// Passwords that it had before, and until when.
    earlier_passwords: Vec<(Instant, Option<String>)>,
    /// It keeps its lines.
    pub(crate) keeps: bool,
    /// For so long. `None`: for ever.
    pub(crate) hours: Option<u32>,
    /// The oldest first; those that have expired stand here until another is made.
    invites: Vec<ModelInvite>,
    /// Whom it refuses, and from which address besides.
    pub(crate) bans: Vec<(ClientId, Option<IpAddr>)>,
    knockers: Vec<Knocker>,
    /// Who may come back after a restart, and until when.
    awaited: Vec<ClientId>,
    awaited_until: Option<Instant>,
    pending: Vec<Pending>,
    /// Lines with a key: whose they are, and how far they have come.
    keys: Vec<(ClientId, u64, Said)>,
    /// Lines that everyone has heard, and whose they are.
    lines: Vec<(u64, ClientId)>,
    is_kept: bool,
    empty_since: Option<Instant>,
}

pub(crate) struct ModelSeat {
    pub(crate) room: RoomId,
    pub(crate) client: ClientId,
    session: SessionId,
    name: String,
    takes_events: bool,
    /// The role that a join token gave.
    granted: usize,
    /// Until when the seat waits for a connection, and whether that is a second wait of the same session.
    waits_until: Instant,
    is_renewed: bool,
    messages: Tokens,
    texts: Tokens,
    scolded: Option<Instant>,
    here: Option<Here>,
    pub(crate) from: IpAddr,
}

/// Someone sits there.
struct Here {
    spoke: Instant,
    alive: Instant,
    is_announced: bool,
    is_introduced: bool,
    is_unstable: bool,
    roster_due: Option<Instant>,
    settings: Option<Settings>,
    knockers: Vec<String>,
}

struct Tokens {
    left: f64,
    at: Instant,
}

impl Tokens {
    fn take(&mut self, (rate, burst): (u32, u32), now: Instant) -> bool {
        let refilled = self.left + (now - self.at).as_secs_f64() * f64::from(rate);
        (self.left, self.at) = (refilled.min(f64::from(burst)), now);
        // Nanoseconds are rounded.
        let may = self.left > 0.999_999;
        if may {
            self.left -= 1.0;
        }
        may
    }
}

impl Model {
    pub(crate) fn new(config: Config) -> Self {
        Self { config, rooms: Vec::new(), seats: Vec::new(), rooms_opened: 0 }
    }

    pub(crate) fn open_room(
        &mut self,
        id: RoomId,
        limit: usize,
        password: Option<String>,
        is_kept: bool,
        owner: Option<ClientId>,
        now: Instant,
    ) {
        self.rooms_opened += 1;
        let serial = self.rooms_opened;
        self.rooms.push(ModelRoom {
            id,
            serial,
            limit,
            password,
            owner,
            moderators: Vec::new(),
            lobby: false,
            locked: false,
            earlier_passwords: Vec::new(),
            keeps: false,
            hours: None,
            invites: Vec::new(),
            bans: Vec::new(),
            knockers: Vec::new(),
            awaited: Vec::new(),
            awaited_until: None,
            pending: Vec::new(),
            keys: Vec::new(),
            lines: Vec::new(),
            is_kept,
            empty_since: Some(now),
        });
    }

    /// The room of the server's settings: it may have been deleted, and made again by somebody.
    pub(crate) fn open_kept_room(&mut self, id: RoomId, limit: usize, password: Option<String>, now: Instant) {
        match self.rooms.iter_mut().find(|room| room.id == id) {
            Some(room) => room.is_kept = true,
            None => self.open_room(id, limit, password, true, None, now),
        }
    }

    pub(crate) fn room(&self, id: &RoomId) -> Option<&ModelRoom> {
        self.rooms.iter().find(|room| &room.id == id)
    }

    pub(crate) fn guests(&self, room: &RoomId) -> usize {
        self.seats.iter().filter(|seat| &seat.room == room).count()
    }

    pub(crate) fn is_full(&self, room: &ModelRoom) -> bool {
        room.limit > 0 && self.guests(&room.id) >= room.limit
    }

    pub(crate) fn has_seat(&self, room: &RoomId, session: &SessionId) -> bool {
        self.seats.iter().any(|seat| &seat.room == room && &seat.session == session)
    }

    pub(crate) fn has_any_seat(&self, session: &SessionId) -> bool {
        self.seats.iter().any(|seat| &seat.session == session)
    }

    /// A seat was granted: a new one, or the same again.
    pub(crate) fn seat(
        &mut self,
        room: &RoomId,
        session: SessionId,
        client: &ClientId,
        from: IpAddr,
        now: Instant,
    ) -> Heards {
        let waits_until = now + self.config.seat_unconnected;
        if let Some(seat) = self.seats.iter_mut().find(|seat| &seat.client == client) {
            (seat.waits_until, seat.is_renewed, seat.from) = (waits_until, true, from);
            return Vec::new();
        }
        self.seats.push(ModelSeat {
            room: room.clone(),
            client: client.clone(),
            session,
            name: "Major Tom".into(),
            takes_events: false,
            granted: 0,
            waits_until,
            is_renewed: false,
            messages: Tokens { left: f64::from(self.config.messages.1), at: now },
            texts: Tokens { left: f64::from(self.config.texts.1), at: now },
            scolded: None,
            here: None,
            from,
        });
        for found in self.rooms.iter_mut().filter(|found| &found.id == room) {
            found.empty_since = None;
            found.awaited.retain(|awaited| awaited != client);
            found.knockers.retain(|knocker| &knocker.client != client);
        }
        self.tell_notices()
    }

    pub(crate) fn connect(&mut self, client: &ClientId, now: Instant) -> Heards {
        let mut out = Vec::new();
        let Some(at) = self.index(client) else { return vec![(client.clone(), Heard::Closed)] };
        self.vanish(at, &mut out);
        let seat = &mut self.seats[at];
        seat.takes_events = false;
        seat.is_renewed = false;
        seat.here = Some(Here {
            spoke: now,
            alive: now,
            is_announced: false,
            is_introduced: false,
            is_unstable: false,
            roster_due: None,
            settings: None,
            knockers: Vec::new(),
        });
        out.push((client.clone(), Heard::Greeting));
        out
    }

    pub(crate) fn alive(&mut self, client: &ClientId, now: Instant) {
        if let Some(here) = self.index(client).and_then(|at| self.seats[at].here.as_mut()) {
            here.alive = now;
        }
    }

    /// The connection ended without a word.
    pub(crate) fn lose(&mut self, client: &ClientId, now: Instant) -> Heards {
        let mut out = Vec::new();
        if let Some(at) = self.index(client).filter(|at| self.seats[*at].here.is_some()) {
            self.end(at, now, &mut out);
        }
        out
    }

    /// Someone says goodbye, on the channel or by request.
    pub(crate) fn leave(&mut self, client: &ClientId, now: Instant) -> Heards {
        let mut out = Vec::new();
        let Some(at) = self.index(client) else { return out };
        let was_here = self.seats[at].here.is_some();
        self.end(at, now, &mut out);
        if was_here {
            out.push((client.clone(), Heard::Closed));
        }
        out
    }

    fn index(&self, client: &ClientId) -> Option<usize> {
        self.seats.iter().position(|seat| &seat.client == client)
    }

    /// The presence ends, and the seat too unless its holder has just asked for it again.
    fn end(&mut self, at: usize, now: Instant, out: &mut Heards) {
        self.vanish(at, out);
        if self.seats[at].is_renewed && self.seats[at].waits_until > now {
            return;
        }
        self.free(at, now);
    }

    fn free(&mut self, at: usize, now: Instant) {
        let seat = self.seats.remove(at);
        if self.guests(&seat.room) == 0 {
            for room in self.rooms.iter_mut().filter(|room| room.id == seat.room) {
                room.empty_since = Some(now);
            }
        }
    }

    /// The others see someone go.
    fn vanish(&mut self, at: usize, out: &mut Heards) {
        let entry = self.entry(at);
        let Some(here) = self.seats[at].here.take() else { return };
        let room = self.seats[at].room.clone();
        if here.is_announced {
            for other in self.present(&room).filter(|other| other.takes_events) {
                out.push((other.client.clone(), Heard::Left(entry.clone())));
            }
        }
        self.tell_roster(&room, |_| true, out);
    }

    fn present(&self, room: &RoomId) -> impl Iterator<Item = &ModelSeat> {
        self.seats.iter().filter(move |seat| &seat.room == room && seat.here.is_some())
    }

    fn entry(&self, at: usize) -> Entry {
        self.entry_of(&self.seats[at])
    }

    fn entry_of(&self, seat: &ModelSeat) -> Entry {
        Entry {
            id: seat.client.to_string(),
            name: seat.name.clone(),
            takes_events: seat.takes_events,
            unstable: seat.here.as_ref().is_some_and(|here| here.is_unstable),
            role: self.role(&seat.room, &seat.client).to_owned(),
        }
    }

    pub(crate) fn roster(&self, room: &RoomId) -> Vec<Entry> {
        self.present(room).map(|seat| self.entry_of(seat)).collect()
    }

    fn tell_roster(&mut self, room: &RoomId, to: impl Fn(&ModelSeat) -> bool, out: &mut Heards) {
        let roster = self.roster(room);
        for seat in self.seats.iter_mut().filter(|seat| &seat.room == room && seat.here.is_some()) {
            if to(seat) {
                out.push((seat.client.clone(), Heard::Roster(roster.clone())));
                seat.here.as_mut().expect("present").roster_due = None;
            }
        }
    }
}
