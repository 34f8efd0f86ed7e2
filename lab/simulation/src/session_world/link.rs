//! Channels between people and the server: ordered, delayed, and cut now and then.

use std::time::{Duration, Instant};

use protocol::limits::{PING_EVERY, SERVER_SILENCE};
use protocol::{ClientId, Envelope};
use rand::RngExt;
use rand_chacha::ChaCha12Rng;

use super::{Happening, World};

/// The longest pause of a calm day.
const CALM_MS: u64 = (SERVER_SILENCE.as_millis() as u64 - PING_EVERY.as_millis() as u64) / 2 - 50;

/// How long a frame is on its way.
#[derive(Debug, Clone, Copy)]
pub enum Weather {
    Fast,
    Slow,
    /// Fast, with a pause of seconds now and then.
    Gusty,
}

impl Weather {
    pub(super) fn any(rng: &mut ChaCha12Rng) -> Self {
        match rng.random_range(0..3) {
            0 => Self::Fast,
            1 => Self::Slow,
            _ => Self::Gusty,
        }
    }

    /// `calm`: no pause is so long that a client gives its server up, whose ping and pong it delays both.
    fn delay(self, calm: bool, rng: &mut ChaCha12Rng) -> Duration {
        let millis = match self {
            Self::Fast => rng.random_range(1..30),
            Self::Slow => rng.random_range(20..400),
            Self::Gusty if rng.random_bool(0.03) => rng.random_range(500..if calm { CALM_MS } else { 4_000 }),
            Self::Gusty => rng.random_range(1..60),
        };
        Duration::from_millis(millis)
    }
}

/// One channel of one person.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) person: usize,
    pub(super) client: ClientId,
    /// Nothing gets through any more.
    pub(super) is_cut: bool,
    pub(super) is_open_at_client: bool,
    pub(super) is_open_at_server: bool,
    /// When the last frame of each direction arrives: the next one cannot overtake it.
    to_server_at: Instant,
    to_client_at: Instant,
}

impl World {
    pub(super) fn delay(&mut self) -> Duration {
        self.weather.delay(self.is_calm, &mut self.rng)
    }

    /// An offer has reached the server: its answer opens the channel.
    pub(super) fn dial(&mut self, person: usize, client: ClientId, attempt: u64) {
        let now = self.now;
        if !self.people[person].is_here() || self.people[person].dialling != attempt {
            return;
        }
        let Some(server) = self.server.as_mut().filter(|server| server.admits(&client)) else {
            return self.dial_failed(person);
        };
        server.handle_connected(&client, now);
        let link = self.links.len();
        let opens_at = now + self.delay();
        self.links.push(Link {
            person,
            client: client.clone(),
            is_cut: false,
            is_open_at_client: false,
            is_open_at_server: true,
            to_server_at: now,
            to_client_at: opens_at,
        });
        self.people[person].link = Some(link);
        if let Some(older) = self.channels.insert(client, link) {
            self.links[older].is_open_at_server = false;
            self.close_at_client(older, "a newer channel took over");
        }
        self.at(opens_at, Happening::ChannelOpen { link });
        self.drain_server();
    }

    pub(super) fn channel_open(&mut self, link: usize) {
        let person = self.links[link].person;
        if self.is_current(link) && !self.links[link].is_cut {
            self.links[link].is_open_at_client = true;
            self.link_up(person);
        }
    }

    pub(super) fn send_to_client(&mut self, client: &ClientId, frame: String) {
        let Some(&link) = self.channels.get(client) else { return };
        let at = (self.now + self.delay()).max(self.links[link].to_client_at);
        self.links[link].to_client_at = at;
        self.at(at, Happening::ToClient { link, frame });
    }

    pub(super) fn send_to_server(&mut self, person: usize, frame: String) {
        let Some(link) = self.people[person].link.filter(|link| self.links[*link].is_open_at_client) else { return };
        let at = (self.now + self.delay()).max(self.links[link].to_server_at);
        self.links[link].to_server_at = at;
        self.at(at, Happening::ToServer { link, frame });
    }

