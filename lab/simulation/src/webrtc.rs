//! Peer connections as RFC 9429 and W3C WebRTC describe them, as far as a negotiation can tell: no packets, no media.
//!
//! A connection works when both ends hold each other's current description and at least one of them knows where to
//! reach the other. Whatever the state machine forbids is an error here.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use rand::RngExt;
use rand_chacha::ChaCha12Rng;

/// What an SDP says here: whose it is, which ICE credentials it has, and whether its candidates are in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Description {
    pub origin: u64,
    pub version: u64,
    pub ufrag: u64,
    pub complete: bool,
}

impl Description {
    pub fn to_sdp(&self) -> String {
        let Self { origin, version, ufrag, complete } = self;
        let end = if *complete { "a=end-of-candidates\r\n" } else { "" };
        format!(
            "v=0\r\no=- {origin} {version} IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n\
             a=fingerprint:sha-256 {origin:02X}\r\na=ice-ufrag:{ufrag}\r\n{end}"
        )
    }

    pub fn parse(sdp: &str) -> Option<Self> {
        let line = |prefix| sdp.lines().find_map(|line| line.strip_prefix(prefix));
        let mut origin = line("o=- ")?.split(' ');
        Some(Self {
            origin: origin.next()?.parse().ok()?,
            version: origin.next()?.parse().ok()?,
            ufrag: line("a=ice-ufrag:")?.parse().ok()?,
            complete: line("a=end-of-candidates").is_some(),
        })
    }
}

/// What the state machine forbids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrongState(pub String);

/// What a connection reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Report {
    Connected,
    Disconnected,
    Failed,
    Closed,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Signaling {
    Stable,
    HaveLocalOffer(Description),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ice {
    Idle,
    Checking {
        up_at: Instant,
    },
    Up,
    /// Nothing is heard; reported at the first time, given up at the second.
    Lost {
        report_at: Option<Instant>,
        fail_at: Instant,
    },
    /// The other side has closed; noticed then.
    Closing {
        at: Instant,
    },
    Over,
}

#[derive(Debug)]
struct Connection {
    owner: usize,
    version: u64,
    signaling: Signaling,
    local: Option<Description>,
    remote: Option<Description>,
    /// When the present pair of descriptions was complete.
    agreed_at: Instant,
    /// Credentials of the other side for which a candidate is known.
    reachable: BTreeSet<u64>,
    /// A description of another connection was set: DTLS will not have it.
    is_broken: bool,
    ice: Ice,
}

/// How two people reach each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Path {
    Closed,
    /// ICE credentials of before that time are of no use.
    Open {
        only_since: Option<Instant>,
    },
}

/// Every peer connection in the world.
#[derive(Debug, Default)]
pub struct Network {
    connections: BTreeMap<u64, Connection>,
    /// Those that their owner has closed, as opposed to those whose owner vanished; and who that was.
    closed: BTreeMap<u64, usize>,
    last_id: u64,
}

impl Network {
    pub fn open(&mut self, owner: usize, now: Instant) -> u64 {
        self.last_id += 1;
        let connection = Connection {
            owner,
            version: 0,
            signaling: Signaling::Stable,
            local: None,
            remote: None,
            agreed_at: now,
            reachable: BTreeSet::new(),
            is_broken: false,
            ice: Ice::Idle,
        };
        self.connections.insert(self.last_id, connection);
        self.last_id
    }

    pub fn close(&mut self, id: u64) {
        if let Some(connection) = self.connections.remove(&id) {
            self.closed.insert(id, connection.owner);
        }
    }

    /// Its owner is gone without a word.
    pub fn vanish(&mut self, owner: usize) {
        self.connections.retain(|_, connection| connection.owner != owner);
    }

    pub fn is_stable(&self, id: u64) -> bool {
        self.connections.get(&id).is_some_and(|connection| connection.signaling == Signaling::Stable)
    }

    /// Creates an offer and sets it.
    pub fn offer(&mut self, id: u64, ice_restart: bool, complete: bool) -> Result<Description, WrongState> {
        let fresh = self.next_id();
        let connection = self.get(id)?;
        if connection.signaling != Signaling::Stable {
            return Err(WrongState(format!("offer in {:?}", connection.signaling)));
        }
        let ufrag = connection.local.as_ref().filter(|_| !ice_restart).map_or(fresh, |local| local.ufrag);
        connection.version += 1;
        let offer = Description { origin: id, version: connection.version, ufrag, complete };
        connection.signaling = Signaling::HaveLocalOffer(offer.clone());
        Ok(offer)
    }

