//! What someone with a role may do to another, and the question before what cannot be taken back.

use eframe::egui::{Checkbox, Label, Popup, Response, RichText, Ui};
use protocol::{Action, ClientId, Moderate, Role, TextId};

use super::icon::Icon;
use super::theme::{self, strong};
use super::widget::{Look, actions, button, complaint, dialog, icon_button, soft};
use super::{Intent, View};
use crate::Command;
use crate::model::{Face, Visit};

/// Of a line that is to be deleted, this many characters are shown.
const QUOTED_MAX: usize = 120;

/// A question that is to be answered with yes or no.
#[derive(Debug)]
pub(super) struct Question {
    deed: Deed,
    /// Of a ban: also whoever else comes from there.
    address: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Deed {
    Kick { client: ClientId, name: String },
    Ban { client: ClientId, name: String },
    HandOver { client: ClientId, name: String },
    DeleteRoom,
    DeleteLine(TextId),
}

impl Question {
    pub(super) fn about_the_room() -> Self {
        Self { deed: Deed::DeleteRoom, address: false }
    }

    pub(super) fn about_the_line(line: TextId) -> Self {
        Self { deed: Deed::DeleteLine(line), address: false }
    }

    /// Whether it can still be answered.
    pub(super) fn is_fair(&self, visit: &Visit) -> bool {
        let keeps_order = visit.hall.role() >= Role::Moderator;
        match &self.deed {
            Deed::Kick { client, .. } | Deed::Ban { client, .. } | Deed::HandOver { client, .. } => {
                keeps_order && visit.person(client).is_some()
            }
            Deed::DeleteRoom => visit.hall.role() == Role::Owner,
            Deed::DeleteLine(id) => visit.chat.line(*id).is_some_and(|line| line.mine || keeps_order),
        }
    }
}

pub(super) fn moderate(action: Action, client: Option<ClientId>) -> Intent {
    Intent::Do(Command::Moderate(Moderate { action, client, address: false }))
}

/// The menu of one person; nothing for whoever may do nothing.
pub(super) fn menu(
    ui: &mut Ui,
    face: &Face,
    client: &ClientId,
    mine: Role,
    view: &mut View,
    intents: &mut Vec<Intent>,
) {
    if mine < Role::Moderator {
        return;
    }
    let opener = icon_button(ui, Icon::More, &format!("More about {}", face.name));
    Popup::menu(&opener).accessible_name(format!("What to do about {}", face.name)).show(|ui| {
        ui.set_min_width(190.0);
        let mut at_once = |ui: &mut Ui, words: &str, action| {
            if item(ui, words).clicked() {
                intents.push(moderate(action, Some(client.clone())));
            }
        };
        if !face.muted {
            at_once(ui, "Turn the microphone off", Action::Mute);
        }
        if face.hand {
            at_once(ui, "Lower the hand", Action::LowerHand);
        }
        if mine == Role::Owner && face.role == Role::Guest {
            at_once(ui, "Make a moderator", Action::Promote);
        }
        if mine == Role::Owner && face.role == Role::Moderator {
            at_once(ui, "Make a guest again", Action::Demote);
        }
        let (client, name) = (client.clone(), face.name.clone());
        let mut ask = |ui: &mut Ui, words: &str, deed| {
            if item(ui, words).clicked() {
                view.question = Some(Question { deed, address: false });
            }
        };
        if mine == Role::Owner {
            ask(ui, "Hand the room over…", Deed::HandOver { client: client.clone(), name: name.clone() });
        }
        // Moderators leave each other and the owner alone.
        if mine > face.role {
            ask(ui, "Remove from the room…", Deed::Kick { client: client.clone(), name: name.clone() });
            ask(ui, "Ban from the room…", Deed::Ban { client, name });
        }
        if face.muted && !face.hand && mine <= face.role && mine != Role::Owner {
            ui.label(soft("There is nothing to be done."));
        }
    });
}

/// One line of a menu.
pub(super) fn item(ui: &mut Ui, words: &str) -> Response {
    let words = RichText::new(words).size(14.0);
    let width = ui.available_width().max(190.0);
    ui.add(eframe::egui::Button::new(words).min_size(eframe::egui::vec2(width, 34.0)))
}

/// Asks what is to be asked.
pub(super) fn show(ui: &mut Ui, visit: &Visit, view: &mut View, intents: &mut Vec<Intent>) {
    let Some(question) = &mut view.question else { return };
    let (title, text, yes) = words(&question.deed, visit);
    let shown = dialog("question").show(ui.ctx(), |ui| {
        ui.set_width(400.0_f32.min(ui.ctx().content_rect().width() - 80.0));
        ui.spacing_mut().item_spacing.y = 14.0;
        ui.add(Label::new(RichText::new(title).font(strong(18.0))).wrap());
        ui.add(Label::new(RichText::new(text).size(14.5).color(theme::SOFT)).wrap());
        if let Deed::Ban { .. } = question.deed {
            ui.add(Checkbox::new(&mut question.address, "Also whoever else comes from the same network address"));
        }
        if let Some(failure) = &visit.hall.failure {
            complaint(ui, failure);
        }
        actions(ui, |ui| {
            let yes = button(ui, Look::Main, yes).clicked();
            (yes, button(ui, Look::Bare, "Cancel").clicked())
        })
    });
    let (yes, no) = shown.inner;
    if yes {
        intents.push(Intent::Do(command(question)));
    }
    if yes || no || shown.should_close() {
        view.question = None;
    }
}

fn words(deed: &Deed, visit: &Visit) -> (String, String, &'static str) {
    match deed {
        Deed::Kick { name, .. } => (
            format!("Remove {name} from the room?"),
            "The connection ends at once. Coming back is possible, unless the room is locked.".to_owned(),
            "Remove",
        ),
        Deed::Ban { name, .. } => (
            format!("Ban {name} from the room?"),
            "The connection ends at once, and the server refuses to let this person in again.".to_owned(),
            "Ban",
        ),
        Deed::HandOver { name, .. } => (
            format!("Hand the room over to {name}?"),
            format!("{name} will own the room, and you will be one of its moderators."),
            "Hand over",
        ),
        Deed::DeleteRoom => (
            format!("Delete the room {}?", visit.room),
            "Everyone is put out, and what was written is gone for good.".to_owned(),
            "Delete",
        ),
        Deed::DeleteLine(id) => {
            let line = visit.chat.line(*id);
            let title = match line.filter(|line| !line.mine) {
                Some(line) => format!("Delete this message of {}?", line.name),
                None => "Delete your message?".to_owned(),
            };
            let quoted = line.map(|line| quoted(&line.text)).unwrap_or_default();
            (title, format!("{quoted}\n\nIt disappears for everyone and cannot be brought back."), "Delete")
        }
    }
}

/// Enough of a line to know it again.
fn quoted(text: &str) -> String {
    let mut start: String = text.chars().take(QUOTED_MAX).map(|c| if c.is_control() { ' ' } else { c }).collect();
    if text.chars().nth(QUOTED_MAX).is_some() {
        start.push('…');
    }
    format!("“{start}”")
}

fn command(question: &Question) -> Command {
    let (action, client) = match &question.deed {
        Deed::Kick { client, .. } => (Action::Kick, client),
        Deed::Ban { client, .. } => (Action::Ban, client),
        Deed::HandOver { client, .. } => (Action::HandOver, client),
        Deed::DeleteRoom => return Command::DeleteRoom,
        Deed::DeleteLine(id) => return Command::DeleteText(*id),
    };
    let address = action == Action::Ban && question.address;
    Command::Moderate(Moderate { action, client: Some(client.clone()), address })
}
