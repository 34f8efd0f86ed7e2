//! Everyone's tiles: a grid, or one large place with a strip.

use eframe::egui::{Frame, Label, Margin, Rect, ScrollArea, Stroke, Ui, UiBuilder, vec2};

use super::layout::{self, Spotlight};
use super::theme::{self, GAP};
use super::widget::{Look, button, soft};
use super::{Intent, Scene, View, room, status, tile};
use crate::Tile;
use crate::model::{self, Face, Visit};

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>, view: &mut View, visit: &Visit, intents: &mut Vec<Intent>) {
    status::banner(ui, visit, scene.now);
    let faces = visit.faces(scene.model.sending);
    if visit.people.len() == 1 {
        invitation(ui, scene, visit);
    }
    let area = ui.available_rect_before_wrap();
    ui.allocate_rect(area, eframe::egui::Sense::hover());
    match model::spotlight(&faces, view.chosen.as_ref()) {
        Some(large) if faces.len() > 1 => spotlight(ui, area, scene, view, &faces, large),
        Some(_) | None => grid(ui, area, scene, view, &faces),
    }
    let others = faces.iter().filter_map(|face| match &face.tile {
        Tile::Client(client) => Some(client),
        Tile::Me | Tile::MyScreen | Tile::Screen(_) => None,
    });
    view.sight.tell(&others.collect::<Vec<_>>(), intents);
    if view.side == Some(super::Side::Chat) && visit.chat.unread() > 0 {
        intents.push(Intent::ReadChat);
    }
}

fn grid(ui: &mut Ui, area: Rect, scene: &mut Scene<'_>, view: &mut View, faces: &[Face]) {
    let tiling = layout::grid(area, faces.len());
    if tiling.height <= area.height() + 1.0 {
        for (face, rect) in faces.iter().zip(tiling.tiles) {
            tile::show(ui, rect, scene, view, face, false);
        }
        return;
    }
    ui.scope_builder(UiBuilder::new().max_rect(area), |ui| {
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            let shift = ui.max_rect().min - area.min;
            ui.set_min_height(tiling.height);
            for (face, rect) in faces.iter().zip(tiling.tiles) {
                tile::show(ui, rect.translate(shift), scene, view, face, false);
            }
        });
    });
}

fn spotlight(ui: &mut Ui, area: Rect, scene: &mut Scene<'_>, view: &mut View, faces: &[Face], large: usize) {
    let places = layout::spotlight(area, faces.len() - 1);
    tile::show(ui, places.large, scene, view, &faces[large], true);
    let others: Vec<&Face> = faces.iter().enumerate().filter(|(i, _)| *i != large).map(|(_, face)| face).collect();
    strip(ui, &places, scene, view, &others);
}

/// The others in a row or a column, in the middle if they fit, else to be scrolled.
fn strip(ui: &mut Ui, places: &Spotlight, scene: &mut Scene<'_>, view: &mut View, faces: &[&Face]) {
    let Spotlight { strip, tile, beside, .. } = *places;
    let step = if beside { vec2(0.0, tile.y + GAP) } else { vec2(tile.x + GAP, 0.0) };
    let all = tile + step * faces.len().saturating_sub(1) as f32;
    let slack = ((strip.size() - all) / 2.0).max(vec2(0.0, 0.0));
    let slack = if beside { vec2(0.0, slack.y) } else { vec2(slack.x, 0.0) };
    ui.scope_builder(UiBuilder::new().max_rect(strip), |ui| {
        let area = if beside { ScrollArea::vertical() } else { ScrollArea::horizontal() };
        area.auto_shrink(false).show(ui, |ui| {
            let start = ui.max_rect().min + slack;
            ui.set_min_size(all);
            for (i, face) in faces.iter().enumerate() {
                let rect = Rect::from_min_size(start + step * i as f32, tile);
                tile::show(ui, rect, scene, view, face, false);
            }
        });
    });
}

/// Alone in a room one needs others.
fn invitation(ui: &mut Ui, scene: &Scene<'_>, visit: &Visit) {
    let address = room::address(scene.model, visit);
    Frame::new()
        .fill(theme::SURFACE)
        .stroke(Stroke::new(1.0, theme::LINE))
        .corner_radius(theme::ROUND)
        .inner_margin(Margin::symmetric(14, 7))
        .show(ui, |ui| {
            ui.horizontal(|ui| {
                ui.set_min_width(ui.available_width());
                let text = format!("You are the only one here. Others find this room at {address}");
                let room_for_text = (ui.available_width() - 130.0).max(80.0);
                ui.scope(|ui| {
                    ui.set_max_width(room_for_text);
                    ui.add(Label::new(soft(text)).truncate());
                });
                ui.with_layout(eframe::egui::Layout::right_to_left(eframe::egui::Align::Center), |ui| {
                    if button(ui, Look::Bare, "Copy address").clicked() {
                        ui.ctx().copy_text(address.clone());
                    }
                });
            });
        });
    ui.add_space(4.0);
}