    pub fn rollback(&mut self, id: u64) -> Result<(), WrongState> {
        let connection = self.get(id)?;
        match connection.signaling {
            Signaling::Stable => Err(WrongState("rollback in stable".into())),
            Signaling::HaveLocalOffer(_) => {
                connection.signaling = Signaling::Stable;
                Ok(())
            }
        }
    }

    /// Sets a remote offer, creates an answer and sets it.
    pub fn answer(&mut self, id: u64, offer: &str, complete: bool, now: Instant) -> Result<Description, WrongState> {
        let offer = Description::parse(offer).ok_or_else(|| WrongState(format!("not an offer: {offer:?}")))?;
        let fresh = self.next_id();
        let connection = self.get(id)?;
        if connection.signaling != Signaling::Stable {
            return Err(WrongState(format!("remote offer in {:?}", connection.signaling)));
        }
        let is_restart = connection.remote.as_ref().is_none_or(|remote| remote.ufrag != offer.ufrag);
        let ufrag = connection.local.as_ref().filter(|_| !is_restart).map_or(fresh, |local| local.ufrag);
        connection.version += 1;
        let answer = Description { origin: id, version: connection.version, ufrag, complete };
        connection.agree(answer.clone(), offer, now);
        Ok(answer)
    }

    pub fn take_answer(&mut self, id: u64, answer: &str, now: Instant) -> Result<(), WrongState> {
        let answer = Description::parse(answer).ok_or_else(|| WrongState(format!("not an answer: {answer:?}")))?;
        let connection = self.get(id)?;
        match connection.signaling.clone() {
            Signaling::Stable => Err(WrongState("remote answer in stable".into())),
            Signaling::HaveLocalOffer(offer) => {
                connection.signaling = Signaling::Stable;
                connection.agree(offer, answer, now);
                Ok(())
            }
        }
    }

    /// A candidate of the other side's credentials `ufrag`. One of others is of no use and no error.
    pub fn add_candidate(&mut self, id: u64, ufrag: u64) {
        if let Ok(connection) = self.get(id) {
            connection.reachable.insert(ufrag);
        }
    }

    /// The other end, if both ends agree on each other.
    pub fn partner(&self, id: u64) -> Option<u64> {
        let here = self.connections.get(&id)?;
        let (local, remote) = (here.local.as_ref()?, here.remote.as_ref()?);
        let there = self.connections.get(&remote.origin)?;
        let agreed = there.local.as_ref()?.ufrag == remote.ufrag && there.remote.as_ref()?.ufrag == local.ufrag;
        let found = here.reaches(remote) || there.reaches(local);
        let sound = !here.is_broken && !there.is_broken && there.remote.as_ref()?.origin == id;
        (agreed && found && sound).then_some(remote.origin)
    }

    /// Which connections of `owner` work, and with whom.
    pub fn working(&self, owner: usize) -> Vec<usize> {
        let own = self.connections.iter().filter(|(_, connection)| connection.owner == owner);
        let up = own.filter(|(_, connection)| connection.ice == Ice::Up);
        up.filter_map(|(id, _)| Some(self.connections[&self.partner(*id)?].owner)).collect()
    }

    /// Whether both ends of a working connection know where to reach the other, and not only one of them.
    pub fn is_well_known(&self, owner: usize, other: usize) -> bool {
        self.connections.iter().filter(|(_, connection)| connection.owner == owner).any(|(id, here)| {
            let there = self.partner(*id).map(|partner| &self.connections[&partner]);
            there.is_some_and(|there| {
                let knows = |one: &Connection, other: &Connection| other.local.as_ref().is_some_and(|l| one.reaches(l));
                there.owner == other && knows(here, there) && knows(there, here)
            })
        })
    }

    pub fn n_open(&self, owner: usize) -> usize {
        self.connections.values().filter(|connection| connection.owner == owner).count()
    }

