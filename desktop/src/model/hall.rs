//! How the room is set, who waits at its door, and what those with a role have asked for.

use protocol::api::{Ban, CreatedInvite, Invite};
use protocol::{Knock, Role, RoomSettings};

use super::plain_name;
use crate::Event;

#[derive(Debug, Default)]
pub struct Hall {
    /// `None` on a server of an earlier version.
    pub settings: Option<RoomSettings>,
    /// Who waits to be let in, the longest first.
    pub knocking: Vec<Knock>,
    /// `None` before the first answer.
    pub invites: Option<Vec<Invite>>,
    /// The invite that was just made: only now its secret is known.
    pub made: Option<CreatedInvite>,
    pub bans: Option<Vec<Ban>>,
    /// How often the room was set differently because we wanted so.
    pub n_edits: usize,
    /// Why the last thing that was asked for was not done.
    pub failure: Option<String>,
}

impl Hall {
    /// What one may do.
    pub fn role(&self) -> Role {
        self.settings.as_ref().map_or(Role::Guest, |settings| settings.role)
    }

    /// An answer to what was asked for.
    pub(super) fn apply(&mut self, event: Event) {
        match event {
            Event::RoomEdited(_) => self.n_edits += 1,
            Event::Invites(invites) => {
                let is_made = |made: &CreatedInvite| invites.iter().any(|one| one.id == made.invite.id);
                // The answer to an older question may not have it yet, but then a newer one follows.
                self.made = self.made.take().filter(is_made);
                self.invites = Some(invites);
            }
            Event::InviteMade(made) => self.made = Some(made),
            Event::Bans(bans) => self.bans = Some(bans),
            _ => {}
        }
    }

    /// Returns what there is to say about one's own role.
    pub(super) fn handle_settings(&mut self, settings: RoomSettings) -> Option<&'static str> {
        let (before, now) = (self.settings.as_ref().map(|settings| settings.role), settings.role);
        self.settings = Some(settings);
        if now < Role::Moderator {
            (self.invites, self.made, self.bans) = (None, None, None);
        }
        match (before?, now) {
            (before, now) if before == now => None,
            (_, Role::Owner) => Some("You own this room now."),
            (_, Role::Moderator) => Some("You are a moderator of this room now."),
            (_, Role::Guest) => Some("You are no longer a moderator of this room."),
        }
    }

    /// Returns the names of those who were not there before.
    pub(super) fn handle_knocking(&mut self, mut clients: Vec<Knock>) -> Vec<String> {
        for one in &mut clients {
            one.username = plain_name(&one.username);
        }
        let is_new = |one: &&Knock| !self.knocking.iter().any(|known| known.id == one.id);
        let new = clients.iter().filter(is_new).map(|one| one.username.clone()).collect();
        self.knocking = clients;
        new
    }
}
