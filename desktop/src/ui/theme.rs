//! Colours, type and spacing: the same as the page's (`assets/css/base.css`).

use std::sync::Arc;

use eframe::egui::{
    self, Color32, CornerRadius, FontData, FontDefinitions, FontFamily, FontId, Margin, Shadow, Stroke, TextStyle, Vec2,
};

pub const GROUND: Color32 = Color32::from_rgb(0x0e, 0x12, 0x17);
pub const SURFACE: Color32 = Color32::from_rgb(0x15, 0x1b, 0x22);
pub const RAISED: Color32 = Color32::from_rgb(0x1d, 0x25, 0x2e);
pub const HOVER: Color32 = Color32::from_rgb(0x29, 0x34, 0x40);
pub const LINE: Color32 = Color32::from_rgb(0x2d, 0x38, 0x43);
/// Outlines that carry meaning: 3 : 1 on every ground.
pub const EDGE: Color32 = Color32::from_rgb(0x66, 0x77, 0x89);
pub const TEXT: Color32 = Color32::from_rgb(0xea, 0xf0, 0xf6);
pub const SOFT: Color32 = Color32::from_rgb(0xa9, 0xb7, 0xc6);
pub const ACCENT: Color32 = Color32::from_rgb(0x6f, 0xb1, 0xff);
pub const ACCENT_BRIGHT: Color32 = Color32::from_rgb(0x9a, 0xcc, 0xff);
pub const ON_ACCENT: Color32 = Color32::from_rgb(0x08, 0x18, 0x2b);
pub const GOOD: Color32 = Color32::from_rgb(0x4f, 0xd1, 0x9a);
pub const WARN: Color32 = Color32::from_rgb(0xff, 0xc4, 0x6b);
pub const BAD: Color32 = Color32::from_rgb(0xff, 0x8a, 0x80);
pub const BAD_FILL: Color32 = Color32::from_rgb(0xc9, 0x37, 0x33);
/// Behind a picture that does not fill its tile.
pub const PICTURE_GROUND: Color32 = Color32::from_rgb(0x05, 0x08, 0x0b);

pub const ROUND: u8 = 10;
pub const ROUND_LARGE: u8 = 16;
pub const GAP: f32 = 12.0;

/// Faces of people without a picture; white text is readable on each.
const FACES: [Color32; 6] = [
    Color32::from_rgb(0x2c, 0x4a, 0x6e),
    Color32::from_rgb(0x5b, 0x3f, 0x72),
    Color32::from_rgb(0x1f, 0x5c, 0x55),
    Color32::from_rgb(0x70, 0x43, 0x3b),
    Color32::from_rgb(0x55, 0x57, 0x2a),
    Color32::from_rgb(0x6b, 0x38, 0x55),
];

const REGULAR: &[u8] = include_bytes!("../../fonts/Inter-Regular.otf");
const SEMIBOLD: &[u8] = include_bytes!("../../fonts/Inter-SemiBold.otf");

/// Semi-bold, for headings, names and buttons.
pub fn strong(size: f32) -> FontId {
    FontId::new(size, FontFamily::Name("strong".into()))
}

pub fn regular(size: f32) -> FontId {
    FontId::proportional(size)
}

/// A colour that stays with a name (FNV-1a, so that it is the same on every run).
pub fn face_colour(name: &str) -> Color32 {
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x100_0000_01b3));
    FACES[(hash % FACES.len() as u64) as usize]
}

