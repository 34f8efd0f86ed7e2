//! The chat: what was said, and a place to say something.

use eframe::egui::{
    Color32, CornerRadius, Frame, Label, Margin, Popup, Rect, RichText, Role as WidgetRole, Sense, Ui, UiBuilder, Vec2,
    WidgetInfo, pos2,
};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use protocol::{Role, TextId};
use session::ChatLine;
use url::Url;

use super::icon::Icon;
use super::order::Question;
use super::theme::{self, strong};
use super::widget::{Look, button_enabled, focus_ring, soft};
use super::{Intent, Scene, View, composer, linked, order};
use crate::Command;
use crate::model::{Entry, Shown, Visit};

/// The menu of a line.
const MENU_SIDE: f32 = 26.0;

pub(super) fn show(ui: &mut Ui, scene: &Scene<'_>, view: &mut View, visit: &Visit, intents: &mut Vec<Intent>) {
    if visit.chat.unread() > 0 {
        intents.push(Intent::ReadChat);
    }
    let area = ui.available_rect_before_wrap();
    let foot = composer::height(ui, view, visit, area.width()).min(area.height() * 0.6);
    let (lines, below) = area.split_top_bottom_at_y(area.bottom() - foot);
    ui.scope_builder(UiBuilder::new().max_rect(lines), |ui| {
        if let Some(before) = visit.chat.earlier_than() {
            ui.add_space(4.0);
            let words = if visit.chat.loading { "Loading…" } else { "Load earlier" };
            if button_enabled(ui, Look::Plain, words, !visit.chat.loading).clicked() {
                intents.push(Intent::Do(Command::LoadEarlier { before }));
            }
        }
        if visit.chat.is_empty() {
            ui.add_space(10.0);
            ui.label(soft("Nobody has written yet."));
        } else {
            history(ui, scene.zone, view, visit, intents);
        }
    });
    ui.scope_builder(UiBuilder::new().max_rect(below), |ui| composer::show(ui, view, visit, intents));
}

/// What was said so far.
fn history(ui: &mut Ui, zone: &TimeZone, view: &mut View, visit: &Visit, intents: &mut Vec<Intent>) {
    let mut wish = None;
    view.scrollback.show(ui, &visit.chat, |ui, shown, width| {
        wish = show_entry(ui, zone, visit, shown, width).or(wish.take());
    });
    match wish {
        Some(Wish::Edit(id)) => {
            if let Some(line) = visit.chat.line(id) {
                view.edit(id, &line.text);
            }
        }
        Some(Wish::Delete(id)) => view.question = Some(Question::about_the_line(id)),
        Some(Wish::Open(url)) => intents.push(Intent::Open(url)),
        None => {}
    }
}

/// What a line was used for.
enum Wish {
    Open(Url),
    Edit(TextId),
    Delete(TextId),
}

fn show_entry(ui: &mut Ui, zone: &TimeZone, visit: &Visit, shown: Shown<'_>, width: f32) -> Option<Wish> {
    ui.set_max_width(width);
    match shown.entry {
        Entry::Line(line) => return show_line(ui, zone, visit, line, shown.continued),
        Entry::Joined(name) => remark(ui, &format!("{name} joined")),
        Entry::Left(name) => remark(ui, &format!("{name} left")),
    }
    None
}

/// The menu of a line that one may change or take back, at the right end of its place.
fn menu(ui: &Ui, line: &ChatLine, role: Role, top: f32) -> Option<Wish> {
    let id = line.id.filter(|_| line.mine || role >= Role::Moderator)?;
    let right = ui.max_rect().right();
    let rect = Rect::from_min_size(pos2(right - MENU_SIDE, top), Vec2::splat(MENU_SIDE));
    let response = ui.interact(rect, ui.scope_id().with("menu"), Sense::click());
    let start: String = line.text.chars().take(24).map(|c| if c.is_control() { ' ' } else { c }).collect();
    let name = format!("Change the message: {start}");
    response.widget_info(|| WidgetInfo::labeled(WidgetRole::Button, true, &name));
    let lit = response.hovered() || response.has_focus();
    focus_ring(ui, &response, theme::ROUND);
    Icon::More.paint(ui.painter(), rect.center(), 17.0, if lit { theme::TEXT } else { theme::SOFT });
    let mut wish = None;
    Popup::menu(&response).show(|ui| {
        if line.mine && order::item(ui, "Edit").clicked() {
            wish = Some(Wish::Edit(id));
        }
        if order::item(ui, "Delete…").clicked() {
            wish = Some(Wish::Delete(id));
        }
    });
    wish
}

fn remark(ui: &mut Ui, text: &str) {
    ui.add_space(9.0);
    ui.add(Label::new(soft(text).size(12.5)).truncate());
}

fn show_line(ui: &mut Ui, zone: &TimeZone, visit: &Visit, line: &ChatLine, continued: bool) -> Option<Wish> {
    if continued {
        ui.add_space(3.0);
    } else {
        ui.add_space(13.0);
        ui.spacing_mut().interact_size.y = 17.0;
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 7.0;
            let room = (ui.available_width() - if line.private { 150.0 } else { 52.0 }).max(40.0);
            let name = if line.mine { "You" } else { line.name.as_str() };
            let colour = if line.mine { theme::ACCENT_BRIGHT } else { theme::TEXT };
            ui.scope(|ui| {
                ui.set_max_width(room);
                ui.add(Label::new(RichText::new(name).font(strong(13.5)).color(colour)).truncate());
            });
            ui.label(soft(clock(line.time_ms, zone)).size(12.0));
            if line.private {
                let to = line.to.as_ref().filter(|_| line.mine).and_then(|to| visit.person(to));
                let words = to.map_or_else(|| "private".to_owned(), |to| format!("private, to {}", to.name));
                let words = RichText::new(words).font(strong(12.0)).color(theme::WARN);
                ui.add(Label::new(words).truncate()).on_hover_text("Only you and one other can read this");
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
    let frame = Frame::new().fill(fill).corner_radius(corner).inner_margin(Margin::symmetric(11, 7));
    let bubble = frame.show(ui, |ui| {
        ui.set_max_width((ui.available_width() - MENU_SIDE).max(40.0));
        let link = linked::show(ui, &line.text);
        if line.edited {
            ui.label(soft("edited").size(11.5));
        }
        link
    });
    if line.private {
        let rect = bubble.response.rect;
        let bar = Rect::from_min_size(pos2(rect.left(), rect.top() + 5.0), Vec2::new(3.0, rect.height() - 10.0));
        ui.painter().rect_filled(bar, 1, theme::WARN);
    }
    let wish = menu(ui, line, visit.hall.role(), bubble.response.rect.top() + 3.0);
    bubble.inner.map(Wish::Open).or(wish)
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
