//! Where a line is written: to everyone or to one person. Enter sends, Shift+Enter breaks the line.

use eframe::egui::{
    Align, Event, Id, Key, KeyboardShortcut, Layout, Margin, Modifiers, RichText, ScrollArea, TextEdit, Ui, vec2,
};
use protocol::limits::TEXT_CHARS;
use protocol::{Address, ClientId};

use super::icon::Icon;
use super::theme;
use super::widget::{Look, button, combo, icon_button, soft};
use super::{Intent, View};
use crate::Command;
use crate::model::Visit;

/// From here on the counter is shown.
const NEAR_THE_LIMIT: usize = TEXT_CHARS - 400;
/// More lines than this are scrolled.
const ROWS_MAX: usize = 6;
const ROW: f32 = 19.0;
const PADDING: f32 = 22.0;

fn id() -> Id {
    Id::unique("chat draft")
}

/// How much room the composer wants.
pub(super) fn height(ui: &Ui, view: &View, visit: &Visit, width: f32) -> f32 {
    let recipient = if has_choice(visit) || view.editing.is_some() { 44.0 } else { 0.0 };
    let counter = if view.draft.chars().count() >= NEAR_THE_LIMIT { 22.0 } else { 0.0 };
    recipient + field_height(ui, &view.draft, width) + counter + 10.0
}

fn has_choice(visit: &Visit) -> bool {
    visit.people.iter().any(|person| !person.me)
}

fn field_height(ui: &Ui, draft: &str, width: f32) -> f32 {
    let wrap = (width - 46.0 - 26.0).max(40.0);
    let galley = ui.painter().layout(draft.to_owned(), theme::regular(14.5), theme::TEXT, wrap);
    galley.rows.len().clamp(1, ROWS_MAX) as f32 * ROW + PADDING
}

pub(super) fn show(ui: &mut Ui, view: &mut View, visit: &Visit, intents: &mut Vec<Intent>) {
    ui.spacing_mut().item_spacing.y = 6.0;
    ui.add_space(6.0);
    if view.editing.is_some() {
        changing(ui, view);
    } else if has_choice(visit) {
        recipient(ui, view, visit);
    }
    let focused = ui.memory(|memory| memory.has_focus(id()));
    let mut send = focused && take_enter(ui);
    let field = field_height(ui, &view.draft, ui.available_width());
    ui.allocate_ui_with_layout(vec2(ui.available_width(), field), Layout::right_to_left(Align::Max), |ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        send |= icon_button(ui, Icon::Send, "Send").clicked();
        ScrollArea::vertical().id_salt("draft").max_height(field).min_scrolled_height(field).show(ui, |ui| {
            let hint = match view.to.as_ref().and_then(|to| visit.person(to)) {
                Some(person) => format!("Message to {} only", person.name),
                None => "Message to everyone".to_owned(),
            };
            let edit = TextEdit::multiline(&mut view.draft)
                .id(id())
                .hint_text(RichText::new(hint).color(theme::SOFT))
                .font(theme::regular(14.5))
                .desired_rows(1)
                .desired_width(f32::INFINITY)
                .margin(Margin::symmetric(12, 9))
                .return_key(KeyboardShortcut::new(Modifiers::SHIFT, Key::Enter));
            let response = ui.add(edit).accessible_name("Message");
            if std::mem::take(&mut view.focus_draft) {
                response.request_focus();
            }
            if send {
                response.request_focus();
            }
        });
    });
    limit(ui, &mut view.draft);
    if send {
        say(view, intents);
    }
}

/// Takes Enter before the field sees it, but not Shift+Enter.
/// A key that an input method uses never arrives here as a key.
fn take_enter(ui: &Ui) -> bool {
    ui.input_mut(|input| {
        let before = input.events.len();
        input.events.retain(|event| {
            !matches!(event, Event::Key { key: Key::Enter, pressed: true, modifiers, .. } if modifiers.is_none())
        });
        input.events.len() < before
    })
}

/// The field itself has no limit for several lines.
fn limit(ui: &mut Ui, draft: &mut String) {
    let count = draft.chars().count();
    if let Some((end, _)) = draft.char_indices().nth(TEXT_CHARS) {
        draft.truncate(end);
    }
    if count >= NEAR_THE_LIMIT {
        let colour = if count >= TEXT_CHARS { theme::BAD } else { theme::SOFT };
        ui.label(soft(format!("{} of {TEXT_CHARS} characters", count.min(TEXT_CHARS))).size(12.5).color(colour));
    }
}

fn say(view: &mut View, intents: &mut Vec<Intent>) {
    let text = view.draft.trim();
    if text.is_empty() {
        return;
    }
    if let Some((id, before)) = view.editing.take() {
        intents.push(Intent::Do(Command::EditText { id, text: text.to_owned() }));
        view.draft = before;
        return;
    }
    let to = view.to.clone().map_or(Address::Room, Address::Client);
    intents.push(Intent::Do(Command::Say { to, text: text.to_owned() }));
    view.draft.clear();
}

/// Says that a line is being changed, and how to let it be.
fn changing(ui: &mut Ui, view: &mut View) {
    let mut stop = false;
    ui.horizontal(|ui| {
        ui.label(soft("Changing your message").color(theme::WARN));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            stop |= button(ui, Look::Bare, "Cancel").accessible_name("Leave the message as it was").clicked();
        });
    });
    if stop {
        view.stop_editing();
    }
}

fn recipient(ui: &mut Ui, view: &mut View, visit: &Visit) {
    let name = |id: &Option<ClientId>| match id.as_ref().and_then(|id| visit.person(id)) {
        Some(person) => format!("To {} only", person.name),
        None => "To everyone".to_owned(),
    };
    let chosen = name(&view.to);
    let colour = if view.to.is_some() { theme::WARN } else { theme::TEXT };
    let width = ui.available_width();
    let combo = combo("recipient", width, RichText::new(chosen).size(13.5).color(colour));
    let shown = combo.show_ui(ui, |ui| {
        ui.set_max_width(width);
        let everyone = std::iter::once(None);
        let others = visit.people.iter().filter(|person| !person.me).map(|person| Some(person.id.clone()));
        for to in everyone.chain(others) {
            let text = name(&to);
            ui.selectable_value(&mut view.to, to, RichText::new(text).size(13.5));
        }
    });
    shown.response.accessible_name("Recipient");
}
