//! The form for a new room.

use eframe::egui::{Checkbox, Key, RichText, Ui};
use protocol::limits::{GUEST_LIMITS, PASSWORD_BYTES, ROOM_ID_CHARS};
use protocol::{History, NameError, RoomId};

use super::room_settings::{HISTORIES, history_words};
use super::theme::strong;
use super::view::CreateForm;
use super::widget::{Field, Look, button_enabled, card, combo};
use super::{Intent, View};
use crate::model::Model;
use crate::{Command, NewRoom};

pub(super) fn show(ui: &mut Ui, model: &Model, view: &mut View, intents: &mut Vec<Intent>) {
    let form = &mut view.create;
    let busy = model.lobby.creating.is_some();
    let mut wanted = false;
    card().show(ui, |ui| {
        ui.take_available_width();
        ui.spacing_mut().item_spacing.y = 12.0;
        ui.label(RichText::new("Create a room").font(strong(17.0)));
        let error = form.error.as_deref().or(model.lobby.create_refusal.as_deref());
        let name = Field { name: "Name", hint: "Standup", limit: ROOM_ID_CHARS, secret: false, error };
        let name = name.show(ui, &mut form.name);
        let password = Field {
            name: "Password",
            hint: "None: everyone may join",
            limit: PASSWORD_BYTES,
            secret: true,
            error: None,
        };
        let password = password.show(ui, &mut form.password);
        ui.horizontal(|ui| {
            let label = ui.label(RichText::new("Guests").font(strong(13.5)));
            let limits = combo("guest limit", 130.0, RichText::new(limit_words(form.guest_limit)));
            let shown = limits.show_ui(ui, |ui| {
                for limit in GUEST_LIMITS {
                    ui.selectable_value(&mut form.guest_limit, limit, limit_words(limit));
                }
            });
            shown.response.labelled_by(label.id);
        });
        kept(ui, form);
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            ui.add(Checkbox::new(&mut form.public, "Show in the list of rooms"));
            ui.add(Checkbox::new(&mut form.lobby, "Newcomers wait to be let in"));
        });
        let enter = (name.lost_focus() || password.lost_focus()) && ui.input(|input| input.key_pressed(Key::Enter));
        if name.changed() {
            form.error = None;
        }
        let words = if busy { "Creating…" } else { "Create and join" };
        wanted = (button_enabled(ui, Look::Main, words, !busy).clicked() || enter) && !busy;
    });
    if wanted {
        match RoomId::parse(&form.name) {
            Ok(room) => {
                form.error = None;
                let CreateForm { public, guest_limit, lobby, history, .. } = *form;
                let password = Some(form.password.clone()).filter(|password| !password.is_empty());
                view.remember(room.clone(), password.clone(), None);
                let command = Command::CreateRoom(NewRoom { room, password, public, guest_limit, lobby, history });
                intents.push(Intent::Do(command));
            }
            Err(error) => form.error = Some(name_sentence(&error)),
        }
    }
}

/// How long what is written stays.
fn kept(ui: &mut Ui, form: &mut CreateForm) {
    let usual = if form.public && form.password.is_empty() { History::Hours(24) } else { History::None };
    let words = |history: Option<History>| match history {
        Some(history) => history_words(history),
        None => format!("{}, as usual", history_words(usual)),
    };
    ui.vertical(|ui| {
        ui.spacing_mut().item_spacing.y = 5.0;
        let label = ui.label(RichText::new("Messages are kept").font(strong(13.5)));
        let choice = combo("history", ui.available_width(), RichText::new(words(form.history)));
        let shown = choice.show_ui(ui, |ui| {
            for history in std::iter::once(None).chain(HISTORIES.map(Some)) {
                ui.selectable_value(&mut form.history, history, words(history));
            }
        });
        shown.response.labelled_by(label.id);
    });
}

pub(super) fn limit_words(limit: usize) -> String {
    match limit {
        0 => "No limit".to_owned(),
        n => format!("At most {n}"),
    }
}

pub(super) fn name_sentence(error: &NameError) -> String {
    match error {
        NameError::Empty => "A name is missing.".to_owned(),
        NameError::TooLong { limit } => format!("At most {limit} characters, please."),
        NameError::Forbidden { found } => format!("{found:?} cannot be part of a name."),
    }
}
