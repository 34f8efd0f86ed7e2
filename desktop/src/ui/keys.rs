//! Shortcuts of the room. While text is typed they are letters.

use eframe::egui::{Context, Event, Key};

use super::{Intent, Side, View, screens};
use crate::Command;
use crate::model::Model;

pub(super) const MICROPHONE: Key = Key::M;
pub(super) const CAMERA: Key = Key::V;
pub(super) const SCREEN: Key = Key::S;
pub(super) const HAND: Key = Key::H;
pub(super) const CHAT: Key = Key::C;

pub(super) fn handle(ctx: &Context, model: &Model, view: &mut View, intents: &mut Vec<Intent>) {
    if ctx.text_edit_focused() || view.is_dialog_open() || ctx.any_popup_open() {
        return;
    }
    let pressed: Vec<Key> = ctx.input(|input| {
        let plain = |event: &Event| match event {
            Event::Key { key, pressed: true, repeat: false, modifiers, .. } if modifiers.is_none() => Some(*key),
            _ => None,
        };
        input.events.iter().filter_map(plain).collect()
    });
    let sending = model.sending;
    for key in pressed {
        match key {
            MICROPHONE => intents.push(Intent::Do(Command::SetMicrophone(!sending.microphone))),
            CAMERA => intents.push(Intent::Do(model.camera_switch())),
            SCREEN => screens::toggle(sending.screen, view, intents),
            HAND => intents.push(Intent::Do(Command::SetHand(!sending.hand))),
            CHAT => view.toggle_side(Side::Chat),
            Key::Escape if view.editing.is_some() => {
                view.stop_editing();
                view.focus_draft = true;
            }
            Key::Escape if view.side.is_some() => view.side = None,
            Key::Escape => view.chosen = None,
            _ => {}
        }
    }
}