    /// Does what is due by now and tells what each connection reports.
    pub fn advance(
        &mut self,
        now: Instant,
        rng: &mut ChaCha12Rng,
        path: impl Fn(usize, usize) -> Path,
    ) -> Vec<(u64, Report)> {
        let ids: Vec<u64> = self.connections.keys().copied().collect();
        let mut reports = Vec::new();
        for id in ids {
            let works = self.works(id, &path);
            let other_closed = self.other_closed(id, &path);
            let Some(connection) = self.connections.get_mut(&id) else { continue };
            let (ice, report) = connection.ice.advance(works, other_closed, now, rng);
            connection.ice = ice;
            reports.extend(report.map(|report| (id, report)));
        }
        reports
    }

    pub fn deadline(&self) -> Option<Instant> {
        self.connections.values().filter_map(|connection| connection.ice.deadline()).min()
    }

    fn works(&self, id: u64, path: impl Fn(usize, usize) -> Path) -> bool {
        let Some(partner) = self.partner(id) else { return false };
        let (here, there) = (&self.connections[&id], &self.connections[&partner]);
        if there.ice == Ice::Over {
            return false;
        }
        match path(here.owner, there.owner) {
            Path::Closed => false,
            Path::Open { only_since } => {
                only_since.is_none_or(|since| here.agreed_at >= since && there.agreed_at >= since)
            }
        }
    }

    fn other_closed(&self, id: u64, path: impl Fn(usize, usize) -> Path) -> bool {
        let Some(here) = self.connections.get(&id) else { return false };
        let closer = here.remote.as_ref().and_then(|remote| self.closed.get(&remote.origin));
        closer.is_some_and(|there| path(here.owner, *there) != Path::Closed)
    }

    fn get(&mut self, id: u64) -> Result<&mut Connection, WrongState> {
        self.connections.get_mut(&id).ok_or_else(|| WrongState(format!("connection {id} is closed")))
    }

    fn next_id(&mut self) -> u64 {
        self.last_id += 1;
        self.last_id
    }
}

impl Connection {
    fn agree(&mut self, local: Description, remote: Description, now: Instant) {
        self.is_broken |= self.remote.as_ref().is_some_and(|before| before.origin != remote.origin);
        if remote.complete {
            self.reachable.insert(remote.ufrag);
        }
        if self.local.as_ref().is_none_or(|before| before.ufrag != local.ufrag) {
            self.agreed_at = now;
        }
        (self.local, self.remote) = (Some(local), Some(remote));
    }

    fn reaches(&self, remote: &Description) -> bool {
        self.reachable.contains(&remote.ufrag)
    }
}

impl Ice {
    fn advance(self, works: bool, other_closed: bool, now: Instant, rng: &mut ChaCha12Rng) -> (Self, Option<Report>) {
        let soon = |rng: &mut ChaCha12Rng, max| now + Duration::from_millis(rng.random_range(5..max));
        match self {
            Self::Over => (Self::Over, None),
            Self::Closing { at } if now >= at => (Self::Over, Some(Report::Closed)),
            Self::Closing { .. } => (self, None),
            Self::Up if other_closed => (Self::Closing { at: soon(rng, 400) }, None),
            Self::Lost { report_at, .. } if works => (Self::Up, report_at.is_none().then_some(Report::Connected)),
            Self::Idle if works => (Self::Checking { up_at: soon(rng, 700) }, None),
            Self::Idle => (Self::Idle, None),
            Self::Checking { .. } if !works => (Self::Idle, None),
            Self::Checking { up_at } if now >= up_at => (Self::Up, Some(Report::Connected)),
            Self::Checking { .. } => (self, None),
            Self::Up if works => (Self::Up, None),
            Self::Up => {
                let report_at = now + Duration::from_millis(rng.random_range(4_000..7_000));
                let fail_at = report_at + Duration::from_millis(rng.random_range(9_000..26_000));
                (Self::Lost { report_at: Some(report_at), fail_at }, None)
            }
            Self::Lost { report_at: Some(at), fail_at } if now >= at => {
                (Self::Lost { report_at: None, fail_at }, Some(Report::Disconnected))
            }
            Self::Lost { fail_at, .. } if now >= fail_at => (Self::Over, Some(Report::Failed)),
            Self::Lost { .. } => (self, None),
        }
    }

    fn deadline(self) -> Option<Instant> {
        match self {
            Self::Idle | Self::Up | Self::Over => None,
            Self::Checking { up_at } => Some(up_at),
            Self::Closing { at } => Some(at),
            Self::Lost { report_at, fail_at } => Some(report_at.unwrap_or(fail_at)),
        }
    }
}
