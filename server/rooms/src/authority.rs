//! Who may do what in a room, who may not come in, and what opens it.

use std::time::Duration;

use protocol::limits::{BANS, INVITES, MODERATORS};
use protocol::{ClientId, Role};

use crate::ids::{AddressMark, InviteHash, InviteId};
use crate::record::{BanRecord, InviteRecord};
use crate::{NewInvite, RoomError};

/// An invite lasts a year at most.
const INVITE_LASTS_MAX: Duration = Duration::from_hours(24 * 366);

/// Roles, bans and invites of one room.
#[derive(Debug, Clone, Default)]
pub(crate) struct Authority {
    pub(crate) owner: Option<ClientId>,
    /// In the order of their naming.
    pub(crate) moderators: Vec<ClientId>,
    /// The oldest first.
    pub(crate) bans: Vec<BanRecord>,
    /// The oldest first.
    pub(crate) invites: Vec<InviteRecord>,
}

impl Authority {
    /// The role that the room gives a client, seated or not.
    pub(crate) fn role_of(&self, client: &ClientId) -> Role {
        if self.owner.as_ref() == Some(client) {
            Role::Owner
        } else if self.moderators.contains(client) {
            Role::Moderator
        } else {
            Role::Guest
        }
    }

    /// Makes a guest a moderator. Twice is once.
    pub(crate) fn promote(&mut self, client: &ClientId) -> Result<(), RoomError> {
        if self.role_of(client) != Role::Guest {
            return Ok(());
        }
        if self.moderators.len() >= MODERATORS {
            return Err(RoomError::TooManyInRoom { what: "moderators", limit: MODERATORS });
        }
        self.moderators.push(client.clone());
        Ok(())
    }

    /// True: it was a moderator.
    pub(crate) fn demote(&mut self, client: &ClientId) -> bool {
        let count = self.moderators.len();
        self.moderators.retain(|other| other != client);
        self.moderators.len() < count
    }

    /// Another one owns the room; the owner so far becomes a moderator.
    pub(crate) fn hand_over(&mut self, to: &ClientId) {
        if self.owner.as_ref() == Some(to) {
            return;
        }
        self.demote(to);
        if let Some(before) = self.owner.replace(to.clone()) {
            // Where the list is full the owner so far becomes a guest.
            drop(self.promote(&before));
        }
    }

    /// May this one not come in? A ban of an address spares those who keep order.
    pub(crate) fn bans(&self, client: &ClientId, mark: AddressMark) -> bool {
        let spares_address = self.role_of(client) >= Role::Moderator;
        self.bans.iter().any(|ban| &ban.client == client || (!spares_address && ban.address == Some(mark)))
    }

    /// Bans a client; a second ban of the same one takes the place of the first. It loses its role.
    pub(crate) fn ban(&mut self, ban: BanRecord) -> Result<(), RoomError> {
        self.bans.retain(|other| other.client != ban.client);
        if self.bans.len() >= BANS {
            return Err(RoomError::TooManyInRoom { what: "bans", limit: BANS });
        }
        self.demote(&ban.client);
        if self.owner.as_ref() == Some(&ban.client) {
            self.owner = None;
        }
        self.bans.push(ban);
        Ok(())
    }

    /// True: it was banned.
    pub(crate) fn unban(&mut self, client: &ClientId) -> bool {
        let count = self.bans.len();
        self.bans.retain(|ban| &ban.client != client);
        self.bans.len() < count
    }

    pub(crate) fn invite(&mut self, invite: &NewInvite, now_s: u64) -> Result<InviteRecord, RoomError> {
        if invite.role == Role::Owner {
            return Err(RoomError::OutOfRange { what: "the role of an invite", wanted: "guest or moderator" });
        }
        if invite.uses == Some(0) {
            return Err(RoomError::OutOfRange { what: "the uses of an invite", wanted: "at least 1" });
        }
        if invite.expires_in.is_some_and(|lasts| lasts.is_zero() || lasts > INVITE_LASTS_MAX) {
            return Err(RoomError::OutOfRange { what: "the life of an invite", wanted: "1 second to 366 days" });
        }
        self.forget_expired(now_s);
        if self.invites.len() >= INVITES {
            return Err(RoomError::TooManyInRoom { what: "invites", limit: INVITES });
        }
        let record = InviteRecord {
            id: InviteId::from(&invite.hash),
            hash: invite.hash,
            role: invite.role,
            expires_s: invite.expires_in.map(|lasts| now_s + lasts.as_secs()),
            uses_left: invite.uses,
            created_s: now_s,
        };
        self.invites.push(record.clone());
        Ok(record)
    }

    /// Does this secret open the room?
    pub(crate) fn admits(&self, hash: &InviteHash, now_s: u64) -> bool {
        self.invites.iter().any(|invite| &invite.hash == hash && is_valid(invite, now_s))
    }

    /// A seat was taken with this secret. Returns the role that goes with it.
    pub(crate) fn use_invite(&mut self, hash: &InviteHash) -> Role {
        let Some(invite) = self.invites.iter_mut().find(|invite| &invite.hash == hash) else { return Role::Guest };
        let role = invite.role;
        invite.uses_left = invite.uses_left.map(|left| left.saturating_sub(1));
        self.invites.retain(|invite| invite.uses_left != Some(0));
        role
    }

    /// True: there was one.
    pub(crate) fn revoke(&mut self, id: &InviteId) -> bool {
        let count = self.invites.len();
        self.invites.retain(|invite| &invite.id != id);
        self.invites.len() < count
    }

    pub(crate) fn valid_invites(&self, now_s: u64) -> impl Iterator<Item = &InviteRecord> {
        self.invites.iter().filter(move |invite| is_valid(invite, now_s))
    }

    fn forget_expired(&mut self, now_s: u64) {
        self.invites.retain(|invite| is_valid(invite, now_s));
    }
}

fn is_valid(invite: &InviteRecord, now_s: u64) -> bool {
    invite.expires_s.is_none_or(|expires| now_s < expires) && invite.uses_left != Some(0)
}
