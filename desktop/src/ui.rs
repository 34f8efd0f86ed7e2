//! The window's contents: draws the model, returns intents. No device, no network, no await.

mod account;
mod chat;
mod composer;
mod controls;
mod create;
mod door;
mod icon;
mod invites;
mod join;
mod keys;
mod layout;
mod linked;
mod lobby;
mod order;
mod people;
mod room;
mod room_settings;
mod screens;
mod scrollback;
mod settings;
mod sight;
mod stage;
mod status;
pub mod theme;
mod tile;
mod toasts;
mod trust;
mod view;
mod visited;
mod widget;

use std::time::Instant;

use eframe::egui::{Rect, Ui};
use jiff::tz::TimeZone;
use url::Url;

use crate::model::Model;
use crate::{Command, Tile};

pub(crate) use icon::window_icon;
pub use layout::{Fit, fit};
pub use view::{Side, View};

/// What the person wants.
#[derive(Debug, Clone, PartialEq)]
pub enum Intent {
    Do(Command),
    /// The chat has been looked at.
    ReadChat,
    DismissToast(u64),
    /// The reason why one was not let in has been read.
    ForgetRefusal,
    /// What is wrong with what the app knows has been read.
    ForgetTrouble,
    /// Ask again whether the server is to be trusted.
    AskForTrust,
    /// Not for the moment.
    Distrust,
    /// A page of the web, in the browser.
    Open(Url),
}

/// Where a picture goes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Place {
    pub rect: Rect,
    pub fit: Fit,
    /// Left and right swapped, as people know themselves from mirrors.
    pub mirrored: bool,
    pub radius: f32,
}

/// Paints the newest pictures.
pub trait Gallery {
    /// Paints the picture of `tile` and says where; `None` if there is none yet.
    fn paint(&mut self, ui: &Ui, tile: &Tile, place: Place) -> Option<Rect>;
}

/// What drawing needs to know beside the model.
pub struct Scene<'a> {
    pub model: &'a Model,
    pub gallery: &'a mut dyn Gallery,
    pub now: Instant,
    /// Of the person, for the clock of the chat.
    pub zone: &'a TimeZone,
}

/// Draws everything.
pub fn show(ui: &mut Ui, scene: &mut Scene<'_>, view: &mut View) -> Vec<Intent> {
    let mut intents = Vec::new();
    let model = scene.model;
    view.settle(model);
    match model.room() {
        Some(visit) => {
            room::show(ui, scene, view, visit, &mut intents);
            room_settings::show(ui, visit, view, &mut intents);
            invites::show(ui, scene, visit, view, &mut intents);
            order::show(ui, visit, view, &mut intents);
            screens::show(ui, model, view, &mut intents);
        }
        None => {
            lobby::show(ui, scene, view, &mut intents);
            join::show(ui, scene, view, &mut intents);
            account::show(ui, model, view, &mut intents);
            visited::question(ui, view, &mut intents);
            trust::show(ui, model, view, &mut intents);
        }
    }
    settings::show(ui, model, view, &mut intents);
    settings::question(ui, view, &mut intents);
    toasts::show(ui, model, &mut intents);
    intents
}
