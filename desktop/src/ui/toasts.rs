//! Short messages over everything else.

use eframe::egui::{
    Align2, Area, Frame, Id, Label, Margin, Order, Rect, RichText, Role, Stroke, Ui, UiBuilder, pos2, vec2,
};

use super::icon::Icon;
use super::widget::icon_button;
use super::{Intent, theme};
use crate::model::{Model, ToastKind};

const WIDTH: f32 = 440.0;
/// Narrower ones would be all height.
const WIDTH_MIN: f32 = 240.0;
/// With its edges.
const DIALOG_MAX: f32 = 510.0;

pub(super) fn show(ui: &mut Ui, model: &Model, intents: &mut Vec<Intent>) {
    if model.toasts.iter().next().is_none() {
        return;
    }
    let across = ui.ctx().content_rect().width();
    let is_dialog_open = ui.ctx().memory(|memory| memory.top_modal_layer().is_some());
    // A dialog is not to be covered: beside it where there is room, else behind it.
    let beside = Some((across - DIALOG_MAX) / 2.0 - 24.0).filter(|room| is_dialog_open && *room >= WIDTH_MIN);
    let (side, offset, width) = match beside {
        Some(room) => (Align2::RIGHT_TOP, vec2(-12.0, 66.0), WIDTH.min(room)),
        None => (Align2::CENTER_TOP, vec2(0.0, 66.0), WIDTH.min(across - 24.0)),
    };
    let order = if is_dialog_open && beside.is_none() { Order::Middle } else { Order::Tooltip };
    Area::new(Id::unique("toasts")).order(order).anchor(side, offset).accessible_name("Notices").show(ui.ctx(), |ui| {
        ui.set_width(width);
        for toast in model.toasts.iter() {
            let colour = match toast.kind {
                ToastKind::Notice => theme::ACCENT,
                ToastKind::Error => theme::BAD,
            };
            let builder = UiBuilder::new().id_salt(toast.id).accessibility_role(Role::Alert);
            ui.scope_builder(builder, |ui| {
                let shown = one(ui, &toast.text, width);
                if shown.inner {
                    intents.push(Intent::DismissToast(toast.id));
                }
                let bar = shown.response.rect;
                let bar = Rect::from_min_max(bar.min + vec2(0.0, 8.0), pos2(bar.min.x + 4.0, bar.max.y - 8.0));
                ui.painter().rect_filled(bar, 2, colour);
            });
        }
    });
}

fn one(ui: &mut Ui, text: &str, width: f32) -> eframe::egui::InnerResponse<bool> {
    Frame::new()
        .fill(theme::RAISED)
        .stroke(Stroke::new(1.0, theme::LINE))
        .corner_radius(theme::ROUND)
        .shadow(ui.visuals().popup_shadow)
        .inner_margin(Margin { left: 16, right: 6, top: 6, bottom: 6 })
        .show(ui, |ui| {
            ui.horizontal_top(|ui| {
                let room = vec2(width - 76.0, 38.0);
                ui.allocate_ui_with_layout(room, eframe::egui::Layout::top_down(eframe::egui::Align::Min), |ui| {
                    ui.set_width(room.x);
                    ui.add_space(8.0);
                    ui.add(Label::new(RichText::new(text).size(14.5)).wrap());
                    ui.add_space(6.0);
                });
                icon_button(ui, Icon::Close, "Dismiss").clicked()
            })
            .inner
        })
}
