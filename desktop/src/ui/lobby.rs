//! Before a room: which there are, and how to get into one.

use std::time::Instant;

use eframe::egui::{
    Align, CentralPanel, Frame, Key, Label, Layout, Margin, Panel, RichText, ScrollArea, Sense, Ui, UiBuilder, vec2,
};
use protocol::RoomId;
use protocol::api::RoomSummary;

use super::icon::Icon;
use super::theme::{self, strong};
use super::view::View;
use super::widget::{Field, Look, button, button_enabled, card, complaint, icon_button, soft};
use super::{Intent, Scene, account, create, join, room, settings, visited};
use crate::Command;
use crate::address::RoomAddress;
use crate::model::{Lobby, Model, idle, occupancy};

const WIDTH_MAX: f32 = 1_000.0;
/// Below this the forms stand under the list.
const WIDTH_WITH_COLUMNS: f32 = 760.0;
const FORMS_WIDTH: f32 = 330.0;

pub(super) fn show(ui: &mut Ui, scene: &Scene<'_>, view: &mut View, intents: &mut Vec<Intent>) {
    let model = scene.model;
    // The window is cleared to the ground anyway.
    let ground = Frame::new();
    Panel::top("lobby header")
        .exact_size(60.0)
        .show_separator_line(false)
        .frame(ground.inner_margin(Margin::symmetric(16, 0)))
        .show(ui, |ui| header(ui, model, view, intents));
    CentralPanel::default().frame(ground).show(ui, |ui| {
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            let room = ui.available_width();
            let width = (room - 32.0).min(WIDTH_MAX);
            let left = ui.cursor().left() + (room - width) / 2.0;
            let mut rect = ui.available_rect_before_wrap();
            (rect.min.x, rect.max.x) = (left, left + width);
            ui.scope_builder(UiBuilder::new().max_rect(rect), |ui| {
                body(ui, scene, view, intents, width);
                ui.add_space(24.0);
            });
        });
    });
}

fn header(ui: &mut Ui, model: &Model, view: &mut View, intents: &mut Vec<Intent>) {
    ui.horizontal_centered(|ui| {
        ui.spacing_mut().item_spacing.x = 10.0;
        room::brand_mark(ui);
        ui.label(RichText::new("RTC-Chat").font(strong(17.0)));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if icon_button(ui, Icon::Settings, "Settings").clicked() {
                settings::open(view, model);
            }
            account::entry(ui, model, view, intents);
            let host = model.server.host_str().unwrap_or_default();
            let host = model.server.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
            let text = format!("{}  ·  {host}", model.username);
            ui.add(Label::new(soft(text)).truncate()).on_hover_text("Your name and the server");
        });
    });
}

fn body(ui: &mut Ui, scene: &Scene<'_>, view: &mut View, intents: &mut Vec<Intent>, width: f32) {
    let model = scene.model;
    ui.spacing_mut().item_spacing.y = 12.0;
    ui.add_space(6.0);
    if let Some(trouble) = &model.trouble {
        card().inner_margin(Margin::symmetric(18, 12)).show(ui, |ui| {
            ui.take_available_width();
            complaint(ui, trouble);
            if button(ui, Look::Plain, "Understood").clicked() {
                intents.push(Intent::ForgetTrouble);
            }
        });
    }
    if model.lobby.left.is_some() || model.lobby.ending.is_some() {
        way_back(ui, &model.lobby, view, intents);
    }
    let rooms = |ui: &mut Ui, view: &mut View, intents: &mut Vec<Intent>| {
        visited::show(ui, model, view, intents);
        list(ui, model, scene.now, view, intents);
    };
    let forms = |ui: &mut Ui, view: &mut View, intents: &mut Vec<Intent>| {
        by_name(ui, view, intents);
        create::show(ui, model, view, intents);
    };
    if width < WIDTH_WITH_COLUMNS {
        rooms(ui, view, intents);
        forms(ui, view, intents);
        return;
    }
    ui.horizontal_top(|ui| {
        let between = std::mem::replace(&mut ui.spacing_mut().item_spacing.x, 0.0);
        let column = Layout::top_down(Align::Min);
        ui.allocate_ui_with_layout(vec2(width - FORMS_WIDTH - 24.0, 0.0), column, |ui| {
            ui.set_width(width - FORMS_WIDTH - 24.0);
            ui.spacing_mut().item_spacing.x = between;
            rooms(ui, view, intents);
        });
        ui.add_space(24.0);
        ui.allocate_ui_with_layout(vec2(FORMS_WIDTH, 0.0), column, |ui| {
            ui.set_width(FORMS_WIDTH);
            ui.spacing_mut().item_spacing.x = between;
            forms(ui, view, intents);
        });
    });
}

/// Leaving asks nothing, so it can be undone. Whoever was put out reads by whom.
fn way_back(ui: &mut Ui, lobby: &Lobby, view: &mut View, intents: &mut Vec<Intent>) {
    card().inner_margin(Margin::symmetric(18, 10)).show(ui, |ui| {
        ui.horizontal(|ui| {
            ui.set_min_width(ui.available_width());
            let room_for_words = (ui.available_width() - 110.0).max(60.0);
            ui.scope(|ui| {
                ui.set_max_width(room_for_words);
                let left = lobby.left.as_ref().map(|left| format!("You left {left}.")).unwrap_or_default();
                ui.add(Label::new(lobby.ending.clone().unwrap_or(left)).wrap());
            });
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if let Some(left) = &lobby.left
                    && button(ui, Look::Main, "Join again").clicked()
                {
                    view.return_to(left.clone(), intents);
                }
            });
        });
    });
}

