//! People: those with a session of ours, and those with a page of an earlier version.

use std::time::{Duration, Instant};

use protocol::{ClientId, MediaState, OfferForm, Username};
use rand::RngExt;
use session::{Command, Config, JoinFailure, Joined, PeerEvent, PeerKey, Session};

use super::page::{Page, Version};
use super::shell::Shell;
use super::{Happening, Plan, World};

/// What someone comes with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Session,
    PageOne,
    PageTwo,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Presence {
    Here,
    Left,
    Vanished,
}

pub(super) enum Body {
    Session(Box<Shell>),
    Page(Page),
}

/// One person. What is told on every visit stays the same on a server of ours.
pub struct Person {
    /// The id on a server of ours.
    home: ClientId,
    /// The id at the moment.
    pub(super) client: ClientId,
    pub(super) name: String,
    pub(super) media: MediaState,
    /// Every line that the person said to the room.
    pub(super) said: Vec<String>,
    pub(super) presence: Presence,
    /// Its machine is on: its connections can be reached.
    pub(super) is_running: bool,
    pub(super) link: Option<usize>,
    /// Which dialling counts.
    pub(super) dialling: u64,
    pub(super) body: Body,
}

impl Person {
    pub fn is_here(&self) -> bool {
        self.presence == Presence::Here
    }

    /// The session's shell and all that it has shown.
    pub fn shell(&self) -> Option<&Shell> {
        match &self.body {
            Body::Session(shell) => Some(shell),
            Body::Page(_) => None,
        }
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.shell().filter(|_| self.is_here()).and_then(|shell| shell.session.poll_timeout())
    }
}

impl World {
    pub(super) fn come(&mut self, kind: Kind) {
        let number = self.people.len();
        let client = ClientId::new(format!("{:04x}-{number}", self.rng.random_range(0..0x1_0000)));
        let name = format!("P{number}");
        let media = MediaState { microphone: self.rng.random(), camera: true, screen: false, hand: false };
        let body = match kind {
            Kind::PageOne => Body::Page(Page::new(Version::One)),
            Kind::PageTwo => Body::Page(Page::new(Version::Two)),
            Kind::Session => {
                let username = Username::parse(&name).expect("a sound name");
                let config = Config { username, media, epoch: (self.now, 1_700_000_000_000) };
                let seed = self.rng.random();
                Body::Session(Box::new(Shell::new(Session::new(config, seed, self.now))))
            }
        };
        self.people.push(Person {
            home: client.clone(),
            client,
            name,
            media,
            said: Vec::new(),
            presence: Presence::Here,
            is_running: true,
            link: None,
            dialling: 0,
            body,
        });
        match kind {
            Kind::Session => self.drain(number),
            Kind::PageOne | Kind::PageTwo => self.ask_for_seat(number, Duration::ZERO),
        }
    }

    pub(super) fn ask_for_seat(&mut self, person: usize, pause: Duration) {
        let delay = pause + self.delay();
        self.after(delay, Happening::Seat { person });
    }

    pub(super) fn start_dialling(&mut self, person: usize) {
        self.people[person].dialling += 1;
        let client = self.people[person].client.clone();
        let delay = self.delay();
        let attempt = self.people[person].dialling;
        self.after(delay, Happening::Dial { person, client, attempt });
    }

    /// The wish for a seat has reached the server, if there is one.
    pub(super) fn seat(&mut self, person: usize) {
        let now = self.now;
        if !self.people[person].is_here() {
            return;
        }
        let offers = match &self.people[person].body {
            Body::Session(_) => None,
            Body::Page(page) => Some(page.form()),
        };
        let home = self.people[person].home.clone();
        let seat = self.server.as_mut().and_then(|server| server.seat(person, &home, offers, now));
        if let Some(client) = &seat {
            self.people[person].client = client.clone();
        }
        let is_page = self.is_page(person);
        match (seat, is_page) {
            (Some(_), true) => self.start_dialling(person),
            (None, true) => self.ask_for_seat(person, Duration::from_secs(2)),
            (seat, false) => {
                let ours = self.plan != Plan::Classic;
                let result = match seat {
                    Some(client) => Ok(Joined { client_id: ours.then_some(client), ours }),
                    None => Err(JoinFailure::Unreachable("nobody answers".into())),
                };
                self.with_session(person, |session| session.handle_join_result(result, now));
            }
        }
    }

    pub(super) fn dial_failed(&mut self, person: usize) {
        let now = self.now;
        if self.is_page(person) {
            self.ask_for_seat(person, Duration::from_secs(2));
        } else {
            self.with_session(person, |session| session.handle_link_down("the offer was refused".into(), now));
        }
    }

    pub(super) fn link_up(&mut self, person: usize) {
        let now = self.now;
        if self.is_page(person) {
            self.page_link_up(person);
        } else {
            self.with_session(person, |session| session.handle_link_up(now));
        }
    }

    pub(super) fn link_down(&mut self, person: usize, reason: String) {
        let now = self.now;
        if self.is_page(person) {
            // Such a page does not come back by itself.
            self.page_close_all(person);
            self.people[person].presence = Presence::Left;
        } else {
            self.with_session(person, |session| session.handle_link_down(reason, now));
        }
    }

    pub(super) fn frame(&mut self, person: usize, frame: &str) {
        let now = self.now;
        if self.is_page(person) {
            self.page_frame(person, frame);
        } else {
            self.with_session(person, |session| session.handle_frame(frame, now));
        }
    }

    pub(super) fn tick(&mut self, person: usize) {
        let now = self.now;
        self.with_session(person, |session| {
            session.handle_timeout(now);
            assert!(session.poll_timeout().is_none_or(|at| at > now), "time moves forward");
        });
    }

    pub(super) fn command(&mut self, person: usize, command: Command) {
        let now = self.now;
        self.with_session(person, |session| session.handle_command(command, now));
    }

    pub(super) fn leave(&mut self, person: usize) {
        if !self.people[person].is_here() {
            return;
        }
        if self.is_page(person) {
            self.page_leave(person);
        } else {
            self.command(person, Command::Leave);
        }
        self.people[person].presence = Presence::Left;
    }

    pub(super) fn vanish(&mut self, person: usize) {
        if !self.people[person].is_here() {
            return;
        }
        self.people[person].presence = Presence::Vanished;
        self.people[person].is_running = false;
        self.network.vanish(person);
        if let Some(link) = self.people[person].link.take() {
            self.links[link].is_cut = true;
        }
    }

    pub(super) fn peer_event(&mut self, connection: u64, event: PeerEvent) {
        let now = self.now;
        let owner = self.people.iter().enumerate().find_map(|(person, it)| {
            let key = it.shell()?.key_of(connection)?;
            Some((person, key))
        });
        if let Some((person, key)) = owner {
            self.trace(|| format!("{} {key:?} {event:?}", self.people[person].name));
            self.with_session(person, |session| session.handle_peer(key, event, now));
        }
    }

    pub(super) fn late_report(&mut self, person: usize, key: PeerKey, event: PeerEvent) {
        let now = self.now;
        self.with_session(person, |session| session.handle_peer(key, event, now));
    }

    fn with_session(&mut self, person: usize, f: impl FnOnce(&mut Session)) {
        let Some(it) = self.people.get_mut(person).filter(|it| it.is_here()) else { return };
        if let Body::Session(shell) = &mut it.body {
            f(&mut shell.session);
            self.drain(person);
        }
    }
}

impl Page {
    fn form(&self) -> OfferForm {
        match self.version() {
            Version::One => OfferForm::String,
            Version::Two => OfferForm::Object,
        }
    }
}
