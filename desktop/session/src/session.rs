//! The session: the public face of the core.

mod frames;
mod order;
mod settle;

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use protocol::{Address, Capability, ClientId, DeleteText, ErrorId, ErrorNotice, Message, Profile, Text};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha12Rng;

use crate::chat::{EarlyLines, Lines, WallClock, Way, read_line, write_line};
use crate::connection::Turn;
use crate::history::History;
use crate::link::{Duty, Link};
use crate::outbox::Outbox;
use crate::peer::Loss;
use crate::peers::Peers;
use crate::roster::Roster;
use crate::{Command, Config, Effect, Event, JoinFailure, Joined, Participant, PeerEvent, PeerKey, Status};

/// After a return, whoever the server does not list is kept this long while the connection to it lives.
const RETURN_GRACE: Duration = Duration::from_secs(15);
/// A server of ours says `left` and `joined` of someone who returns on a new link. A connection that works is kept this
/// long between the two.
const TAKEOVER_GRACE: Duration = Duration::from_secs(1);

/// One participant in one room.
#[derive(Debug)]
pub struct Session {
    config: Config,
    clock: WallClock,
    rng: ChaCha12Rng,
    link: Link,
    outbox: Outbox,
    /// Our own id, as far as it is known.
    me: Option<ClientId>,
    /// What we were called before, on a server that gives another id on every return and lists the old one for a while.
    former: BTreeSet<ClientId>,
    /// `me` was said on this link.
    is_me_certain: bool,
    roster: Roster,
    lines: Lines,
    early: EarlyLines,
    /// Lines wait until those who were here before are back to hear them.
    is_holding_lines: bool,
    history: History,
    /// The room keeps chat lines.
    keeps_history: bool,
    /// The person knows that someone has to open.
    is_knocking: bool,
    /// The roster that was last shown.
    shown: Vec<Participant>,
    peers: Peers,
    generation: u32,
    /// The server knows our name.
    is_named: bool,
    n_pings: u64,
}

impl Session {
    /// Begins with [`Effect::Join`]. `seed` is for the jitter of delays.
    pub fn new(config: Config, seed: [u8; 32], now: Instant) -> Self {
        let mut outbox = Outbox::new(now);
        outbox.push(Effect::Join);
        outbox.event(Event::Status(Status::Joining));
        Self {
            clock: WallClock::new(config.epoch),
            config,
            rng: ChaCha12Rng::from_seed(seed),
            link: Link::new(),
            outbox,
            me: None,
            former: BTreeSet::new(),
            is_me_certain: false,
            roster: Roster::default(),
            lines: Lines::default(),
            early: EarlyLines::default(),
            is_holding_lines: true,
            history: History::default(),
            keeps_history: false,
            is_knocking: false,
            shown: Vec::new(),
            peers: Peers::default(),
            generation: 0,
            is_named: false,
            n_pings: 0,
        }
    }

    pub fn handle_command(&mut self, command: Command, now: Instant) {
        match command {
            _ if self.link.is_ended() => {}
            Command::Say { to, text } => self.say(to, text, now),
            Command::EditText { id, text } => self.edit_text(id, text, now),
            Command::DeleteText(id) => self.ask(&Message::DeleteText(DeleteText { id }), now),
            Command::LoadEarlier { before } => self.load_earlier(before, now),
            Command::Moderate(wish) => self.ask(&Message::Moderate(wish), now),
            Command::SetMedia(media) => self.config.media = media,
            Command::ShowAt { client, view } => self.peers.set_view(&client, view),
            Command::SetUsername(username) => {
                self.config.username = username;
                self.is_named = false;
            }
            Command::Leave => self.leave(now),
        }
        self.settle(now);
    }

    /// The answer to [`Effect::Join`].
    pub fn handle_join_result(&mut self, result: Result<Joined, JoinFailure>, now: Instant) {
        if !self.link.is_joining() {
            return;
        }
        match result {
            Ok(joined) => self.seated(joined, now),
            Err(JoinFailure::Refused(notice)) if self.is_final(&notice.id) => {
                self.end(Status::Refused(notice), now);
            }
            Err(JoinFailure::Knocking { retry_after }) => self.knock(retry_after, now),
            Err(JoinFailure::Refused(notice)) => self.lose_link(notice.message, now),
            Err(JoinFailure::Unreachable(reason)) => self.lose_link(reason, now),
        }
        self.settle(now);
    }