fn list(ui: &mut Ui, model: &Model, now: Instant, view: &mut View, intents: &mut Vec<Intent>) {
    let lobby = &model.lobby;
    ui.horizontal(|ui| {
        ui.heading("Rooms");
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.add_enabled_ui(!lobby.refreshing, |ui| {
                if icon_button(ui, Icon::Refresh, "Refresh the list").clicked() {
                    intents.push(Intent::Do(Command::ListRooms));
                }
            });
        });
    });
    if let Some(failure) = &lobby.failure {
        trouble(ui, failure, lobby.refreshing, model.doubt.is_some(), intents);
    }
    match &lobby.listing {
        None if lobby.failure.is_some() => {}
        None => empty(ui, "Looking for rooms…", ""),
        Some(listing) if listing.rooms.is_empty() => {
            empty(ui, "There are no public rooms yet", "Create one, or join a room by its name.");
        }
        Some(listing) => {
            ui.spacing_mut().item_spacing.y = 8.0;
            for room in &listing.rooms {
                ui.push_id(room.id.as_str(), |ui| row(ui, room, lobby.idle_seconds(room, now), view, intents));
            }
        }
    }
}

fn empty(ui: &mut Ui, title: &str, hint: &str) {
    card().show(ui, |ui| {
        ui.vertical_centered(|ui| {
            ui.add_space(28.0);
            ui.label(RichText::new(title).font(strong(16.0)));
            if !hint.is_empty() {
                ui.label(soft(hint));
            }
            ui.add_space(28.0);
        });
    });
}

fn trouble(ui: &mut Ui, failure: &str, refreshing: bool, doubted: bool, intents: &mut Vec<Intent>) {
    card().inner_margin(Margin::symmetric(18, 12)).show(ui, |ui| {
        ui.take_available_width();
        ui.label(RichText::new("The rooms cannot be listed").font(strong(15.0)));
        complaint(ui, failure);
        if doubted {
            if button(ui, Look::Plain, "Compare the certificate…").clicked() {
                intents.push(Intent::AskForTrust);
            }
        } else if button_enabled(ui, Look::Plain, "Try again", !refreshing).clicked() {
            intents.push(Intent::Do(Command::ListRooms));
        }
    });
}

fn row(ui: &mut Ui, room: &RoomSummary, idle_seconds: u64, view: &mut View, intents: &mut Vec<Intent>) {
    let full = room.guest_limit > 0 && room.participants >= room.guest_limit;
    card().corner_radius(theme::ROUND).inner_margin(Margin::symmetric(16, 11)).show(ui, |ui| {
        ui.horizontal(|ui| {
            ui.set_min_width(ui.available_width());
            let room_for_words = (ui.available_width() - 96.0).max(60.0);
            ui.allocate_ui_with_layout(vec2(room_for_words, 40.0), Layout::top_down(Align::Min), |ui| {
                ui.set_width(room_for_words);
                ui.spacing_mut().item_spacing.y = 2.0;
                ui.horizontal(|ui| {
                    if room.has_password {
                        let (spot, lock) = ui.allocate_exact_size(vec2(17.0, 20.0), Sense::hover());
                        Icon::Lock.paint(ui.painter(), spot.center(), 17.0, theme::WARN);
                        lock.on_hover_text("Wants a password").accessible_name("Wants a password");
                    }
                    ui.add(Label::new(RichText::new(room.id.as_str()).font(strong(16.0))).truncate());
                });
                let door = match (room.locked, room.lobby) {
                    (true, _) => "  ·  locked",
                    (false, true) => "  ·  someone lets you in",
                    (false, false) => "",
                };
                let words = format!("{}  ·  {}{door}", occupancy(room), idle(idle_seconds));
                ui.add(Label::new(soft(words)).truncate());
            });
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                let words = if full { "Full" } else { "Join" };
                let name = if full { format!("{} is full", room.id) } else { format!("Join {}", room.id) };
                let response = button_enabled(ui, Look::Plain, words, !full).accessible_name(name);
                if response.clicked() {
                    join::begin(view, room.id.clone(), None, room.has_password, intents);
                }
            });
        });
    });
}

fn by_name(ui: &mut Ui, view: &mut View, intents: &mut Vec<Intent>) {
    let mut wanted = false;
    card().show(ui, |ui| {
        ui.take_available_width();
        ui.spacing_mut().item_spacing.y = 12.0;
        ui.label(RichText::new("Join a room").font(strong(17.0)));
        let field = Field {
            name: "Name or address of the room",
            hint: "Standup, or http://…/rtc/Standup",
            limit: 600,
            secret: false,
            error: view.by_name_error.as_deref(),
        };
        let response = field.show(ui, &mut view.by_name);
        if response.changed() {
            view.by_name_error = None;
        }
        wanted = response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
        wanted |= button(ui, Look::Plain, "Join").accessible_name("Join by name or address").clicked();
    });
    if !wanted {
        return;
    }
    let text = view.by_name.trim();
    if text.contains("://") {
        match text.parse::<RoomAddress>() {
            Ok(RoomAddress { server, room, invite }) => {
                intents.push(Intent::Do(Command::SetServer(server)));
                join::begin(view, room, invite, false, intents);
            }
            Err(error) => view.by_name_error = Some(format!("This leads to no room: {error}.")),
        }
    } else {
        match RoomId::parse(text) {
            Ok(room) => join::begin(view, room, None, false, intents),
            Err(error) => view.by_name_error = Some(create::name_sentence(&error)),
        }
    }
}
