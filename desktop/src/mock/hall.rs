//! The scripted room's order: roles, knocks, invites, bans, and chat lines that last.

use protocol::api::{Ban, CreateInvite, CreatedInvite, EditRoom, Invite, RoomDetails};
use protocol::{Action, ClientId, History, Knock, Moderate, Role, RoomSettings, TextId};
use session::{ChatLine, Event as Session};

use super::script::{EPOCH_MS, ME};
use super::{ScriptedRoom, Visit};
use crate::{Command, Event};

/// What was said before one came.
const SAID_BEFORE: [(&str, &str); 4] = [
    ("alice", "Who takes notes tomorrow?"),
    ("bob", "I do."),
    ("carol", "The room is booked from nine."),
    ("alice", "See you all in the morning."),
];
const A_DAY_MS: u64 = 86_400_000;

pub(super) struct Hall {
    pub(super) settings: RoomSettings,
    pub(super) knocking: Vec<Knock>,
    invites: Vec<Invite>,
    n_invites: usize,
    bans: Vec<Ban>,
    /// The number of the next line.
    next_text: u64,
}

impl Hall {
    pub(super) fn new(public: bool, has_password: bool, guest_limit: usize, role: Role) -> Self {
        let history = if public && !has_password { History::Hours(24) } else { History::None };
        let settings = RoomSettings { locked: false, lobby: false, public, has_password, guest_limit, history, role };
        Self { settings, knocking: Vec::new(), invites: Vec::new(), n_invites: 0, bans: Vec::new(), next_text: 100 }
    }

    pub(super) fn next_text(&mut self) -> TextId {
        self.next_text += 1;
        TextId(self.next_text)
    }
}

/// Some of the lines from before the script.
pub(super) fn said_before(range: std::ops::Range<usize>) -> Vec<ChatLine> {
    let lines = SAID_BEFORE.iter().enumerate().skip(range.start).take(range.len());
    lines
        .map(|(n, (who, text))| {
            let mut name = (*who).to_owned();
            name[..1].make_ascii_uppercase();
            ChatLine {
                from: ClientId::new(*who),
                name,
                time_ms: EPOCH_MS - A_DAY_MS + n as u64 * 1_000,
                text: (*text).to_owned(),
                mine: false,
                private: false,
                to: None,
                id: Some(TextId(n as u64 + 1)),
                edited: false,
            }
        })
        .collect()
}

impl ScriptedRoom {
    /// What is asked about the room that one is in.
    pub(super) fn order(&mut self, command: Command) {
        let Some(mut visit) = self.visit.take() else { return };
        let is_over = self.order_in(&mut visit, command);
        if !is_over {
            self.visit = Some(visit);
        }
    }

    /// Whether the room is no more.
    fn order_in(&mut self, visit: &mut Visit, command: Command) -> bool {
        match command {
            Command::EditText { id, text } => self.tell(Session::TextEdited { id, text }),
            Command::DeleteText(id) => self.tell(Session::TextDeleted { id, by: ClientId::new(ME) }),
            Command::LoadEarlier { .. } => self.tell(Session::History { lines: said_before(0..2), more: false }),
            Command::Moderate(wish) => self.moderate(visit, wish),
            Command::EditRoom(edit) => self.edit(visit, edit),
            Command::ListInvites => self.events.push_back(Event::Invites(visit.hall.invites.clone())),
            Command::CreateInvite(wish) => self.invite(visit, wish),
            Command::RevokeInvite(id) => {
                visit.hall.invites.retain(|invite| invite.id != id);
                self.events.push_back(Event::Invites(visit.hall.invites.clone()));
            }
            Command::ListBans => self.events.push_back(Event::Bans(visit.hall.bans.clone())),
            Command::LiftBan(client) => {
                visit.hall.bans.retain(|ban| ban.client != client);
                self.events.push_back(Event::Bans(visit.hall.bans.clone()));
            }
            Command::DeleteRoom => {
                let room = visit.room.clone();
                self.rooms.retain(|one| one.id != room);
                self.events.push_back(Event::Left);
                return true;
            }
            _ => {}
        }
        false
    }

