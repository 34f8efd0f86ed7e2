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
    /// `None`: it only listens.
    pub talk_every: Option<Duration>,
}

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
            next_text: habits.talk_every.map(|every| now + every.mul_f64(phase)),
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
        if let (Some(every), Some(at)) = (self.habits.talk_every, self.next_text)
            && at <= now
        {
            // What came too late is not caught up with: the rate is what was asked for, or less.
            self.next_text = Some((at + every).max(now));
            if notes.is_hushed {
                return Ok(());
            }
            notes.tally.texts_sent += 1;
            let text = "One line of chat, about as long as people write them.".to_owned();
            self.say(Address::Room, &Message::Text(Text { from: String::new(), time: 0.0, text, key: None }))?;
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
            "text" => notes.tally.texts_heard += 1,
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
