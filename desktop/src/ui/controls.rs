//! The row of controls under the stage.

use eframe::egui::{Align2, Color32, Key, Pos2, Rect, Response, Role, Sense, Ui, WidgetInfo, vec2};
use media::LEVELS;
use protocol::MediaState;

use super::icon::Icon;
use super::theme::{self, regular, strong};
use super::widget::focus_ring;
use super::{Intent, Side, View, keys, screens};
use crate::Command;
use crate::model::{Model, Visit};

/// Below this width the controls show only their icons.
const WIDTH_WITH_WORDS: f32 = 640.0;

/// What colours a control wears.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Dress {
    Plain,
    /// Something that others miss: no microphone, no camera.
    Off,
    /// Something that is going on.
    Active,
    Leave,
}

struct Control<'a> {
    icon: Icon,
    name: &'a str,
    hint: &'a str,
    key: Option<Key>,
    dress: Dress,
    /// `None` for a control that is no switch.
    on: Option<bool>,
    badge: usize,
    /// What the badge counts: one, and several.
    news: [&'a str; 2],
    /// Steps of a meter beside the icon.
    level: Option<u8>,
}

pub(super) fn show(ui: &mut Ui, model: &Model, visit: &Visit, view: &mut View, intents: &mut Vec<Intent>) {
    let words = ui.available_width() >= WIDTH_WITH_WORDS;
    let size = if words { vec2(82.0, 58.0) } else { vec2(46.0, 46.0) };
    let gap = if words { 10.0 } else { 5.0 };
    let count = 7.0;
    ui.horizontal(|ui| {
        ui.spacing_mut().item_spacing.x = gap;
        ui.add_space(((ui.available_width() - count * size.x - (count - 1.0) * gap) / 2.0).max(0.0));
        for (control, command) in switches(model) {
            if control.show(ui, size, words).clicked() {
                match command {
                    Command::SetScreen(on) => screens::toggle(!on, view, intents),
                    command => intents.push(Intent::Do(command)),
                }
            }
        }
        for (control, side) in panels(visit, view) {
            if control.show(ui, size, words).clicked() {
                view.toggle_side(side);
            }
        }
        let leave = Control {
            icon: Icon::Leave,
            name: "Leave",
            hint: "Leave the room",
            key: None,
            dress: Dress::Leave,
            on: None,
            badge: 0,
            news: [""; 2],
            level: None,
        };
        if leave.show(ui, size, words).clicked() {
            intents.push(Intent::Do(Command::Leave));
        }
    });
}

