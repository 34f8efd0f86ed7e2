//! What is typed and which panel is open: the part of the window that nobody else knows.

use std::collections::BTreeMap;

use media::{Processing, ScreenChoice};
use protocol::{ClientId, ErrorId, History, Role, RoomId, TextId};

use super::Intent;
use super::account::AccountForm;
use super::invites::InviteForm;
use super::order::Question;
use super::room_settings::RoomForm;
use super::screens::ScreenForm;
use super::scrollback::Scrollback;
use super::sight::Sight;
use crate::memory::KnownRoom;
use crate::model::{Model, Visit};
use crate::{Command, Tile};

/// The state of the widgets.
#[derive(Debug, Default)]
pub struct View {
    pub(super) create: CreateForm,
    pub(super) by_name: String,
    pub(super) by_name_error: Option<String>,
    pub(super) join: Option<JoinDialog>,
    pub(super) settings: Option<SettingsForm>,
    /// What is to be shared is being chosen.
    pub(super) screens: Option<ScreenForm>,
    /// What was shared last.
    pub(super) shared: Option<ScreenChoice>,
    pub(super) account: Option<AccountForm>,
    pub(super) side: Option<Side>,
    pub(super) draft: String,
    /// Whom the next line is for; `None`: everyone.
    pub(super) to: Option<ClientId>,
    pub(super) chosen: Option<Tile>,
    pub(super) volumes: BTreeMap<ClientId, f32>,
    pub(super) scrollback: Scrollback,
    pub(super) sight: Sight,
    /// How the last room was entered, to go back in.
    ticket: Option<Ticket>,
    /// The line that is being changed, and what was being written before.
    pub(super) editing: Option<(TextId, String)>,
    pub(super) question: Option<Question>,
    pub(super) room_form: Option<RoomForm>,
    pub(super) invites: Option<InviteForm>,
    /// The room of which one asked to be forgotten.
    pub(super) forgetting: Option<KnownRoom>,
    /// The server of which one asked to trust it no more.
    pub(super) distrusting: Option<String>,
    pub(super) shows_all_visited: bool,
    /// The person says to have compared a certificate that has changed.
    pub(super) compared: bool,
    /// The widget that opened panel takes the focus once.
    pub(super) focus_draft: bool,
}

/// What opens a room's door.
#[derive(Debug)]
struct Ticket {
    room: RoomId,
    password: Option<String>,
    invite: Option<String>,
}

/// The panel beside the stage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Chat,
    People,
}

#[derive(Debug)]
pub(super) struct CreateForm {
    pub(super) name: String,
    pub(super) password: String,
    pub(super) public: bool,
    pub(super) guest_limit: usize,
    pub(super) lobby: bool,
    /// `None`: as usual.
    pub(super) history: Option<History>,
    pub(super) error: Option<String>,
}

#[derive(Debug)]
pub(super) struct JoinDialog {
    pub(super) room: RoomId,
    pub(super) password: String,
    pub(super) invite: Option<String>,
    pub(super) asks: bool,
    /// The password field takes the focus when it appears.
    pub(super) focus: bool,
}

#[derive(Debug)]
pub(super) struct SettingsForm {
    pub(super) name: String,
    pub(super) server: String,
    pub(super) name_error: Option<String>,
    pub(super) server_error: Option<String>,
    pub(super) processing: Processing,
    pub(super) focus: bool,
}

impl Default for CreateForm {
    fn default() -> Self {
        Self {
            name: String::new(),
            password: String::new(),
            public: true,
            guest_limit: 0,
            lobby: false,
            history: None,
            error: None,
        }
    }
}

impl View {
    /// Brings what is open in line with where one is.
    pub(super) fn settle(&mut self, model: &Model) {
        let Some(visit) = model.room() else {
            self.leave_room();
            if let (None, None, Some(refusal)) = (model.entering(), &self.join, &model.lobby.refusal) {
                let ticket = self.ticket.as_ref().filter(|ticket| ticket.room == refusal.room);
                let invite = ticket.and_then(|ticket| ticket.invite.clone());
                self.join = Some(JoinDialog::new(refusal.room.clone(), invite, false));
            }
            if let (Some(dialog), Some(refusal)) = (&mut self.join, &model.lobby.refusal) {
                let wants = matches!(refusal.error.id, ErrorId::PasswordRequired | ErrorId::WrongPassword);
                if wants && !dialog.asks {
                    (dialog.asks, dialog.focus) = (true, true);
                }
            }
            return;
        };
        (self.join, self.account, self.distrusting) = (None, None, None);
        self.create.password.clear();
        if self.to.as_ref().is_some_and(|to| visit.person(to).is_none()) {
            self.to = None;
        }
        self.settle_order(visit);
        if let Some(Tile::Client(id)) = &self.chosen
            && visit.person(id).is_none()
        {
            self.chosen = None;
        }
    }

