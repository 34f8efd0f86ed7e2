//! All connections: whose they are, which datagram is for which, and which one wants to be woken next.
//!
//! Nothing that happens for a datagram takes longer because there are more connections.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::net::{IpAddr, SocketAddr};
use std::time::Instant;

use protocol::ClientId;
use rooms::SessionId;

use super::admission::network_of;
use super::connection::{Connection, Happening};
use super::socket::{Datagram, Socket};
use super::stun;

/// A client whose address changes more often than this (it roams) loses the oldest: it only has to ask again.
const ADDRESSES_MAX: usize = 16;

/// One connection's name, never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ConnectionId(u64);

/// Every connection and the ways to find it.
#[derive(Default)]
pub(crate) struct Connections {
    next: u64,
    all: BTreeMap<ConnectionId, Entry>,
    by_fragment: HashMap<String, ConnectionId>,
    by_address: HashMap<SocketAddr, Route>,
    wakes: BTreeSet<(Instant, ConnectionId)>,
    /// The connection of each client whose channel opened last.
    open: BTreeMap<ClientId, ConnectionId>,
    /// The connection of each client that has no channel yet.
    pending: BTreeMap<ClientId, ConnectionId>,
    /// How many of these there are for each network that asked for them.
    half_open: BTreeMap<IpAddr, usize>,
    /// What happened and was not looked at yet.
    happenings: VecDeque<(ConnectionId, Happening)>,
}

struct Entry {
    connection: Connection,
    fragment: String,
    addresses: VecDeque<SocketAddr>,
    wake: Instant,
    counts_as_half_open: bool,
}

/// Where datagrams from an address belong.
struct Route {
    connection: ConnectionId,
    /// Which of our addresses the client talks to: answers leave from there.
    to: Option<IpAddr>,
}

impl Connections {
    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Connections that have no open channel yet.
    pub(crate) fn half_open_in_all(&self) -> usize {
        self.pending.len()
    }

    /// Connections without a channel: of the asker's network, and in all.
    pub(crate) fn half_open(&self, from: IpAddr) -> (usize, usize) {
        let of_asker = self.half_open.get(&network_of(from)).copied().unwrap_or(0);
        (of_asker, self.pending.len())
    }

    /// Takes in a new connection. An older one of the same client that never got a channel is given up for it.
    pub(crate) fn insert(&mut self, mut connection: Connection, socket: &Socket, now: Instant) -> ConnectionId {
        if let Some(stale) = self.pending.get(&connection.owner.client).copied() {
            self.with(stale, socket, Connection::shut_down);
        }
        let id = ConnectionId(self.next);
        self.next += 1;
        let fragment = connection.fragment();
        self.by_fragment.insert(fragment.clone(), id);
        self.pending.insert(connection.owner.client.clone(), id);
        *self.half_open.entry(network_of(connection.owner.from)).or_default() += 1;
        let entry = Entry { connection, fragment, addresses: VecDeque::new(), wake: now, counts_as_half_open: true };
        self.wakes.insert((now, id));
        self.all.insert(id, entry);
        // The engine counts time from what it is first told.
        self.with(id, socket, |connection| connection.handle_timeout(now));
        id
    }

    pub(crate) fn get(&self, id: ConnectionId) -> Option<&Connection> {
        self.all.get(&id).map(|entry| &entry.connection)
    }

    /// All that one session has made. Rarely asked.
    pub(crate) fn of_session(&self, session: &SessionId) -> Vec<ConnectionId> {
        let theirs = self.all.iter().filter(|(_, entry)| entry.connection.owner.session == *session);
        theirs.map(|(id, _)| *id).collect()
    }

    /// The connection on which `client` is spoken to.
    pub(crate) fn open_of(&self, client: &ClientId) -> Option<ConnectionId> {
        self.open.get(client).copied()
    }

    pub(crate) fn is_current(&self, id: ConnectionId) -> bool {
        self.get(id).is_some_and(|connection| self.open_of(&connection.owner.client) == Some(id))
    }

    /// Makes `id` the one on which its client is spoken to; hands out the one before it.
    pub(crate) fn make_current(&mut self, id: ConnectionId) -> Option<ConnectionId> {
        let client = self.get(id)?.owner.client.clone();
        self.open.insert(client, id).filter(|before| *before != id)
    }

    /// From now on nobody is spoken to on `id`.
    pub(crate) fn retire(&mut self, id: ConnectionId) {
        if self.is_current(id)
            && let Some(entry) = self.all.get(&id)
        {
            self.open.remove(&entry.connection.owner.client);
        }
    }

