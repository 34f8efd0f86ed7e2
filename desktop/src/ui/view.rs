//! What is typed and which panel is open: the part of the window that nobody else knows.

use std::collections::BTreeMap;

use protocol::{ClientId, ErrorId, RoomId};

use super::Intent;
use crate::model::Model;
use crate::{Command, Tile};

/// The state of the widgets.
#[derive(Debug, Default)]
pub struct View {
    pub(super) create: CreateForm,
    pub(super) by_name: String,
    pub(super) by_name_error: Option<String>,
    pub(super) join: Option<JoinDialog>,
    pub(super) settings: Option<SettingsForm>,
    pub(super) side: Option<Side>,
    pub(super) draft: String,
    /// Whom the next line is for; `None`: everyone.
    pub(super) to: Option<ClientId>,
    pub(super) chosen: Option<Tile>,
    pub(super) volumes: BTreeMap<ClientId, f32>,
    pub(super) chat_heights: ChatHeights,
    /// How the last room was entered, to go back in.
    ticket: Option<(RoomId, Option<String>)>,
    /// The widget that opened panel takes the focus once.
    pub(super) focus_draft: bool,
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
    pub(super) error: Option<String>,
}

#[derive(Debug)]
pub(super) struct JoinDialog {
    pub(super) room: RoomId,
    pub(super) password: String,
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
    pub(super) focus: bool,
}

/// How high the lines of the chat are at a width, so that only the visible ones are laid out.
#[derive(Debug, Default)]
pub(super) struct ChatHeights {
    width: f32,
    known: BTreeMap<usize, f32>,
}

impl ChatHeights {
    /// Forgets everything that was measured at another width, and entries that are no more.
    pub(super) fn prepare(&mut self, width: f32, first: usize) {
        if (self.width - width).abs() > 0.5 {
            self.known.clear();
            self.width = width;
        }
        self.known = self.known.split_off(&first);
    }

    pub(super) fn get(&self, entry: usize) -> Option<f32> {
        self.known.get(&entry).copied()
    }

    pub(super) fn set(&mut self, entry: usize, height: f32) {
        self.known.insert(entry, height);
    }
}

impl Default for CreateForm {
    fn default() -> Self {
        Self { name: String::new(), password: String::new(), public: true, guest_limit: 0, error: None }
    }
}

impl View {
    /// Brings what is open in line with where one is.
    pub(super) fn settle(&mut self, model: &Model) {
        let Some(visit) = model.room() else {
            self.leave_room();
            if let (None, None, Some(refusal)) = (model.entering(), &self.join, &model.lobby.refusal) {
                self.join = Some(JoinDialog::new(refusal.room.clone(), false));
            }
            if let (Some(dialog), Some(refusal)) = (&mut self.join, &model.lobby.refusal) {
                let wants = matches!(refusal.error.id, ErrorId::PasswordRequired | ErrorId::WrongPassword);
                if wants && !dialog.asks {
                    (dialog.asks, dialog.focus) = (true, true);
                }
            }
            return;
        };
        self.join = None;
        self.create.password.clear();
        if self.to.as_ref().is_some_and(|to| visit.person(to).is_none()) {
            self.to = None;
        }
        if let Some(Tile::Client(id)) = &self.chosen
            && visit.person(id).is_none()
        {
            self.chosen = None;
        }
    }

    fn leave_room(&mut self) {
        if self.side.is_some() || self.to.is_some() || self.chosen.is_some() {
            (self.side, self.to, self.chosen) = (None, None, None);
        }
        self.volumes.clear();
        self.chat_heights = ChatHeights::default();
    }

    /// Asks to be let in, and remembers how.
    pub(super) fn enter(&mut self, room: RoomId, password: Option<String>, intents: &mut Vec<Intent>) {
        self.remember(room.clone(), password.clone());
        intents.push(Intent::Do(Command::Join { room, password }));
    }

    /// Back into the room one was in last.
    pub(super) fn return_to(&mut self, room: RoomId, intents: &mut Vec<Intent>) {
        let password = self.ticket.take().filter(|(last, _)| *last == room).and_then(|(_, password)| password);
        self.join = Some(JoinDialog::new(room.clone(), false));
        self.enter(room, password, intents);
    }

    /// Remembers how a room is entered.
    pub fn remember(&mut self, room: RoomId, password: Option<String>) {
        self.ticket = Some((room, password));
    }

    pub(super) fn toggle_side(&mut self, side: Side) {
        self.side = if self.side == Some(side) { None } else { Some(side) };
        self.focus_draft = self.side == Some(Side::Chat);
    }

    pub(super) fn is_dialog_open(&self) -> bool {
        self.settings.is_some() || self.join.is_some()
    }
}

impl JoinDialog {
    pub(super) fn new(room: RoomId, asks: bool) -> Self {
        Self { room, password: String::new(), asks, focus: asks }
    }
}
