//! What owners, moderators and administrators do: with people, with bans, with invites.

use std::time::Instant;

use protocol::{Action, Address, ClientId, Message, Moderate, Role, RoomId, api};

use super::Rooms;
use crate::lobby::Answer;
use crate::room::Room;
use crate::{BanRecord, By, NewInvite, Reply, RequestId, RoomError};

impl By {
    /// As it is written on the wire.
    fn id(&self) -> ClientId {
        match self {
            Self::Client(client) => client.clone(),
            Self::Administrator => ClientId::new(Address::GroundControl.as_str()),
        }
    }
}

impl Room {
    /// Whoever runs the server may what the owner may.
    pub(super) fn rank(&self, by: &By) -> Role {
        match by {
            By::Client(client) => self.role_of(client),
            By::Administrator => Role::Owner,
        }
    }

    /// May this one remove that one, or take its role? Moderators leave each other and the owner alone.
    fn may_remove(&self, by: &By, client: &ClientId) -> Result<(), RoomError> {
        let is_allowed = *by == By::Administrator || self.role_of(client) < self.rank(by);
        if is_allowed { Ok(()) } else { Err(RoomError::Forbidden) }
    }
}

impl Rooms {
    /// The room, if whoever asks has this role in it.
    pub(super) fn ruled(&mut self, room: &RoomId, by: &By, role: Role) -> Result<&mut Room, RoomError> {
        let room = self.directory.room_mut(room).ok_or(RoomError::UnknownRoom)?;
        if room.rank(by) >= role { Ok(room) } else { Err(RoomError::Forbidden) }
    }

    pub(super) fn answer_moderate(&mut self, request: RequestId, id: &RoomId, by: &By, deed: Moderate, now: Instant) {
        match self.moderate(id, by, deed, now) {
            Ok(()) => self.effects.reply(request, Reply::Done),
            Err(error) => self.refuse(request, error),
        }
    }

    /// One action of one who keeps order.
    pub(super) fn moderate(&mut self, id: &RoomId, by: &By, deed: Moderate, now: Instant) -> Result<(), RoomError> {
        let Moderate { action, client, address } = deed;
        self.ruled(id, by, Role::Moderator)?;
        let client = match client {
            Some(client) => client,
            None if action.names_a_client() => {
                return Err(RoomError::OutOfRange { what: "`client`", wanted: "the id of the one who is meant" });
            }
            None => by.id(),
        };
        match action {
            Action::Kick => self.kick(id, by, &client, now)?,
            Action::Ban => self.ban(id, by, &client, address, now)?,
            Action::Unban => {
                if !self.ruled(id, by, Role::Moderator)?.authority.unban(&client) {
                    return Err(RoomError::UnknownReceiver);
                }
            }
            Action::Mute | Action::LowerHand => self.ask_one(id, by, &client, action)?,
            Action::MuteAll => self.ask_all(id, by, action),
            Action::Admit => self.decide(id, &client, Answer::Admitted, now)?,
            Action::Deny => self.decide(id, &client, Answer::Denied, now)?,
            Action::Lock => self.ruled(id, by, Role::Moderator)?.door.locked = true,
            Action::Unlock => self.ruled(id, by, Role::Moderator)?.door.locked = false,
            Action::Promote | Action::Demote | Action::HandOver => self.rank(id, by, &client, action)?,
        }
        if let Some(room) = self.directory.room_mut(id) {
            room.tell_notices(&mut self.effects);
        }
        self.save(id);
        Ok(())
    }

    fn kick(&mut self, id: &RoomId, by: &By, client: &ClientId, now: Instant) -> Result<(), RoomError> {
        self.directory.seat_in(id, client).ok_or(RoomError::UnknownReceiver)?;
        let room = self.ruled(id, by, Role::Moderator)?;
        room.may_remove(by, client)?;
        room.awaited.retain(|awaited| awaited != client);
        self.expel(id, client, Action::Kick, &by.id(), now);
        Ok(())
    }

    fn ban(&mut self, id: &RoomId, by: &By, client: &ClientId, address: bool, now: Instant) -> Result<(), RoomError> {
        let since_s = self.calendar.unix_s(now);
        let room = self.ruled(id, by, Role::Moderator)?;
        let seated = room.seats.values().find(|seat| &seat.client == client);
        let seated = seated.map(|seat| (seat.username().to_string(), seat.mark));
        let knocking = room.lobby.waiting().find(|knock| &knock.client == client);
        let (name, mark) = seated
            .or_else(|| knocking.map(|knock| (knock.name.to_string(), knock.mark)))
            .ok_or(RoomError::UnknownReceiver)?;
        room.may_remove(by, client)?;
        let by_whom = match by {
            By::Client(by) => Some(by.clone()),
            By::Administrator => None,
        };
        let address = address.then_some(mark);
        room.authority.ban(BanRecord { client: client.clone(), name, address, by: by_whom, since_s })?;
        room.awaited.retain(|awaited| awaited != client);
        room.lobby.forget(client);
        self.expel(id, client, Action::Ban, &by.id(), now);
        Ok(())
    }

