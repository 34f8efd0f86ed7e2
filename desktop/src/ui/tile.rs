//! One person on the stage: a picture or initials, a name, and what else one should know.

use eframe::egui::text::{LayoutJob, TextWrapping};
use eframe::egui::{
    Align2, Color32, CornerRadius, FontId, Id, Rect, Role, Sense, Shape, Stroke, StrokeKind, TextFormat, Ui,
    WidgetInfo, pos2, vec2,
};

use super::icon::Icon;
use super::room::SCRIM;
use super::theme::{self, regular, strong};
use super::widget::{avatar, focus_ring};
use super::{Fit, Place, Scene, View};
use crate::Tile;
use crate::model::{Face, Link, Showing, role_name};

/// Below this height a tile shows a smaller name and no words.
const HEIGHT_WITH_WORDS: f32 = 120.0;

pub(super) fn show(ui: &mut Ui, rect: Rect, scene: &mut Scene<'_>, view: &mut View, face: &Face, large: bool) {
    view.sight.note(ui, &face.tile, rect);
    if !ui.is_rect_visible(rect) {
        // Still there for whoever goes through the tiles by keyboard or screen reader.
        let response = ui.interact(rect, id(&face.tile), Sense::click());
        response.widget_info(|| WidgetInfo::labeled(Role::Button, true, description(face, large)));
        if response.gained_focus() {
            ui.scroll_to_rect(rect, None);
        }
        return;
    }
    let radius = if rect.height() < HEIGHT_WITH_WORDS { theme::ROUND } else { theme::ROUND_LARGE };
    let has_picture = picture(ui, rect, scene, face, radius);
    if !has_picture {
        avatar(ui, rect.center(), (rect.size().min_elem() * 0.2).clamp(18.0, 64.0), &face.name);
    }
    link(ui, rect, face.link, has_picture, radius);
    caption(ui, rect, face);
    marks(ui, rect, face);
    outline(ui, rect, face, radius);

    let response = ui.interact(rect, id(&face.tile), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, description(face, large)));
    if response.hovered() || response.has_focus() {
        let icon = if large { Icon::Shrink } else { Icon::Expand };
        let spot = Rect::from_center_size(rect.right_bottom() - vec2(24.0, 22.0), vec2(28.0, 28.0));
        ui.painter().rect_filled(spot, 9, SCRIM);
        icon.paint(ui.painter(), spot.center(), 17.0, theme::TEXT);
    }
    focus_ring(ui, &response, radius);
    if response.clicked() {
        view.chosen = if large { None } else { Some(face.tile.clone()) };
    }
}

fn id(tile: &Tile) -> Id {
    match tile {
        Tile::Me => Id::unique("my tile"),
        Tile::Client(client) => Id::unique(("tile", client.as_str())),
        Tile::MyScreen => Id::unique("my screen"),
        Tile::Screen(client) => Id::unique(("screen", client.as_str())),
    }
}

/// What a screen reader says.
fn description(face: &Face, large: bool) -> String {
    let mut words = vec![if face.me { format!("{} (you)", face.name) } else { face.name.clone() }];
    let mut say = |when: bool, text: &str| {
        if when {
            words.push(text.to_owned());
        }
    };
    say(face.role != protocol::Role::Guest, &role_name(face.role).unwrap_or_default().to_lowercase());
    say(face.muted, "microphone off");
    say(face.showing == Showing::Nothing, "camera off");
    say(face.shares, "shares the screen");
    say(face.hand, "hand raised");
    say(face.speaking, "speaking");
    say(face.link == Link::Connecting, "connecting");
    say(face.link == Link::Interrupted, "connection interrupted");
    say(face.link == Link::Unstable, "connection unstable");
    let action = if large { "Show everyone at the same size" } else { "Show large" };
    format!("{}. {action}", words.join(", "))
}

/// Paints the picture, if there is one to be seen.
fn picture(ui: &Ui, rect: Rect, scene: &mut Scene<'_>, face: &Face, radius: u8) -> bool {
    let colour = if face.showing == Showing::Screen { theme::PICTURE_GROUND } else { theme::SURFACE };
    let ground = ui.painter().add(Shape::Noop);
    let fit = match face.showing {
        Showing::Nothing => None,
        Showing::Screen => Some(Fit::Contain),
        Showing::Camera | Showing::Unknown => Some(Fit::Cover),
    };
    let mirrored = face.me && face.showing == Showing::Camera;
    let place = fit.map(|fit| Place { rect, fit, mirrored, radius: f32::from(radius) });
    let painted = place.and_then(|place| scene.gallery.paint(ui, &face.tile, place));
    if painted != Some(rect) {
        ui.painter().set(ground, Shape::rect_filled(rect, radius, colour));
    }
    painted.is_some()
}