    /// Changes one connection and passes on everything that comes of it.
    pub(crate) fn with<T>(
        &mut self,
        id: ConnectionId,
        socket: &Socket,
        change: impl FnOnce(&mut Connection) -> T,
    ) -> Option<T> {
        let entry = self.all.get_mut(&id)?;
        let result = change(&mut entry.connection);
        let (by_address, mut news) = (&self.by_address, VecDeque::new());
        entry.connection.drain(
            |destination, contents| {
                let from =
                    by_address.get(&destination).filter(|route| route.connection == id).and_then(|route| route.to);
                socket.send(destination, from, contents);
            },
            &mut news,
        );
        self.happenings.extend(news.into_iter().map(|happening| (id, happening)));
        self.file(id);
        Some(result)
    }

    /// Brings the counters and the wake-up list in line with what became of a connection.
    fn file(&mut self, id: ConnectionId) {
        let Some(entry) = self.all.get_mut(&id) else { return };
        if entry.counts_as_half_open && !entry.connection.is_half_open() {
            entry.counts_as_half_open = false;
            let owner = &entry.connection.owner;
            if self.pending.get(&owner.client) == Some(&id) {
                self.pending.remove(&owner.client);
            }
            let network = network_of(owner.from);
            if let Some(count) = self.half_open.get_mut(&network) {
                *count -= 1;
                if *count == 0 {
                    self.half_open.remove(&network);
                }
            }
        }
        let wake = entry.connection.wake();
        if wake != entry.wake {
            self.wakes.remove(&(entry.wake, id));
            self.wakes.insert((wake, id));
            entry.wake = wake;
        }
    }

    /// Forgets a connection that is over.
    pub(crate) fn remove(&mut self, id: ConnectionId) -> Option<Connection> {
        self.retire(id);
        let entry = self.all.remove(&id)?;
        self.by_fragment.remove(&entry.fragment);
        self.wakes.remove(&(entry.wake, id));
        for address in &entry.addresses {
            if self.by_address.get(address).is_some_and(|route| route.connection == id) {
                self.by_address.remove(address);
            }
        }
        Some(entry.connection)
    }

    /// Hands a datagram to the connection that it is for. Gives that one's name if the datagram proves that its client
    /// lives: a check that is signed with what our answer said.
    pub(crate) fn handle_datagram(
        &mut self,
        datagram: &Datagram<'_>,
        socket: &Socket,
        now: Instant,
    ) -> Option<ConnectionId> {
        let Datagram { source, to, bytes } = *datagram;
        let check = stun::receiver_of(bytes).map(|fragment| self.by_fragment.get(fragment).copied());
        let id = match check {
            Some(addressed) => addressed?,
            None => self.by_address.get(&source)?.connection,
        };
        // An address is believed only after the check proved to be signed; its answer leaves from where it came to.
        if check.is_some() && !self.is_known(id, source, to) {
            if !self.all.get(&id)?.connection.accepts(source, to, bytes, now) {
                return None;
            }
            self.learn(id, source, to);
        }
        let accepted = self.with(id, socket, |connection| connection.handle_datagram(source, to, bytes, now))?;
        (accepted && check.is_some()).then_some(id)
    }

    fn is_known(&self, id: ConnectionId, source: SocketAddr, to: Option<IpAddr>) -> bool {
        self.by_address.get(&source).is_some_and(|route| route.connection == id && route.to == to)
    }

    /// Notes that `source` is an address of this connection.
    fn learn(&mut self, id: ConnectionId, source: SocketAddr, to: Option<IpAddr>) {
        let Some(entry) = self.all.get_mut(&id) else { return };
        entry.addresses.retain(|known| *known != source);
        entry.addresses.push_back(source);
        if entry.addresses.len() > ADDRESSES_MAX
            && let Some(oldest) = entry.addresses.pop_front()
            && self.by_address.get(&oldest).is_some_and(|route| route.connection == id)
        {
            self.by_address.remove(&oldest);
        }
        self.by_address.insert(source, Route { connection: id, to });
    }

    /// When [`Self::handle_timeout`] is due.
    pub(crate) fn wake(&self) -> Option<Instant> {
        self.wakes.first().map(|(at, _)| *at)
    }

    /// Wakes the connections whose time has come, and no others.
    pub(crate) fn handle_timeout(&mut self, socket: &Socket, now: Instant) {
        let due: Vec<_> = self.wakes.iter().take_while(|(at, _)| *at <= now).map(|(_, id)| *id).collect();
        for id in due {
            self.with(id, socket, |connection| connection.handle_timeout(now));
        }
    }

    /// The next thing that happened on a connection.
    pub(crate) fn poll(&mut self) -> Option<(ConnectionId, Happening)> {
        self.happenings.pop_front()
    }

    pub(crate) fn ids(&self) -> Vec<ConnectionId> {
        self.all.keys().copied().collect()
    }
}