    /// Whoever sits there goes, now and without a lease.
    fn expel(&mut self, id: &RoomId, client: &ClientId, action: Action, by: &ClientId, now: Instant) {
        let Some(number) = self.directory.seat_in(id, client) else { return };
        let Some(room) = self.directory.room_mut(id) else { return };
        let Some(seat) = room.seats.get(&number) else { return };
        let was_connected = seat.is_connected();
        if was_connected {
            room.tell_moderated(seat, action, by, &mut self.effects);
            self.effects.tell(client, &Message::Bye);
        }
        self.end_link(client, None, now);
        if was_connected {
            self.effects.disconnect(client);
        }
    }

    fn ask_one(&mut self, id: &RoomId, by: &By, client: &ClientId, action: Action) -> Result<(), RoomError> {
        let number = self.directory.connected_in(id, client).ok_or(RoomError::UnknownReceiver)?;
        if let Some(room) = self.directory.room(id)
            && let Some(seat) = room.seats.get(&number)
        {
            room.tell_moderated(seat, action, &by.id(), &mut self.effects);
        }
        Ok(())
    }

    fn ask_all(&mut self, id: &RoomId, by: &By, action: Action) {
        let Some(room) = self.directory.room(id) else { return };
        for seat in room.seats.values().filter(|seat| seat.client != by.id()) {
            room.tell_moderated(seat, action, &by.id(), &mut self.effects);
        }
    }

    fn decide(&mut self, id: &RoomId, client: &ClientId, answer: Answer, now: Instant) -> Result<(), RoomError> {
        let until = now + self.config.knock;
        let room = self.directory.room_mut(id).ok_or(RoomError::UnknownRoom)?;
        let is_known = room.lobby.decide(client, answer, until);
        self.note_knocks(id);
        if is_known { Ok(()) } else { Err(RoomError::UnknownReceiver) }
    }

    /// Roles are the owner's to give.
    fn rank(&mut self, id: &RoomId, by: &By, client: &ClientId, action: Action) -> Result<(), RoomError> {
        let seat = self.directory.seat_in(id, client);
        let room = self.owned(id, by)?;
        if seat.is_none() && room.authority.role_of(client) == Role::Guest {
            return Err(RoomError::UnknownReceiver);
        }
        if action == Action::HandOver {
            room.authority.hand_over(client);
        } else {
            if room.authority.role_of(client) == Role::Owner {
                return Err(RoomError::Forbidden);
            }
            if action == Action::Promote {
                room.authority.promote(client)?;
            } else {
                room.authority.demote(client);
                if let Some(seat) = seat.and_then(|number| room.seats.get_mut(&number)) {
                    seat.granted = Role::Guest;
                }
            }
        }
        // Pages of earlier versions know no roles, and a list could show them someone whose offer is on its way.
        if let Some(room) = self.directory.room_mut(id) {
            room.tell_events_info(&mut self.effects);
        }
        Ok(())
    }

    pub(super) fn invite(&mut self, request: RequestId, id: &RoomId, by: &By, invite: &NewInvite, now: Instant) {
        let now_s = self.calendar.unix_s(now);
        let needed = if invite.role.is_guest() { Role::Moderator } else { Role::Owner };
        let made = self.ruled(id, by, needed).and_then(|room| room.authority.invite(invite, now_s));
        match made {
            Ok(record) => {
                self.save(id);
                self.effects.reply(request, Reply::Invited(api::Invite::from(&record)));
            }
            Err(error) => self.refuse(request, error),
        }
    }

    pub(super) fn revoke(&mut self, request: RequestId, id: &RoomId, by: &By, invite: &crate::InviteId) {
        let revoked = self
            .ruled(id, by, Role::Moderator)
            .and_then(|room| if room.authority.revoke(invite) { Ok(()) } else { Err(RoomError::InvalidInvite) });
        match revoked {
            Ok(()) => {
                self.save(id);
                self.effects.reply(request, Reply::Done);
            }
            Err(error) => self.refuse(request, error),
        }
    }

    pub(super) fn list_invites(&mut self, request: RequestId, id: &RoomId, by: &By, now: Instant) {
        let now_s = self.calendar.unix_s(now);
        let listed = self
            .ruled(id, by, Role::Moderator)
            .map(|room| room.authority.valid_invites(now_s).map(api::Invite::from).collect());
        match listed {
            Ok(invites) => self.effects.reply(request, Reply::Invites(invites)),
            Err(error) => self.refuse(request, error),
        }
    }

    pub(super) fn list_bans(&mut self, request: RequestId, id: &RoomId, by: &By) {
        let listed =
            self.ruled(id, by, Role::Moderator).map(|room| room.authority.bans.iter().map(api::Ban::from).collect());
        match listed {
            Ok(bans) => self.effects.reply(request, Reply::Bans(bans)),
            Err(error) => self.refuse(request, error),
        }
    }
}
