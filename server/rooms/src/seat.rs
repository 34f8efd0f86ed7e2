//! One seat: who holds it and whether anybody sits there.

use std::time::{Duration, Instant};

use protocol::{Capability, ClientId, ClientInfo, Knock, NameError, OfferForm, Profile, Role, RoomSettings, Username};

use crate::bucket::{Bucket, Rate};
use crate::{AddressMark, Config, SessionId};

/// A participant's place in a room: a lease until someone connects, then the connection.
#[derive(Debug)]
pub(crate) struct Seat {
    pub(crate) client: ClientId,
    pub(crate) session: SessionId,
    pub(crate) presence: Presence,
    /// The role that a join token gives while the seat lasts.
    pub(crate) granted: Role,
    /// Where its holder comes from, for a ban.
    pub(crate) mark: AddressMark,
    username: Username,
    capabilities: Vec<Capability>,
    offers: Option<OfferForm>,
    messages: Bucket,
    texts: Bucket,
    /// When the holder was last told that it says too much.
    scolded: Option<Instant>,
}

#[derive(Debug)]
pub(crate) enum Presence {
    Reserved(Lease),
    Connected(Link),
}

/// A promise to keep the seat free for its holder.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Lease {
    pub(crate) until: Instant,
    /// The holder had the seat before and took it again: what its earlier self still says no longer counts.
    pub(crate) renewed: bool,
}

/// The open channel of the holder.
#[derive(Debug)]
pub(crate) struct Link {
    /// The last frame.
    heard: Instant,
    /// The last sign of life of the connection itself.
    alive: Instant,
    /// The clients with `events` know of the newcomer.
    pub(crate) announced: bool,
    /// Its first profile has come.
    pub(crate) introduced: bool,
    pub(crate) unstable: bool,
    /// The holder took the seat again while connected; its new connection is awaited until then.
    pub(crate) renewal: Option<Instant>,
    /// The `room-settings` that were sent last.
    pub(crate) told_settings: Option<RoomSettings>,
    /// The list of those who knock that was sent last.
    pub(crate) told_knocking: Vec<Knock>,
    /// A `room-info` that is held back until then.
    pub(crate) owed_info: Option<Instant>,
}

/// What the passing of time means for a seat.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Nothing yet.
    Same,
    /// Nobody connected in time.
    Expired,
    /// Connected and silent for long.
    Unstable,
    /// Connected and silent for too long.
    Gone,
    /// The `room-info` that was held back goes out now.
    InfoDue,
}

impl Seat {
    pub(crate) fn new(
        client: ClientId,
        session: SessionId,
        offers: Option<OfferForm>,
        until: Instant,
        now: Instant,
    ) -> Self {
        Self {
            client,
            session,
            presence: Presence::Reserved(Lease { until, renewed: false }),
            granted: Role::Guest,
            mark: AddressMark::default(),
            username: Username::default(),
            capabilities: Vec::new(),
            offers,
            messages: Bucket::full(now),
            texts: Bucket::full(now),
            scolded: None,
        }
    }

    /// The holder asked for the seat again: a reloaded page, or a program that lost its connection.
    pub(crate) fn renew(&mut self, offers: Option<OfferForm>, until: Instant) {
        self.offers = offers;
        match &mut self.presence {
            Presence::Reserved(lease) => *lease = Lease { until, renewed: true },
            Presence::Connected(link) => link.renewal = Some(until),
        }
    }

    /// The holder's channel is open. What it can do is asked anew; its name stays.
    pub(crate) fn connect(&mut self, now: Instant) {
        self.capabilities.clear();
        self.presence = Presence::Connected(Link {
            heard: now,
            alive: now,
            announced: false,
            introduced: false,
            unstable: false,
            renewal: None,
            told_settings: None,
            told_knocking: Vec::new(),
            owed_info: None,
        });
    }

    pub(crate) fn link(&self) -> Option<&Link> {
        match &self.presence {
            Presence::Reserved(_) => None,
            Presence::Connected(link) => Some(link),
        }
    }

    pub(crate) fn link_mut(&mut self) -> Option<&mut Link> {
        match &mut self.presence {
            Presence::Reserved(_) => None,
            Presence::Connected(link) => Some(link),
        }
    }

    pub(crate) fn is_connected(&self) -> bool {
        self.link().is_some()
    }

    /// Does it understand `joined`, `left` and `unstable`? A client of an earlier version does not.
    pub(crate) fn takes_events(&self) -> bool {
        self.capabilities.contains(&Capability::Events)
    }

    /// A client of this version. It has introduced itself.
    pub(crate) fn is_ours(&self) -> bool {
        !self.capabilities.is_empty()
    }

