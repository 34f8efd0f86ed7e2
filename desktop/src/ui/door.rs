//! The room's door, for those who keep order: who waits to be let in, who may come, how loud it is.

use eframe::egui::{Align, Checkbox, Label, Layout, RichText, Role as WidgetRole, Ui, UiBuilder};
use protocol::api::EditRoom;
use protocol::{Action, Knock, Role, RoomSettings};

use super::order::moderate;
use super::theme::strong;
use super::widget::{Look, button, card, soft};
use super::{Intent, View, invites, room_settings};
use crate::Command;
use crate::model::Visit;

pub(super) fn show(ui: &mut Ui, view: &mut View, visit: &Visit, intents: &mut Vec<Intent>) {
    let Some(settings) = visit.hall.settings.as_ref().filter(|settings| settings.role >= Role::Moderator) else {
        return;
    };
    if !visit.hall.knocking.is_empty() {
        knocking(ui, &visit.hall.knocking, intents);
    }
    switches(ui, settings, intents);
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        if button(ui, Look::Plain, "Mute everyone").clicked() {
            intents.push(moderate(Action::MuteAll, None));
        }
        if button(ui, Look::Plain, "Invites").clicked() {
            invites::open(view, intents);
        }
    });
    // In a row of its own: the panel is too narrow for three.
    if settings.role == Role::Owner && button(ui, Look::Plain, "Room settings").clicked() {
        room_settings::open(view, settings, visit.hall.n_edits);
    }
    ui.add_space(4.0);
    ui.separator();
}

fn switches(ui: &mut Ui, settings: &RoomSettings, intents: &mut Vec<Intent>) {
    let (mut locked, mut lobby) = (settings.locked, settings.lobby);
    if ui.add(Checkbox::new(&mut locked, "Locked: nobody new comes in")).changed() {
        intents.push(moderate(if locked { Action::Lock } else { Action::Unlock }, None));
    }
    if settings.role == Role::Owner {
        if ui.add(Checkbox::new(&mut lobby, "Lobby: newcomers wait to be let in")).changed() {
            let edit = EditRoom { lobby: Some(lobby), ..EditRoom::default() };
            intents.push(Intent::Do(Command::EditRoom(edit)));
        }
    } else if lobby {
        ui.label(soft("Newcomers wait to be let in."));
    }
}

/// Those who wait, the longest first.
fn knocking(ui: &mut Ui, clients: &[Knock], intents: &mut Vec<Intent>) {
    let builder = UiBuilder::new().accessibility_role(WidgetRole::Group).accessibility_label("Waiting to be let in");
    ui.scope_builder(builder, |ui| {
        card().inner_margin(eframe::egui::Margin::symmetric(12, 8)).show(ui, |ui| {
            ui.take_available_width();
            ui.spacing_mut().item_spacing.y = 4.0;
            ui.label(RichText::new(format!("Waiting to be let in ({})", clients.len())).font(strong(13.5)));
            for knock in clients {
                ui.push_id(knock.id.as_str(), |ui| one(ui, knock, intents));
            }
        });
    });
    ui.add_space(6.0);
}

fn one(ui: &mut Ui, knock: &Knock, intents: &mut Vec<Intent>) {
    ui.horizontal(|ui| {
        let room_for_name = (ui.available_width() - 160.0).max(40.0);
        ui.scope(|ui| {
            ui.set_max_width(room_for_name);
            ui.add(Label::new(&knock.username).truncate());
        });
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = 4.0;
            let name = |what: &str| format!("{what} {}", knock.username);
            if button(ui, Look::Bare, "Deny").accessible_name(name("Deny")).clicked() {
                intents.push(moderate(Action::Deny, Some(knock.id.clone())));
            }
            if button(ui, Look::Main, "Admit").accessible_name(name("Admit")).clicked() {
                intents.push(moderate(Action::Admit, Some(knock.id.clone())));
            }
        });
    });
}