fn switches(model: &Model) -> [(Control<'static>, Command); 4] {
    let missed = |on| if on { Dress::Plain } else { Dress::Off };
    let active = |on| if on { Dress::Active } else { Dress::Plain };
    let MediaState { microphone, camera, screen, hand } = model.sending;
    let control = |icon, name, hint, key, dress, on| Control {
        icon,
        name,
        hint,
        key: Some(key),
        dress,
        on: Some(on),
        badge: 0,
        news: [""; 2],
        level: None,
    };
    let with_meter = |control| Control { level: microphone.then_some(model.level), ..control };
    [
        (
            with_meter(control(
                if microphone { Icon::Microphone } else { Icon::MicrophoneOff },
                "Microphone",
                if microphone { "Turn the microphone off" } else { "Turn the microphone on" },
                keys::MICROPHONE,
                missed(microphone),
                microphone,
            )),
            Command::SetMicrophone(!microphone),
        ),
        (
            control(
                if camera { Icon::Camera } else { Icon::CameraOff },
                "Camera",
                match (camera, model.awaits_camera) {
                    (true, _) => "Turn the camera off",
                    (false, true) => "Do not wait for a camera",
                    (false, false) => "Turn the camera on",
                },
                keys::CAMERA,
                if model.awaits_camera { Dress::Active } else { missed(camera) },
                camera,
            ),
            model.camera_switch(),
        ),
        (
            control(
                if screen { Icon::ScreenOff } else { Icon::Screen },
                "Screen",
                if screen { "Stop sharing the screen" } else { "Share the screen…" },
                keys::SCREEN,
                active(screen),
                screen,
            ),
            Command::SetScreen(!screen),
        ),
        (
            control(
                Icon::Hand,
                "Hand",
                if hand { "Lower the hand" } else { "Raise the hand" },
                keys::HAND,
                active(hand),
                hand,
            ),
            Command::SetHand(!hand),
        ),
    ]
}

fn panels(visit: &Visit, view: &View) -> [(Control<'static>, Side); 2] {
    let control = |icon, name, hint, key, side, badge, news| {
        let open = view.side == Some(side);
        let dress = if open { Dress::Active } else { Dress::Plain };
        (Control { icon, name, hint, key, dress, on: Some(open), badge, news, level: None }, side)
    };
    let unread = if view.side == Some(Side::Chat) { 0 } else { visit.chat.unread() };
    [
        control(
            Icon::Chat,
            "Chat",
            "Show or hide the chat",
            Some(keys::CHAT),
            Side::Chat,
            unread,
            ["new message", "new messages"],
        ),
        control(
            Icon::People,
            "People",
            "Show or hide who is here",
            None,
            Side::People,
            visit.hall.knocking.len(),
            ["waits to be let in", "wait to be let in"],
        ),
    ]
}

impl Control<'_> {
    fn show(self, ui: &mut Ui, size: eframe::egui::Vec2, words: bool) -> Response {
        let (rect, response) = ui.allocate_exact_size(size, Sense::click());
        let lit = response.hovered() || response.has_focus();
        let (fill, colour) = self.colours(lit);
        ui.painter().rect_filled(rect, 14, fill);
        let mut centre = rect.center();
        if words {
            centre.y -= 9.0;
            let word = Pos2::new(rect.center().x, rect.bottom() - 13.0);
            ui.painter().text(word, Align2::CENTER_CENTER, self.name, regular(12.0), colour);
        }
        self.icon.paint(ui.painter(), centre, 23.0, colour);
        if let Some(level) = self.level {
            meter(ui, centre + vec2(19.0, 0.0), level);
        }
        if self.badge > 0 {
            badge(ui, rect, self.badge);
        }
        focus_ring(ui, &response, 14);

        let name = match self.badge {
            0 => self.name.to_owned(),
            1 => format!("{}, 1 {}", self.name, self.news[0]),
            n => format!("{}, {n} {}", self.name, self.news[1]),
        };
        response.widget_info(|| match self.on {
            Some(on) => WidgetInfo::selected(Role::Button, true, on, &name),
            None => WidgetInfo::labeled(Role::Button, true, &name),
        });
        let tooltip = match self.key {
            Some(key) => format!("{} ({})", self.hint, key.name()),
            None => self.hint.to_owned(),
        };
        response.on_hover_text(tooltip)
    }

    fn colours(&self, lit: bool) -> (Color32, Color32) {
        match (self.dress, lit) {
            (Dress::Plain, false) => (theme::RAISED, theme::TEXT),
            (Dress::Plain, true) => (theme::HOVER, theme::TEXT),
            (Dress::Off, false) => (Color32::from_rgb(0x3a, 0x24, 0x26), Color32::from_rgb(0xff, 0xc9, 0xc4)),
            (Dress::Off, true) => (Color32::from_rgb(0x4a, 0x2c, 0x2e), Color32::from_rgb(0xff, 0xdb, 0xd8)),
            (Dress::Active, false) => (theme::ACCENT, theme::ON_ACCENT),
            (Dress::Active, true) => (theme::ACCENT_BRIGHT, theme::ON_ACCENT),
            (Dress::Leave, false) => (theme::BAD_FILL, Color32::WHITE),
            (Dress::Leave, true) => (Color32::from_rgb(0xb0, 0x2b, 0x28), Color32::WHITE),
        }
    }
}

/// A column of dots, lit from below.
fn meter(ui: &Ui, centre: Pos2, level: u8) {
    for step in 0..LEVELS {
        let height = (f32::from(LEVELS - 1) / 2.0 - f32::from(step)) * 4.5;
        let colour = if step < level { theme::GOOD } else { theme::LINE };
        ui.painter().rect_filled(Rect::from_center_size(centre + vec2(0.0, height), vec2(5.0, 3.0)), 1, colour);
    }
}

fn badge(ui: &Ui, control: Rect, count: usize) {
    let text = if count > 99 { "99+".to_owned() } else { count.to_string() };
    let galley = ui.painter().layout_no_wrap(text, strong(11.5), theme::ON_ACCENT);
    let size = vec2((galley.size().x + 10.0).max(19.0), 19.0);
    let pill = Rect::from_center_size(Pos2::new(control.center().x + 17.0, control.top() + 13.0), size);
    ui.painter().rect_filled(pill.expand(2.0), 11, theme::RAISED);
    ui.painter().rect_filled(pill, 10, theme::ACCENT);
    ui.painter().galley(pill.center() - galley.size() / 2.0, galley, theme::ON_ACCENT);
}
