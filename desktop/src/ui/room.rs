//! Inside a room: header, stage, side panel, controls.

use eframe::egui::{
    CentralPanel, Color32, Frame, Label, Margin, Panel, Rect, RichText, Stroke, Ui, UiBuilder, pos2, vec2,
};

use super::icon::Icon;
use super::theme::{self, strong};
use super::widget::icon_button;
use super::{Intent, Scene, Side, View, chat, controls, keys, people, settings, stage, status};
use crate::model::{Model, Visit};

/// A window narrower than this has no room for a panel beside the stage: it covers the stage.
const WIDTH_WITH_PANEL: f32 = 760.0;

pub(super) fn show(ui: &mut Ui, scene: &mut Scene<'_>, view: &mut View, visit: &Visit, intents: &mut Vec<Intent>) {
    let model = scene.model;
    keys::handle(ui.ctx(), model, view, intents);
    // The window is cleared to the ground anyway: without a graphics card each fill of so much costs.
    let bare = |left, right, top, bottom| Frame::new().inner_margin(Margin { left, right, top, bottom });
    Panel::top("header")
        .exact_size(56.0)
        .show_separator_line(false)
        .frame(bare(16, 12, 0, 0))
        .show(ui, |ui| header(ui, scene, view, visit));
    Panel::bottom("controls")
        .show_separator_line(false)
        .frame(bare(12, 12, 10, 14))
        .show(ui, |ui| controls::show(ui, model, visit, view, intents));
    CentralPanel::default().frame(bare(12, 12, 0, 0)).show(ui, |ui| {
        let area = ui.available_rect_before_wrap();
        let wide = ui.ctx().content_rect().width() >= WIDTH_WITH_PANEL;
        let Some(side) = view.side else {
            return stage::show(ui, scene, view, visit, intents);
        };
        if !wide {
            return panel(ui, area, scene, view, visit, side, intents);
        }
        let width = (area.width() * 0.34).clamp(280.0, 360.0);
        let (left, right) = area.split_left_right_at_x(area.right() - width);
        ui.scope_builder(UiBuilder::new().max_rect(left.with_max_x(left.right() - theme::GAP)), |ui| {
            stage::show(ui, scene, view, visit, intents);
        });
        panel(ui, right, scene, view, visit, side, intents);
    });
}

fn header(ui: &mut Ui, scene: &Scene<'_>, view: &mut View, visit: &Visit) {
    ui.horizontal_centered(|ui| {
        ui.spacing_mut().item_spacing.x = 10.0;
        brand_mark(ui);
        let room_for_name = (ui.available_width() - 290.0).max(60.0);
        ui.scope(|ui| {
            ui.set_max_width(room_for_name);
            let name = RichText::new(visit.room.as_str()).font(strong(17.0));
            ui.add(Label::new(name).truncate()).on_hover_text(visit.room.as_str());
        });
        status::pill(ui, visit, scene.now);
        ui.with_layout(eframe::egui::Layout::right_to_left(eframe::egui::Align::Center), |ui| {
            ui.spacing_mut().item_spacing.x = 4.0;
            if icon_button(ui, Icon::Settings, "Settings").clicked() {
                settings::open(view, scene.model);
            }
            if icon_button(ui, Icon::Link, "Copy the room's address").clicked() {
                ui.ctx().copy_text(address(scene.model, visit));
            }
        });
    });
}

/// Where the room is found, for others.
pub(super) fn address(model: &Model, visit: &Visit) -> String {
    let path = format!("rtc/{}", visit.room.to_path_segment());
    model.server.join(&path).map_or_else(|_| visit.room.to_string(), String::from)
}

/// The page's favicon.
pub(super) fn brand_mark(ui: &mut Ui) {
    let (rect, _) = ui.allocate_exact_size(vec2(28.0, 28.0), eframe::egui::Sense::hover());
    let at = |x: f32, y: f32| rect.min + vec2(x, y) * (rect.width() / 64.0);
    let painter = ui.painter();
    painter.rect_filled(rect, 7, theme::RAISED);
    painter.rect_filled(Rect::from_min_max(at(10.0, 17.0), at(41.0, 47.0)), 4, theme::ACCENT);
    let lens = vec![at(44.0, 29.5), at(54.5, 22.5), at(56.0, 24.0), at(56.0, 40.0), at(54.5, 41.5), at(44.0, 34.5)];
    painter.add(eframe::egui::Shape::convex_polygon(lens, theme::ACCENT, Stroke::NONE));
    for x in [19.0, 31.5] {
        painter.circle_filled(at(x, 32.0), 1.5, theme::RAISED);
    }
}

fn panel(
    ui: &mut Ui,
    area: Rect,
    scene: &mut Scene<'_>,
    view: &mut View,
    visit: &Visit,
    side: Side,
    intents: &mut Vec<Intent>,
) {
    ui.painter().rect_filled(area, theme::ROUND_LARGE, theme::SURFACE);
    let stroke = Stroke::new(1.0, theme::LINE);
    ui.painter().rect_stroke(area, theme::ROUND_LARGE, stroke, eframe::egui::StrokeKind::Inside);
    let title = match side {
        Side::Chat => "Chat".to_owned(),
        Side::People => format!("People ({})", visit.people.len()),
    };
    let builder = UiBuilder::new()
        .id_salt(("side", side == Side::Chat))
        .max_rect(area.shrink(1.0))
        .accessibility_role(eframe::egui::Role::Complementary)
        .accessibility_label(title.clone());
    ui.scope_builder(builder, |ui| {
        ui.set_clip_rect(area);
        ui.allocate_ui_with_layout(
            vec2(area.width() - 2.0, 50.0),
            eframe::egui::Layout::right_to_left(eframe::egui::Align::Center),
            |ui| {
                ui.add_space(6.0);
                if icon_button(ui, Icon::Close, "Close the panel").clicked() {
                    view.side = None;
                }
                ui.with_layout(eframe::egui::Layout::left_to_right(eframe::egui::Align::Center), |ui| {
                    ui.add_space(16.0);
                    ui.label(RichText::new(title).font(strong(16.0)));
                });
            },
        );
        let line = ui.cursor().top() - 4.0;
        ui.painter().hline(area.x_range(), line, stroke);
        let body = Rect::from_min_max(pos2(area.left() + 14.0, line + 6.0), area.max - vec2(12.0, 12.0));
        ui.scope_builder(UiBuilder::new().max_rect(body), |ui| match side {
            Side::Chat => chat::show(ui, scene, view, visit, intents),
            Side::People => people::show(ui, scene.model, view, visit, intents),
        });
    });
}

/// Something dark and see-through, so that words on pictures stay readable.
pub(super) const SCRIM: Color32 = Color32::from_rgba_premultiplied(6, 8, 11, 180);
