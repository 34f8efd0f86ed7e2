//! Everyone else in the room, as ends of connections.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use protocol::{Address, Capability, ClientId, ClientInfo, MediaState, Message, View};

use crate::connection::Turn;
use crate::peer::{Loss, Peer};
use crate::roster::Roster;
use crate::{PeerEvent, PeerKey};

/// A newcomer that was announced offers within this time, or else we do.
const OFFER_EXPECTED: Duration = Duration::from_secs(5);
/// A server of an earlier version lists newcomers whose page still asks for the camera: an offer would come too early.
const OFFER_EXPECTED_EARLIER: Duration = Duration::from_secs(20);

#[derive(Debug, Default)]
pub(crate) struct Peers {
    peers: BTreeMap<ClientId, Peer>,
    /// How high pictures are shown, also of those who are away for a moment.
    views: BTreeMap<ClientId, View>,
}

impl Peers {
    pub(crate) fn get_mut(&mut self, client: &ClientId) -> Option<&mut Peer> {
        self.peers.get_mut(client)
    }

    /// The peer `client`, at first without a connection.
    pub(crate) fn entry(&mut self, client: &ClientId, now: Instant) -> &mut Peer {
        self.peers
            .entry(client.clone())
            .or_insert_with(|| Peer::new(client.clone(), None, now + OFFER_EXPECTED_EARLIER))
    }

    /// Takes what the server says of everyone. Those who came since our own arrival offer by themselves.
    pub(crate) fn update(&mut self, roster: &Roster, me: &ClientId, now: Instant) {
        for info in roster.others(me) {
            self.entry(&info.id, now).update(info.clone());
        }
    }

    /// We have come (back): offers to everyone in `roster` without a standing connection.
    ///
    /// On a server of ours whoever is not introduced yet comes at this very moment, later than we: it will offer.
    pub(crate) fn call_everyone(&mut self, roster: &Roster, introduces: bool, turn: &mut Turn) {
        let missing: BTreeSet<&ClientId> = roster.missing().map(|(client, _)| client).collect();
        for (client, peer) in &mut self.peers {
            if introduces && !peer.is_introduced() {
                peer.expect_offer(turn.now + OFFER_EXPECTED);
            } else if !missing.contains(client) {
                peer.call(turn);
            }
        }
    }

    /// The server announced a newcomer, perhaps one whom we know from before.
    pub(crate) fn announced(&mut self, info: ClientInfo, now: Instant) {
        let offer_at = now + OFFER_EXPECTED;
        match self.peers.get_mut(&info.id) {
            Some(peer) => peer.rejoined(info, offer_at),
            None => {
                self.peers.insert(info.id.clone(), Peer::new(info.id.clone(), Some(info), offer_at));
            }
        }
    }

    pub(crate) fn remove(&mut self, client: &ClientId, turn: &mut Turn) {
        if let Some(mut peer) = self.peers.remove(client) {
            peer.close(turn);
        }
    }

    pub(crate) fn remove_all(&mut self, turn: &mut Turn) {
        for (_, mut peer) in std::mem::take(&mut self.peers) {
            peer.close(turn);
        }
    }

    /// Our last words to each.
    pub(crate) fn say_bye(&self, turn: &mut Turn) {
        for (client, _) in self.peers.iter().filter(|(_, peer)| peer.is_linked()) {
            turn.out.send_last(Address::Client(client.clone()), &Message::Bye);
        }
    }

    pub(crate) fn handle_event(&mut self, key: &PeerKey, event: PeerEvent, turn: &mut Turn) -> Option<Loss> {
        self.peers.get_mut(&key.client)?.handle_event(key.generation, event, turn)
    }

    pub(crate) fn handle_link_down(&mut self, turn: &mut Turn) {
        for peer in self.peers.values_mut() {
            peer.handle_link_down(turn);
        }
    }

    pub(crate) fn handle_timeout(&mut self, turn: &mut Turn) -> Vec<Loss> {
        self.peers.values_mut().filter_map(|peer| peer.handle_timeout(turn)).collect()
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.peers.values().filter_map(Peer::deadline).min()
    }

    pub(crate) fn is_living(&self, client: &ClientId) -> bool {
        self.peers.get(client).is_some_and(Peer::is_living)
    }

    pub(crate) fn is_connected(&self, client: &ClientId) -> bool {
        self.peers.get(client).is_some_and(Peer::is_connected)
    }

    pub(crate) fn is_any_making_offer(&self) -> bool {
        self.peers.values().any(Peer::is_making_offer)
    }

    pub(crate) fn set_view(&mut self, client: &ClientId, view: View) {
        self.views.insert(client.clone(), view);
    }

    /// Whom to tell how high its picture is shown: those who understand it and know it otherwise. They count as told.
    pub(crate) fn tell_views(&mut self) -> Vec<(ClientId, View)> {
        let mut told = Vec::new();
        for (client, peer) in &mut self.peers {
            let Some(&view) = self.views.get(client) else { continue };
            if peer.is_capable_of(&Capability::View) && peer.told_view.replace(view) != Some(view) {
                told.push((client.clone(), view));
            }
        }
        told
    }

    /// Whom to tell `media`: those who understand it and were not told yet. They count as told from now on.
    pub(crate) fn tell_media(&mut self, media: MediaState) -> Option<Address> {
        let mut untold: Vec<(&ClientId, &mut Peer)> = self
            .peers
            .iter_mut()
            .filter(|(_, peer)| peer.is_capable_of(&Capability::MediaState) && peer.told != Some(media))
            .collect();
        for (_, peer) in &mut untold {
            peer.told = Some(media);
        }
        match untold.as_slice() {
            [] => None,
            [(client, _)] => Some(Address::Client((*client).clone())),
            _ => Some(Address::Room),
        }
    }
}
