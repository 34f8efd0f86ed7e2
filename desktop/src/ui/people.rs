//! Who is in the room, how well one hears them, and how loud.

use eframe::egui::{
    Align, Label, Layout, Rect, RichText, ScrollArea, Sense, Slider, Stroke, Ui, UiBuilder, pos2, vec2,
};

use protocol::Role;

use super::icon::Icon;
use super::theme::{self, strong};
use super::widget::{avatar, icon_button, soft};
use super::{Intent, Side, View, door, order};
use crate::model::{Face, Link, Model, Showing, Visit, role_name};
use crate::{Command, Tile};

/// Twice as loud as sent is enough for a quiet microphone.
const VOLUME_MAX: f32 = 2.0;

pub(super) fn show(ui: &mut Ui, model: &Model, view: &mut View, visit: &Visit, intents: &mut Vec<Intent>) {
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        ui.add_space(6.0);
        door::show(ui, view, visit, intents);
        let mine = visit.hall.role();
        let is_person = |face: &Face| matches!(face.tile, Tile::Me | Tile::Client(_));
        for face in visit.faces(model.sending).into_iter().filter(is_person) {
            ui.push_id(face.tile_key(), |ui| one(ui, &face, mine, view, intents));
        }
    });
}

impl Face {
    fn tile_key(&self) -> String {
        match &self.tile {
            Tile::Me | Tile::MyScreen => String::new(),
            Tile::Client(id) | Tile::Screen(id) => id.as_str().to_owned(),
        }
    }
}

fn one(ui: &mut Ui, face: &Face, mine: Role, view: &mut View, intents: &mut Vec<Intent>) {
    let (row, _) = ui.allocate_exact_size(vec2(ui.available_width() - 8.0, 44.0), Sense::hover());
    avatar(ui, pos2(row.left() + 18.0, row.center().y), 17.0, &face.name);
    if face.speaking {
        let ring = Stroke::new(2.0, theme::GOOD);
        ui.painter().circle_stroke(pos2(row.left() + 18.0, row.center().y), 19.0, ring);
    }
    let mut right = row.right();
    let mut mark = |icon: Icon, colour| {
        icon.paint(ui.painter(), pos2(right - 12.0, row.center().y), 18.0, colour);
        right -= 27.0;
    };
    match face.showing {
        Showing::Nothing => mark(Icon::CameraOff, theme::BAD),
        Showing::Camera => mark(Icon::Camera, theme::SOFT),
        Showing::Screen | Showing::Unknown => {}
    }
    if face.shares {
        mark(Icon::Screen, theme::ACCENT);
    }
    if face.muted {
        mark(Icon::MicrophoneOff, theme::BAD);
    } else if face.showing != Showing::Unknown {
        mark(Icon::Microphone, theme::SOFT);
    }
    if face.hand {
        mark(Icon::Hand, theme::WARN);
    }
    let words = Rect::from_min_max(pos2(row.left() + 46.0, row.top()), pos2(right - 4.0, row.bottom()));
    let name = if face.me { format!("{} (you)", face.name) } else { face.name.clone() };
    let name = Label::new(RichText::new(name).font(strong(14.5))).truncate();
    let left = Layout::top_down(Align::Min);
    ui.scope_builder(UiBuilder::new().max_rect(words).layout(left), |ui| {
        ui.spacing_mut().item_spacing.y = 1.0;
        let state = subtitle(face);
        ui.add_space(if state.is_some() { 3.0 } else { 12.0 });
        ui.add(name);
        if let Some(state) = state {
            ui.add(Label::new(soft(state).size(12.5)).truncate());
        }
    });
    ui.advance_cursor_after_rect(row);
    if let Tile::Client(client) = &face.tile {
        ui.horizontal(|ui| {
            ui.add_space(46.0);
            Icon::Sound.paint(ui.painter(), ui.cursor().left_top() + vec2(8.0, 19.0), 16.0, theme::SOFT);
            ui.add_space(22.0);
            let volume = view.volumes.entry(client.clone()).or_insert(1.0);
            let buttons = if mine >= Role::Moderator { 114.0 } else { 70.0 };
            ui.spacing_mut().slider_width = (ui.available_width() - buttons).clamp(60.0, 200.0);
            let slider = Slider::new(volume, 0.0..=VOLUME_MAX).show_value(false).step_by(0.05);
            let response = ui.add(slider).accessible_name(format!("Volume of {}", face.name));
            if response.changed() {
                intents.push(Intent::Do(Command::SetVolume { client: client.clone(), volume: *volume }));
            }
            let percent = format!("{:.0} %", *volume * 100.0);
            response.on_hover_text(percent);
            if icon_button(ui, Icon::Chat, &format!("Write to {} only", face.name)).clicked() {
                view.to = Some(client.clone());
                view.side = Some(Side::Chat);
                view.focus_draft = true;
            }
            order::menu(ui, face, client, mine, view, intents);
        });
    }
    ui.add_space(6.0);
}

/// The role, and what is the matter.
fn subtitle(face: &Face) -> Option<String> {
    let words: Vec<&str> = role_name(face.role).into_iter().chain(state(face)).collect();
    (!words.is_empty()).then(|| words.join("  ·  "))
}

fn state(face: &Face) -> Option<&'static str> {
    match face.link {
        Link::Connecting => Some("Connecting…"),
        Link::Interrupted => Some("Connection interrupted"),
        Link::Unstable => Some("Connection unstable"),
        Link::Good if face.hand => Some("Hand raised"),
        Link::Good if face.showing == Showing::Screen => Some("Shares the screen"),
        Link::Good => None,
    }
}