/// A veil with words while the connection is not there.
fn link(ui: &Ui, rect: Rect, link: Link, has_picture: bool, radius: u8) {
    let text = match link {
        Link::Good | Link::Unstable => return,
        Link::Connecting => "Connecting…",
        Link::Interrupted => "Connection interrupted",
    };
    if has_picture {
        ui.painter().rect_filled(rect, radius, Color32::from_black_alpha(140));
    }
    if rect.height() >= HEIGHT_WITH_WORDS {
        let size = if rect.height() < 200.0 { 12.5 } else { 14.0 };
        let below =
            if has_picture { rect.center() } else { pos2(rect.center().x, rect.center().y + rect.height() * 0.3) };
        ui.painter().text(below, Align2::CENTER_CENTER, text, regular(size), theme::SOFT);
    }
}

/// The name at the foot, with a struck-out microphone where nothing can be heard.
fn caption(ui: &Ui, rect: Rect, face: &Face) {
    let small = rect.height() < HEIGHT_WITH_WORDS;
    let (size, height) = if small { (12.0, 22.0) } else { (13.5, 28.0) };
    let inset = if small { 6.0 } else { 9.0 };
    let name = if face.me { format!("{} (you)", face.name) } else { face.name.clone() };
    let icon = if face.muted { height - 8.0 } else { 0.0 };
    let room = rect.width() - 2.0 * inset - 18.0 - icon - 36.0;
    let mut words = one_line(&name, strong(size), theme::TEXT, room.max(20.0));
    if let Some(role) = role_name(face.role).filter(|_| !small) {
        words.append(role, 7.0, TextFormat::simple(regular(size - 1.0), theme::SOFT));
    }
    let galley = ui.painter().layout_job(words);
    let pill = Rect::from_min_size(
        pos2(rect.left() + inset, rect.bottom() - inset - height),
        vec2(galley.size().x + 18.0 + icon, height),
    );
    // Whatever a name is made of, it stays inside its pill.
    let painter = ui.painter().with_clip_rect(pill.intersect(ui.clip_rect()));
    painter.rect_filled(pill, height / 2.0, SCRIM);
    if face.muted {
        let centre = pos2(pill.left() + 7.0 + icon / 2.0, pill.center().y);
        Icon::MicrophoneOff.paint(&painter, centre, icon - 3.0, theme::BAD);
    }
    let text = pos2(pill.left() + 9.0 + icon, pill.center().y - galley.size().y / 2.0);
    painter.galley(text, galley, theme::TEXT);
}

/// A line that ends in dots where it has no room.
pub(super) fn one_line(text: &str, font: FontId, colour: Color32, width: f32) -> LayoutJob {
    let mut job = LayoutJob::single_section(text.to_owned(), TextFormat::simple(font, colour));
    job.wrap = TextWrapping::truncate_at_width(width);
    job.break_on_newline = false;
    job
}

/// A raised hand, a shared screen, a bad line: at the head.
fn marks(ui: &Ui, rect: Rect, face: &Face) {
    let size = if rect.height() < HEIGHT_WITH_WORDS { 22.0 } else { 28.0 };
    let mut right = rect.right() - 8.0;
    let mut mark = |icon: Icon, colour: Color32, fill: Color32| {
        let spot = Rect::from_min_size(pos2(right - size, rect.top() + 8.0), vec2(size, size));
        ui.painter().rect_filled(spot, size / 2.0, fill);
        icon.paint(ui.painter(), spot.center(), size * 0.62, colour);
        right -= size + 6.0;
    };
    if face.hand {
        mark(Icon::Hand, Color32::from_rgb(0x2a, 0x1c, 0x04), theme::WARN);
    }
    if face.link == Link::Unstable {
        mark(Icon::Signal, theme::WARN, SCRIM);
    }
    if face.showing == Showing::Screen {
        mark(Icon::Screen, theme::TEXT, SCRIM);
    }
}

fn outline(ui: &Ui, rect: Rect, face: &Face, radius: u8) {
    let stroke =
        if face.speaking { Stroke::new(3.0, theme::GOOD) } else { Stroke::new(1.0, Color32::from_white_alpha(16)) };
    ui.painter().rect_stroke(rect, CornerRadius::same(radius), stroke, StrokeKind::Inside);
}