    pub(super) fn reach_server(&mut self, link: usize, frame: &str) {
        if self.links[link].is_cut || !self.links[link].is_open_at_server {
            return;
        }
        let client = self.links[link].client.clone();
        self.trace(|| format!("{client} → {}", summary(frame)));
        if let Some(server) = &mut self.server {
            server.handle_frame(&client, frame.as_bytes(), self.now);
            self.drain_server();
        }
    }

    pub(super) fn reach_client(&mut self, link: usize, frame: &str) {
        let person = self.links[link].person;
        if self.is_current(link) && self.links[link].is_open_at_client && !self.links[link].is_cut {
            self.trace(|| format!("        {} ← {}", self.links[link].client, summary(frame)));
            let is_muted = Envelope::parse(frame.as_bytes())
                .is_ok_and(|envelope| envelope.kind == "moderated" && envelope.data["action"] == "mute");
            if is_muted {
                self.people[person].media.microphone = false;
            }
            self.frame(person, frame);
        }
    }

    /// The client closes its end; the server hears of it once what was sent is out.
    pub(super) fn hang_up(&mut self, person: usize) {
        let Some(link) = self.people[person].link.take() else { return };
        self.links[link].is_open_at_client = false;
        if !self.links[link].is_cut {
            let at = (self.now + self.delay()).max(self.links[link].to_server_at);
            self.at(at, Happening::ClosedAtServer { link });
        }
    }

    pub(super) fn close_at_client(&mut self, link: usize, reason: &str) {
        let at = (self.now + self.delay()).max(self.links[link].to_client_at);
        self.at(at, Happening::ClosedAtClient { link, reason: reason.to_owned() });
    }

    pub(super) fn closed_at_server(&mut self, link: usize) {
        if std::mem::take(&mut self.links[link].is_open_at_server) {
            let client = self.links[link].client.clone();
            self.channels.remove(&client);
            if let Some(server) = &mut self.server {
                server.handle_disconnected(&client, self.now);
                self.drain_server();
            }
        }
    }

    pub(super) fn closed_at_client(&mut self, link: usize, reason: String) {
        let person = self.links[link].person;
        if self.is_current(link) && !self.links[link].is_cut {
            self.links[link].is_open_at_client = false;
            self.people[person].link = None;
            self.link_down(person, reason);
        }
    }

    /// The link breaks: everything on its way is lost.
    pub(super) fn cut(&mut self, person: usize, noticed: bool) {
        let Some(link) = self.people[person].link else { return };
        self.links[link].is_cut = true;
        if noticed {
            let delay = self.millis(0..3_000);
            self.after(delay, Happening::ClosedAtServer { link });
            self.links[link].is_open_at_client = false;
            self.people[person].link = None;
            self.link_down(person, "the link broke".into());
        }
    }

    /// The engine of the server hears from every channel that is not cut.
    pub(super) fn alive(&mut self) {
        let Some(server) = &mut self.server else { return };
        for link in self.channels.values().map(|link| &self.links[*link]).filter(|link| !link.is_cut) {
            if self.people[link.person].is_running {
                server.handle_alive(&link.client, self.now);
            }
        }
        self.drain_server();
    }

    fn is_current(&self, link: usize) -> bool {
        self.people[self.links[link].person].link == Some(link)
    }
}

/// For a trace: who says what to whom, without the SDP.
fn summary(frame: &str) -> String {
    let Ok(envelope) = Envelope::parse(frame.as_bytes()) else { return frame.to_owned() };
    let data: String = envelope.data.to_string().replace("\\r\\n", " ").chars().take(150).collect();
    let sender = envelope.sender.map(|sender| sender.as_str().to_owned()).unwrap_or_default();
    format!("{sender}→{} {} {data}", envelope.receiver.as_str(), envelope.kind)
}
