//! The rooms that one was in: a click away, and to be forgotten.

use eframe::egui::{Align, Label, Layout, Margin, RichText, Ui, vec2};
use protocol::Role;

use super::icon::Icon;
use super::theme::{self, strong};
use super::widget::{Look, actions, button, card, dialog, icon_button, soft};
use super::{Intent, View, join};
use crate::Command;
use crate::memory::{KnownRoom, host};
use crate::model::Model;

/// As many as are shown before one asks for more.
const AT_FIRST: usize = 3;

pub(super) fn show(ui: &mut Ui, model: &Model, view: &mut View, intents: &mut Vec<Intent>) {
    let rooms = &model.known.rooms;
    if rooms.is_empty() {
        return;
    }
    ui.horizontal(|ui| {
        // As high as the heading of the rooms beside its button.
        ui.set_min_height(38.0);
        ui.heading("Where you were");
    });
    let between = std::mem::replace(&mut ui.spacing_mut().item_spacing.y, 8.0);
    let limit = if view.shows_all_visited { rooms.len() } else { AT_FIRST };
    for (n, known) in rooms.iter().take(limit).enumerate() {
        ui.push_id(("visited", n), |ui| row(ui, model, known, view, intents));
    }
    if rooms.len() > limit && button(ui, Look::Bare, &format!("Show all {}", rooms.len())).clicked() {
        view.shows_all_visited = true;
    }
    ui.spacing_mut().item_spacing.y = between;
    ui.add_space(6.0);
}

fn row(ui: &mut Ui, model: &Model, known: &KnownRoom, view: &mut View, intents: &mut Vec<Intent>) {
    card().corner_radius(theme::ROUND).inner_margin(Margin::symmetric(16, 9)).show(ui, |ui| {
        ui.horizontal(|ui| {
            ui.set_min_width(ui.available_width());
            let room_for_words = (ui.available_width() - 132.0).max(60.0);
            ui.allocate_ui_with_layout(vec2(room_for_words, 40.0), Layout::top_down(Align::Min), |ui| {
                ui.set_width(room_for_words);
                ui.spacing_mut().item_spacing.y = 2.0;
                ui.add(Label::new(RichText::new(known.room.as_str()).font(strong(16.0))).truncate());
                let role = role_words(known.role).map(|words| format!("  ·  {words}")).unwrap_or_default();
                ui.add(Label::new(soft(format!("{}{role}", host(&known.server)))).truncate());
            });
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if icon_button(ui, Icon::Close, &format!("Forget {}", known.room)).clicked() {
                    forget(known, view, intents);
                }
                let name = format!("Go back to {}", known.room);
                if button(ui, Look::Plain, "Join").accessible_name(name).clicked() {
                    if known.server.origin() != model.server.origin() {
                        intents.push(Intent::Do(Command::SetServer(known.server.clone())));
                    }
                    join::begin(view, known.room.clone(), None, false, intents);
                }
            });
        });
    });
}

fn role_words(role: Role) -> Option<&'static str> {
    match role {
        Role::Owner => Some("you own it"),
        Role::Moderator => Some("you are a moderator"),
        Role::Guest => None,
    }
}

/// Being a guest again anywhere is no loss.
fn forget(known: &KnownRoom, view: &mut View, intents: &mut Vec<Intent>) {
    if known.role == Role::Guest {
        intents.push(forgotten(known));
    } else {
        view.forgetting = Some(known.clone());
    }
}

fn forgotten(known: &KnownRoom) -> Intent {
    Intent::Do(Command::ForgetRoom { server: known.server.clone(), room: known.room.clone() })
}

/// Whoever forgets a room of one's own cannot prove any more that it is.
pub(super) fn question(ui: &mut Ui, view: &mut View, intents: &mut Vec<Intent>) {
    let Some(known) = &view.forgetting else { return };
    let shown = dialog("forget room").show(ui.ctx(), |ui| {
        ui.set_width(380.0_f32.min(ui.ctx().content_rect().width() - 80.0));
        ui.spacing_mut().item_spacing.y = 14.0;
        ui.heading(format!("Forget {}?", known.room));
        let whose = if known.role == Role::Owner { "You own this room" } else { "You are a moderator of this room" };
        let words = format!("{whose}. Only this app can prove that; once it has forgotten, you are a guest there.");
        ui.add(Label::new(words).wrap());
        actions(ui, |ui| {
            let forget = button(ui, Look::Plain, "Forget it").clicked();
            (forget, button(ui, Look::Bare, "Cancel").clicked())
        })
    });
    let (forget, cancel) = shown.inner;
    if forget {
        intents.push(forgotten(known));
    }
    if forget || cancel || shown.should_close() {
        view.forgetting = None;
    }
}