    /// Nothing stays open that one may not do any more, or that has lost its object.
    fn settle_order(&mut self, visit: &Visit) {
        let role = visit.hall.role();
        if self.question.as_ref().is_some_and(|question| !question.is_fair(visit)) {
            self.question = None;
        }
        if role < Role::Owner {
            self.room_form = None;
        }
        if role < Role::Moderator {
            self.invites = None;
        }
        if self.editing.as_ref().is_some_and(|(id, _)| visit.chat.line(*id).is_none()) {
            self.stop_editing();
        }
    }

    /// Begins to change a line of one's own.
    pub(super) fn edit(&mut self, id: TextId, text: &str) {
        let before = match self.editing.take() {
            Some((_, before)) => before,
            None => std::mem::take(&mut self.draft),
        };
        self.editing = Some((id, before));
        text.clone_into(&mut self.draft);
        self.focus_draft = true;
    }

    /// Back to what was being written before.
    pub(super) fn stop_editing(&mut self) {
        if let Some((_, before)) = self.editing.take() {
            self.draft = before;
        }
    }

    fn leave_room(&mut self) {
        self.stop_editing();
        (self.question, self.room_form, self.invites, self.screens) = (None, None, None, None);
        if self.side.is_some() || self.to.is_some() || self.chosen.is_some() {
            (self.side, self.to, self.chosen) = (None, None, None);
        }
        self.volumes.clear();
        self.scrollback = Scrollback::default();
    }

    /// Asks to be let in, and remembers how.
    pub(super) fn enter(
        &mut self,
        room: RoomId,
        password: Option<String>,
        invite: Option<String>,
        intents: &mut Vec<Intent>,
    ) {
        self.remember(room.clone(), password.clone(), invite.clone());
        intents.push(Intent::Do(Command::Join { room, password, invite }));
    }

    /// Back into the room one was in last.
    pub(super) fn return_to(&mut self, room: RoomId, intents: &mut Vec<Intent>) {
        let ticket = self.ticket.take().filter(|ticket| ticket.room == room);
        let (password, invite) = ticket.map(|ticket| (ticket.password, ticket.invite)).unwrap_or_default();
        self.join = Some(JoinDialog::new(room.clone(), invite.clone(), false));
        self.enter(room, password, invite, intents);
    }

    /// Asks once more what was refused because the server was not trusted.
    pub(super) fn knock_again(&mut self, model: &Model, intents: &mut Vec<Intent>) {
        let untrusted = ErrorId::Other(client::UNTRUSTED.to_owned());
        let refused = model.lobby.refusal.as_ref().filter(|refusal| refusal.error.id == untrusted);
        if let Some(refusal) = refused {
            self.return_to(refusal.room.clone(), intents);
        }
    }

    /// Remembers how a room is entered.
    pub fn remember(&mut self, room: RoomId, password: Option<String>, invite: Option<String>) {
        self.sight.forget();
        self.ticket = Some(Ticket { room, password, invite });
    }

    pub(super) fn toggle_side(&mut self, side: Side) {
        self.side = if self.side == Some(side) { None } else { Some(side) };
        self.focus_draft = self.side == Some(Side::Chat);
    }

    pub(super) fn is_dialog_open(&self) -> bool {
        self.settings.is_some()
            || self.account.is_some()
            || self.join.is_some()
            || self.question.is_some()
            || self.room_form.is_some()
            || self.invites.is_some()
            || self.forgetting.is_some()
            || self.distrusting.is_some()
            || self.screens.is_some()
    }
}

impl JoinDialog {
    pub(super) fn new(room: RoomId, invite: Option<String>, asks: bool) -> Self {
        Self { room, password: String::new(), invite, asks, focus: asks }
    }
}