    fn moderate(&mut self, visit: &mut Visit, wish: Moderate) {
        let Moderate { action, client, address } = wish;
        let who = client.as_ref().map(ClientId::as_str).unwrap_or_default();
        match action {
            Action::Kick => visit.cast.remove(who),
            Action::Ban => {
                let (client, name) = (ClientId::new(who), visit.cast.name(who));
                visit.hall.bans.push(Ban {
                    client,
                    name,
                    address,
                    by: Some(ClientId::new(ME)),
                    since: EPOCH_MS / 1000,
                });
                visit.cast.remove(who);
            }
            Action::Unban => visit.hall.bans.retain(|ban| ban.client.as_str() != who),
            Action::Mute => visit.cast.change_media(|id| id == who, |media| media.microphone = false),
            Action::MuteAll => visit.cast.change_media(|id| id != ME, |media| media.microphone = false),
            Action::LowerHand => visit.cast.change_media(|id| id == who, |media| media.hand = false),
            Action::Admit | Action::Deny => {
                let knock = visit.hall.knocking.iter().find(|knock| knock.id.as_str() == who).cloned();
                visit.hall.knocking.retain(|knock| knock.id.as_str() != who);
                self.tell(Session::Knocking(visit.hall.knocking.clone()));
                if let (Action::Admit, Some(knock)) = (action, knock) {
                    visit.cast.add(knock.id.as_str(), &knock.username);
                }
            }
            Action::Lock | Action::Unlock => visit.hall.settings.locked = action == Action::Lock,
            Action::Promote => visit.cast.set_role(who, Role::Moderator),
            Action::Demote => visit.cast.set_role(who, Role::Guest),
            Action::HandOver => {
                visit.cast.set_role(who, Role::Owner);
                visit.cast.set_role(ME, Role::Moderator);
                visit.hall.settings.role = Role::Moderator;
            }
        }
        self.tell(Session::Settings(visit.hall.settings.clone()));
        self.tell(Session::Roster(visit.cast.roster(self.sending)));
    }

    fn edit(&mut self, visit: &mut Visit, edit: EditRoom) {
        let settings = &mut visit.hall.settings;
        settings.public = edit.public.unwrap_or(settings.public);
        settings.guest_limit = edit.guest_limit.unwrap_or(settings.guest_limit);
        settings.lobby = edit.lobby.unwrap_or(settings.lobby);
        settings.locked = edit.locked.unwrap_or(settings.locked);
        settings.history = edit.history.unwrap_or(settings.history);
        settings.has_password = edit.password.map_or(settings.has_password, |password| !password.is_empty());
        let RoomSettings { public, guest_limit, has_password, history, .. } = *settings;
        let room = visit.room.clone();
        let summary = super::script::summary(room, 0, guest_limit, has_password, public, 0);
        let details = RoomDetails { summary, kept: false, history, owner: None, moderators: Vec::new() };
        self.tell(Session::Settings(visit.hall.settings.clone()));
        self.events.push_back(Event::RoomEdited(Box::new(details)));
    }

    fn invite(&mut self, visit: &mut Visit, wish: CreateInvite) {
        visit.hall.n_invites += 1;
        let id = format!("invite-{}", visit.hall.n_invites);
        let created = EPOCH_MS / 1000;
        let expires = wish.expires_in_seconds.map(|seconds| created + seconds);
        let invite = Invite { id: id.clone(), expires, uses_left: wish.uses, role: wish.role, created };
        visit.hall.invites.push(invite.clone());
        let url = format!("http://127.0.0.1:5000/rtc/{}?invite=secret-{id}", visit.room.to_path_segment());
        let made = CreatedInvite { invite, token: format!("secret-{id}"), url };
        self.events.push_back(Event::InviteMade(made));
        self.events.push_back(Event::Invites(visit.hall.invites.clone()));
    }
}