/// Dresses the context; called once.
pub fn apply(ctx: &egui::Context) {
    ctx.set_fonts(fonts());
    ctx.set_theme(egui::Theme::Dark);
    ctx.all_styles_mut(|style| {
        style.text_styles = [
            (TextStyle::Heading, strong(21.0)),
            (TextStyle::Body, regular(15.0)),
            (TextStyle::Button, strong(14.5)),
            (TextStyle::Small, regular(13.0)),
            (TextStyle::Monospace, FontId::monospace(14.0)),
        ]
        .into();
        style.spacing.item_spacing = Vec2::new(8.0, 8.0);
        style.spacing.button_padding = Vec2::new(14.0, 8.0);
        style.spacing.interact_size = Vec2::new(40.0, 36.0);
        style.spacing.icon_width = 20.0;
        style.spacing.icon_width_inner = 12.0;
        style.spacing.icon_spacing = 8.0;
        style.spacing.combo_height = 260.0;
        style.spacing.menu_margin = Margin::same(6);
        style.spacing.tooltip_width = 360.0;
        style.interaction.tooltip_delay = 0.35;
        style.interaction.selectable_labels = false;
        style.animation_time = 0.1;
        style.visuals = visuals();
    });
}

fn fonts() -> FontDefinitions {
    let mut fonts = FontDefinitions::default();
    let fallbacks = fonts.families.get(&FontFamily::Proportional).cloned().unwrap_or_default();
    for (name, bytes, family) in
        [("Inter", REGULAR, FontFamily::Proportional), ("Inter SemiBold", SEMIBOLD, FontFamily::Name("strong".into()))]
    {
        fonts.font_data.insert(name.to_owned(), Arc::new(FontData::from_static(bytes)));
        let chain = std::iter::once(name.to_owned()).chain(fallbacks.iter().cloned()).collect();
        fonts.families.insert(family, chain);
    }
    fonts
}

fn visuals() -> egui::Visuals {
    let mut visuals = egui::Visuals::dark();
    visuals.panel_fill = GROUND;
    visuals.window_fill = RAISED;
    visuals.window_stroke = Stroke::new(1.0, LINE);
    visuals.window_corner_radius = CornerRadius::same(ROUND_LARGE);
    visuals.menu_corner_radius = CornerRadius::same(ROUND);
    visuals.extreme_bg_color = GROUND;
    visuals.text_edit_bg_color = Some(GROUND);
    visuals.faint_bg_color = SURFACE;
    visuals.hyperlink_color = ACCENT;
    visuals.error_fg_color = BAD;
    visuals.warn_fg_color = WARN;
    visuals.weak_text_color = Some(SOFT);
    visuals.selection.bg_fill = Color32::from_rgb(0x2b, 0x50, 0x7c);
    visuals.selection.stroke = Stroke::new(2.0, ACCENT_BRIGHT);
    visuals.text_cursor.stroke = Stroke::new(2.0, ACCENT_BRIGHT);
    visuals.slider_trailing_fill = true;
    let shadow = Shadow { offset: [0, 8], blur: 28, spread: 0, color: Color32::from_black_alpha(115) };
    visuals.window_shadow = shadow;
    visuals.popup_shadow = shadow;

    let round = CornerRadius::same(ROUND);
    let widgets = &mut visuals.widgets;
    for (state, fill, edge, text) in [
        (&mut widgets.noninteractive, SURFACE, Stroke::new(1.0, LINE), TEXT),
        (&mut widgets.inactive, RAISED, Stroke::new(1.0, EDGE), TEXT),
        (&mut widgets.hovered, HOVER, Stroke::new(1.0, SOFT), TEXT),
        (&mut widgets.active, HOVER, Stroke::new(1.5, ACCENT_BRIGHT), TEXT),
        (&mut widgets.open, HOVER, Stroke::new(1.0, EDGE), TEXT),
    ] {
        state.bg_fill = fill;
        state.weak_bg_fill = fill;
        state.bg_stroke = edge;
        state.fg_stroke = Stroke::new(1.5, text);
        state.corner_radius = round;
        state.expansion = 0.0;
    }
    visuals
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_keeps_its_colour_and_names_differ() {
        assert_eq!(face_colour("Major Tom"), face_colour("Major Tom"));
        let colours: std::collections::BTreeSet<_> =
            (0..50).map(|n| face_colour(&format!("person {n}")).to_array()).collect();
        assert_eq!(colours.len(), FACES.len());
    }
}
