//! What the scripted program knows from before, and a server that cannot prove who it is.

use client::{Fingerprint, Untrusted};
use protocol::{ErrorId, ErrorNotice, Role, RoomId};
use url::Url;

use super::ScriptedRoom;
use crate::memory::{Known, KnownRoom, KnownServer, host};
use crate::{Command, Doubt, Event};

/// Shows a certificate that nobody vouches for.
const STRANGER: &str = "stranger.invalid";

pub(super) fn from_before() -> Known {
    let room = |server: &str, room: &str, role| {
        Some(KnownRoom { server: Url::parse(server).ok()?, room: RoomId::parse(room).ok()?, role, last: 0 })
    };
    let rooms = [
        room("http://127.0.0.1:5000", "demo", Role::Owner),
        room("https://chat.lan:5000", "Allotment society", Role::Moderator),
        room("http://127.0.0.1:5000", "quiet corner", Role::Guest),
    ];
    let fingerprint = Fingerprint::of(b"chat.lan");
    Known {
        rooms: rooms.into_iter().flatten().collect(),
        accounts: Vec::new(),
        servers: vec![KnownServer { host: "chat.lan:5000".to_owned(), fingerprint }],
    }
}

impl ScriptedRoom {
    /// What is asked about rooms and servers of before.
    pub(super) fn know(&mut self, command: Command) {
        let known = &mut self.known;
        match command {
            Command::ForgetRoom { server, room } => {
                known.rooms.retain(|known| known.room != room || known.server != server);
            }
            Command::Trust { server, fingerprint } => {
                let host = host(&server);
                known.servers.retain(|known| known.host != host);
                known.servers.insert(0, KnownServer { host, fingerprint });
                self.list();
            }
            Command::Distrust(host) => known.servers.retain(|known| known.host != host),
            _ => {}
        }
        self.events.push_back(Event::Known(self.known.clone()));
    }

    /// Why nothing is told to the server that one is at.
    pub(super) fn doubt(&self) -> Option<(Doubt, ErrorNotice)> {
        let server = self.server.clone().filter(|server| server.host_str() == Some(STRANGER))?;
        let (found, host) = (Fingerprint::of(STRANGER.as_bytes()), host(&server));
        let expected = self.known.servers.iter().find(|known| known.host == host).map(|known| known.fingerprint);
        if expected == Some(found) {
            return None;
        }
        let why = expected.is_none().then(|| "no authority that this system knows has issued it".to_owned());
        let untrusted = Untrusted { found, expected, why };
        let notice = ErrorNotice::new(ErrorId::Other(client::UNTRUSTED.to_owned()), untrusted.to_string());
        Some((Doubt { server, untrusted }, notice))
    }
}
