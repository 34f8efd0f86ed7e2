//! What a room tells those who understand roles: how it is set, who knocks, and what was done to them.
//!
//! Desired against actual: every link remembers what it was told last and hears of what is different now.

use protocol::{Action, Capability, ClientId, Knock, Knocking, Message, Moderated, Role, RoomSettings};

use crate::effect::Effects;
use crate::room::Room;
use crate::seat::Seat;

impl Room {
    /// The role of whoever sits there: what the room gives, or what a join token gives while the seat lasts.
    pub(crate) fn role_at(&self, seat: &Seat) -> Role {
        self.authority.role_of(&seat.client).max(seat.granted)
    }

    /// The role of a client of this room, seated or not.
    pub(crate) fn role_of(&self, client: &ClientId) -> Role {
        let seat = self.seats.values().find(|seat| &seat.client == client);
        seat.map_or_else(|| self.authority.role_of(client), |seat| self.role_at(seat))
    }

    /// Tells everyone who understands it what is new about settings, roles and knocks.
    pub(crate) fn tell_notices(&mut self, effects: &mut Effects) {
        let knocking: Vec<Knock> = self.lobby.waiting().map(listed).collect();
        let Self { authority, door, seats, .. } = self;
        for seat in seats.values_mut() {
            if !seat.understands(&Capability::Moderation) {
                continue;
            }
            let role = authority.role_of(&seat.client).max(seat.granted);
            let client = seat.client.clone();
            let Some(link) = seat.link_mut().filter(|link| link.introduced) else { continue };
            let settings = RoomSettings {
                locked: door.locked,
                lobby: door.lobby,
                public: door.public,
                has_password: door.password_hash.is_some(),
                guest_limit: door.guest_limit,
                history: door.history,
                role,
            };
            if link.told_settings.as_ref() != Some(&settings) {
                effects.tell(&client, &Message::RoomSettings(settings.clone()));
                link.told_settings = Some(settings);
            }
            let list = if role >= Role::Moderator { knocking.as_slice() } else { &[] };
            if link.told_knocking != list {
                link.told_knocking = list.to_vec();
                effects.tell(&client, &Message::Knocking(Knocking { clients: list.to_vec() }));
            }
        }
    }

    /// Tells one who understands it what was done to it.
    pub(crate) fn tell_moderated(&self, seat: &Seat, action: Action, by: &ClientId, effects: &mut Effects) {
        if seat.is_connected() && seat.understands(&Capability::Moderation) {
            let client = action.names_a_client().then(|| seat.client.clone());
            effects.tell(&seat.client, &Message::Moderated(Moderated { action, by: by.clone(), client }));
        }
    }

    /// Sends a message to everyone who understands it.
    pub(crate) fn tell_capable(&self, capability: &Capability, message: &Message, effects: &mut Effects) {
        for seat in self.connected().filter(|seat| seat.understands(capability)) {
            effects.tell(&seat.client, message);
        }
    }
}

fn listed(knock: &crate::lobby::Knock) -> Knock {
    Knock { id: knock.client.clone(), username: knock.name.to_string() }
}
