//! One's name and microphone, and in the lobby the server.

use eframe::egui::{Align, Checkbox, Key, Label, Layout, RichText, ScrollArea, Ui, vec2};
use media::Processing;
use protocol::Username;
use protocol::limits::USERNAME_CHARS;

use super::theme::strong;
use super::view::SettingsForm;
use super::widget::{Field, Look, actions, button, dialog, soft};
use super::{Intent, View};
use crate::Command;
use crate::address::parse_server;
use crate::model::Model;

pub(super) fn open(view: &mut View, model: &Model) {
    view.settings = Some(SettingsForm {
        name: model.username.to_string(),
        server: model.server.to_string(),
        name_error: None,
        server_error: None,
        processing: model.processing,
        focus: true,
    });
}

pub(super) fn show(ui: &mut Ui, model: &Model, view: &mut View, intents: &mut Vec<Intent>) {
    let Some(form) = &mut view.settings else { return };
    let in_lobby = model.visit.is_none();
    let shown = dialog("settings").show(ui.ctx(), |ui| {
        ui.set_width(380.0_f32.min(ui.ctx().content_rect().width() - 80.0));
        ui.spacing_mut().item_spacing.y = 14.0;
        ui.heading("Settings");
        let name = Field {
            name: "Your name",
            hint: Username::DEFAULT,
            limit: USERNAME_CHARS,
            secret: false,
            error: form.name_error.as_deref(),
        }
        .show(ui, &mut form.name);
        if std::mem::take(&mut form.focus) {
            name.request_focus();
        }
        let mut enter = name.lost_focus();
        if in_lobby {
            let server = Field {
                name: "Server",
                hint: "http://127.0.0.1:5000",
                limit: 300,
                secret: false,
                error: form.server_error.as_deref(),
            }
            .show(ui, &mut form.server);
            enter |= server.lost_focus();
        }
        microphone(ui, &mut form.processing);
        let enter = enter && ui.input(|input| input.key_pressed(Key::Enter));
        if in_lobby {
            trusted(ui, model, &mut view.distrusting);
        }
        actions(ui, |ui| {
            let save = button(ui, Look::Main, "Save").clicked();
            let cancel = button(ui, Look::Bare, "Cancel").clicked();
            (save || enter, cancel)
        })
    });
    let (save, cancel) = shown.inner;
    if save && self::save(form, model, in_lobby, intents) || cancel || shown.should_close() {
        view.settings = None;
    }
}

/// What is done to its sound.
fn microphone(ui: &mut Ui, processing: &mut Processing) {
    ui.vertical(|ui| {
        ui.spacing_mut().item_spacing.y = 8.0;
        ui.label(RichText::new("Your microphone").font(strong(13.5)));
        ui.add(Checkbox::new(&mut processing.echo, "Take out the echo of the loudspeaker"));
        ui.add(Checkbox::new(&mut processing.noise, "Turn steady noise down"));
        ui.add(Checkbox::new(&mut processing.gain, "Turn a quiet voice up"));
    });
}

/// The servers that the person vouches for.
fn trusted(ui: &mut Ui, model: &Model, distrusting: &mut Option<String>) {
    let servers = &model.known.servers;
    if servers.is_empty() {
        return;
    }
    ui.vertical(|ui| {
        ui.spacing_mut().item_spacing.y = 4.0;
        ui.label(RichText::new("Servers that you trust").font(strong(13.5)));
        ScrollArea::vertical().max_height(160.0).show(ui, |ui| {
            for known in servers {
                ui.horizontal(|ui| {
                    ui.set_min_width(ui.available_width());
                    let width = (ui.available_width() - 92.0).max(60.0);
                    ui.allocate_ui_with_layout(vec2(width, 38.0), Layout::left_to_right(Align::Center), |ui| {
                        ui.set_width(width);
                        let fingerprint = known.fingerprint.to_string();
                        let words = format!("{}  ·  {}…", known.host, &fingerprint[..11]);
                        ui.add(Label::new(soft(words)).truncate()).on_hover_text(fingerprint);
                    });
                    let name = format!("Forget {}…", known.host);
                    if button(ui, Look::Bare, "Forget…").accessible_name(name).clicked() {
                        *distrusting = Some(known.host.clone());
                    }
                });
            }
        });
    });
}

/// Whoever forgets a server has to compare its certificate again.
pub(super) fn question(ui: &mut Ui, view: &mut View, intents: &mut Vec<Intent>) {
    let Some(host) = &view.distrusting else { return };
    let shown = dialog("forget server").show(ui.ctx(), |ui| {
        ui.set_width(380.0_f32.min(ui.ctx().content_rect().width() - 80.0));
        ui.spacing_mut().item_spacing.y = 14.0;
        ui.add(Label::new(RichText::new(format!("Forget {host}?")).font(strong(19.0))).wrap());
        let words = "The next time that you come there, you are asked to compare its certificate again. Rooms and \
                     accounts there are not forgotten.";
        ui.add(Label::new(words).wrap());
        actions(ui, |ui| {
            let forget = button(ui, Look::Plain, "Forget it").clicked();
            (forget, button(ui, Look::Bare, "Keep it").clicked())
        })
    });
    let (forget, keep) = shown.inner;
    if forget {
        intents.push(Intent::Do(Command::Distrust(host.clone())));
    }
    if forget || keep || shown.should_close() {
        view.distrusting = None;
    }
}

/// Whether everything was right; what was not is told next to it.
fn save(form: &mut SettingsForm, model: &Model, in_lobby: bool, intents: &mut Vec<Intent>) -> bool {
    let name = Username::parse(&form.name);
    let server = parse_server(&form.server);
    form.name_error = name.as_ref().err().map(super::create::name_sentence);
    form.server_error =
        server.as_ref().err().filter(|_| in_lobby).map(|_| "This is not the address of a server.".to_owned());
    let (Ok(name), Ok(server)) = (name, server) else { return false };
    if name != model.username {
        intents.push(Intent::Do(Command::SetUsername(name)));
    }
    if form.processing != model.processing {
        intents.push(Intent::Do(Command::SetProcessing(form.processing)));
    }
    if in_lobby && server != model.server {
        intents.push(Intent::Do(Command::SetServer(server)));
    }
    true
}
