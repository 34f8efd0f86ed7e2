//! At the door of a room: waiting, or told why not.

use eframe::egui::{Key, Label, RichText, Ui};
use protocol::limits::PASSWORD_BYTES;
use protocol::{ErrorId, RoomId};

use super::theme::strong;
use super::view::JoinDialog;
use super::widget::{Field, Look, actions, button, complaint, dialog, soft};
use super::{Intent, Scene, View, status};
use crate::Command;
use crate::model::{Connection, Visit, explain};

/// Asks for what is needed to get in, or goes in at once.
pub(super) fn begin(view: &mut View, room: RoomId, invite: Option<String>, asks: bool, intents: &mut Vec<Intent>) {
    view.join = Some(JoinDialog::new(room.clone(), invite.clone(), asks));
    if !asks {
        view.enter(room, None, invite, intents);
    }
}

pub(super) fn show(ui: &mut Ui, scene: &Scene<'_>, view: &mut View, intents: &mut Vec<Intent>) {
    if let Some(visit) = scene.model.entering() {
        return waiting(ui, scene, visit, intents);
    }
    let Some(form) = &mut view.join else { return };
    if scene.model.is_asking_for_trust {
        // That comes first.
        return;
    }
    let refusal = scene.model.lobby.refusal.as_ref().filter(|refusal| refusal.room == form.room);
    if refusal.is_none() && !form.asks {
        // Asked a moment ago; the answer is on its way.
        return;
    }
    let mut choice = Choice::Stay;
    let shown = dialog("join").show(ui.ctx(), |ui| {
        ui.set_width(width(ui));
        ui.spacing_mut().item_spacing.y = 14.0;
        title(ui, &format!("Join {}", form.room));
        let why = refusal.map(|refusal| explain(&refusal.error));
        let mut enter = false;
        if form.asks {
            let name = format!("Password of {}", form.room);
            let field = Field { name: &name, hint: "", limit: PASSWORD_BYTES, secret: true, error: why.as_deref() };
            let response = field.show(ui, &mut form.password);
            enter = response.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
            if std::mem::take(&mut form.focus) || enter {
                response.request_focus();
            }
        } else if let Some(why) = &why {
            complaint(ui, why);
        }
        let unknown = refusal.is_some_and(|refusal| refusal.error.id == ErrorId::UnknownRoom);
        actions(ui, |ui| {
            if unknown {
                if button(ui, Look::Main, "Create it").clicked() {
                    choice = Choice::Create;
                }
            } else if button(ui, Look::Main, if form.asks { "Join" } else { "Try again" }).clicked() || enter {
                choice = Choice::Join;
            }
            if button(ui, Look::Bare, "Cancel").clicked() {
                choice = Choice::Cancel;
            }
        });
    });
    if shown.should_close() {
        choice = Choice::Cancel;
    }
    choice.make(view, intents);
}

enum Choice {
    Stay,
    Join,
    Create,
    Cancel,
}

impl Choice {
    fn make(self, view: &mut View, intents: &mut Vec<Intent>) {
        let Some(form) = &view.join else { return };
        let room = form.room.clone();
        match self {
            Self::Stay => {}
            Self::Join => {
                let password = Some(form.password.clone()).filter(|password| !password.is_empty());
                // An invite that opens nothing any more would only be refused again.
                let invite = form.invite.clone().filter(|_| password.is_none());
                view.enter(room, password, invite, intents);
            }
            Self::Create => {
                view.create.name = room.to_string();
                view.join = None;
                intents.push(Intent::ForgetRefusal);
            }
            Self::Cancel => {
                view.join = None;
                intents.push(Intent::ForgetRefusal);
            }
        }
    }
}

fn waiting(ui: &mut Ui, scene: &Scene<'_>, visit: &Visit, intents: &mut Vec<Intent>) {
    let shown = dialog("waiting").show(ui.ctx(), |ui| {
        ui.set_width(width(ui));
        ui.spacing_mut().item_spacing.y = 14.0;
        let is_knocking = visit.connection == Connection::Knocking;
        title(ui, &format!("{} {}", if is_knocking { "Waiting to be let into" } else { "Joining" }, visit.room));
        let text = match &visit.connection {
            Connection::Joining => "Asking for a seat…".to_owned(),
            Connection::Knocking => {
                "You knocked. Someone inside has to let you in; you join as soon as that happens.".to_owned()
            }
            Connection::Connecting | Connection::Joined => "Connecting…".to_owned(),
            Connection::Lost { reason, .. } => {
                let when = status::countdown(&visit.connection, scene.now);
                format!("The server cannot be reached: {reason}. Trying again {when}.")
            }
        };
        ui.add(Label::new(soft(text)).wrap());
        actions(ui, |ui| button(ui, Look::Plain, "Cancel").clicked())
    });
    if shown.inner || shown.should_close() {
        intents.push(Intent::Do(Command::Leave));
    }
}

fn title(ui: &mut Ui, text: &str) {
    ui.add(Label::new(RichText::new(text).font(strong(19.0))).truncate());
}

fn width(ui: &Ui) -> f32 {
    380.0_f32.min(ui.ctx().content_rect().width() - 80.0)
}
