//! What opens doors besides being there first: invites, join tokens, other passwords, and a clock that is put right.

use std::time::Duration;

use protocol::Role;
use protocol::api::EditRoom;
use rand::RngExt;
use rand::seq::IndexedRandom;
use rooms::{By, InviteHash, InviteId, NewInvite, Pass, Reply, Request, RoomError};

use super::requests::Wish;
use super::{EPOCH_MS, World};
use crate::crowd::Violation;

impl World {
    /// Milliseconds since 1970.
    pub(super) fn wall_ms(&self) -> u64 {
        EPOCH_MS + self.clock_ms + (self.now - self.origin).as_millis() as u64
    }

    pub(super) fn put_clock_right(&mut self) {
        self.count("the clock was put right");
        self.clock_ms += self.rng.random_range(1..70) * 60_000;
        self.note(|| "the clock is put right".to_owned());
        self.tell_calendar();
    }

    pub(super) fn tell_calendar(&mut self) {
        self.rooms.set_calendar(EPOCH_MS + self.clock_ms, self.origin);
    }

    /// What someone shows at the door.
    pub(super) fn pass(&mut self, tab: usize) -> Pass {
        let room = self.tabs[tab].room.clone();
        let hashes: Vec<_> = self.invited.iter().filter(|(of, _)| *of == room).map(|(_, hash)| *hash).collect();
        match self.rng.random_range(0..100) {
            0..20 if !hashes.is_empty() => Pass::Invite(*hashes.choose(&mut self.rng).expect("some")),
            20..22 => Pass::Invite(InviteHash([0; 32])),
            22..26 => Pass::Token([Role::Guest, Role::Moderator, Role::Owner][self.rng.random_range(0..3)]),
            _ => Pass::None,
        }
    }

    /// Moderators make invites, look at them and revoke them; guests try to.
    pub(super) fn invite(&mut self, tab: usize) -> Result<(), Violation> {
        let page = &self.tabs[tab];
        let (room, client, now_s) = (page.room.clone(), page.client.clone(), self.wall_ms() / 1_000);
        let by = By::Client(client.clone());
        let refused = |error: RoomError| Reply::Refused(error);
        let hashes: Vec<_> = self.invited.iter().filter(|(of, _)| *of == room).map(|(_, hash)| *hash).collect();
        match self.rng.random_range(0..100) {
            0..20 if !hashes.is_empty() => {
                let invite = InviteId::from(hashes.choose(&mut self.rng).expect("some"));
                self.note_deed(tab, "revokes an invite");
                let expected = self.model.revoke(&room, &client, &invite).map_or_else(refused, |()| Reply::Done);
                self.ask_surely(tab, Request::Revoke { room, by, invite }, expected)
            }
            20..35 => {
                self.note_deed(tab, "looks at the invites");
                let expected = self.model.invites(&room, &client, now_s).map_or_else(refused, Reply::Invites);
                self.ask_surely(tab, Request::ListInvites { room, by }, expected)
            }
            _ => {
                let mut hash = [1; 32];
                hash[..8].copy_from_slice(&self.number().to_le_bytes());
                let invite = NewInvite {
                    hash: InviteHash(hash),
                    role: if self.rng.random_bool(0.3) { Role::Moderator } else { Role::Guest },
                    expires_in: self.rng.random_bool(0.5).then(|| {
                        Duration::from_secs(if self.rng.random() {
                            self.rng.random_range(1..20)
                        } else {
                            self.rng.random_range(20..3_000)
                        })
                    }),
                    uses: self.rng.random_bool(0.6).then(|| self.rng.random_range(1..4)),
                };
                self.note_deed(tab, &format!("invites: {:?}, {:?}", invite.role, invite.uses));
                self.invited.push((room.clone(), invite.hash));
                let expected = self.model.invite(&room, &client, &invite, now_s).map_or_else(refused, Reply::Invited);
                self.ask_surely(tab, Request::Invite { room, by, invite }, expected)
            }
        }
    }

    /// The owner gives the room another password, or none; others try to.
    pub(super) fn set_password(&mut self, tab: usize) -> Result<(), Violation> {
        let page = &self.tabs[tab];
        let (room, client) = (page.room.clone(), page.client.clone());
        let password = ["", "right", "other"][self.rng.random_range(0..3)].to_owned();
        self.note_deed(tab, &format!("makes the password {password:?}"));
        let change = EditRoom { password: Some(password.clone()), ..EditRoom::default() };
        let is_slow = !password.is_empty();
        let wish = Wish::Password { password: Some(password).filter(|_| is_slow) };
        self.ask(tab, wish, Request::Edit { room, by: By::Client(client), change }, Vec::new(), is_slow)
    }
}
