//! What opens a room: passwords that change, invites, join tokens.

use std::time::Instant;

use protocol::{ClientId, History, Role, RoomId, api};
use rooms::{InviteHash, InviteId, NewInvite, Pass, RoomError};

use super::{Heards, Model, ModelRoom};

pub(super) struct ModelInvite {
    hash: InviteHash,
    role: Role,
    created_s: u64,
    expires_s: Option<u64>,
    uses: Option<u32>,
}

impl ModelInvite {
    fn is_good(&self, now_s: u64) -> bool {
        self.expires_s.is_none_or(|expires_s| now_s < expires_s)
    }

    fn shown(&self) -> api::Invite {
        api::Invite {
            id: InviteId::from(&self.hash).to_string(),
            expires: self.expires_s,
            uses_left: self.uses,
            role: self.role,
            created: self.created_s,
        }
    }
}

impl ModelRoom {
    /// Every password that the room had at some moment since then.
    pub(crate) fn passwords_since(&self, since: Instant) -> impl Iterator<Item = Option<&str>> {
        let earlier = self.earlier_passwords.iter().filter(move |(until, _)| *until >= since);
        earlier.map(|(_, password)| password.as_deref()).chain([self.password.as_deref()])
    }

    pub(crate) fn admits(&self, hash: &InviteHash, now_s: u64) -> bool {
        self.invites.iter().any(|invite| invite.hash == *hash && invite.is_good(now_s))
    }

    pub(crate) fn history(&self) -> History {
        match (self.keeps, self.hours) {
            (false, _) => History::None,
            (true, None) => History::Forever,
            (true, Some(hours)) => History::Hours(hours),
        }
    }

    /// Lines from before this time are not to be had.
    pub(crate) fn oldest_ms(&self, now_ms: u64) -> u64 {
        match (self.keeps, self.hours) {
            (false, _) => u64::MAX,
            (true, None) => 0,
            (true, Some(hours)) => now_ms - u64::from(hours) * 3_600_000,
        }
    }
}

impl Model {
    pub(crate) fn set_password(&mut self, id: &RoomId, password: Option<String>, now: Instant) -> Heards {
        for room in self.rooms.iter_mut().filter(|room| &room.id == id) {
            let before = std::mem::replace(&mut room.password, password.clone());
            room.earlier_passwords.push((now, before));
        }
        self.tell_notices()
    }

    pub(crate) fn invite(
        &mut self,
        id: &RoomId,
        by: &ClientId,
        wish: &NewInvite,
        now_s: u64,
    ) -> Result<api::Invite, RoomError> {
        let rank = self.rank(id, by);
        let room = self.rooms.iter_mut().find(|room| &room.id == id).ok_or(RoomError::UnknownRoom)?;
        if rank < 1 || (wish.role == Role::Moderator && rank < 2) {
            return Err(RoomError::Forbidden);
        }
        room.invites.retain(|invite| invite.is_good(now_s));
        let expires_s = wish.expires_in.map(|lasts| now_s + lasts.as_secs());
        let invite = ModelInvite { hash: wish.hash, role: wish.role, created_s: now_s, expires_s, uses: wish.uses };
        let shown = invite.shown();
        room.invites.push(invite);
        Ok(shown)
    }

    pub(crate) fn revoke(&mut self, id: &RoomId, by: &ClientId, invite: &InviteId) -> Result<(), RoomError> {
        let rank = self.rank(id, by);
        let room = self.rooms.iter_mut().find(|room| &room.id == id).ok_or(RoomError::UnknownRoom)?;
        if rank < 1 {
            return Err(RoomError::Forbidden);
        }
        let at = room.invites.iter().position(|known| InviteId::from(&known.hash) == *invite);
        room.invites.remove(at.ok_or(RoomError::InvalidInvite)?);
        Ok(())
    }

    pub(crate) fn invites(&self, id: &RoomId, by: &ClientId, now_s: u64) -> Result<Vec<api::Invite>, RoomError> {
        let room = self.room(id).ok_or(RoomError::UnknownRoom)?;
        if self.rank(id, by) < 1 {
            return Err(RoomError::Forbidden);
        }
        Ok(room.invites.iter().filter(|invite| invite.is_good(now_s)).map(ModelInvite::shown).collect())
    }

    /// Someone has a seat, and showed this for it.
    pub(crate) fn take_pass(&mut self, id: &RoomId, client: &ClientId, pass: Pass, is_new: bool) -> Heards {
        let mut out = Vec::new();
        let rank = self.rank(id, client);
        self.give_for(id, client, pass, is_new);
        if self.rank(id, client) != rank && self.present(id).any(|seat| &seat.client == client) {
            self.tell_roster(id, |seat| seat.takes_events, &mut out);
            out.extend(self.tell_notices());
        }
        out
    }

    fn give_for(&mut self, id: &RoomId, client: &ClientId, pass: Pass, is_new: bool) {
        let is_seat = |room: &RoomId, of: &ClientId| room == id && of == client;
        let Some(room) = self.rooms.iter_mut().find(|room| &room.id == id) else { return };
        match pass {
            Pass::Invite(hash) if is_new => {
                let Some(at) = room.invites.iter().position(|invite| invite.hash == hash) else { return };
                let invite = &mut room.invites[at];
                let is_guest = room.owner.as_ref() != Some(client) && !room.moderators.contains(client);
                if invite.role == Role::Moderator && is_guest {
                    room.moderators.push(client.clone());
                }
                invite.uses = invite.uses.map(|uses| uses - 1);
                if invite.uses == Some(0) {
                    room.invites.remove(at);
                }
            }
            Pass::Token(Role::Owner) if room.owner.is_none() => {
                room.moderators.retain(|moderator| moderator != client);
                room.owner = Some(client.clone());
            }
            Pass::Token(role) => {
                for seat in self.seats.iter_mut().filter(|seat| is_seat(&seat.room, &seat.client)) {
                    seat.granted = usize::from(role != Role::Guest);
                }
            }
            Pass::Invite(_) | Pass::None => {}
        }
    }
}
