//! The chat: what was said, and a place to say something.

use eframe::egui::{
    Color32, CornerRadius, Frame, Label, Margin, Rect, RichText, ScrollArea, Ui, UiBuilder, Vec2, pos2, vec2,
};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use session::ChatLine;

use super::theme::{self, strong};
use super::widget::soft;
use super::{Intent, Scene, View, composer};
use crate::model::{Entry, Visit};

/// A guess, until a line has been on screen once.
const HEIGHT_GUESS: f32 = 44.0;

pub(super) fn show(ui: &mut Ui, scene: &Scene<'_>, view: &mut View, visit: &Visit, intents: &mut Vec<Intent>) {
    if visit.chat.unread() > 0 {
        intents.push(Intent::ReadChat);
    }
    let area = ui.available_rect_before_wrap();
    let foot = composer::height(ui, view, visit, area.width()).min(area.height() * 0.6);
    let (lines, below) = area.split_top_bottom_at_y(area.bottom() - foot);
    ui.scope_builder(UiBuilder::new().max_rect(lines), |ui| {
        if visit.chat.is_empty() {
            ui.add_space(10.0);
            ui.label(soft("Nobody has written yet."));
        } else {
            history(ui, scene.zone, view, visit);
        }
    });
    ui.scope_builder(UiBuilder::new().max_rect(below), |ui| composer::show(ui, view, visit, intents));
}

/// Only the lines in sight are laid out; the others are as high as they were last time.
fn history(ui: &mut Ui, zone: &TimeZone, view: &mut View, visit: &Visit) {
    let heights = &mut view.chat_heights;
    ScrollArea::vertical().auto_shrink(false).stick_to_bottom(true).show_viewport(ui, |ui, viewport| {
        ui.spacing_mut().item_spacing.y = 0.0;
        let width = ui.available_width() - 10.0;
        heights.prepare(width, visit.chat.entries().next().map_or(0, |(number, _)| number));
        let top = ui.cursor().top();
        for (number, entry) in visit.chat.entries() {
            let at = ui.cursor().top() - top;
            if let Some(height) = heights.get(number)
                && (at + height < viewport.top() - 50.0 || at > viewport.bottom() + 50.0)
            {
                ui.allocate_space(vec2(width, height));
                continue;
            }
            if heights.get(number).is_none() && at > viewport.bottom() + 2_000.0 {
                ui.allocate_space(vec2(width, HEIGHT_GUESS));
                continue;
            }
            let shown = ui.push_id(number, |ui| show_entry(ui, zone, entry, width));
            heights.set(number, shown.response.rect.height());
        }
        ui.add_space(6.0);
    });
}

fn show_entry(ui: &mut Ui, zone: &TimeZone, entry: &Entry, width: f32) {
    ui.set_max_width(width);
    match entry {
        Entry::Line { line, continued } => show_line(ui, zone, line, *continued),
        Entry::Joined(name) => remark(ui, &format!("{name} joined")),
        Entry::Left(name) => remark(ui, &format!("{name} left")),
    }
}

fn remark(ui: &mut Ui, text: &str) {
    ui.add_space(9.0);
    ui.add(Label::new(soft(text).size(12.5)).truncate());
}

fn show_line(ui: &mut Ui, zone: &TimeZone, line: &ChatLine, continued: bool) {
    if continued {
        ui.add_space(3.0);
    } else {
        ui.add_space(13.0);
        ui.spacing_mut().interact_size.y = 17.0;
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 7.0;
            let room = (ui.available_width() - if line.private { 112.0 } else { 52.0 }).max(40.0);
            let name = if line.mine { "You" } else { line.name.as_str() };
            let colour = if line.mine { theme::ACCENT_BRIGHT } else { theme::TEXT };
            ui.scope(|ui| {
                ui.set_max_width(room);
                ui.add(Label::new(RichText::new(name).font(strong(13.5)).color(colour)).truncate());
            });
            ui.label(soft(clock(line.time_ms, zone)).size(12.0));
            if line.private {
                ui.label(RichText::new("private").font(strong(12.0)).color(theme::WARN))
                    .on_hover_text("Only you and one other can read this");
            }
        });
        ui.add_space(3.0);
    }
    let fill = match (line.private, line.mine) {
        (true, _) => Color32::from_rgb(0x2e, 0x27, 0x1a),
        (false, true) => Color32::from_rgb(0x1a, 0x2b, 0x40),
        (false, false) => theme::RAISED,
    };
    let corner = CornerRadius { nw: if continued { theme::ROUND } else { 3 }, ..CornerRadius::same(theme::ROUND) };
    let bubble = Frame::new().fill(fill).corner_radius(corner).inner_margin(Margin::symmetric(11, 7)).show(ui, |ui| {
        // A long word is broken rather than let out of the panel.
        ui.add(Label::new(RichText::new(&line.text).size(14.5)).wrap().selectable(true));
    });
    if line.private {
        let rect = bubble.response.rect;
        let bar = Rect::from_min_size(pos2(rect.left(), rect.top() + 5.0), Vec2::new(3.0, rect.height() - 10.0));
        ui.painter().rect_filled(bar, 1, theme::WARN);
    }
}

/// "14:05", or nothing for a time that cannot be.
fn clock(time_ms: u64, zone: &TimeZone) -> String {
    i64::try_from(time_ms)
        .ok()
        .and_then(|ms| Timestamp::from_millisecond(ms).ok())
        .map(|time| time.to_zoned(zone.clone()).strftime("%H:%M").to_string())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_is_local_and_survives_any_number() {
        assert_eq!(clock(1_700_000_000_000, &TimeZone::UTC), "22:13");
        assert_eq!(clock(1_700_000_000_000, &TimeZone::fixed(jiff::tz::offset(2))), "00:13");
        assert_eq!(clock(u64::MAX, &TimeZone::UTC), "");
        assert_eq!(clock(i64::MAX as u64, &TimeZone::UTC), "");
    }
}
