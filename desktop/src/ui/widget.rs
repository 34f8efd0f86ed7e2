//! The few widgets that everything is made of. Each has a name for a screen reader and can be reached by keyboard.

use eframe::egui::{
    Align, Color32, ComboBox, CornerRadius, Frame, Id, Label, Layout, Margin, Response, RichText, Role, Sense, Stroke,
    StrokeKind, TextEdit, Ui, UiBuilder, Vec2, WidgetInfo, vec2,
};

use super::icon::Icon;
use super::theme::{self, strong};

/// How a button speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    /// The one thing to do here.
    Main,
    Plain,
    /// Only its words, until the pointer is over it.
    Bare,
}

pub(super) fn button(ui: &mut Ui, look: Look, text: &str) -> Response {
    button_enabled(ui, look, text, true)
}

pub(super) fn button_enabled(ui: &mut Ui, look: Look, text: &str, enabled: bool) -> Response {
    ui.scope(|ui| {
        let (rest, hover, text_colour) = match look {
            Look::Main => (theme::ACCENT, theme::ACCENT_BRIGHT, theme::ON_ACCENT),
            Look::Plain => (theme::HOVER, theme::LINE, theme::TEXT),
            Look::Bare => (Color32::TRANSPARENT, theme::HOVER, theme::TEXT),
        };
        let widgets = &mut ui.visuals_mut().widgets;
        for (state, fill) in
            [(&mut widgets.inactive, rest), (&mut widgets.hovered, hover), (&mut widgets.active, hover)]
        {
            state.weak_bg_fill = fill;
            state.fg_stroke.color = text_colour;
        }
        widgets.inactive.bg_stroke = Stroke::NONE;
        widgets.hovered.bg_stroke = Stroke::NONE;
        widgets.active.bg_stroke =
            Stroke::new(2.0, if look == Look::Main { theme::TEXT } else { theme::ACCENT_BRIGHT });
        let text = RichText::new(text).font(strong(14.5)).color(text_colour);
        ui.add_enabled(enabled, eframe::egui::Button::new(text).min_size(vec2(0.0, 38.0)))
    })
    .inner
}

/// A square button that shows only an icon; its name is its tooltip.
pub(super) fn icon_button(ui: &mut Ui, icon: Icon, name: &str) -> Response {
    let (rect, response) = ui.allocate_exact_size(Vec2::splat(38.0), Sense::click());
    if ui.is_rect_visible(rect) {
        let lit = response.hovered() || response.has_focus();
        if lit {
            ui.painter().rect_filled(rect, theme::ROUND, theme::HOVER);
        }
        focus_ring(ui, &response, theme::ROUND);
        let colour = if !ui.is_enabled() {
            theme::EDGE
        } else if lit {
            theme::TEXT
        } else {
            theme::SOFT
        };
        icon.paint(ui.painter(), rect.center(), 21.0, colour);
    }
    response.widget_info(|| WidgetInfo::labeled(Role::Button, ui.is_enabled(), name));
    response.on_hover_text(name)
}

/// Shows where the keyboard is.
pub(super) fn focus_ring(ui: &Ui, response: &Response, radius: u8) {
    if response.has_focus() {
        let stroke = Stroke::new(2.0, theme::ACCENT_BRIGHT);
        ui.painter().rect_stroke(response.rect, CornerRadius::same(radius), stroke, StrokeKind::Inside);
    }
}

/// A text field under its name, with what is wrong with it below.
pub(super) struct Field<'a> {
    pub(super) name: &'a str,
    pub(super) hint: &'a str,
    pub(super) limit: usize,
    pub(super) secret: bool,
    pub(super) error: Option<&'a str>,
}

impl Field<'_> {
    pub(super) fn show(self, ui: &mut Ui, text: &mut String) -> Response {
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.y = 5.0;
            let name = ui.label(RichText::new(self.name).font(strong(13.5)).color(theme::TEXT));
            let response = ui
                .scope(|ui| {
                    if self.error.is_some() {
                        let widgets = &mut ui.visuals_mut().widgets;
                        widgets.inactive.bg_stroke.color = theme::BAD;
                        widgets.hovered.bg_stroke.color = theme::BAD;
                    }
                    let edit = TextEdit::singleline(text)
                        .id_salt(self.name)
                        .hint_text(RichText::new(self.hint).color(theme::SOFT))
                        .password(self.secret)
                        .char_limit(self.limit)
                        .margin(Margin::symmetric(12, 9))
                        .desired_width(f32::INFINITY);
                    ui.add(edit)
                })
                .inner
                .labelled_by(name.id);
            if let Some(error) = self.error {
                complaint(ui, error);
            }
            response
        })
        .inner
    }
}

/// Why something did not work, next to what was typed.
pub(super) fn complaint(ui: &mut Ui, text: &str) -> Response {
    let builder = UiBuilder::new().accessibility_role(Role::Alert);
    ui.scope_builder(builder, |ui| ui.add(Label::new(RichText::new(text).size(13.5).color(theme::BAD)).wrap())).inner
}

pub(super) fn soft(text: impl Into<String>) -> RichText {
    RichText::new(text).size(13.5).color(theme::SOFT)
}

/// A surface that things stand on.
pub(super) fn card() -> Frame {
    Frame::new()
        .fill(theme::SURFACE)
        .stroke(Stroke::new(1.0, theme::LINE))
        .corner_radius(theme::ROUND_LARGE)
        .inner_margin(Margin::same(18))
}

/// A dialog in front of everything.
pub(super) fn dialog(id: &str) -> eframe::egui::Modal {
    eframe::egui::Modal::new(Id::unique(id)).backdrop_color(Color32::from_black_alpha(165)).frame(
        Frame::new()
            .fill(theme::RAISED)
            .stroke(Stroke::new(1.0, theme::LINE))
            .corner_radius(theme::ROUND_LARGE)
            .inner_margin(Margin::same(22)),
    )
}

/// A row of buttons at the right end.
pub(super) fn actions<R>(ui: &mut Ui, add: impl FnOnce(&mut Ui) -> R) -> R {
    let size = vec2(ui.available_width(), 38.0);
    ui.allocate_ui_with_layout(size, Layout::right_to_left(Align::Center), add).inner
}

/// A choice of a few.
pub(super) fn combo(id: &str, width: f32, chosen: RichText) -> ComboBox<'static> {
    ComboBox::from_id_salt(id).width(width).truncate().selected_text(chosen).icon(|ui, rect, visuals, _| {
        let centre = rect.center();
        let points = vec![centre + vec2(-4.5, -2.0), centre + vec2(0.0, 2.5), centre + vec2(4.5, -2.0)];
        ui.painter().line(points, Stroke::new(1.8, visuals.fg_stroke.color));
    })
}

/// A round face with initials.
pub(super) fn avatar(ui: &Ui, centre: eframe::egui::Pos2, radius: f32, name: &str) {
    let painter = ui.painter();
    painter.circle_filled(centre, radius, theme::face_colour(name));
    let initials = crate::model::initials(name);
    painter.text(centre, eframe::egui::Align2::CENTER_CENTER, initials, strong(radius * 0.78), theme::TEXT);
}
