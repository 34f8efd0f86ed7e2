//! How the room is set, for its owner.

use eframe::egui::{Checkbox, RichText, Ui};
use protocol::api::EditRoom;
use protocol::limits::{GUEST_LIMITS, PASSWORD_BYTES};
use protocol::{History, RoomSettings};

use super::create::limit_words;
use super::order::Question;
use super::theme::strong;
use super::widget::{Field, Look, actions, button, combo, complaint, dialog};
use super::{Intent, View};
use crate::Command;
use crate::model::Visit;

/// How long lines may be kept, to choose from.
pub(super) const HISTORIES: [History; 4] =
    [History::None, History::Hours(24), History::Hours(24 * 7), History::Forever];

/// What is being set.
#[derive(Debug)]
pub(super) struct RoomForm {
    public: bool,
    lobby: bool,
    guest_limit: usize,
    history: History,
    password: String,
    drops_password: bool,
    /// The number of changes made before; with one more ours is made.
    n_edits: usize,
    saving: bool,
}

pub(super) fn open(view: &mut View, settings: &RoomSettings, n_edits: usize) {
    view.room_form = Some(RoomForm {
        public: settings.public,
        lobby: settings.lobby,
        guest_limit: settings.guest_limit,
        history: settings.history,
        password: String::new(),
        drops_password: false,
        n_edits,
        saving: false,
    });
}

pub(super) fn show(ui: &mut Ui, visit: &Visit, view: &mut View, intents: &mut Vec<Intent>) {
    let (Some(form), Some(settings)) = (&mut view.room_form, &visit.hall.settings) else { return };
    if form.saving && visit.hall.n_edits > form.n_edits {
        view.room_form = None;
        return;
    }
    let shown = dialog("room settings").show(ui.ctx(), |ui| {
        ui.set_width(400.0_f32.min(ui.ctx().content_rect().width() - 80.0));
        ui.spacing_mut().item_spacing.y = 12.0;
        ui.heading("Room settings");
        fields(ui, form, settings);
        if let Some(failure) = &visit.hall.failure {
            complaint(ui, failure);
        }
        let delete = button(ui, Look::Bare, "Delete the room…").clicked();
        let (save, cancel) = actions(ui, |ui| {
            let save = button(ui, Look::Main, "Save").clicked();
            (save, button(ui, Look::Bare, "Cancel").clicked())
        });
        (save, cancel, delete)
    });
    let (save, cancel, delete) = shown.inner;
    let mut done = cancel || delete || shown.should_close();
    if save {
        let edit = changes(form, settings);
        if edit == EditRoom::default() {
            done = true;
        } else {
            (form.saving, form.n_edits) = (true, visit.hall.n_edits);
            intents.push(Intent::Do(Command::EditRoom(edit)));
        }
    }
    if done {
        view.room_form = None;
    }
    if delete {
        view.question = Some(Question::about_the_room());
    }
}

fn fields(ui: &mut Ui, form: &mut RoomForm, settings: &RoomSettings) {
    ui.add(Checkbox::new(&mut form.public, "Show in the list of rooms"));
    ui.add(Checkbox::new(&mut form.lobby, "Newcomers wait to be let in"));
    ui.horizontal(|ui| {
        let label = ui.label(RichText::new("Guests").font(strong(13.5)));
        let limits = combo("room limit", 130.0, RichText::new(limit_words(form.guest_limit)));
        let shown = limits.show_ui(ui, |ui| {
            for limit in GUEST_LIMITS {
                ui.selectable_value(&mut form.guest_limit, limit, limit_words(limit));
            }
        });
        shown.response.labelled_by(label.id);
    });
    ui.horizontal(|ui| {
        let label = ui.label(RichText::new("Messages are kept").font(strong(13.5)));
        let kept = combo("room history", 150.0, RichText::new(history_words(form.history)));
        let shown = kept.show_ui(ui, |ui| {
            let own = Some(settings.history).filter(|own| !HISTORIES.contains(own));
            for history in HISTORIES.into_iter().chain(own) {
                ui.selectable_value(&mut form.history, history, history_words(history));
            }
        });
        shown.response.labelled_by(label.id);
    });
    let hint = if settings.has_password { "As it is" } else { "None: everyone may join" };
    let field = Field { name: "New password", hint, limit: PASSWORD_BYTES, secret: true, error: None };
    ui.add_enabled_ui(!form.drops_password, |ui| field.show(ui, &mut form.password));
    if settings.has_password {
        ui.add(Checkbox::new(&mut form.drops_password, "No password any more"));
    }
}

/// Only what is to be different.
fn changes(form: &RoomForm, settings: &RoomSettings) -> EditRoom {
    let password = match (form.drops_password, form.password.is_empty()) {
        (true, _) => Some(String::new()),
        (false, true) => None,
        (false, false) => Some(form.password.clone()),
    };
    EditRoom {
        public: Some(form.public).filter(|public| *public != settings.public),
        lobby: Some(form.lobby).filter(|lobby| *lobby != settings.lobby),
        guest_limit: Some(form.guest_limit).filter(|limit| *limit != settings.guest_limit),
        history: Some(form.history).filter(|history| *history != settings.history),
        password,
        locked: None,
        kept: None,
    }
}

pub(super) fn history_words(history: History) -> String {
    match history {
        History::None => "Not at all".to_owned(),
        History::Hours(24) => "For a day".to_owned(),
        History::Hours(hours) if hours % 24 == 0 => format!("For {} days", hours / 24),
        History::Hours(1) => "For an hour".to_owned(),
        History::Hours(hours) => format!("For {hours} hours"),
        History::Forever => "For ever".to_owned(),
    }
}
