//! Invites and bans, for those who keep order.

use eframe::egui::{Align, Label, Layout, RichText, ScrollArea, TextEdit, Ui};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use protocol::Role;
use protocol::api::{Ban, CreateInvite, Invite};

use super::theme::strong;
use super::widget::{Look, actions, button, combo, complaint, dialog, soft};
use super::{Intent, Scene, View};
use crate::Command;
use crate::model::{Hall, Visit};

const HOUR: u64 = 3_600;
const EXPIRIES: [Option<u64>; 4] = [Some(HOUR), Some(24 * HOUR), Some(7 * 24 * HOUR), None];
const USES: [Option<u32>; 4] = [Some(1), Some(5), Some(20), None];

/// The next invite.
#[derive(Debug)]
pub(super) struct InviteForm {
    expires: Option<u64>,
    uses: Option<u32>,
    role: Role,
}

pub(super) fn open(view: &mut View, intents: &mut Vec<Intent>) {
    view.invites = Some(InviteForm { expires: Some(24 * HOUR), uses: None, role: Role::Guest });
    intents.extend([Intent::Do(Command::ListInvites), Intent::Do(Command::ListBans)]);
}

pub(super) fn show(ui: &mut Ui, scene: &Scene<'_>, visit: &Visit, view: &mut View, intents: &mut Vec<Intent>) {
    let Some(form) = &mut view.invites else { return };
    let hall = &visit.hall;
    let shown = dialog("invites").show(ui.ctx(), |ui| {
        let size = ui.ctx().content_rect().size();
        ui.set_width(440.0_f32.min(size.x - 80.0));
        ui.spacing_mut().item_spacing.y = 10.0;
        ui.heading("Invites");
        ui.add(Label::new(soft("Whoever has the link comes in, past password, lobby and lock.")).wrap());
        next(ui, form, hall.role(), intents);
        if let Some(failure) = &hall.failure {
            complaint(ui, failure);
        }
        if let Some(made) = &hall.made {
            link(ui, &made.url);
        }
        ScrollArea::vertical().max_height((size.y * 0.4).max(120.0)).show(ui, |ui| {
            list(ui, scene.zone, hall, intents);
            bans(ui, hall.bans.as_deref().unwrap_or_default(), intents);
        });
        actions(ui, |ui| button(ui, Look::Bare, "Close").clicked())
    });
    if shown.inner || shown.should_close() {
        view.invites = None;
    }
}

fn next(ui: &mut Ui, form: &mut InviteForm, mine: Role, intents: &mut Vec<Intent>) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        let expires = combo("invite expires", 120.0, RichText::new(expiry_words(form.expires)).size(13.5));
        let shown = expires.show_ui(ui, |ui| {
            for expires in EXPIRIES {
                ui.selectable_value(&mut form.expires, expires, expiry_words(expires));
            }
        });
        shown.response.accessible_name("How long the invite is good");
        let uses = combo("invite uses", 120.0, RichText::new(uses_words(form.uses)).size(13.5));
        let shown = uses.show_ui(ui, |ui| {
            for uses in USES {
                ui.selectable_value(&mut form.uses, uses, uses_words(uses));
            }
        });
        shown.response.accessible_name("How often the invite is good");
        if mine == Role::Owner {
            let role = combo("invite role", 130.0, RichText::new(role_words(form.role)).size(13.5));
            let shown = role.show_ui(ui, |ui| {
                for role in [Role::Guest, Role::Moderator] {
                    ui.selectable_value(&mut form.role, role, role_words(role));
                }
            });
            shown.response.accessible_name("What whoever comes with the invite is");
        }
    });
    if button(ui, Look::Main, "Make an invite").clicked() {
        let InviteForm { expires, uses, role } = *form;
        let wish = CreateInvite { expires_in_seconds: expires, uses, role };
        intents.push(Intent::Do(Command::CreateInvite(wish)));
    }
}

/// The only time that the secret can be seen.
fn link(ui: &mut Ui, url: &str) {
    ui.horizontal(|ui| {
        if button(ui, Look::Main, "Copy link").clicked() {
            ui.ctx().copy_text(url.to_owned());
        }
        let mut text = url;
        ui.add(TextEdit::singleline(&mut text).desired_width(f32::INFINITY)).accessible_name("Link of the invite");
    });
    ui.label(soft("The link is shown only now.").size(12.5));
}

fn list(ui: &mut Ui, zone: &TimeZone, hall: &Hall, intents: &mut Vec<Intent>) {
    match hall.invites.as_deref() {
        None => _ = ui.label(soft("Looking for invites…")),
        Some([]) => _ = ui.label(soft("There are no invites.")),
        Some(invites) => {
            for (n, invite) in invites.iter().enumerate() {
                let words = invite_words(n + 1, invite, zone);
                if row(ui, &words, "Revoke", &format!("Revoke invite {}", n + 1)) {
                    intents.push(Intent::Do(Command::RevokeInvite(invite.id.clone())));
                }
            }
        }
    }
}

fn bans(ui: &mut Ui, bans: &[Ban], intents: &mut Vec<Intent>) {
    if bans.is_empty() {
        return;
    }
    ui.label(RichText::new("Banned").font(strong(15.0)));
    for ban in bans {
        let name = crate::model::plain_name(&ban.name);
        let words = if ban.address { format!("{name}, with the network address") } else { name.clone() };
        if row(ui, &words, "Lift", &format!("Lift the ban of {name}")) {
            intents.push(Intent::Do(Command::LiftBan(ban.client.clone())));
        }
    }
}

/// Words and a button; whether it was clicked.
fn row(ui: &mut Ui, words: &str, action: &str, name: &str) -> bool {
    ui.horizontal(|ui| {
        let room_for_words = (ui.available_width() - 100.0).max(60.0);
        ui.scope(|ui| {
            ui.set_max_width(room_for_words);
            ui.add(Label::new(words).truncate());
        });
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            button(ui, Look::Plain, action).accessible_name(name).clicked()
        })
        .inner
    })
    .inner
}

fn invite_words(number: usize, invite: &Invite, zone: &TimeZone) -> String {
    let mut words = vec![format!("Invite {number}"), role_words(invite.role).to_lowercase()];
    words.push(match invite.uses_left {
        None => "any number of people".to_owned(),
        Some(1) => "one more person".to_owned(),
        Some(n) => format!("{n} more people"),
    });
    let expires = invite.expires.and_then(|at| Timestamp::from_second(i64::try_from(at).ok()?).ok());
    if let Some(at) = expires {
        words.push(format!("until {}", at.to_zoned(zone.clone()).strftime("%d %b %H:%M")));
    }
    words.join(", ")
}

fn expiry_words(seconds: Option<u64>) -> String {
    match seconds.map(|seconds| seconds / HOUR) {
        None => "For ever".to_owned(),
        Some(1) => "For an hour".to_owned(),
        Some(24) => "For a day".to_owned(),
        Some(hours) => format!("For {} days", hours / 24),
    }
}

fn uses_words(uses: Option<u32>) -> String {
    match uses {
        None => "Any number".to_owned(),
        Some(1) => "One person".to_owned(),
        Some(n) => format!("{n} people"),
    }
}

fn role_words(role: Role) -> &'static str {
    match role {
        Role::Guest => "As a guest",
        Role::Moderator => "As a moderator",
        Role::Owner => "As the owner",
    }
}
