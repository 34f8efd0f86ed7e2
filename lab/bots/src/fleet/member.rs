//! What one member of the fleet says and waits for.

use std::time::{Duration, Instant};

use anyhow::Result;
use protocol::{Address, Capability, ClientId, Envelope, Message, Profile, Text};
use serde_json::json;
use tokio::sync::oneshot;

use super::connection::Connection;
use super::tally::Notes;

/// What a member does once it is there.
#[derive(Debug, Clone, Copy)]
pub struct Habits {
    pub ping_every: Duration,
    pub talk: Talk,
}

/// What a member writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Talk {
    Never,
    Every(Duration),
    /// The next line as soon as the last one is back: as many as the server takes.
    OnEcho,
    /// Rubbish of every kind, so many frames a second, whatever the server says.
    Flood {
        per_second: u32,
    },
}

impl Talk {
    fn every(self) -> Option<Duration> {
        match self {
            Self::Never => None,
            Self::Every(every) => Some(every),
            // Should a line be lost to a limit, the member does not fall silent.
            Self::OnEcho => Some(ECHO_MAX),
            Self::Flood { .. } => Some(FLOOD_EVERY),
        }
    }
}

/// No echo takes this long.
const ECHO_MAX: Duration = Duration::from_secs(5);
/// A flood comes in waves of this distance.
const FLOOD_EVERY: Duration = Duration::from_millis(5);

/// One member, connected or on its way.
pub(super) struct Member {
    pub connection: Box<Connection>,
    client: ClientId,
    habits: Habits,
    started: Instant,
    /// Told of the first `room-info`.
    teller: Option<oneshot::Sender<Duration>>,
    is_open: bool,
    next_ping: Instant,
    /// The ping that has no answer yet.
    pinged: Option<Instant>,
    next_text: Option<Instant>,
    /// When the last line was said.
    said: Option<Instant>,
    flooded: usize,
}

impl Member {
    /// `phase`, between 0 and 1, spreads the members over their habits' periods.
    pub(super) fn new(
        connection: Box<Connection>,
        client: ClientId,
        habits: Habits,
        phase: f64,
        started: Instant,
        teller: oneshot::Sender<Duration>,
    ) -> Self {
        let now = Instant::now();
        Self {
            connection,
            client,
            habits,
            started,
            teller: Some(teller),
            is_open: false,
            next_ping: now + habits.ping_every.mul_f64(phase),
            pinged: None,
            next_text: habits.talk.every().map(|every| now + every.mul_f64(phase)),
            said: None,
            flooded: 0,
        }
    }

    pub(super) fn wake(&self) -> Instant {
        let wake = self.connection.wake();
        match self.is_open {
            false => wake,
            true => wake.min(self.next_ping).min(self.next_text.unwrap_or(wake)),
        }
    }

    pub(super) fn handle_timeout(&mut self, now: Instant, notes: &mut Notes) -> Result<()> {
        if self.connection.wake() <= now {
            self.connection.handle_timeout(now)?;
        }
        if !self.is_open {
            return Ok(());
        }
        if self.next_ping <= now {
            self.next_ping = now + self.habits.ping_every;
            // One that was not answered until now counts with the time that it waited so far.
            if let Some(since) = self.pinged.replace(now) {
                notes.tally.overdue_pings += 1;
                notes.tally.pings.push(now - since);
            }
            self.say(Address::GroundControl, &Message::Ping(json!(null)))?;
        }
        let (Some(every), Some(at)) = (self.habits.talk.every(), self.next_text) else { return Ok(()) };
        if now < at {
            return Ok(());
        }
        // What came too late is not caught up with: the rate is what was asked for, or less.
        self.next_text = Some((at + every).max(now));
        match self.habits.talk {
            _ if notes.is_hushed => Ok(()),
            Talk::Never | Talk::Every(_) | Talk::OnEcho => self.talk(now, notes),
            Talk::Flood { per_second } => self.flood((every * per_second).as_secs() as usize, notes),
        }
    }

    fn talk(&mut self, now: Instant, notes: &mut Notes) -> Result<()> {
        notes.tally.texts_sent += 1;
        self.said = Some(now);
        let text = "One line of chat, about as long as people write them.".to_owned();
        self.say(Address::Room, &Message::Text(Text { from: String::new(), time: 0.0, text, key: None }))
    }

    fn flood(&mut self, frames: usize, notes: &mut Notes) -> Result<()> {
        for _ in 0..frames {
            let (is_binary, bytes) = rubbish(self.flooded);
            // A full buffer is the server's defence at work.
            if !self.connection.offer(is_binary, &bytes)? {
                break;
            }
            self.flooded += 1;
            notes.tally.rubbish += 1;
        }
        Ok(())
    }

    pub(super) fn handle_opened(&mut self) -> Result<()> {
        self.is_open = true;
        let profile = Profile { username: "Member".to_owned(), capabilities: Capability::ours() };
        self.say(Address::GroundControl, &Message::Profile(profile))?;
        self.say(Address::GroundControl, &Message::GetRoomInfo)
    }

    pub(super) fn handle_frame(&mut self, frame: &[u8], now: Instant, notes: &mut Notes) -> Result<()> {
        let envelope = Envelope::parse(frame)?;
        match envelope.kind.as_str() {
            "pong" => {
                if let Some(since) = self.pinged.take() {
                    notes.tally.pings.push(now - since);
                }
            }
            "text" => {
                notes.tally.texts_heard += 1;
                let is_mine = envelope.sender == Some(Address::Client(self.client.clone()));
                if let Some(said) = self.said.take_if(|_| is_mine) {
                    notes.tally.echoes.push(now - said);
                    if self.habits.talk == Talk::OnEcho {
                        self.next_text = Some(now + ECHO_MAX);
                        self.talk(now, notes)?;
                    }
                }
            }
            "room-info" => {
                if let Some(teller) = self.teller.take() {
                    // Nobody may be waiting for it any more.
                    let _ = teller.send(now - self.started);
                }
            }
            "left" => {
                let bye = envelope.data["id"].as_str().and_then(|id| notes.byes.get(&ClientId::new(id)));
                notes.tally.departures.extend(bye.map(|at| now - *at));
            }
            "error" => notes.tally.errors += 1,
            _ => {}
        }
        Ok(())
    }

    pub(super) fn say_bye(&mut self, now: Instant, notes: &mut Notes) -> Result<()> {
        notes.byes.insert(self.client.clone(), now);
        self.say(Address::GroundControl, &Message::Bye)
    }

    fn say(&mut self, to: Address, message: &Message) -> Result<()> {
        self.connection.send(&Envelope::new(None, to, message).to_json())
    }
}

/// Frame number `n` of a flood: everything that nobody should send.
fn rubbish(n: usize) -> (bool, Vec<u8>) {
    match n % 5 {
        0 => (false, br#"{"receiver":"ground control","type":"ping","data":1}"#.to_vec()),
        1 => (false, vec![b'['; 4096]),
        2 => (false, br#"{"receiver":"room","receiver":"room","type":"text","type":"ping"}"#.to_vec()),
        3 => (false, b"\xff\xfe{\"receiver\":\"room\"}".to_vec()),
        _ => (true, vec![7; 1024]),
    }
}
