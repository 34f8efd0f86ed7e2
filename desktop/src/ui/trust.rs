//! A server that nobody vouches for: the person compares its certificate, and decides.

use eframe::egui::{Checkbox, FontId, Frame, Label, Margin, RichText, Ui};

use super::theme::{self, strong};
use super::widget::{Look, actions, button, button_enabled, dialog, soft};
use super::{Intent, View};
use crate::memory::host;
use crate::model::Model;
use crate::{Command, Doubt};
use client::Fingerprint;

enum Choice {
    Stay,
    Trust,
    Cancel,
}

pub(super) fn show(ui: &mut Ui, model: &Model, view: &mut View, intents: &mut Vec<Intent>) {
    let Some(doubt) = model.doubt.as_ref().filter(|_| model.is_asking_for_trust) else {
        view.compared = false;
        return;
    };
    let shown = dialog("trust").show(ui.ctx(), |ui| {
        ui.set_width(460.0_f32.min(ui.ctx().content_rect().width() - 80.0));
        ui.spacing_mut().item_spacing.y = 12.0;
        match doubt.untrusted.expected {
            None => stranger(ui, doubt),
            Some(expected) => changed(ui, doubt, expected, &mut view.compared),
        }
    });
    match shown.inner {
        Choice::Trust => {
            let (server, fingerprint) = (doubt.server.clone(), doubt.untrusted.found);
            intents.push(Intent::Do(Command::Trust { server, fingerprint }));
            view.knock_again(model, intents);
        }
        Choice::Cancel => intents.push(Intent::Distrust),
        Choice::Stay if shown.should_close() => intents.push(Intent::Distrust),
        Choice::Stay => {}
    }
}

fn stranger(ui: &mut Ui, doubt: &Doubt) -> Choice {
    ui.heading("Is this the right server?");
    let why = doubt.untrusted.why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
    let words = format!("Nobody vouches for the certificate of {}{why}.", host(&doubt.server));
    ui.add(Label::new(words).wrap());
    fingerprint(ui, "Its SHA-256 fingerprint", doubt.untrusted.found);
    let words = "Compare it with the one that the server prints at its start, or ask whoever runs it. If they differ, \
                 someone may be listening in.";
    ui.add(Label::new(soft(words)).wrap());
    actions(ui, |ui| {
        if button(ui, Look::Main, "It is the same: trust it").clicked() {
            Choice::Trust
        } else if button(ui, Look::Bare, "Cancel").clicked() {
            Choice::Cancel
        } else {
            Choice::Stay
        }
    })
}

fn changed(ui: &mut Ui, doubt: &Doubt, expected: Fingerprint, compared: &mut bool) -> Choice {
    let title = RichText::new("This may not be your server").font(strong(19.0)).color(theme::BAD);
    ui.add(Label::new(title).wrap());
    let words = format!(
        "{} shows another certificate than the one that you trusted. Someone may be listening in between; nothing was \
         sent. Or whoever runs the server has renewed its certificate: ask them, not in a chat on this server.",
        host(&doubt.server)
    );
    ui.add(Label::new(words).wrap());
    fingerprint(ui, "You trusted", expected);
    fingerprint(ui, "It shows now", doubt.untrusted.found);
    ui.add(Checkbox::new(compared, "I was told that this is its new certificate"));
    actions(ui, |ui| {
        if button(ui, Look::Main, "Stay away").clicked() {
            return Choice::Cancel;
        }
        if button_enabled(ui, Look::Bare, "Trust the new one", *compared).clicked() {
            Choice::Trust
        } else {
            Choice::Stay
        }
    })
}

/// In two lines, as it is compared by eye, and to be copied.
fn fingerprint(ui: &mut Ui, name: &str, fingerprint: Fingerprint) {
    let text = fingerprint.to_string();
    let (first, second) = text.split_at(text.len() / 2);
    ui.vertical(|ui| {
        ui.spacing_mut().item_spacing.y = 5.0;
        let name = ui.label(RichText::new(name).font(strong(13.5)));
        Frame::new().fill(theme::SURFACE).corner_radius(theme::ROUND).inner_margin(Margin::symmetric(12, 9)).show(
            ui,
            |ui| {
                ui.take_available_width();
                let size = (ui.available_width() / 24.0 / 0.62).clamp(8.0, 14.5);
                let lines = format!("{}\n{}", first.trim_end_matches(':'), second.trim_start_matches(':'));
                let lines = RichText::new(lines).font(FontId::monospace(size));
                ui.add(Label::new(lines).selectable(true)).labelled_by(name.id);
            },
        );
    });
}
