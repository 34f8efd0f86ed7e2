//! What the program knows from one run to the next: who it is in the rooms that it was in, the servers that the person
//! trusts, a name. It holds secrets and never shows them: neither in a log nor to the window.

mod accounts;
mod file;
mod keeper;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use client::Fingerprint;
use media::Processing;
use protocol::{Role, RoomId, Username};
use url::Url;

pub use file::{MemoryError, default_path};
pub use keeper::Keeper;

/// The rooms longest ago are forgotten when there are more.
const ROOMS_MAX: usize = 200;
/// The servers first trusted are forgotten when there are more.
const SERVERS_MAX: usize = 100;
/// The accounts last signed in to longest ago are forgotten when there are more.
const ACCOUNTS_MAX: usize = 100;

/// A room that one was in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownRoom {
    /// The server's root.
    pub server: Url,
    pub room: RoomId,
    /// What one was there last.
    pub role: Role,
    /// When one came in last, in seconds since 1970.
    pub last: u64,
}

/// An account that one is signed in with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownAccount {
    /// The server's root.
    pub server: Url,
    pub name: String,
}

impl KnownAccount {
    pub fn is_at(&self, server: &Url) -> bool {
        self.server.origin() == server.origin()
    }
}

/// A server that the person trusts because it has exactly this certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownServer {
    /// As in `chat.lan:5000`.
    pub host: String,
    pub fingerprint: Fingerprint,
}

/// What may be shown of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Known {
    /// The last one first.
    pub rooms: Vec<KnownRoom>,
    /// The last one first.
    pub servers: Vec<KnownServer>,
    /// The last one first, one at a server.
    pub accounts: Vec<KnownAccount>,
}

/// What stands for us in a room.
#[derive(Clone, PartialEq, Eq)]
struct Secret(String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// All of it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Contents {
    name: Option<Username>,
    /// The server that was looked at last.
    server: Option<Url>,
    /// What is done to the microphone's sound.
    processing: Option<Processing>,
    /// The last one first.
    rooms: Vec<(KnownRoom, Option<Secret>)>,
    /// The last one first.
    servers: Vec<KnownServer>,
    /// The last one first.
    accounts: Vec<(KnownAccount, Secret)>,
}

/// A handle; clones know the same. Changes are written down in the background, as long as there is a [`Keeper`].
#[derive(Debug, Clone, Default)]
pub struct Memory {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    /// Rings when there is something to write, or an end.
    bell: Condvar,
}

#[derive(Debug, Default)]
struct State {
    contents: Contents,
    /// For this run only.
    trusted_for_now: BTreeMap<String, Fingerprint>,
    /// How often the contents have changed.
    version: u64,
    is_closed: bool,
}

impl Memory {
    /// What stands for us in a room: where one was something before signing in, that; else the account.
    pub(crate) fn token(&self, server: &Url, room: &RoomId) -> Option<String> {
        let own = {
            let state = self.lock();
            let known = state.contents.rooms.iter().find(|(known, _)| is_at(known, server, room));
            known.and_then(|(known, secret)| Some((known.role, secret.as_ref()?.0.clone())))
        };
        match own {
            Some((role, token)) if role > Role::Guest => Some(token),
            own => self.account_token(server).or(own.map(|(_, token)| token)),
        }
    }

    /// One is in the room, or about to be; `now`: seconds since 1970.
    pub(crate) fn enter(&self, server: &Url, room: &RoomId, token: Option<String>, now: u64) {
        // The account's own is kept once: it changes with the password.
        let token = token.filter(|token| self.account_token(server).as_ref() != Some(token));
        self.change(|contents| {
            let before = contents.rooms.iter().position(|(known, _)| is_at(known, server, room));
            let before = before.map(|at| contents.rooms.remove(at));
            let role = before.as_ref().map_or(Role::Guest, |(known, _)| known.role);
            let secret = token.map(Secret).or_else(|| before.and_then(|(_, secret)| secret));
            let known = KnownRoom { server: root(server), room: room.clone(), role, last: now };
            contents.rooms.insert(0, (known, secret));
            contents.rooms.truncate(ROOMS_MAX);
        });
    }

    pub(crate) fn set_role(&self, server: &Url, room: &RoomId, role: Role) {
        self.change(|contents| {
            if let Some((known, _)) = contents.rooms.iter_mut().find(|(known, _)| is_at(known, server, room)) {
                known.role = role;
            }
        });
    }

    /// Whoever comes back into the room is a newcomer there.
    pub(crate) fn forget_room(&self, server: &Url, room: &RoomId) {
        self.change(|contents| contents.rooms.retain(|(known, _)| !is_at(known, server, room)));
    }

    /// The certificate that the server has to show, where the person has said so.
    pub(crate) fn trusted(&self, server: &Url) -> Option<Fingerprint> {
        let (state, host) = (self.lock(), host(server));
        let known = || state.contents.servers.iter().find(|known| known.host == host);
        state.trusted_for_now.get(&host).copied().or_else(|| known().map(|known| known.fingerprint))
    }

    /// From now on the server has to show exactly this certificate.
    pub(crate) fn trust(&self, server: &Url, fingerprint: Fingerprint) {
        let host = host(server);
        self.lock().trusted_for_now.remove(&host);
        self.change(|contents| {
            contents.servers.retain(|known| known.host != host);
            contents.servers.insert(0, KnownServer { host, fingerprint });
            contents.servers.truncate(SERVERS_MAX);
        });
    }

    /// As `trust`, for this run only.
    pub fn trust_for_now(&self, server: &Url, fingerprint: Fingerprint) {
        self.lock().trusted_for_now.insert(host(server), fingerprint);
    }

    pub(crate) fn distrust(&self, host: &str) {
        self.lock().trusted_for_now.remove(host);
        self.change(|contents| contents.servers.retain(|known| known.host != host));
    }

    pub fn name(&self) -> Option<Username> {
        self.lock().contents.name.clone()
    }

    pub(crate) fn set_name(&self, name: &Username) {
        self.change(|contents| contents.name = Some(name.clone()));
    }

    pub fn processing(&self) -> Option<Processing> {
        self.lock().contents.processing
    }

    pub(crate) fn set_processing(&self, processing: Processing) {
        self.change(|contents| contents.processing = Some(processing));
    }

    pub fn server(&self) -> Option<Url> {
        self.lock().contents.server.clone()
    }

    pub(crate) fn set_server(&self, server: &Url) {
        self.change(|contents| contents.server = Some(root(server)));
    }

    pub(crate) fn known(&self) -> Known {
        let state = self.lock();
        let rooms = state.contents.rooms.iter().map(|(known, _)| known.clone()).collect();
        let accounts = state.contents.accounts.iter().map(|(known, _)| known.clone()).collect();
        Known { rooms, servers: state.contents.servers.clone(), accounts }
    }

    fn change(&self, change: impl FnOnce(&mut Contents)) {
        let mut state = self.lock();
        let before = state.contents.clone();
        change(&mut state.contents);
        if state.contents != before {
            state.version += 1;
            self.shared.bell.notify_all();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.shared.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_at(known: &KnownRoom, server: &Url, room: &RoomId) -> bool {
    known.room == *room && known.server.origin() == server.origin()
}

fn root(server: &Url) -> Url {
    server.join("/").unwrap_or_else(|_| server.clone())
}

/// As in `chat.lan:5000`: what a certificate is trusted for.
pub fn host(server: &Url) -> String {
    let port = server.port_or_known_default().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}{port}", server.host_str().unwrap_or_default())
}