    /// The data channel to the server is open.
    pub fn handle_link_up(&mut self, now: Instant) {
        if !self.link.is_connecting() {
            return;
        }
        self.link.up(now);
        self.outbox.open(now);
        self.roster.begin_link();
        self.history.begin_link();
        self.early.begin_link();
        self.is_named = false;
        self.send(Address::GroundControl, &Message::Greeting("Hello, ground control".into()), now);
        if self.link.ours {
            // The ICE servers come before the list of people, whose connections need them.
            self.send(Address::GroundControl, &Message::GetIceServers, now);
            self.introduce(now);
        }
        self.ping(now);
        self.send(Address::GroundControl, &Message::GetRoomInfo, now);
        self.settle(now);
    }

    /// The data channel could not be opened, or is closed.
    pub fn handle_link_down(&mut self, reason: String, now: Instant) {
        if self.link.is_connecting() || self.link.is_up() {
            self.lose_link(reason, now);
            self.settle(now);
        }
    }

    /// One text frame from the server.
    pub fn handle_frame(&mut self, frame: &str, now: Instant) {
        if self.link.is_up() {
            self.link.heard(now);
            self.read_frame(frame, now);
            self.settle(now);
        }
    }

    /// Something happened on a peer connection. What a closed one reports is ignored.
    pub fn handle_peer(&mut self, peer: PeerKey, event: PeerEvent, now: Instant) {
        let loss = self.with_peers(now, |peers, turn| peers.handle_event(&peer, event, turn)).flatten();
        self.mourn(loss);
        self.settle(now);
    }

    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some(duty) = self.link.due(now) {
            match duty {
                Duty::Join => self.outbox.push(Effect::Join),
                Duty::Ping => self.ping(now),
                Duty::AskAgain => self.send(Address::GroundControl, &Message::GetRoomInfo, now),
                Duty::GiveUp(reason) => {
                    self.outbox.push(Effect::HangUp);
                    self.lose_link(reason.to_owned(), now);
                }
            }
        }
        self.outbox.release(now);
        if self.link.is_in_room() {
            let losses = self.with_peers(now, |peers, turn| peers.handle_timeout(turn)).unwrap_or_default();
            self.mourn(losses);
        }
        self.settle(now);
    }

    /// What to do next; ask until `None`.
    pub fn poll_effect(&mut self) -> Option<Effect> {
        self.outbox.poll()
    }

    /// When to call [`handle_timeout`](Self::handle_timeout), unless something else happens before.
    pub fn poll_timeout(&self) -> Option<Instant> {
        let everywhere = self.link.deadline().into_iter().chain(self.outbox.next_release());
        if !self.link.is_in_room() {
            return everywhere.min();
        }
        everywhere.chain(self.peers.deadline()).chain(self.roster.missing().map(|(_, until)| until)).min()
    }

    fn seated(&mut self, joined: Joined, now: Instant) {
        let first = self.link.is_first_try();
        self.link.seated(joined.ours, now);
        self.is_knocking = false;
        self.is_me_certain = false;
        if let Some(me) = joined.client_id {
            self.learn_me(me, now);
        }
        self.outbox.push(Effect::Connect);
        if first {
            self.outbox.event(Event::Status(Status::Connecting));
        }
    }

    fn knock(&mut self, retry_after: Duration, now: Instant) {
        self.link.knocks(retry_after, now);
        if !std::mem::replace(&mut self.is_knocking, true) {
            self.outbox.event(Event::Status(Status::Knocking));
        }
    }

    /// We are `me` on this link. Under another id than before we are someone new, and nobody's connection is ours.
    fn learn_me(&mut self, me: ClientId, now: Instant) {
        if self.me.as_ref().is_some_and(|before| *before != me) {
            self.with_peers(now, |peers, turn| peers.remove_all(turn));
            self.roster.clear();
            self.former.extend(self.me.take());
        }
        self.former.remove(&me);
        self.me = Some(me);
        self.is_me_certain = true;
    }

    /// A refusal that another try will not change.
    fn is_final(&self, id: &ErrorId) -> bool {
        match id {
            ErrorId::ShuttingDown | ErrorId::Internal => false,
            // Whoever comes for the first time has typed too many wrong passwords; whoever returns waits its turn.
            ErrorId::TooMany => !self.link.was_in_room_before(),
            _ => true,
        }
    }

    /// Tells the server our name and what we understand.
    fn introduce(&mut self, now: Instant) {
        let capabilities = if self.link.ours { Capability::ours() } else { Vec::new() };
        let profile = Profile { username: self.config.username.as_str().to_owned(), capabilities };
        self.send(Address::GroundControl, &Message::Profile(profile), now);
        self.is_named = true;
    }

    fn ping(&mut self, now: Instant) {
        self.n_pings += 1;
        self.send(Address::GroundControl, &Message::Ping(self.n_pings.into()), now);
    }

    fn say(&mut self, to: Address, text: String, now: Instant) {
        let key = self.link.ours.then(|| self.rng.random());
        let line = write_line(&self.config.username, text, self.clock.at(now), key);
        if let Err(error) = line.check() {
            return self.notice(ErrorId::InvalidText, error.to_string());
        }
        let known = match &to {
            Address::GroundControl => false,
            Address::Room => true,
            Address::Client(client) => self.roster.get(client).is_some(),
        };
        if !known {
            return self.notice(ErrorId::UnknownReceiver, "whom this line is for is not in the room");
        }
        if self.link.ours {
            self.lines.said(to.clone(), line.clone());
            if !self.is_holding_lines {
                self.send(to, &Message::Text(line), now);
            }
            return;
        }
        if !self.link.is_in_room() {
            return self.notice(ErrorId::Other("offline".into()), "the line was not sent: the server is away");
        }
        if let Address::Client(client) = &to {
            // A server of an earlier version does not promise to echo a private line.
            self.show_own_line(&line, Way { to: Some(client.clone()), id: None }, now);
        }
        self.send(to, &Message::Text(line), now);
    }

    fn show_own_line(&mut self, line: &Text, way: Way, now: Instant) {
        if let Some(me) = self.me.clone() {
            let line = read_line(line, me, self.config.username.as_str(), true, way, self.clock.at(now));
            self.outbox.event(Event::Chat(line));
        }
    }

    fn notice(&mut self, id: ErrorId, message: impl Into<String>) {
        self.outbox.event(Event::Notice(ErrorNotice::new(id, message)));
    }

    fn leave(&mut self, now: Instant) {
        if self.link.is_up() {
            self.with_peers(now, |peers, turn| peers.say_bye(turn));
            self.outbox.send_last(Address::GroundControl, &Message::Bye);
        }
        if self.link.is_up() || self.link.is_connecting() {
            self.outbox.push(Effect::HangUp);
        }
        self.end(Status::Left, now);
    }

    /// It is over: `status` says why.
    fn end(&mut self, status: Status, now: Instant) {
        self.with_peers(now, |peers, turn| peers.remove_all(turn));
        self.outbox.close();
        self.link.end();
        self.outbox.event(Event::Status(status));
    }

    fn lose_link(&mut self, reason: String, now: Instant) {
        let (attempt, retry_at) = self.link.lost(&mut self.rng, now);
        self.is_knocking = false;
        self.outbox.close();
        self.is_holding_lines = true;
        self.with_peers(now, |peers, turn| peers.handle_link_down(turn));
        self.outbox.event(Event::Status(Status::Reconnecting { attempt, retry_at, reason }));
    }

    fn send(&mut self, receiver: Address, message: &Message, now: Instant) {
        self.outbox.send(receiver, message, now);
    }

    /// `None` as long as we do not know who we are.
    fn with_peers<R>(&mut self, now: Instant, f: impl FnOnce(&mut Peers, &mut Turn) -> R) -> Option<R> {
        let me = self.me.as_ref()?;
        let (out, rng, generation) = (&mut self.outbox, &mut self.rng, &mut self.generation);
        Some(f(&mut self.peers, &mut Turn { me, now, out, rng, generation }))
    }

    /// The server says that it is gone. With a connection that works it may be on its way back.
    fn depart(&mut self, client: &ClientId, now: Instant) {
        if self.link.ours && self.peers.is_connected(client) {
            self.roster.keep(client, now + TAKEOVER_GRACE);
        } else {
            self.forget(client, now);
        }
    }

    fn forget(&mut self, client: &ClientId, now: Instant) {
        if self.me.as_ref() != Some(client) {
            self.roster.leave(client);
            self.with_peers(now, |peers, turn| peers.remove(client, turn));
        }
    }

    /// A server of an earlier version lists an abrupt leaver for minutes: the dead connection decides who is shown.
    fn mourn(&mut self, losses: impl IntoIterator<Item = Loss>) {
        for loss in losses {
            if !self.link.ours {
                self.roster.presume_gone(&loss.client, loss.since);
            }
        }
    }
}