    pub(crate) fn understands(&self, capability: &Capability) -> bool {
        self.capabilities.contains(capability)
    }

    pub(crate) fn username(&self) -> &Username {
        &self.username
    }

    /// What it is called until it says so itself.
    pub(crate) fn set_name(&mut self, name: Username) {
        self.username = name;
    }

    /// How the others see it. What role it has, the room knows.
    pub(crate) fn info(&self, role: Role) -> ClientInfo {
        ClientInfo {
            id: self.client.clone(),
            username: self.username.as_str().to_owned(),
            capabilities: self.capabilities.clone(),
            offers: if self.capabilities.is_empty() { self.offers } else { None },
            unstable: self.link().is_some_and(|link| link.unstable),
            role,
        }
    }

    /// Takes over what the profile says. An empty name or list keeps the present one, and so does a name that is refused.
    pub(crate) fn apply(&mut self, profile: Profile) -> Result<(), NameError> {
        if !profile.capabilities.is_empty() {
            self.capabilities = bounded(profile.capabilities);
        }
        if !profile.username.is_empty() {
            self.username = Username::parse(&profile.username)?;
        }
        Ok(())
    }

    /// Notes that the holder said something. True: it was thought unstable.
    pub(crate) fn hear(&mut self, now: Instant) -> bool {
        let Some(link) = self.link_mut() else { return false };
        link.heard = now;
        std::mem::take(&mut link.unstable)
    }

    pub(crate) fn note_alive(&mut self, now: Instant) {
        if let Some(link) = self.link_mut() {
            link.alive = now;
        }
    }

    pub(crate) fn may_speak(&mut self, config: &Config, now: Instant) -> bool {
        self.messages.take(Rate::per_second(config.messages), now)
    }

    pub(crate) fn may_write(&mut self, config: &Config, now: Instant) -> bool {
        self.texts.take(Rate::per_second(config.texts), now)
    }

    /// Who floods the server is told so once a second, not once a frame.
    pub(crate) fn may_be_scolded(&mut self, now: Instant) -> bool {
        const PAUSE: Duration = Duration::from_secs(1);
        let may = self.scolded.is_none_or(|last| now >= last + PAUSE);
        if may {
            self.scolded = Some(now);
        }
        may
    }

    /// When [`Self::fate`] may change next.
    pub(crate) fn due(&self, config: &Config) -> Instant {
        match &self.presence {
            Presence::Reserved(lease) => lease.until,
            Presence::Connected(link) => {
                let silence = if self.takes_events() && !link.unstable {
                    link.heard + config.silence_unstable.min(config.silence_gone)
                } else {
                    self.gone_at(link, config)
                };
                link.owed_info.map_or(silence, |owed| owed.min(silence))
            }
        }
    }

    pub(crate) fn fate(&self, config: &Config, now: Instant) -> Fate {
        match &self.presence {
            Presence::Reserved(lease) if now >= lease.until => Fate::Expired,
            Presence::Reserved(_) => Fate::Same,
            Presence::Connected(link) if now >= self.gone_at(link, config) => Fate::Gone,
            Presence::Connected(link) if link.owed_info.is_some_and(|owed| now >= owed) => Fate::InfoDue,
            Presence::Connected(link) => {
                let silent = self.takes_events() && now >= link.heard + config.silence_unstable;
                if silent && !link.unstable { Fate::Unstable } else { Fate::Same }
            }
        }
    }

    /// A client with `events` must say something; of one without, the connection's own life counts too.
    fn gone_at(&self, link: &Link, config: &Config) -> Instant {
        let last = if self.takes_events() { link.heard } else { link.heard.max(link.alive) };
        last + config.silence_gone
    }

    /// The lease that is left when the link ends, if the holder has asked for the seat again meanwhile.
    pub(crate) fn renewed_lease(&self, now: Instant) -> Option<Lease> {
        match &self.presence {
            Presence::Reserved(lease) => lease.renewed.then_some(*lease),
            Presence::Connected(link) => {
                link.renewal.filter(|&until| until > now).map(|until| Lease { until, renewed: true })
            }
        }
    }
}

/// Everyone in the room is told what a client claims to understand: a few short words of it.
fn bounded(mut capabilities: Vec<Capability>) -> Vec<Capability> {
    const COUNT: usize = 16;
    const BYTES: usize = 32;
    capabilities.retain(|capability| match capability {
        Capability::Other(name) => name.len() <= BYTES,
        Capability::Events
        | Capability::Trickle
        | Capability::Renegotiation
        | Capability::MediaState
        | Capability::View
        | Capability::Moderation
        | Capability::Chat => true,
    });
    capabilities.sort();
    capabilities.dedup();
    capabilities.truncate(COUNT);
    capabilities
}
